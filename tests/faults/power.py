"""Power cuts: the statements of a life are replayed on a disk that a test plays, and it forgets what was not synced.

Killing a process shows nothing of this: what it wrote is in the kernel's memory, and lives on."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random  # noqa: TID251 - seeded: what a torn disk keeps must be the same in each run
from typing import Any

import apsw
from sqlalchemy import event
from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection

from tgbot.db.engine import Database

SECTOR = 512
POSTED = "-- the first byte of an order leaves"

Contents = dict[str, list[tuple[object, ...]]]


class Recording:
    """Every statement that the writer of a database executes, with its values, from the pragmas on."""

    def __init__(self, database: Database) -> None:
        self.start = Path(database.url.database or "").read_bytes()
        self.statements: list[str] = []
        event.listen(database._writer.sync_engine, "connect", self._listen, insert=True)

    def posted(self) -> None:
        self.statements.append(POSTED)

    def _listen(self, connection: AsyncAdapt_aiosqlite_connection, record: object) -> None:
        connection.run_async(lambda driver: driver.set_trace_callback(self.statements.append))


@dataclass(frozen=True)
class Write:
    file: str
    offset: int
    content: bytes

    def apply(self, files: dict[str, bytearray]) -> None:
        file = files.setdefault(self.file, bytearray())
        file.extend(bytes(max(self.offset - len(file), 0)))
        file[self.offset : self.offset + len(self.content)] = self.content

    def torn(self, chance: Random) -> Iterator["Write"]:
        """Some of its sectors."""
        for offset in range(0, len(self.content), SECTOR):
            if chance.random() < 0.5:
                yield Write(self.file, self.offset + offset, self.content[offset : offset + SECTOR])


@dataclass(frozen=True)
class Resize:
    """To nothing at all (`None`): the file is deleted."""

    file: str
    size: int | None

    def apply(self, files: dict[str, bytearray]) -> None:
        if self.size is None:
            files.pop(self.file, None)
        else:
            del files.setdefault(self.file, bytearray())[self.size :]

    def torn(self, chance: Random) -> Iterator["Resize"]:
        if chance.random() < 0.5:
            yield self


@dataclass(frozen=True)
class Sync:
    file: str


Change = Write | Resize


@dataclass
class Disk:
    """What its cache shows, and all that was asked of it, in order."""

    cache: dict[str, bytearray]
    steps: list[Change | Sync] = field(default_factory=list)

    def change(self, change: Change) -> None:
        change.apply(self.cache)
        self.steps.append(change)


class DiskVfs(apsw.VFS):
    """How SQLite reaches a `Disk`. There is one connection, so locks always succeed."""

    def __init__(self, name: str, disk: Disk) -> None:
        super().__init__(name, "")
        self._disk = disk

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> "DiskFile":  # type: ignore[override]  # any object with the methods will do
        flags[1] = flags[0]
        path = name.filename() if isinstance(name, apsw.URIFilename) else name or "temporary"
        self._disk.cache.setdefault(Path(path).name, bytearray())
        return DiskFile(Path(path).name, self._disk)

    def xAccess(self, pathname: str, flags: int) -> bool:
        return Path(pathname).name in self._disk.cache

    def xFullPathname(self, name: str) -> str:
        return f"/{Path(name).name}"

    def xDelete(self, filename: str, syncdir: bool) -> None:
        self._disk.change(Resize(Path(filename).name, None))
        if syncdir:
            self._disk.steps.append(Sync(Path(filename).name))


class DiskFile:
    def __init__(self, name: str, disk: Disk) -> None:
        self._name, self._disk = name, disk

    def xRead(self, amount: int, offset: int) -> bytes:
        return bytes(self._disk.cache[self._name][offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:
        self._disk.change(Write(self._name, offset, bytes(data)))

    def xTruncate(self, size: int) -> None:
        self._disk.change(Resize(self._name, size))

    def xSync(self, flags: int) -> None:
        self._disk.steps.append(Sync(self._name))

    def xFileSize(self) -> int:
        return len(self._disk.cache[self._name])

    def xDeviceCharacteristics(self) -> int:
        return apsw.SQLITE_IOCAP_POWERSAFE_OVERWRITE  # what SQLite takes for granted on Linux, too

    def xSectorSize(self) -> int:
        return SECTOR

    def xFileControl(self, op: int, pointer: int) -> bool:
        return False

    def xLock(self, level: int) -> None:
        return

    def xUnlock(self, level: int) -> None:
        return

    def xCheckReservedLock(self) -> bool:
        return False

    def xClose(self) -> None:
        return


@dataclass(frozen=True)
class Commit:
    """Steps of the disk before it began and when it had returned, orders posted so far, and what could be read then."""

    begun: int
    returned: int
    contents: Contents


@dataclass
class Life:
    disk: Disk
    start: bytes
    commits: list[Commit]
    posts: list[int]  # steps of the disk when each was sent


def replay(recording: Recording, *, checkpoint_every: int, **pragmas: str) -> Life:
    """The same statements on a disk of our own, down to the orderly end; `pragmas` have another value than they had."""
    disk = Disk({"tgbot.db": bytearray(recording.start)})
    vfs = DiskVfs(f"disk {id(disk)}", disk)
    life = Life(disk, recording.start, [], [])
    with closing(apsw.Connection("tgbot.db", vfs=f"disk {id(disk)}")) as connection:
        # Without it SQLite wants memory shared between processes, which this disk has not; what is synced is the same.
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        life.commits.append(Commit(0, 0, contents_of(connection.execute)))
        connection.execute(f"PRAGMA wal_autocheckpoint={checkpoint_every}")
        for statement in recording.statements:
            begun = len(disk.steps)
            connection.execute(_changed(statement, pragmas))
            if statement == "COMMIT":
                life.commits.append(Commit(begun, len(disk.steps), contents_of(connection.execute)))
            elif statement == POSTED:
                life.posts.append(len(disk.steps))
    vfs.unregister()
    return life


def _changed(statement: str, pragmas: dict[str, str]) -> str:
    name = statement.removeprefix("PRAGMA ").partition("=")[0]
    return f"PRAGMA {name}={pragmas[name]}" if name in pragmas else statement


def contents_of(execute: Callable[[str], Iterable[Any]]) -> Contents:
    tables = sorted(name for (name,) in execute("SELECT name FROM sqlite_schema WHERE type = 'table'"))
    return {table: sorted(execute(f'SELECT * FROM "{table}"'), key=repr) for table in tables}  # noqa: S608 - our tables


def cuts(life: Life, folder: Path, seeds: Sequence[int | None]) -> Iterator[str]:
    """Every breach, in words, of a cut after each step of the disk. What was not synced is lost (`None`), or a part of
    its sectors is, by a seed."""
    durable: dict[str, bytearray] = {"tgbot.db": bytearray(life.start)}
    pending: list[Change] = []
    for moment in range(len(life.disk.steps) + 1):
        for seed in seeds if pending else seeds[:1]:
            breach = _judge(life, moment, _after_cut(durable, pending, seed), folder)
            if breach:
                yield f"cut after step {moment}, seed {seed}: {breach}"
        if moment < len(life.disk.steps):
            _go_on(life.disk.steps[moment], durable, pending)


def _go_on(step: Change | Sync, durable: dict[str, bytearray], pending: list[Change]) -> None:
    if not isinstance(step, Sync):
        pending.append(step)
        return
    for change in pending:
        if change.file == step.file:
            change.apply(durable)
    pending[:] = [change for change in pending if change.file != step.file]


def _after_cut(durable: dict[str, bytearray], pending: list[Change], seed: int | None) -> dict[str, bytearray]:
    files = {name: bytearray(content) for name, content in durable.items()}
    if seed is not None:
        chance = Random(f"{seed} {len(pending)}")  # noqa: S311 - nothing secret comes of it
        for change in pending:
            for part in change.torn(chance):
                part.apply(files)
    return files


def _judge(life: Life, moment: int, files: dict[str, bytearray], folder: Path) -> str:
    """With the SQLite that the bot uses. What had returned is there, what had not begun is not, and nothing half."""
    for path in folder.glob("tgbot.db*"):
        path.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    try:
        with closing(sqlite3.connect(folder / "tgbot.db")) as connection:
            (damage,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            contents = contents_of(connection.execute)
    except sqlite3.DatabaseError as error:
        damage = str(error)
    if damage != "ok":
        return f"damaged: {damage}"
    sent = sum(post <= moment for post in life.posts)
    if len(contents["attempts"]) < sent:
        return f"forgotten: {sent} orders have left, {len(contents['attempts'])} are known"
    returned = max(number for number, commit in enumerate(life.commits) if commit.returned <= moment)
    possible = [commit.contents for commit in life.commits[returned : returned + 2] if commit.begun <= moment]
    if contents in possible:
        return ""
    if any(contents == commit.contents for commit in life.commits[:returned]):
        return "lost: an older state, without what had been committed"
    return "half: a state that there never was"
