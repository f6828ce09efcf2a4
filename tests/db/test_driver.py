"""What goes to SQLite's thread, what does not, and what may be left out."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import aiosqlite
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tgbot.db.engine import Database


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The name of what each trip did."""
    made: list[str] = []
    travel: Any = aiosqlite.Connection._execute

    async def counted(connection: Any, act: Callable[..., Any], *arguments: Any, **named: Any) -> object:
        made.append(act.__name__)
        return await travel(connection, act, *arguments, **named)

    monkeypatch.setattr(aiosqlite.Connection, "_execute", counted)
    return made


async def test_reading_makes_no_trip_and_writing_one_to_begin_and_one_to_commit(
    sqlite_url: str, trips: list[str]
) -> None:
    database = Database(sqlite_url)
    assert await database.is_reachable()  # opens the connection
    trips.clear()
    async with database.read() as session:
        rows = await session.scalars(text("SELECT 1 UNION ALL SELECT 2"))
        assert list(rows) == [1, 2]
    assert trips == []
    async with database.write() as session:
        await session.connection()  # which is opened
        trips.clear()
        await session.execute(text("CREATE TABLE later (at INTEGER)"))
        await session.execute(text("INSERT INTO later VALUES (1)"))
        assert trips == ["_do"], "BEGIN IMMEDIATE, which may have to wait, with the first statement"
        await (await session.connection()).execute(text("INSERT INTO later VALUES (:at)"), [{"at": 2}, {"at": 3}])
        assert trips == ["_do", "_do"], "which may be for any number of rows"
    assert trips == ["_do", "_do", "commit"]
    async with database.read() as session:
        rows = await session.scalars(text("SELECT at FROM later"))
        assert list(rows) == [1, 2, 3], "a read that has ended sees no more"
    await database.close()


async def test_who_reads_again_and_again_lets_others_run(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    turns: list[str] = []

    async def read(name: str) -> None:
        for _ in range(3):
            assert await database.is_reachable()
            turns.append(name)

    for _ in range(2):  # connections are opened in the first
        turns.clear()
        await asyncio.gather(read("a"), read("b"))
    assert "b" in turns[:3], "before the first is done"
    await database.close()


async def test_what_says_nothing_begins_nothing(sqlite_url: str, trips: list[str]) -> None:
    database = Database(sqlite_url)
    assert await database.is_reachable()
    trips.clear()
    for end in (None, RuntimeError("given up")):
        with suppress(RuntimeError):
            async with database.read() as session:
                await session.connection()
                if end:
                    raise end
    assert trips == []
    await database.close()


async def test_rows_that_come_one_by_one_are_of_a_transaction_too(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    async with database.write() as session:
        await session.execute(text("CREATE TABLE counted (at INTEGER)"))
        await session.execute(text("INSERT INTO counted VALUES (1)"))
    async with database.read() as reading:
        rows = await reading.stream(text("SELECT at FROM counted"))
        assert [row async for row in rows.scalars()] == [1]
        async with database.write() as session:
            await session.execute(text("INSERT INTO counted VALUES (1)"))
        assert await reading.scalar(text("SELECT count(*) FROM counted")) == 1, "one consistent state"
    await database.close()


async def test_a_commit_that_fails_is_rolled_back(sqlite_url: str) -> None:
    """Else the connection would come back with its transaction, and all that follows would be part of it."""
    database = Database(sqlite_url)
    async with database.write() as session:
        await session.execute(text("CREATE TABLE parent (id INTEGER PRIMARY KEY)"))
        await session.execute(
            text("CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)")
        )
    for _ in range(2):
        with pytest.raises(IntegrityError, match="FOREIGN KEY"):
            async with database.write() as session:
                await session.execute(text("INSERT INTO child VALUES (5)"))
    async with database.write() as session:
        await session.execute(text("INSERT INTO parent VALUES (1)"))
    async with database.read() as session:
        assert list(await session.scalars(text("SELECT id FROM child"))) == []
        assert list(await session.scalars(text("SELECT id FROM parent"))) == [1]
    await database.close()


async def test_rows_that_were_handed_over_are_not_kept(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    async with database.read() as session:
        connection = await session.connection()
        result = await connection.execute(text("SELECT 1"))
        assert result.cursor._cursor._rows == ()
    await database.close()


async def test_counts_and_new_ids_are_those_of_the_statement(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    async with database.write() as session:
        await session.execute(text("CREATE TABLE counted (id INTEGER PRIMARY KEY, at INTEGER)"))
        one: Any = await session.execute(text("INSERT INTO counted (at) VALUES (7)"))
        connection = await session.connection()
        await connection.execute(text("INSERT INTO counted (at) VALUES (:at)"), [{"at": 8}, {"at": 9}])
        changed: Any = await session.execute(text("UPDATE counted SET at = 0 WHERE at > 7"))
        returned = await session.execute(text("DELETE FROM counted WHERE at = 0 RETURNING id"))
        assert (one.lastrowid, one.rowcount, changed.rowcount) == (1, 1, 2)
        assert sorted(returned.scalars()) == [2, 3]
    await database.close()
