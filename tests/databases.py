"""The fixture `database`: an empty, up-to-date database of each kind that we promise to run on, one per test.

Tables are made once a session; a test gets a copy, which costs a few milliseconds.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import URL, make_url

from tgbot.db.engine import Database
from tgbot.schema import migrate

# Taken out of the environment, because a bot started by a test refuses settings that it does not know.
POSTGRES = make_url(
    os.environ.pop("TGBOT_TEST_POSTGRES_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"),
)
numbers = count(1)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Runs the test twice, on SQLite and on PostgreSQL."""
    database = Database(database_url)
    yield database
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
def postgres_url(blank_postgres: URL) -> Iterator[str]:
    copy = f"{blank_postgres.database}_{next(numbers)}"
    execute("CREATE DATABASE {} TEMPLATE {}", copy, blank_postgres.database)
    yield blank_postgres.set(database=copy).render_as_string(hide_password=False)
    execute("DROP DATABASE {} WITH (FORCE)", copy)


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


async def make_tables(url: str) -> None:
    database = Database(url)
    await migrate(database)
    await database.close()


def execute(statement: str, *names: str | None) -> None:
    server = POSTGRES.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True, connect_timeout=3) as connection:
        connection.execute(sql.SQL(statement).format(*(sql.Identifier(name or "") for name in names)))
