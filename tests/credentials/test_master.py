"""The master key's file: made once, checked at every start, given up only on request."""

import base64
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select, text

from tests.ids import CountingIds
from tgbot.core.errors import ConfigError
from tgbot.core.people import Mode
from tgbot.credentials import master as master_module
from tgbot.credentials import store
from tgbot.credentials.envelope import MasterKey
from tgbot.credentials.master import HEADER, check_value, open_master_key, reset_master_key
from tgbot.credentials.store import KeyRow
from tgbot.db.engine import Database, WriteSession

Wreck = Callable[[Path], None]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "master.key"


async def test_first_start_makes_a_key_that_only_its_owner_can_read(
    database: Database, file: Path, ids: CountingIds
) -> None:
    installation, master = await open_master_key(database, file, ids)
    assert mode_of(file) == 0o600
    assert len(master.secret) == 32
    assert (await open_master_key(database, file, ids)) == (installation, master)


async def test_first_start_takes_a_key_that_is_there(database: Database, file: Path, ids: CountingIds) -> None:
    write_key(file, b"k" * 32)
    _, master = await open_master_key(database, file, ids)
    assert master == MasterKey(1, b"k" * 32)


async def test_two_processes_at_their_first_start_agree(database_url: str, file: Path) -> None:
    first, second = Database(database_url), Database(database_url)
    known = await master_module._first_start(first, file, CountingIds(1))
    again = await master_module._first_start(second, file, CountingIds(2))
    assert known == again
    assert (await open_master_key(second, file, CountingIds(3)))[0] == known.id
    await first.close()
    await second.close()


def remove(file: Path) -> None:
    file.unlink()


def exchange(file: Path) -> None:
    write_key(file, b"z" * 32)


def cut(file: Path) -> None:
    file.write_text(file.read_text()[:-20])


def scribble(file: Path) -> None:
    file.write_bytes(b"\xff\xfe\x00binary")


def write_other_letters(file: Path) -> None:
    file.write_text(f"{HEADER}\nключ\n")


def empty(file: Path) -> None:
    file.write_text("")


def make_a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def publish(file: Path) -> None:
    file.chmod(0o644)


def share_with_the_group(file: Path) -> None:
    file.chmod(0o640)


@pytest.mark.parametrize(
    ("wreck", "way_out"),
    [
        (remove, "tgbot keys reset"),
        (exchange, "tgbot keys reset"),
        (cut, "tgbot keys reset"),
        (scribble, "tgbot keys reset"),
        (write_other_letters, "tgbot keys reset"),
        (empty, "tgbot keys reset"),
        (make_a_folder, "tgbot keys reset"),
        (publish, "chmod 600"),
        (share_with_the_group, "chmod 600"),
    ],
)
async def test_without_the_right_key_nothing_starts_and_the_way_out_is_told(
    database: Database, file: Path, ids: CountingIds, wreck: Wreck, way_out: str
) -> None:
    await open_master_key(database, file, ids)
    before = await everything(database)
    wreck(file)
    with pytest.raises(ConfigError, match=way_out) as refusal:
        await open_master_key(database, file, ids)
    assert refusal.value.exit_code == 78
    assert str(file) in str(refusal.value)
    assert await everything(database) == before


async def test_a_refused_start_leaves_the_database_file_as_it_was(
    sqlite_url: str, file: Path, tmp_path: Path, ids: CountingIds
) -> None:
    database = Database(sqlite_url)
    await open_master_key(database, file, ids)
    await database.close()
    stored = tmp_path / "tgbot.db"
    before = content_of(stored)
    exchange(file)
    database = Database(sqlite_url)
    with pytest.raises(ConfigError):
        await open_master_key(database, file, ids)
    await database.close()
    assert content_of(stored) == before


async def test_a_folder_that_cannot_be_written_is_named(database: Database, tmp_path: Path, ids: CountingIds) -> None:
    write_key(tmp_path / "file", b"")
    with pytest.raises(ConfigError, match="cannot be written") as refusal:
        await open_master_key(database, tmp_path / "file" / "master.key", ids)
    assert refusal.value.exit_code == 78


