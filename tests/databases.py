"""The fixture `database`: an empty, up-to-date database of each kind that we promise to run on, one per test.

Tables are made once a session. A test gets a copy of the SQLite file; on PostgreSQL, where a copy takes a tenth of a
second, all tests of a session use one database, which is emptied after each.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import URL, make_url

from tgbot.db.engine import Database
from tgbot.schema import METADATA, migrate

# Taken out of the environment, because a bot started by a test refuses settings that it does not know.
POSTGRES = make_url(
    os.environ.pop("TGBOT_TEST_POSTGRES_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"),
)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Runs the test twice, on SQLite and on PostgreSQL."""
    database = Database(database_url)
    yield database
    # What was cancelled in the middle of a read gives its connection back in a task of its own, which may be under way.
    if others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others, timeout=1)
    await database.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def sqlite_url(blank_sqlite: Path, tmp_path: Path) -> str:
    copy = shutil.copy(blank_sqlite, tmp_path / "tgbot.db")
    return f"sqlite+aiosqlite:///{copy}"


@pytest.fixture
def postgres_url(blank_postgres: URL, sweeper: psycopg.Connection) -> Iterator[str]:
    yield blank_postgres.render_as_string(hide_password=False)
    empty(sweeper)


@pytest.fixture(scope="session")
def blank_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("blank") / "tgbot.db"
    asyncio.run(make_tables(f"sqlite+aiosqlite:///{file}"))
    return file


@pytest.fixture(scope="session")
def blank_postgres() -> Iterator[URL]:
    blank = POSTGRES.set(database=f"tgbot_test_{os.getpid()}")
    try:
        execute("CREATE DATABASE {}", blank.database)
    except psycopg.OperationalError:
        pytest.skip(f"no PostgreSQL at {POSTGRES}; start one or set TGBOT_TEST_POSTGRES_URL")
    asyncio.run(make_tables(blank.render_as_string(hide_password=False)))
    yield blank
    execute("DROP DATABASE {} WITH (FORCE)", blank.database)


@pytest.fixture(scope="session")
def sweeper(blank_postgres: URL) -> Iterator[psycopg.Connection]:
    """Kept open: a connection that is new has to learn every table before it empties it."""
    with psycopg.connect(_address(blank_postgres), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # the order of deletions does not matter then
        yield connection


def empty(sweeper: psycopg.Connection) -> None:
    """Ends whoever else is still connected, and leaves the tables as migrations make them, without a row."""
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    sweeper.execute(f"SELECT pg_terminate_backend(pid, 1000) {others}")
    tables = {name for (name,) in sweeper.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    for name in tables - {*METADATA.tables, "alembic_version"}:
        sweeper.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))
    for name in METADATA.tables:
        sweeper.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
    sweeper.execute("SELECT setval(seqrelid, 1, false) FROM pg_sequence")


def _address(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


async def make_tables(url: str) -> None:
    database = Database(url)
    await migrate(database)
    await database.close()


def execute(statement: str, *names: str | None) -> None:
    with psycopg.connect(_address(POSTGRES), autocommit=True, connect_timeout=3) as connection:
        connection.execute(sql.SQL(statement).format(*(sql.Identifier(name or "") for name in names)))
