"""Bots that are killed: real processes on a real SQLite file, between a KuCoin and a Telegram that live on."""

import asyncio
import json
import os
import signal
import sqlite3
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults import oracle
from tests.faults.pace import FastClock
from tests.flows.processes import BARE
from tests.flows.stage import Seat, Stage, open_stage
from tests.flows.test_fills import connect
from tgbot.db.engine import Database
from tgbot.paper.faults import Mode
from tgbot.playground.chats import Message
from tgbot.system import SystemClock

SPEED = 5
PATIENCE = 50  # seconds of the real clock; other tests share the machine
KILLED = -signal.SIGKILL
PLACE = "/api/v1/hf/orders"
# What must have come to an end before a life counts as quiet.
OWED = """
    SELECT (SELECT count(*) FROM intents WHERE state IN ('sent', 'unknown'))
         + (SELECT count(*) FROM outbox WHERE state IN ('new', 'claimed'))
         + (SELECT count(*) FROM inbox WHERE state = 'new')
"""


@dataclass
class House:
    """One installation and its lives, one after the other."""

    stage: Stage
    seat: Seat
    process: Process
    armed: Path
    log: Path
    file: Path
    pid: int = 0

    @property
    def lives(self) -> bool:
        return Path(f"/proc/{self.pid}").exists()

    async def begin(self, point: str = "") -> None:
        """A new life, which ends when it comes to `point`."""
        self.arm(point)
        assert self.process.stdin
        self.process.stdin.write(b"live\n")
        self.pid = int((await self._line("born")).split()[1])

    def arm(self, point: str) -> None:
        self.armed.write_text(point)

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        os.kill(self.pid, how)

    async def ended(self) -> int:
        """How: the exit status, negative for a signal. Raises `TimeoutError` if it lives on."""
        status = int((await self._line("ended")).split()[1])
        self.pid = 0
        return status

    async def quiet(self) -> None:
        """Until nothing is owed to anybody."""
        await self.stage.until(lambda: not self._owed(), 40)

    async def dies_before_it_is_quiet(self) -> bool:
        """Whether this life comes to the point that was armed at its beginning."""
        await self.stage.until(lambda: not self.lives or not self._owed(), 40)
        if self.lives:
            return False
        assert await self.ended() == KILLED
        return True

    def in_doubt(self) -> int:
        """Orders whose outcome is not on disk."""
        return self._count("SELECT count(*) FROM intents WHERE state IN ('sent', 'unknown')")

    def last_client_oid(self) -> str:
        return str(self._read("SELECT client_oid FROM attempts ORDER BY signed_at DESC LIMIT 1"))

    def _owed(self) -> int:
        return len(self.stage.playground.world.updates.pending) or self._count(OWED)

    def _count(self, query: str) -> int:
        return int(self._read(query))

    def _read(self, query: str) -> Any:
        with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)) as database:
            return database.execute(query).fetchone()[0]

    async def judge(self) -> list[str]:
        """The oracles, and no message more often than twice."""
        database = Database(f"sqlite+aiosqlite:///{self.file}")
        breaches = await oracle.judge(self.stage.kucoin, database, self.log.read_text(), is_settled=True)
        await database.close()
        copies = Counter(text for text in self.seat.texts() if "#" in text)
        return breaches + [f"O4: {count} copies of {text!r}" for text, count in copies.items() if count > 2]

    async def _line(self, kind: str) -> str:
        assert self.process.stdout
        async with asyncio.timeout(PATIENCE):
            line = (await self.process.stdout.readline()).decode()
        assert line.startswith(kind), line
        return line


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
        files = [str(path) for path in (log, settings, armed)]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.faults.nursery", *files, str(started), str(SPEED)),
            stdin=PIPE,
            stdout=PIPE,
            env=BARE,
        )
        house = House(stage, stage.seat("Ann"), process, armed, log, file)
        try:
            await house.begin()
            await connect(house.seat, stage)
            yield house
        finally:
            if house.pid:
                house.kill()
                await house.ended()
            assert process.stdin
            process.stdin.close()
            await process.wait()


# --- What is going on when the end comes -----------------------------------------------------------------------------


async def ticket(house: House, text: str = "/buy btc 10") -> Message:
    return await house.seat.say(text, "Buy BTC-USDT", patience=PATIENCE)


async def confirm(house: House, shown: Message) -> None:
    await house.stage.playground.press(house.seat.person, shown, "Confirm")


async def resting(house: House) -> Message:
    shown = await ticket(house, "/buy btc 0.001btc @ 66000")
    await confirm(house, shown)
    await house.stage.until(lambda: shown.text.startswith("Placed"), PATIENCE)
    return shown


async def cancel(house: House, shown: Message) -> None:
    await house.stage.playground.press(house.seat.person, shown, "Cancel order")


async def proposal(house: House) -> Message:
    """Of Eve in her group, whose desk Ann has set up and lends her account; Ann has approved it already."""
    play = house.stage.playground
    ann, eve = house.seat.person, play.person("Eve", "en")
    if not any("lends this desk" in message.text for message in play.messages(play.desk)):
        await set_up_desk(house)
    asked = await play.say(eve, play.desk, "/propose buy btc 10")
    card = await play.wait_for(play.desk, "^(Proposal|Предложение)", PATIENCE, since=asked)
    await play.press(ann, card, "Approve")
    await house.stage.until(lambda: "1 of 2" in card.text, PATIENCE)
    return card


async def set_up_desk(house: House) -> None:
    play, ann = house.stage.playground, house.seat.person
    asked = await play.say(ann, play.desk, "/desk")
    question = await play.wait_for(play.desk, "A desk", PATIENCE, since=asked)
    await play.press(ann, question, "Set up a desk")
    await house.stage.until(lambda: "Account: none yet" in question.text, PATIENCE)
    link = (await play.answered(await play.press(ann, question, "Lend my account"), PATIENCE)).url
    opened = await play.say(ann, house.seat.chat, f"/start {link.partition('start=')[2]}")
    offer = await play.wait_for(house.seat.chat, "Lend an account to", PATIENCE, since=opened)
    await play.press(ann, offer, offer.labels[0])
    await play.wait_for(play.desk, "lends this desk", PATIENCE)


async def approve(house: House, card: Message) -> None:
    """Bob's is the last approval that is needed."""
    await house.stage.playground.press(house.stage.playground.person("Bob"), card, "Approve")


def hold_post(house: House, mode: Mode = Mode.EDITED) -> tuple[Callable[[], bool], asyncio.Event]:
    """The next order has been taken by the exchange (with `DELAY`: has only arrived there), and no answer comes before
    the event is set."""
    going_on = asyncio.Event()
    fault = house.stage.faults.add("POST", PLACE, mode, until=going_on)
    return lambda: fault.hits > 0, going_on