async def test_reset_drops_all_keys_with_their_modes_and_begins_anew(
    database: Database, file: Path, ids: CountingIds
) -> None:
    installation, old = await open_master_key(database, file, ids)
    await keep_keys(database, {7: [Mode.LIVE, Mode.PAPER], 8: [Mode.PAPER]})
    modes = Modes()
    assert await reset_master_key(database, file, ids, modes.set) == 3
    assert modes.unset == {7, 8}
    async with database.read() as session:
        assert list(await session.scalars(select(KeyRow))) == []
    renewed, new = await open_master_key(database, file, ids)
    assert renewed != installation
    assert new.secret != old.secret
    assert mode_of(file) == 0o600


@pytest.mark.parametrize("wreck", [remove, exchange, scribble, publish])
async def test_reset_is_the_way_out_of_every_wrong_file(
    database: Database, file: Path, ids: CountingIds, wreck: Wreck
) -> None:
    await open_master_key(database, file, ids)
    wreck(file)
    await reset_master_key(database, file, ids, Modes().set)
    await open_master_key(database, file, ids)


class Killed(Exception):
    pass


@pytest.mark.parametrize("step", ["drop_all", "_make_anew", "_make", "_first_start"])
async def test_a_reset_that_was_killed_anywhere_leaves_a_bot_that_starts(
    database: Database, file: Path, ids: CountingIds, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    _, old = await open_master_key(database, file, ids)
    await keep_keys(database, {7: [Mode.LIVE]})

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(store if step == "drop_all" else master_module, step, killed)
        with pytest.raises(Killed):
            await reset_master_key(database, file, ids, Modes().set)
    _, master = await open_master_key(database, file, ids)
    async with database.read() as session:
        has_keys = (await session.scalar(select(KeyRow).limit(1))) is not None
    assert not has_keys or master == old, "keys are there only while the file that opens them is"


async def test_reset_keeps_the_old_file_until_the_database_does_not_need_it(
    database: Database, file: Path, ids: CountingIds
) -> None:
    await open_master_key(database, file, ids)
    await keep_keys(database, {7: [Mode.LIVE]})
    before = content_of(file)

    async def fail(session: WriteSession, person_id: int, mode: Mode | None) -> None:
        raise Killed

    with pytest.raises(Killed):
        await reset_master_key(database, file, ids, fail)
    assert content_of(file) == before
    async with database.read() as session:
        assert (await session.scalar(select(KeyRow.person_id))) == 7
    await open_master_key(database, file, ids)


def test_the_check_value_says_nothing_about_the_key() -> None:
    master = MasterKey(1, os.urandom(32))
    assert master.secret not in check_value(master)
    assert len(check_value(master)) == 32


class Modes:
    """Whose mode was set to none."""

    def __init__(self) -> None:
        self.unset: set[int] = set()

    async def set(self, session: WriteSession, person_id: int, mode: Mode | None) -> None:
        assert mode is None
        self.unset.add(person_id)


def mode_of(file: Path) -> int:
    return file.stat().st_mode & 0o777


def content_of(file: Path) -> bytes:
    return file.read_bytes()


def write_key(file: Path, secret: bytes) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"{HEADER}\n{base64.b64encode(secret).decode()}\n")
    file.chmod(0o600)


async def keep_keys(database: Database, modes: dict[int, list[Mode]]) -> None:
    async with database.write() as session:
        for person_id, owned in modes.items():
            for mode in owned:
                await session.execute(
                    text(
                        "INSERT INTO keys (id, short, person_id, mode, state, label, version, data, wrapped_key,"
                        " master_version, last_four, permissions, ip_count, uid, is_master, made_at, linked_at,"
                        " checked_at) VALUES (:id, '7F3K', :person, :mode, 'active', '', 1, :box, :box, 1, '1234',"
                        " 'General', 0, '1', :yes, 0, 0, 0)"
                    ),
                    {"id": f"{person_id}-{mode}", "person": person_id, "mode": mode, "box": b"box", "yes": True},
                )


async def everything(database: Database) -> list[object]:
    async with database.read() as session:
        rows = [tuple(row) for row in await session.execute(text("SELECT * FROM installation"))]
        return [*rows, *(tuple(row) for row in await session.execute(text("SELECT * FROM keys")))]
