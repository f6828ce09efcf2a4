"""Bringing a database up to date: from nothing, from every earlier revision, by two at once, killed in between."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, event, inspect, text

from tests.databases import execute
from tgbot.core.errors import ConfigError
from tgbot.db.engine import Database
from tgbot.packaged import folder
from tgbot.schema import METADATA, alembic_config, migrate

numbers = count(1)


def revisions() -> list[str]:
    """The oldest first."""
    config = Config()
    config.set_main_option("script_location", str(folder("migrations")))
    return [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()][::-1]


REVISIONS = revisions()
NEWEST = REVISIONS[-1]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any table."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}"
        return
    blank: URL = request.getfixturevalue("blank_postgres")
    name = f"{blank.database}_empty_{next(numbers)}"
    execute("CREATE DATABASE {}", name)
    yield blank.set(database=name).render_as_string(hide_password=False)
    execute("DROP DATABASE {} WITH (FORCE)", name)


@pytest.fixture
async def empty(empty_url: str) -> AsyncIterator[Database]:
    database = Database(empty_url)
    yield database
    await database.close()


async def test_an_empty_database_gets_every_table(empty: Database) -> None:
    await migrate(empty)
    assert await look(empty, lambda connection: set(inspect(connection).get_table_names())) >= set(METADATA.tables)
    assert await revision_of(empty) == NEWEST


async def test_the_migrations_make_exactly_what_the_code_expects(empty: Database) -> None:
    await migrate(empty)

    def differences(connection: Connection) -> Any:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return compare_metadata(context, METADATA)

    assert await look(empty, differences) == []


async def test_what_was_written_at_every_earlier_revision_is_kept_up_to_the_newest(empty: Database) -> None:
    """One database that saw every release: at each it gets a person."""
    for number, revision in enumerate(REVISIONS, 1):
        await migrate_to(empty, revision)
        async with empty.write() as session:
            await session.execute(
                text(
                    "INSERT INTO people (id, name, language, time_zone, display_currency, quote, is_reachable,"
                    " created_at) VALUES (:id, :name, 'ru', 'UTC', 'USDT', 'USDT', :yes, 0)"
                ),
                {"id": number, "name": f"Ann of {revision}", "yes": True},
            )
    await migrate(empty)
    people = await look(empty, lambda connection: connection.execute(text("SELECT id, name FROM people ORDER BY id")))
    assert people.all() == [(number, f"Ann of {revision}") for number, revision in enumerate(REVISIONS, 1)]


@pytest.mark.parametrize("revision", [REVISIONS[0], REVISIONS[len(REVISIONS) // 2], REVISIONS[-2]])
async def test_an_earlier_revision_comes_up_to_date_at_once(empty: Database, revision: str) -> None:
    await migrate_to(empty, revision)
    await migrate(empty)
    assert await revision_of(empty) == NEWEST
    await migrate(empty)
    assert await revision_of(empty) == NEWEST


async def test_a_message_that_was_left_out_by_an_earlier_release_has_its_time_to_be_forgotten(empty: Database) -> None:
    await migrate_to(empty, "0022")
    async with empty.write() as session:
        await session.execute(
            text(
                "INSERT INTO outbox (chat_id, priority, payload, state, reason, is_plain, is_repeat, tries, created_at,"
                " expires_at) VALUES (7, 2, '', 'stale', '', :no, :no, 0, 5, NULL), (7, 2, '', 'stale', '', :no, :no,"
                " 0, 5, 6), (7, 2, '', 'new', '', :no, :no, 0, 5, NULL)"
            ),
            {"no": False},
        )
    await migrate(empty)
    times = await look(empty, lambda connection: connection.execute(text("SELECT expires_at FROM outbox ORDER BY id")))
    assert times.scalars().all() == [5, 6, None]


async def test_a_database_of_a_newer_release_is_refused_and_left_as_it_is(empty: Database, tmp_path: Path) -> None:
    await migrate(empty)
    async with empty.write() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999_from_the_future'"))
    await empty.close()
    before = files(tmp_path)
    with pytest.raises(ConfigError, match="written by a newer one") as refusal:
        await migrate(empty)
    assert "9999_from_the_future" in str(refusal.value)
    await empty.close()
    assert files(tmp_path) == before
    assert await revision_of(empty) == "9999_from_the_future"


async def test_processes_that_start_at_once_wait_for_each_other(empty: Database, empty_url: str) -> None:
    others = [Database(empty_url) for _ in range(3)]
    await asyncio.gather(*(migrate(database) for database in (empty, *others)))
    assert await revision_of(empty) == NEWEST
    for database in others:
        await database.close()


class Killed(Exception):
    pass


async def test_killed_at_any_statement_it_begins_again_from_where_it_was(empty: Database, empty_url: str) -> None:
    """Each attempt gets some statements further than the one before, then dies."""
    for survived in count(1, step=5 if empty.is_sqlite else 12):
        database = Database(empty_url)
        statements = 0

        def count_down(*_: object) -> None:
            nonlocal statements
            statements += 1
            if statements > survived:  # noqa: B023 - it is called within this round only
                raise Killed

        event.listen(database._writer.sync_engine, "before_cursor_execute", count_down)
        try:
            await migrate(database)
        except Killed:
            assert await tables_in(empty) == set(), "all of it or nothing"
        else:
            break
        finally:
            await database.close()
    assert survived > len(METADATA.tables)
    assert await revision_of(empty) == NEWEST


async def test_a_damaged_database_is_not_migrated(tmp_path: Path) -> None:
    file = tmp_path / "tgbot.db"
    file.write_bytes(b"no database " * 500)
    database = Database(f"sqlite+aiosqlite:///{file}")
    with pytest.raises(ConfigError):
        await migrate(database)
    await database.close()
    assert files(tmp_path) == {"tgbot.db": b"no database " * 500}


def test_revisions_follow_each_other_in_one_line_and_files_are_named_after_them() -> None:
    assert sorted(REVISIONS) == REVISIONS
    files = folder("migrations").glob("versions/*.py")
    assert sorted(file.name.partition("_")[0] for file in files) == REVISIONS


async def migrate_to(database: Database, revision: str) -> None:
    """As an earlier release would have."""
    async with database.exclusive() as session:
        connection = await session.connection()
        await connection.run_sync(lambda sync: command.upgrade(alembic_config(sync), revision))
    assert await revision_of(database) == revision


async def revision_of(database: Database) -> str:
    return str(
        await look(database, lambda connection: connection.scalar(text("SELECT version_num FROM alembic_version")))
    )


async def tables_in(database: Database) -> set[str]:
    found: set[str] = await look(database, lambda connection: set(inspect(connection).get_table_names()))
    return found


async def look(database: Database, see: Any) -> Any:
    async with database.read() as session:
        return await (await session.connection()).run_sync(see)


def files(where: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in where.iterdir() if not file.name.endswith(("-shm", "-wal"))}
