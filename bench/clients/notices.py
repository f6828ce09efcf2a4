"""A message to a chat: through our outbox, and by the Telegram library alone."""

import asyncio
import ssl
import tempfile
import time
from collections.abc import Callable, Collection, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from telegram import Bot
from telegram.request import HTTPXRequest

from bench.flights import fly
from bench.meter import CALLS_TO_WARM_UP, cpu, report
from bench.playground import TOKEN
from tgbot.chat.bot import Telegram, connected
from tgbot.chat.sending import Messenger
from tgbot.core.clock import Clock
from tgbot.core.notices import Kind, Recipient
from tgbot.core.reply import Button, Reply, T
from tgbot.db.engine import Database, ReadSession, WriteSession
from tgbot.delivery.limiter import Limiter, Limits, Pace, Window
from tgbot.delivery.outbox import Notice, Outbox, Priority
from tgbot.delivery.packing import MOST_IN_FLIGHT
from tgbot.delivery.sender import Sender
from tgbot.kucoin.http import make_transport
from tgbot.packaged import folder
from tgbot.schema import migrate
from tgbot.system import SystemClock, spare_collector
from tgbot.texts.catalogue import Catalogue
from tgbot.texts.renderer import Renderer

Each = TypeVar("Each")
CLOCK = SystemClock()
PULSE = 0.002
NO_LIMIT = Window(1_000, 1e-9)
ANY_RATE = Limits(Pace(1e9, 1_000), NO_LIMIT, NO_LIMIT, NO_LIMIT)
WORDS = Reply((T.of("common.seconds", amount=Decimal(7)),), ((Button(T("common.refresh"), "again"),),))


async def outbox(url: str, notices: int) -> None:
    """From the transaction that owes it to the row that says it was sent, Telegram's limits lifted. A hundred are owed
    in one transaction, as by alerts that fire. `stall_ms` is the longest time for which nobody else had his turn."""
    await _measure(url, notices, lambda number: Notice(number + 1, WORDS, Priority.ALERT, kind=Kind.ALERT))


async def playground(url: str, notices: int, people: int, first: int) -> None:
    """Into the chats of so many people at the playground."""
    await _measure(url, notices, lambda number: Notice(first + number % people, WORDS, Priority.ANSWER))


async def _measure(url: str, notices: int, notice: Callable[[int], Notice]) -> None:
    context = ssl.create_default_context()
    with tempfile.TemporaryDirectory() as rows:
        database = Database(f"sqlite+aiosqlite:///{rows}/bench.db")
        await migrate(database)
        async with connected(TOKEN, url, lambda: make_transport(context), CLOCK) as bot:
            await _deliver(database, bot, [notice(number) for number in range(CALLS_TO_WARM_UP)])
            began, since = cpu(), time.perf_counter()
            stall = await _deliver(database, bot, [notice(number) for number in range(notices)])
            took, used = time.perf_counter() - since, cpu() - began
            report(cpu_us=used / notices * 1e6, a_second=notices / took, stall_ms=stall * 1e3)
        await database.close()


def batched(many: Sequence[Each], size: int = 100) -> list[Sequence[Each]]:
    return [many[at : at + size] for at in range(0, len(many), size)]


class _Counting(Messenger):
    """Tells when it has sent so many."""

    def __init__(self, bot: Telegram, notices: int) -> None:
        super().__init__(bot)
        self._left = notices
        self.is_done = asyncio.Event()

    async def send(self, *message: Any, **more: Any) -> int:
        number = await super().send(*message, **more)
        self._left -= 1
        if not self._left:
            self.is_done.set()
        return number


async def _deliver(database: Database, bot: Telegram, notices: Sequence[Notice]) -> float:
    box, messenger = Outbox(CLOCK), _Counting(bot, len(notices))
    for batch in batched(notices):
        async with database.write() as session:
            await box.put_all(session, batch)
    sender = make_sender(database, box, messenger, CLOCK, ANY_RATE)
    spare_collector()  # as the bot does before it is ready
    gaps = [0.0]
    async with asyncio.TaskGroup() as group:
        group.create_task(sender.run())
        watching = group.create_task(watch_gaps(gaps))
        await messenger.is_done.wait()
        sender.stop()
        watching.cancel()
    return gaps[0]


def make_sender(database: Database, box: Outbox, messenger: Messenger, clock: Clock, limits: Limits) -> Sender:
    return Sender(
        database=database,
        outbox=box,
        messenger=messenger,
        renderer=Renderer(Catalogue(folder("locales"))),
        clock=clock,
        recipients_of=_english,
        on_chat_gone=_nothing,
        on_chat_moved=_nothing,
        limiter=Limiter(limits),
        heard_until=clock.now,
    )


async def watch_gaps(gaps: list[float]) -> None:
    """For how long others had the loop, whenever it was longer than before."""
    while True:
        before = time.perf_counter()
        await asyncio.sleep(PULSE)
        gaps[0] = max(gaps[0], time.perf_counter() - before - PULSE)


async def library(url: str, notices: int) -> None:
    """python-telegram-bot as it comes, as many at a time as our sender has."""
    async with Bot(TOKEN, base_url=f"{url}/bot", request=HTTPXRequest(connection_pool_size=MOST_IN_FLIGHT)) as bot:
        await fly(lambda: bot.send_message(7, "7 seconds", parse_mode="HTML"), notices, MOST_IN_FLIGHT)


async def _english(session: ReadSession, chats: Collection[int]) -> dict[int, Recipient]:
    return dict.fromkeys(chats, Recipient("en", "UTC"))


async def _nothing(session: WriteSession, *ids: int) -> None:
    return None
