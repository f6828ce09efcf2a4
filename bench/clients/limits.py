"""Very many alerts with Telegram's limits on, in a time of their own in which nobody sleeps: an hour takes minutes."""

import asyncio
import ssl
import tempfile
from typing import Any

import structlog

from bench.clients.notices import WORDS, batched, make_sender
from bench.meter import report
from bench.playground import TOKEN, populate
from tests.clock import JumpClock
from tests.ids import CountingIds
from tgbot.chat.bot import connected
from tgbot.chat.sending import Messenger
from tgbot.core.errors import Throttled
from tgbot.db.engine import Database
from tgbot.delivery.limiter import Limits
from tgbot.delivery.outbox import Notice, Outbox, Priority
from tgbot.kucoin.http import make_transport
from tgbot.playground.playground import Playground
from tgbot.schema import migrate

FILL_EVERY = 5.0  # seconds
BREATH = 0.0002


class _Noting(Messenger):
    """When each message had arrived, and how often Telegram complained."""

    def __init__(self, bot: Any, clock: JumpClock) -> None:
        super().__init__(bot)
        self._clock = clock
        self.flying = 0
        self.arrived: dict[int, float] = {}
        self.complaints = 0
        self.count = 0

    async def send(self, chat_id: int, *message: Any, **more: Any) -> int:
        self.flying += 1
        try:
            number = await super().send(chat_id, *message, **more)
        except Throttled:
            self.complaints += 1
            raise
        finally:
            self.flying -= 1
        self.arrived[chat_id] = self._clock.monotonic()
        self.count += 1
        return number


async def kept(_: str, alerts: int) -> None:
    """One alert for each of so many chats; meanwhile every five seconds somebody else's order fills."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    clock, limits = JumpClock(), Limits()
    playground = Playground(clock, CountingIds(), TOKEN)
    playground.limits.are_enforced = True
    fills = int(alerts / limits.pace.a_second / FILL_EVERY) - 1
    first = populate(playground, alerts + fills)
    with tempfile.TemporaryDirectory() as rows:
        database = Database(f"sqlite+aiosqlite:///{rows}/bench.db")
        await migrate(database)
        context, outbox = ssl.create_default_context(), Outbox(clock)
        for chats in batched(range(first, first + alerts)):
            async with database.write() as session:
                await outbox.put_all(session, [Notice(chat, WORDS, Priority.ALERT) for chat in chats])
        waited: dict[int, float] = {}
        async with (
            playground.serve() as served,
            connected(TOKEN, served.url, lambda: make_transport(context), clock) as bot,
            asyncio.TaskGroup() as group,
        ):
            messenger = _Noting(bot, clock)
            sender = make_sender(database, outbox, messenger, clock, limits)
            group.create_task(sender.run())
            while messenger.count < alerts + fills:
                if len(waited) < fills and clock.monotonic() >= FILL_EVERY * (len(waited) + 1):
                    chat_id = first + alerts + len(waited)
                    waited[chat_id] = clock.monotonic()
                    async with database.write() as session:
                        await outbox.put(session, Notice(chat_id, WORDS, Priority.FILL))
                    outbox.wake()
                while messenger.flying or not clock.sleeping:  # noqa: ASYNC110 - nobody tells when the sender rests
                    await asyncio.sleep(BREATH)
                clock.advance_to_next()
                await asyncio.sleep(0)
            took = max(messenger.arrived.values())
            sender.stop()
            while clock.sleeping:
                clock.advance_to_next()
                await asyncio.sleep(BREATH)
        await database.close()
    report(
        complaints=messenger.complaints,
        of_the_allowed=messenger.count / took / limits.pace.a_second,
        fill_waited_s=max(messenger.arrived[chat_id] - since for chat_id, since in waited.items()),
        minutes=took / 60,
    )
