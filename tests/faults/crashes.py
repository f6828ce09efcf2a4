"""Bots that are killed: real processes on a real SQLite file, between a KuCoin and a Telegram that live on."""

import asyncio
import json
import os
import re
import signal
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.faults import oracle
from tests.faults.living import live
from tests.faults.pace import FastClock
from tests.flows.stage import Seat, Stage, open_stage
from tests.flows.test_fills import connect
from tests.forks import Fork, forked
from tgbot.db.engine import Database
from tgbot.playground.chats import Message
from tgbot.system import SystemClock

# In a long run nobody minds how long it takes, and on a busy machine no ticket may expire meanwhile.
SPEED = 3 if "FAULTS_LONG" in os.environ else 5
PATIENCE = 50  # seconds of the real clock; other tests share the machine
KILLED = -signal.SIGKILL
# Of a life: files and sockets, threads, kilobytes of memory. About twice what it has when nothing goes wrong.
MOST_OPEN, MOST_THREADS, MOST_MEMORY = 60, 15, 250_000
# What must have come to an end before a life counts as quiet.
OWED = """
    SELECT (SELECT count(*) FROM intents WHERE state IN ('sent', 'unknown'))
         + (SELECT count(*) FROM outbox WHERE state IN ('new', 'claimed'))
         + (SELECT count(*) FROM inbox WHERE state = 'new')
"""
EXITS = """
    SELECT intents.state, attempts.client_oid, intents.spec
    FROM intents JOIN attempts ON attempts.intent_id = intents.id JOIN intents entry ON entry.id = intents.entry_id
    WHERE entry.short = ? ORDER BY intents.created_at
"""
STANDING = "SELECT state FROM standing_exits WHERE entry_id = (SELECT id FROM intents WHERE short = ?)"


@dataclass(frozen=True)
class Exit:
    """Of one entry: its standing rule, what became of each order that was sent for it, and the sizes of those that the
    exchange has ever taken."""

    rule: str
    states: list[str]
    landed: list[Decimal]


class PatientSeat(Seat):
    """Waits for Telegram's pace, since clocks of several processes cannot be moved, and for a machine that is busy."""

    async def say(self, text: str, expect: str = "", *, patience: float = PATIENCE, **how: object) -> Message:
        return await super().say(text, expect, patience=patience, **how)

    def _take_time(self) -> None:
        return


