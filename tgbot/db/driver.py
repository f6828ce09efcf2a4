"""SQLite's driver as SQLAlchemy uses it, without a trip to its thread where nothing is waited for. By itself it takes
four for a statement, and each wakes a thread and the event loop. What may stand still takes one: to wait for the turn
to write, and to sync a commit to the disk; a statement in between reads and changes pages in memory.
See `docs/decisions/0017-only-what-waits-goes-to-the-thread.md`."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from typing import Any, Self

import aiosqlite
from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection, AsyncAdapt_aiosqlite_cursor
from sqlalchemy.engine import Dialect
from sqlalchemy.util import await_

TURN_TO_WRITE = "BEGIN IMMEDIATE"  # waits for whoever else writes


class _PromptlyClosed(sqlite3.Connection):
    """Gives up its transaction when it is closed. By itself the driver keeps it, and with it the right to write, until
    the last cursor is collected as garbage; a task cancelled during a statement leaves such a cursor in its traceback.
    """

    def close(self) -> None:
        with suppress(sqlite3.Error):  # it is closed already, or its disk fails: it is given up in any case
            self.rollback()
        super().close()


class _Cursor:
    """A statement and its rows, fetched at once; what SQLAlchemy asks afterwards is at hand."""

    description: Any = None
    rowcount = -1
    lastrowid: int | None = None
    arraysize = 1

    def __init__(self, connection: aiosqlite.Connection, take_begin: Callable[[], str]) -> None:
        self._connection = connection
        self._take_begin = take_begin
        self._rows: Sequence[Any] = ()

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, operation: str, parameters: Sequence[Any] = ()) -> None:
        begin = self._take_begin()
        if begin == TURN_TO_WRITE:
            await self._travel(begin, sqlite3.Cursor.execute, operation, parameters)
        else:
            self._do(begin, sqlite3.Cursor.execute, operation, parameters)

    async def executemany(self, operation: str, parameters: Sequence[Sequence[Any]]) -> None:
        """On the thread, for they may be any number."""
        await self._travel(self._take_begin(), sqlite3.Cursor.executemany, operation, parameters)

    async def fetchall(self) -> Sequence[Any]:
        rows, self._rows = self._rows, ()
        return rows

    async def close(self) -> None:
        """It was closed as soon as it had its rows."""

    async def _travel(self, *arguments: object) -> None:
        await self._connection._execute(self._do, *arguments)  # type: ignore[no-untyped-call]  # noqa: SLF001 - no public way

    def _do(self, begin: str, act: Any, operation: str, parameters: Sequence[Any]) -> None:  # noqa: ANN401 - of a C type
        with closing(self._connection._conn.cursor()) as cursor:  # noqa: SLF001 - as above
            if begin:
                cursor.execute(begin)
            act(cursor, operation, parameters)
            self.description = cursor.description
            self._rows = cursor.fetchall()
            self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid


class _AdaptedCursor(AsyncAdapt_aiosqlite_cursor):
    __slots__ = ()

    def _make_new_cursor(self, connection: Any) -> Any:  # noqa: ANN401 - the library's types know no driver
        owner: Any = self._adapt_connection
        return _Cursor(connection, owner.take_begin)


class _AdaptedConnection(AsyncAdapt_aiosqlite_connection):
    """A pool rolls back whatever comes back to it; after a commit that is a trip for nothing."""

    __slots__ = ("_begin", "_has_ended", "_only_reads")

    _cursor_cls = _AdaptedCursor

    def begin(self, how: str, *, only_reads: bool) -> None:
        """With the next statement, whatever that is."""
        self._begin, self._only_reads = how, only_reads

    def take_begin(self) -> str:
        begin, self._begin = self._begin, ""
        return begin

    def cursor(self, server_side: bool = False) -> Any:  # noqa: ANN401 - the library's signature
        self._has_ended = False
        if server_side and self._begin:  # that one is the library's
            self.cursor().execute("SELECT 1")
        return super().cursor(server_side)

    def commit(self) -> None:
        if not self.take_begin():  # else nothing has been said in it
            # What only read has nothing to sync.
            self._connection._conn.commit() if self._only_reads else super().commit()  # noqa: SLF001 - no public way
        self._has_ended = True

    def rollback(self) -> None:
        if not self.take_begin() and not self._has_ended:
            super().rollback()
        self._has_ended = True


def connect(dialect: Dialect, record: object, where: tuple[Any, ...], how: dict[str, Any]) -> Any:  # noqa: ANN401 - a hook
    """SQLAlchemy's `do_connect`. The connection is used by its thread and by the event loop's, one after the other; its
    own thread is a daemon's, so that a process that must end can."""
    options = how | {"isolation_level": None, "check_same_thread": False, "factory": _PromptlyClosed}
    connection = aiosqlite.connect(*where, **options)
    connection._thread.daemon = True  # noqa: SLF001 - as SQLAlchemy does it
    opened: Any = await_(connection)
    adapted = _AdaptedConnection(dialect.loaded_dbapi, opened)
    adapted.begin("", only_reads=False)
    return adapted
