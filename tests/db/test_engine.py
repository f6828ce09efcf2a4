"""Sessions: one writer at a time, readers that cannot write, nothing lost."""

import asyncio
import sys
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from tgbot.core.errors import ConfigError
from tgbot.db.engine import Database

COUNTERS = Table(
    "counters", MetaData(), Column("id", Integer, primary_key=True), Column("value", Integer, nullable=False)
)
MANY = 300


@pytest.fixture
async def counter(database: Database) -> Database:
    async with database.write() as session:
        await (await session.connection()).run_sync(COUNTERS.metadata.create_all)
        await session.execute(insert(COUNTERS).values(id=1, value=0))
    return database


async def value_in(database: Database) -> int:
    async with database.read() as session:
        value: int = (await session.execute(select(COUNTERS.c.value))).scalar_one()
        return value


async def test_sqlite_is_set_up_for_power_cuts_and_secrets(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1, "busy_timeout": 5000}
    for opened in (database.write, database.read):
        async with opened() as session:
            found = {name: await session.scalar(text(f"PRAGMA {name}")) for name in expected}
        assert found == expected
    await database.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE counters SET value = 5",
        "INSERT INTO counters VALUES (2, 2)",
        "DELETE FROM counters",
        "DROP TABLE counters",
        "CREATE TABLE mine (id INTEGER)",
    ],
)
async def test_readers_cannot_write(counter: Database, statement: str) -> None:
    with pytest.raises(DBAPIError, match=r"readonly|read-only"):
        async with counter.read() as session:
            await session.execute(text(statement))
    assert await value_in(counter) == 0


async def test_a_connection_that_was_read_with_can_write_again(counter: Database) -> None:
    for number in range(20):
        assert await value_in(counter) == number
        async with counter.write() as session:
            await session.execute(update(COUNTERS).values(value=number + 1))


async def test_of_three_hundred_that_read_and_then_write_none_is_lost(counter: Database) -> None:
    async def add_one() -> None:
        async with counter.write() as session:
            value = (await session.execute(select(COUNTERS.c.value).with_for_update())).scalar_one()
            await asyncio.get_running_loop().run_in_executor(None, lambda: None)  # somebody else's turn
            await session.execute(update(COUNTERS).values(value=value + 1))

    await asyncio.gather(*(add_one() for _ in range(MANY)))
    assert await value_in(counter) == MANY


async def test_of_three_hundred_that_race_for_one_step_one_wins(counter: Database) -> None:
    async def take_step() -> bool:
        async with counter.write() as session:
            step = update(COUNTERS).where(COUNTERS.c.value == 0).values(value=1).returning(COUNTERS.c.id)
            return (await session.execute(step)).first() is not None

    won = await asyncio.gather(*(take_step() for _ in range(MANY)))
    assert sum(won) == 1


async def test_on_sqlite_a_writer_needs_no_lock_to_be_alone(sqlite_url: str) -> None:
    """BEGIN IMMEDIATE: with a deferred BEGIN the second of two processes would fail or overwrite."""
    databases = [Database(sqlite_url), Database(sqlite_url)]
    async with databases[0].write() as session:
        await (await session.connection()).run_sync(COUNTERS.metadata.create_all)
        await session.execute(insert(COUNTERS).values(id=1, value=0))

    async def add_one(database: Database) -> None:
        async with database.write() as session:
            value = (await session.execute(select(COUNTERS.c.value))).scalar_one()
            await session.execute(update(COUNTERS).values(value=value + 1))

    await asyncio.gather(*(add_one(databases[number % 2]) for number in range(100)))
    assert await value_in(databases[1]) == 100
    for database in databases:
        await database.close()


async def test_a_reader_sees_one_state_while_others_write(counter: Database) -> None:
    async with counter.read() as reading:
        before = (await reading.execute(select(COUNTERS.c.value))).scalar_one()
        async with counter.write() as session:
            await session.execute(update(COUNTERS).values(value=99))
        assert (await reading.execute(select(COUNTERS.c.value))).scalar_one() == before
    assert await value_in(counter) == 99


async def test_what_ends_in_an_error_was_never_written(counter: Database) -> None:
    async def fail() -> None:
        async with counter.write() as session:
            await session.execute(update(COUNTERS).values(value=5))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await value_in(counter) == 0


async def test_the_exclusive_right_is_held_by_one(counter: Database, database_url: str) -> None:
    other = Database(database_url)
    order: list[str] = []

    async def second() -> None:
        async with other.exclusive() as session:
            order.append(f"second finds {(await session.execute(select(COUNTERS.c.value))).scalar_one()}")

    async with asyncio.TaskGroup() as group, counter.exclusive() as session:
        group.create_task(second())
        await session.execute(update(COUNTERS).values(value=1))
        for _ in range(50):
            await asyncio.get_running_loop().run_in_executor(None, lambda: None)
        order.append("first is done")
    assert order == ["first is done", "second finds 1"]
    await other.close()


async def test_a_database_that_answers_is_reachable(database: Database) -> None:
    await database.check()
    assert await database.is_reachable()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://postgres:hush-hush-password@127.0.0.1:1/tgbot",
        "postgresql+psycopg://nobody-here:hush-hush-password@127.0.0.1:5432/no_such_database",
    ],
)
async def test_a_server_that_cannot_be_used_is_named_without_the_password(url: str) -> None:
    database = Database(url)
    with pytest.raises(ConfigError, match="TGBOT_DATABASE_URL") as refusal:
        await database.check()
    assert "hush" not in str(refusal.value)
    assert not await database.is_reachable()
    await database.close()


async def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "tgbot.db"
    letter = b"Dear operator, this is a letter. " * 200
    await write(file, letter)
    database = Database(f"sqlite+aiosqlite:///{file}")
    with pytest.raises(ConfigError, match="not a database"):
        await database.check()
    await database.close()
    assert await read(file) == letter


async def test_a_damaged_page_is_found_at_the_start(sqlite_url: str, tmp_path: Path) -> None:
    file = tmp_path / "tgbot.db"
    whole = await read(file)
    size = 4096
    damaged = whole[:size] + b"\xa5" * size + whole[2 * size :]
    await write(file, damaged)
    database = Database(sqlite_url)
    with pytest.raises(ConfigError, match=r"damaged|malformed"):
        await database.check()
    await database.close()
    assert await read(file) == damaged


@pytest.mark.skipif(sys.platform == "win32", reason="folders are protected in another way there")
def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be made"):
        Database(f"sqlite+aiosqlite:///{tmp_path}/file/tgbot.db")


async def write(file: Path, content: bytes) -> None:
    await asyncio.to_thread(file.write_bytes, content)


async def read(file: Path) -> bytes:
    return await asyncio.to_thread(file.read_bytes)


async def test_what_waits_for_the_commit_happens_after_it_and_not_without_it(database: Database) -> None:
    done: list[str] = []
    async with database.write() as session:
        session.after_commit(lambda: done.append("committed"))
        assert done == []
    async with database.write() as session:
        session.after_commit(lambda: done.append("never"))
        await session.rollback()
    async with database.write():
        pass
    assert done == ["committed"]
