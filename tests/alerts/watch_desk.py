"""Watching between a database and an exchange, through as many lives of the bot as a test needs."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from sqlalchemy import select, update

from tests.alerts.feed import CountedFeed
from tests.clock import JumpClock
from tests.markets.exchange import MemoryExchange
from tgbot.alerts.watches.live import LivePrices
from tgbot.alerts.watches.service import Ask, Watches
from tgbot.db.engine import Database
from tgbot.delivery.codec import decode
from tgbot.delivery.outbox import Outbox, Priority
from tgbot.delivery.store import OutboxRow, State
from tgbot.markets.prices import PriceBoard
from tgbot.packaged import folder
from tgbot.texts.catalogue import Catalogue
from tgbot.texts.notation import Reader
from tgbot.texts.renderer import Renderer

ANN, BORIS = 7, 8
BTC, ETH = "BTC-USDT", "ETH-USDT"
TWO = Decimal("0.02")  # per cent, as the fraction it is
RENDERER = Renderer(Catalogue(folder("locales")))


@dataclass(frozen=True)
class Left:
    """A message that has left for a chat."""

    chat_id: int
    priority: int
    card: str | None
    text: str
    thread_id: int | None = None


@dataclass
class WatchDesk:
    """One life of the bot, as far as watches go. Whatever is in the outbox leaves at once when it is asked for."""

    database: Database
    clock: JumpClock
    exchange: MemoryExchange
    feed: CountedFeed = field(default_factory=CountedFeed)
    updates: int = 0

    def __post_init__(self) -> None:
        self.board = PriceBoard(self.clock)
        outbox = Outbox(self.clock)
        self.live = LivePrices(
            database=self.database, clock=self.clock, outbox=outbox, board=self.board, feed=self.feed
        )
        self.board.listen(self.live.on_tick)
        self.watches = Watches(
            database=self.database,
            clock=self.clock,
            outbox=outbox,
            board=self.board,
            source=self.exchange,
            live=self.live,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            role = tasks.create_task(self.live.run())
            await self.clock.until_sleeping()
            yield
            role.cancel()

    async def pass_time(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.advance(1)
            await self.clock.until_sleeping()

    def ask(self, chat_id: int = ANN, thread_id: int | None = None, *, is_anew: bool = True) -> Ask:
        self.updates += 1
        return Ask(chat_id, thread_id, self.updates, (BTC, ETH), is_anew)

    async def watch(
        self, *symbols: str, move: Decimal | None = None, chat_id: int = ANN, thread_id: int | None = None
    ) -> None:
        await self.watches.watch(self.ask(chat_id, thread_id), symbols, move)

    def trade(self, price: str, symbol: str = BTC) -> None:
        self.board.on_tick(self.exchange.trade(symbol, price))

    async def left(self) -> Sequence[Left]:
        """What has left since the last time."""
        async with self.database.write() as session:
            rows = list(
                await session.scalars(select(OutboxRow).where(OutboxRow.state == State.NEW).order_by(OutboxRow.id))
            )
            await session.execute(update(OutboxRow).values(state=State.SENT))
        return [
            Left(
                row.chat_id,
                row.priority,
                row.card,
                RENDERER.render(decode(row.payload), Reader("en", "UTC")).plain,
                row.thread_id,
            )
            for row in rows
        ]


def moves(left: Sequence[Left]) -> list[str]:
    return [one.text for one in left if one.priority == Priority.ALERT]


async def count_rows(database: Database) -> int:
    async with database.read() as session:
        return len((await session.scalars(select(OutboxRow.id))).all())
