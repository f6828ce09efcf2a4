"""Alerts between a database and an exchange, through as many lives of the bot as a test needs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import select

from tests.alerts.feed import CountedFeed, SilentCandles
from tests.clock import JumpClock, a_moment
from tests.ids import CountingIds
from tests.markets.exchange import MemoryExchange
from tgbot.alerts import store
from tgbot.alerts.history import CandleSource
from tgbot.alerts.monitor import AlertMonitor
from tgbot.alerts.rules.request import read_request
from tgbot.alerts.service import Alerts
from tgbot.alerts.store import Alert, AlertRow
from tgbot.alerts.timers import AlertTimers
from tgbot.core.clock import Clock
from tgbot.core.market import Tick
from tgbot.core.people import Person
from tgbot.core.reply import Reply
from tgbot.db.engine import Database
from tgbot.delivery.codec import decode
from tgbot.delivery.outbox import Outbox
from tgbot.delivery.store import OutboxRow
from tgbot.kucoin.candles import CandleHub
from tgbot.markets.prices import PriceBoard, Prices
from tgbot.packaged import folder
from tgbot.texts.catalogue import Catalogue
from tgbot.texts.notation import Reader
from tgbot.texts.renderer import Renderer

ANN, BORIS = 7, 8
BTC, ETH = "BTC-USDT", "ETH-USDT"
RENDERER = Renderer(Catalogue(folder("locales")))


def read(reply: Reply, language: str = "en") -> str:
    return RENDERER.render(reply, Reader(language, "UTC")).plain


def person(chat_id: int, language: str = "en", **chosen: object) -> Person:
    """In the private chat with them."""
    known = Person(chat_id, "Ann", language, "UTC", "USDT", "USDT", None, is_operator=False)
    return replace(known, **chosen)  # type: ignore[arg-type]  # fields of a person


@dataclass(frozen=True)
class Said:
    chat_id: int
    text: str
    thread_id: int | None = None


@dataclass
class Life:
    """One process: what is in memory goes with it."""

    board: PriceBoard
    monitor: AlertMonitor
    alerts: Alerts
    timers: AlertTimers
    feed: CountedFeed
    candles: SilentCandles | CandleHub
    running: "asyncio.Task[None] | None" = None


@dataclass
class Desk:
    """`price` is what a trade costs: it is always in the exchange's candles, and heard where the feed brings it."""

    database: Database
    clock: JumpClock
    exchange: MemoryExchange
    ids: CountingIds = field(default_factory=CountingIds)
    is_heard: bool = True
    updates: int = 0

    def __post_init__(self) -> None:
        self.now = self._make()
        for symbol, price in ((BTC, 67_000), (ETH, 3_000)):
            self.exchange.trade(symbol, Decimal(price))

    @asynccontextmanager
    async def life(self) -> AsyncIterator[Life]:
        """Until the block ends; then the process is told to stop."""
        self.now = self._make()
        async with asyncio.TaskGroup() as group:
            self.now.running = group.create_task(self.now.monitor.run())
            waking = group.create_task(self.now.timers.run())
            await self.clock.until_sleeping(2)
            yield self.now
            waking.cancel()
            self.now.running.cancel()

    async def set(self, text: str, chat_id: int = ANN, thread_id: int | None = None) -> Alert:
        self.updates += 1
        request = read_request(text, ".")
        rule = self.exchange.rules[request.pair]
        alert, _ = await self.now.alerts.set(
            update_id=self.updates,
            chat_id=chat_id,
            thread_id=thread_id,
            person=person(chat_id),
            rule=rule,
            request=request,
        )
        return alert

    def price(self, symbol: str, price: int | str | Decimal) -> Tick:
        tick = self.exchange.trade(symbol, Decimal(price))
        if self.is_heard and symbol in self.now.feed.held:
            self.now.board.on_tick(tick)
        return tick

    def price_unheard(self, symbol: str, price: int | str) -> Tick:
        return self.exchange.trade(symbol, Decimal(price))

    def pass_time(self, **span: float) -> None:
        """Seconds, minutes, hours."""
        self.clock.advance(timedelta(**span).total_seconds())

    async def said(self, count: int = 0) -> list[Said]:
        """All that chats were told, once it is so many messages and the monitor knows that they are on the disk."""
        async with asyncio.timeout(10):
            while len(rows := await self._outbox_rows()) < count or (count and self.now.monitor._due):
                await a_moment(0.003)
        return [Said(row.chat_id, read(decode(row.payload)), row.thread_id) for row in rows]

    async def said_within_seconds(self, count: int) -> list[Said]:
        """The same, while the time passes in which the last trade before an end may still show."""
        async with asyncio.timeout(10):
            while len(said := await self.said()) < count:
                self.pass_time(seconds=1)
        return said

    async def stored(self, alert: Alert) -> Alert:
        """As the table has it now."""
        [found] = [known for known in await self.alerts() if known.id == alert.id]
        return found

    async def alerts(self) -> list[Alert]:
        async with self.database.read() as session:
            rows = list(await session.scalars(select(AlertRow).order_by(AlertRow.id)))
            found = [await store.by_update(session, row.update_id) for row in rows]
        return [alert for alert in found if alert is not None]

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not is_so():
                await a_moment(0.003)

    async def _outbox_rows(self) -> list[OutboxRow]:
        async with self.database.read() as session:
            return list(await session.scalars(select(OutboxRow).order_by(OutboxRow.id)))

    def _candles(self) -> SilentCandles | CandleHub:
        return SilentCandles()

    def _foreseen(self) -> CandleSource:
        return self.exchange

    @property
    def own_clock(self) -> Clock:
        """The bot's."""
        return self.clock

    @property
    def known_clock(self) -> Clock:
        """The exchange's, as the bot knows it."""
        return self.clock

    def _make(self) -> Life:
        board, outbox = PriceBoard(self.own_clock), Outbox(self.own_clock)
        feed, candles = CountedFeed(), self._candles()
        prices = Prices(self.exchange, board)
        monitor = AlertMonitor(
            database=self.database,
            clock=self.own_clock,
            exchange_clock=self.known_clock,
            outbox=outbox,
            feed=feed,
            board=board,
            candles=candles,
            history=self.exchange,
            foreseen=self._foreseen(),
        )
        board.listen(monitor.on_tick, monitor.on_gap, monitor.on_refused)
        alerts = Alerts(
            database=self.database,
            clock=self.own_clock,
            exchange_clock=self.known_clock,
            ids=self.ids,
            prices=prices,
            board=board,
            history=self.exchange,
            monitor=monitor,
        )
        timers = AlertTimers(
            database=self.database,
            clock=self.own_clock,
            outbox=outbox,
            prices=prices,
            alerts=alerts,
            monitor=monitor,
        )
        return Life(board, monitor, alerts, timers, feed, candles)


async def heard(desk: Desk, symbol: str, price: int) -> None:
    """The first price that the feed brings: it is judged after the candles of the time before it."""
    asked = len(desk.exchange.calls)
    desk.price(symbol, price)
    await desk.until(lambda: len(desk.exchange.calls) > asked)


@asynccontextmanager
async def rows_held(desk: Desk, alert: Alert) -> AsyncIterator[None]:
    """Whoever wants to change the alert has to wait."""
    async with desk.database.write() as session:
        await store.find(session, alert.chat_id, alert.short)
        yield


async def kill(desk: Desk, life: Life) -> None:
    """Not even what it does when told to stop gets done, as long as the rows are held."""
    assert life.running is not None
    while not life.running.done():
        life.running.cancel()
        await desk.said()