@dataclass
class House:
    """One installation and its lives, one after the other."""

    stage: Stage
    seat: Seat
    settings: Path
    started: float
    armed: Path
    log: Path
    file: Path
    life: Fork | None = None
    held: list[asyncio.Event] = field(default_factory=list)  # answers that come when all is over
    _end: AsyncExitStack = field(default_factory=AsyncExitStack)  # of the life that it has

    @property
    def pid(self) -> int:
        assert self.life
        return self.life.pid

    @property
    def lives(self) -> bool:
        return self.life is not None and self.life.returncode is None

    @property
    def is_frozen(self) -> bool:
        return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    @asynccontextmanager
    async def another(self) -> AsyncIterator["House"]:
        """The same installation, for a life beside the one that it has."""
        other = replace(self, life=None, _end=AsyncExitStack())
        try:
            yield other
        finally:
            await other.bury()

    def is_free(self) -> bool:
        """Whether somebody else could write now; of a life that is frozen, whether it has no transaction open."""
        with closing(sqlite3.connect(self.file, timeout=0)) as database:
            try:
                database.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
        return True

    async def bury(self) -> None:
        """Its life, if it has one."""
        await self._end.aclose()
        self.life = None

    async def begin(self, point: str = "") -> None:
        """A new life, which ends when it comes to `point`."""
        self.arm(point)
        life = forked(live, self.log, self.settings, self.armed, self.started, SPEED)
        self.life = await self._end.enter_async_context(life)

    def arm(self, point: str) -> None:
        self.armed.write_text(point)

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        os.kill(self.pid, how)

    async def ended(self) -> int:
        """How: the exit status, negative for a signal. Raises `TimeoutError` if it lives on."""
        assert self.life
        async with asyncio.timeout(PATIENCE):
            status = await self.life.wait()
        await self.bury()
        return status

    async def quiet(self) -> None:
        """Until nothing is owed to anybody."""
        await self.stage.until(lambda: not self._owed(), 40)

    async def dies_before(self, has_ended: Callable[[], bool]) -> bool:
        """Whether this life comes to the point that was armed at its beginning, before all is told and quiet."""
        await self.stage.until(lambda: not self.lives or (has_ended() and not self._owed()), 40)
        if self.lives:
            return False
        assert await self.ended() == KILLED
        return True

    def in_doubt(self) -> int:
        """Orders whose outcome is not on disk."""
        return self._count("SELECT count(*) FROM intents WHERE state IN ('sent', 'unknown')")

    def proposed(self) -> set[str]:
        """The numbers of the proposals that are open."""
        return {short for (short,) in self._rows("SELECT short FROM proposals WHERE state = 'open'")}

    def exit_of(self, entry: Message) -> Exit:
        """What the books say of the exit of this buy, and what the exchange has ever taken for it."""
        short = short_of(entry)
        rows = self._rows(EXITS, short)
        landed = {order.client_oid for order in oracle.orders_at(self.stage.kucoin)}
        landed |= set(oracle.waits_at(self.stage.kucoin))
        sizes = [Decimal(json.loads(spec)["size"]) for _, client_oid, spec in rows if client_oid in landed]
        return Exit(self._rows(STANDING, short)[0][0], [state for state, _, _ in rows], sizes)

    def last_client_oid(self) -> str:
        return str(self._read("SELECT client_oid FROM attempts ORDER BY signed_at DESC LIMIT 1"))

    def _owed(self) -> int:
        return len(self.stage.playground.world.updates.pending) or self._count(OWED)

    def _count(self, query: str) -> int:
        return int(self._read(query))

    def _read(self, query: str) -> Any:
        return self._rows(query)[0][0]

    def _rows(self, query: str, *values: str) -> list[Any]:
        with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)) as database:
            return database.execute(query, values).fetchall()

    async def judge(self) -> list[str]:
        """The oracles, and no message more often than twice."""
        database = Database(f"sqlite+aiosqlite:///{self.file}")
        breaches = await oracle.judge(self.stage.kucoin, database, self.log.read_text(), is_settled=True)
        await database.close()
        copies = Counter(text for text in self.seat.texts() if "#" in text)
        breaches += [f"O4: {count} copies of {text!r}" for text, count in copies.items() if count > 2]
        return breaches + list(self._swollen())

    def _swollen(self) -> Iterator[str]:
        """In what the life of now has grown too large."""
        process = Path(f"/proc/{self.pid}")
        fields = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
        has = {
            "open files": (len(list((process / "fd").iterdir())), MOST_OPEN),
            "threads": (int(fields["Threads"]), MOST_THREADS),
            "kB of memory": (int(fields["VmRSS"].split()[0]), MOST_MEMORY),
        }
        yield from (f"O6: {count} {what}" for what, (count, most) in has.items() if count > most)


def short_of(shown: Message) -> str:
    """The number of the order that this message is about."""
    return str(re.findall(r"#(\w+)", shown.text)[0])


@asynccontextmanager
async def open_house(folder: Path, file: Path) -> AsyncIterator[House]:
    """Ann's account is linked, and the bot is alive."""
    database_url = f"sqlite+aiosqlite:///{file}"
    started = SystemClock().monotonic()
    armed, log, settings = folder / "armed", folder / "log", folder / "settings.json"
    async with open_stage(folder, database_url, FastClock(started, SPEED)) as stage:
        revealed = stage.settings.model_dump(mode="json", exclude_defaults=True)
        revealed |= {"telegram_token": stage.settings.telegram_token.get_secret_value(), "database_url": database_url}
        settings.write_text(json.dumps(revealed))
        person = stage.playground.person("Ann")
        seat = PatientSeat(stage, person, stage.playground.private(person))
        house = House(stage, seat, settings, started, armed, log, file)
        try:
            await house.begin()
            await connect(house.seat, stage)
            yield house
        finally:
            await house.bury()
