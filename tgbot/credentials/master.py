"""The master key's file, and the check at start that it is the one our records were sealed with."""

import base64
import hmac
import os
import stat
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path

from tgbot.core.errors import ConfigError
from tgbot.core.ids import Ids
from tgbot.core.people import Mode
from tgbot.credentials import store
from tgbot.credentials.envelope import KEY_BYTES, MasterKey
from tgbot.credentials.store import Installation
from tgbot.db.engine import Database, WriteSession

HEADER = "tgbot master key 1"
NOT_CONFIGURED = 78  # EX_CONFIG of sysexits.h: a supervisor should not try again by itself
WAY_OUT = "Restore it from your backup, or run `tgbot keys reset`: people then link their keys again, all else stays."

SetMode = Callable[[WriteSession, int, Mode | None], Awaitable[None]]


async def open_master_key(database: Database, path: Path, ids: Ids) -> tuple[str, MasterKey]:
    """The installation's id and its key. On the first start both are made; later a wrong or missing file raises
    `ConfigError` with exit code 78 and changes nothing."""
    async with database.read() as session:
        known = await store.installation(session)
    if known is None:
        known = await _first_start(database, path, ids)
    master = _read(path, known.master_version)
    if not hmac.compare_digest(check_value(master), known.check_value):
        raise ConfigError(f"{path} is not the master key of this database. {WAY_OUT}", NOT_CONFIGURED)
    return known.id, master


async def reset_master_key(database: Database, path: Path, ids: Ids, set_mode: SetMode) -> int:
    """Drops every sealed key, with the mode of its person, and begins anew with another master key. Returns how many
    were dropped.

    The old file is replaced only when no record needs it any more. A crash before that leaves the database as on a
    first start, which takes the file that it finds.
    """
    async with database.write() as session:
        people = await store.drop_all(session)
        for person_id in set(people):
            await set_mode(session, person_id, None)
    _make_anew(path)
    await _first_start(database, path, ids)
    return len(people)


def check_value(master: MasterKey) -> bytes:
    return hmac.digest(master.secret, b"tgbot key check value", sha256)


async def _first_start(database: Database, path: Path, ids: Ids) -> Installation:
    """Takes the key in `path`, made if absent. Of two processes at once the second finds what the first has done."""
    async with database.exclusive() as session:
        known = await store.installation(session)
        if known is not None:
            return known
        master = _read_or_make(path)
        made = Installation(ids.unique(), master.version, check_value(master))
        await store.add_installation(session, made)
    return made


def _read_or_make(path: Path) -> MasterKey:
    return _read(path, 1) if path.exists() else _make(path)


def _make_anew(path: Path) -> None:
    """In place of whatever is there, at one stroke."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    _make(fresh)
    fresh.replace(path)
    _sync_folder(path)


def _make(path: Path) -> MasterKey:
    secret = os.urandom(KEY_BYTES)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{HEADER}\n{base64.b64encode(secret).decode()}\n")
            file.flush()
            os.fsync(file.fileno())
        _sync_folder(path)
    except OSError as error:
        raise ConfigError(f"The master key {path} cannot be written ({error.strerror}).", NOT_CONFIGURED) from None
    return MasterKey(1, secret)


def _sync_folder(path: Path) -> None:
    """A new name is on the disk only when its folder is; keys sealed under a file that a power cut took are lost."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(path: Path, version: int) -> MasterKey:
    try:
        content = path.read_bytes()
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise ConfigError(
            f"The master key {path} cannot be read ({error.strerror}). {WAY_OUT}", NOT_CONFIGURED
        ) from None
    if mode & 0o077:
        raise ConfigError(
            f"{path} can be read by others (mode {mode:o}). Only its owner may: chmod 600 {path}", NOT_CONFIGURED
        )
    header, _, encoded = content.strip().partition(b"\n")
    try:
        secret = base64.b64decode(encoded, validate=True)
    except ValueError:
        secret = b""
    if header != HEADER.encode() or len(secret) != KEY_BYTES:
        raise ConfigError(f"{path} does not hold a master key. {WAY_OUT}", NOT_CONFIGURED)
    return MasterKey(version, secret)
