import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import pytest
from sqlalchemy import select

from tests.chat.conftest import bot, ssl_context, telegram
from tests.chat.telegram_server import TelegramServer
from tests.clock import JumpClock, a_moment
from tgbot.chat.bot import Telegram
from tgbot.chat.sending import Messenger
from tgbot.core.notices import Recipient
from tgbot.core.reply import Button, Reply, T
from tgbot.db.engine import Database, ReadSession, WriteSession
from tgbot.delivery.limiter import Limiter, Limits, Pace, Window
from tgbot.delivery.outbox import Notice, Outbox, Priority
from tgbot.delivery.sender import Sender
from tgbot.delivery.store import OutboxRow, State
from tgbot.packaged import folder
from tgbot.texts.catalogue import Catalogue
from tgbot.texts.renderer import Renderer

__all__ = ["bot", "ssl_context", "telegram"]

ANN, BORIS, CARA, DESK = 7, 8, 9, -1001
NO_LIMIT = Window(1_000, 1e-9)
UNLIMITED = Limits(Pace(1e9, 1_000), NO_LIMIT, NO_LIMIT, NO_LIMIT)


def words(seconds: int, *, is_silent: bool = False) -> Reply:
    """A message that shows as `<seconds> s`."""
    return Reply(
        (T.of("common.seconds", amount=Decimal(seconds)),),
        ((Button(T("common.refresh"), "again"),),),
        is_silent=is_silent,
    )


def notice(chat_id: int, seconds: int, priority: Priority = Priority.ANSWER, **more: object) -> Notice:
    return Notice(chat_id, words(seconds), priority, **more)  # type: ignore[arg-type]  # the fields of Notice


@dataclass
class Post:
    """The outbox and its sender, with what they tell other features. Telegram answers all the time, unless a test says
    until when it has: `heard_until`."""

    database: Database
    clock: JumpClock
    bot: Telegram
    renderer: Renderer
    limits: Limits = UNLIMITED
    recipients: dict[int, Recipient] = field(default_factory=dict)
    gone: list[int] = field(default_factory=list)
    back: list[int] = field(default_factory=list)
    moved: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.outbox = Outbox(self.clock)
        self.heard_until = self.clock.now

    async def put(self, *notices: Notice) -> list[int]:
        async with self.database.write() as session:
            ids = [await self.outbox.put(session, notice) for notice in notices]
        self.outbox.wake()
        return ids

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        """A fresh sender for as long as the block runs; leaving it is as sudden as a kill."""
        self._sender = self.sender()
        async with asyncio.TaskGroup() as group:
            role = group.create_task(self._sender.run())
            yield
            role.cancel()

    def sender(self) -> Sender:
        return Sender(
            database=self.database,
            outbox=self.outbox,
            messenger=Messenger(self.bot),
            renderer=self.renderer,
            clock=self.clock,
            recipients_of=self.recipients_of,
            on_chat_gone=self._on_chat_gone,
            on_chat_moved=self._on_chat_moved,
            limiter=Limiter(self.limits),
            heard_until=self.heard_until,
        )

    async def states(self) -> dict[int, str]:
        return {row.id: row.state for row in await self.rows()}

    async def rows(self) -> list[OutboxRow]:
        async with self.database.read() as session:
            return list(await session.scalars(select(OutboxRow).order_by(OutboxRow.id)))

    async def until_settled(self, *ids: int) -> None:
        """All rows, or these, have come to an end."""

        async def is_settled() -> bool:
            states = await self.states()
            return all(states[row_id] not in {State.NEW, State.CLAIMED} for row_id in ids or states)

        await until(is_settled)

    async def until_nothing_flies(self) -> None:
        """Every message has been answered, and the sender waits for the time to pass."""

        async def is_so() -> bool:
            await self.states()
            sender = self._sender
            return self.clock.sleeping > 0 and len(sender._done) == len(sender._in_flight)

        await until(is_so)

    async def until_resting(self) -> None:
        """The sender has done all it may do at this moment."""
        await self.clock.until_sleeping()

    async def recipients_of(self, session: ReadSession, chat_ids: Collection[int]) -> dict[int, Recipient]:
        return {chat_id: self.recipients.get(chat_id, Recipient("en", "UTC")) for chat_id in chat_ids}

    async def _on_chat_gone(self, session: WriteSession, chat_id: int) -> None:
        self.gone.append(chat_id)

    async def on_chat_back(self, session: WriteSession, chat_id: int) -> None:
        self.back.append(chat_id)

    async def _on_chat_moved(self, session: WriteSession, chat_id: int, new_chat_id: int) -> None:
        self.moved.append((chat_id, new_chat_id))


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await condition():
            await a_moment(0.003)


@pytest.fixture(scope="session")
def renderer() -> Renderer:
    return Renderer(Catalogue(folder("locales")))


@pytest.fixture
def post(database: Database, clock: JumpClock, bot: Telegram, renderer: Renderer, telegram: TelegramServer) -> Post:
    return Post(database, clock, bot, renderer)


@pytest.fixture
def now(clock: JumpClock) -> datetime:
    return clock.now()
