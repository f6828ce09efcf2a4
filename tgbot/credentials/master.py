"""The master key's file, and the check at start that it is the one our records were sealed with."""

import base64
import binascii
import hmac
import os
import stat
from hashlib import sha256
from pathlib import Path

from tgbot.core.errors import ConfigError
from tgbot.core.ids import Ids
from tgbot.credentials import store
from tgbot.credentials.envelope import KEY_BYTES, MasterKey
from tgbot.db.engine import Database

HEADER = "tgbot master key 1"
NOT_CONFIGURED = 78  # EX_CONFIG of sysexits.h: a supervisor should not try again by itself
WAY_OUT = "Restore it from your backup, or run `tgbot keys reset`: people then link their keys again, all else stays."


async def open_master_key(database: Database, path: Path, ids: Ids) -> tuple[str, MasterKey]:
    """The installation's id and its key. On the first start both are made; later a wrong or missing file raises
    `ConfigError` with exit code 78 and changes nothing."""
    async with database.read() as session:
        known = await store.installation(session)
    if known is None:
        return await _first_start(database, path, ids)
    master = _read(path, known.master_version)
    if not hmac.compare_digest(check_value(master), known.check_value):
        raise ConfigError(f"{path} is not the master key of this database. {WAY_OUT}", NOT_CONFIGURED)
    return known.id, master


async def reset_master_key(database: Database, path: Path, ids: Ids) -> int:
    """Drops every sealed key and begins anew with the key in `path`, made if absent. Returns how many were dropped."""
    async with database.write() as session:
        dropped = await store.drop_all(session)
    path.unlink(missing_ok=True)  # noqa: ASYNC240 - one file, while nothing else runs
    await _first_start(database, path, ids)
    return dropped


def check_value(master: MasterKey) -> bytes:
    return hmac.digest(master.secret, b"tgbot key check value", sha256)


async def _first_start(database: Database, path: Path, ids: Ids) -> tuple[str, MasterKey]:
    master = _read_or_make(path)
    installation = ids.unique()
    async with database.write() as session:
        await store.add_installation(session, installation, master.version, check_value(master))
    return installation, master


def _read_or_make(path: Path) -> MasterKey:
    return _read(path, 1) if path.exists() else _make(path)


def _make(path: Path) -> MasterKey:
    path.parent.mkdir(parents=True, exist_ok=True)
    secret = os.urandom(KEY_BYTES)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{HEADER}\n{base64.b64encode(secret).decode()}\n")
        file.flush()
        os.fsync(file.fileno())
    return MasterKey(1, secret)


def _read(path: Path, version: int) -> MasterKey:
    try:
        text = path.read_text()
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise ConfigError(
            f"The master key {path} cannot be read ({error.strerror}). {WAY_OUT}", NOT_CONFIGURED
        ) from None
    if mode & 0o077:
        raise ConfigError(f"{path} can be read by others (mode {mode:o}): chmod 600 {path}", NOT_CONFIGURED)
    header, _, encoded = text.strip().partition("\n")
    try:
        secret = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        secret = b""
    if header != HEADER or len(secret) != KEY_BYTES:
        raise ConfigError(f"{path} does not hold a master key. {WAY_OUT}", NOT_CONFIGURED)
    return MasterKey(version, secret)
