"""Connections: one writer at a time on SQLite, readers that cannot write, the same calls on PostgreSQL."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from threading import Thread
from weakref import WeakSet

import structlog
from sqlalchemy import event, make_url, text
from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from tgbot.core.errors import ConfigError
from tgbot.db import driver

log = structlog.get_logger()

THREAD_PATIENCE = 5.0  # seconds
NOT_SYNCED = {sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC}


class ReadSession(AsyncSession):
    """Sees one consistent state; the database refuses its writes."""


class WriteSession(ReadSession):
    """One transaction that holds the right to write; it commits when its block ends without an error."""

    def after_commit(self, act: Callable[[], None]) -> None:
        """`act` is called once the transaction is committed, and not at all if it is not."""
        event.listen(self.sync_session, "after_commit", lambda _: act(), once=True)


class Database:
    """`url` is `sqlite+aiosqlite:///file` or `postgresql+psycopg://…`.

    On SQLite every write transaction begins with `BEGIN IMMEDIATE` and every commit is fully synced, so two
    read-modify-write blocks never interleave and a committed row survives a power cut; a sync that fails ends the
    process. On PostgreSQL the caller relies on conditional updates (`UPDATE … WHERE state = …`), which are right on
    both.
    """

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._threads: WeakSet[Thread] = WeakSet()
        if self.is_sqlite:
            self._writer, self._reader = self._open_sqlite()
        else:
            self._writer = create_async_engine(self.url, pool_size=8, pool_pre_ping=True)
            self._reader = self._writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        # Their `begin` ends the transaction whole also when the task is cancelled meanwhile.
        self._writes = async_sessionmaker(self._writer, class_=WriteSession, expire_on_commit=False)
        self._reads = async_sessionmaker(self._reader, class_=ReadSession, expire_on_commit=False)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[WriteSession]:
        async with self._writes.begin() as session:
            yield session

    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadSession]:
        async with self._reads.begin() as session:
            yield session

    @asynccontextmanager
    async def exclusive(self) -> AsyncIterator[WriteSession]:
        """A write transaction that no second process can hold at the same time; for migrations and the first start."""
        async with self.write() as session:
            # On SQLite any first statement begins the transaction, and waits for whoever is in one.
            await session.execute(text("SELECT 1" if self.is_sqlite else "SELECT pg_advisory_xact_lock(7201)"))
            yield session

    async def check(self) -> None:
        """Raises `ConfigError` for a database that cannot be opened, or that SQLite finds damaged; changes nothing."""
        if self.is_sqlite:
            await asyncio.to_thread(_check_file, self.url.database or "")
            return
        try:
            async with self.read() as session:
                await session.execute(text("SELECT 1"))
        except DBAPIError as error:
            raise _unusable(error.orig) from None

    async def is_reachable(self) -> bool:
        try:
            async with self.read() as session:
                await session.execute(text("SELECT 1"))
        except DBAPIError:
            return False
        return True

    async def close(self) -> None:
        """When it returns nothing of ours runs any more, not even what a cancelled task had begun on SQLite: the driver
        works in threads, and one that outlives the event loop fails."""
        await self._writer.dispose()
        await self._reader.dispose()
        for thread in list(self._threads):
            await asyncio.to_thread(thread.join, THREAD_PATIENCE)

    def _open_sqlite(self) -> tuple[AsyncEngine, AsyncEngine]:
        _make_folder(Path(self.url.database or ""))
        # One connection is the whole queue of writers: waiting in our own process beats SQLITE_BUSY.
        writer = create_async_engine(self.url, pool_size=1, max_overflow=0)
        reader = create_async_engine(self.url, pool_size=4)
        for engine, begin, is_reader in ((writer, driver.TURN_TO_WRITE, False), (reader, "BEGIN", True)):
            _configure_sqlite(engine, begin, self._threads, is_reader=is_reader)
        return writer, reader


def _check_file(file: str) -> None:
    """With the driver itself, for a pool's connection that fails to open leaves a thread behind."""
    try:
        with closing(sqlite3.connect(file)) as connection:
            (damage,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise _unusable(error) from None
    if damage != "ok":
        raise ConfigError(f"The database is damaged ({damage}). Nothing was written to it: restore a backup.")


def _unusable(error: BaseException | None) -> ConfigError:
    reason = str(error).strip().partition("\n")[0]
    return ConfigError(f"The database (TGBOT_DATABASE_URL) cannot be opened: {reason}")


def _make_folder(file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"The folder {file.parent} of the database (TGBOT_DATABASE_URL) cannot be made: {error.strerror}"
        ) from None


def _configure_sqlite(engine: AsyncEngine, begin: str, threads: WeakSet[Thread], *, is_reader: bool) -> None:
    pragmas = ["busy_timeout=5000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"]
    if is_reader:
        pragmas.append("query_only=ON")
    script = "".join(f"PRAGMA {pragma};" for pragma in pragmas)

    event.listen(engine.sync_engine, "do_connect", driver.connect)

    @event.listens_for(engine.sync_engine, "connect")
    def set_pragmas(connection: AsyncAdapt_aiosqlite_connection, record: object) -> None:
        threads.add(connection.driver_connection._thread)  # noqa: SLF001 - the driver has no public way to wait for it
        connection.run_async(lambda driver: driver.executescript(script))

    @event.listens_for(engine.sync_engine, "begin")
    def begin_transaction(connection: object) -> None:
        # The driver opens no transaction before a SELECT by itself, and a deferred one loses updates.
        connection.connection.dbapi_connection.begin(begin, only_reads=is_reader)  # type: ignore[attr-defined]  # SQLAlchemy types the hook's argument loosely

    @event.listens_for(engine.sync_engine, "handle_error")
    def end_if_not_synced(context: ExceptionContext) -> None:
        """At once, whoever would have caught the error: the kernel has dropped what it could not write, so a second
        sync would succeed without it. Even closing the database would try one."""
        if getattr(context.original_exception, "sqlite_errorcode", None) in NOT_SYNCED:
            log.critical("disk_failed", reason="a write could not be synced")
            os._exit(os.EX_IOERR)
