"""Alerts between a database and the paper exchange, with candles over real HTTP and candle topics over real sockets."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import httpx

from tests.alerts.desk import Desk, Life
from tests.clock import JumpClock, OwnClock, a_moment
from tests.ids import CountingIds
from tests.kucoin.patience import eventually, running, without_pings
from tests.markets.exchange import MemoryExchange, rule_of
from tgbot.alerts.closes import SETTLES_WITHIN
from tgbot.alerts.history import CandleSource
from tgbot.core.clock import Clock
from tgbot.core.market import Candle, Interval, Tick
from tgbot.db.engine import Database
from tgbot.kucoin.budget import Patience
from tgbot.kucoin.candles import CandleHub, topic_of
from tgbot.kucoin.dialer import Dialer
from tgbot.kucoin.market import SpotMarket
from tgbot.kucoin.readers import by_asyncio
from tgbot.kucoin.rest import Rest
from tgbot.kucoin.server_clock import ExchangeClock
from tgbot.paper.exchange import PaperExchange
from tgbot.paper.faults import Faults
from tgbot.paper.prices import Handed
from tgbot.paper.server import listening

MINUTE = Interval.MINUTE_1
SETTLED = SETTLES_WITHIN + timedelta(seconds=1)


class PaperMarket(MemoryExchange):
    """Whatever is traded is traded on the paper exchange, and its candles are asked for there, those that are
    `foreseen` with less patience."""

    def __init__(self, clock: JumpClock, symbols: tuple[str, ...], rest: Rest, prices: Handed) -> None:
        super().__init__(clock, symbols)
        self.foreseen = Foreseen(self, SpotMarket(rest, Patience.SOME))
        self._market = SpotMarket(rest, Patience.MUCH)
        self._prices = prices
        prices.hand_rules(rule_of(symbol) for symbol in symbols)

    def trade(self, symbol: str, price: Decimal | str) -> Tick:
        tick = super().trade(symbol, price)
        self._prices.hand(tick)
        return tick

    async def know_the_time(self) -> None:
        await self._market.know_the_time()

    async def candles(self, symbol: str, interval: Interval, start: datetime, end: datetime) -> list[Candle]:
        self._answer(f"candles {symbol}")
        return await self._market.candles(symbol, interval, start, end)


class Foreseen:
    def __init__(self, counted: MemoryExchange, market: SpotMarket) -> None:
        self._counted = counted
        self._market = market

    async def know_the_time(self) -> None:
        await self._market.know_the_time()

    async def candles(self, symbol: str, interval: Interval, start: datetime, end: datetime) -> list[Candle]:
        self._counted.calls.append(f"candles {symbol}")
        return await self._market.candles(symbol, interval, start, end)


@dataclass(kw_only=True)
class Street(Desk):
    """`paper.streams` and `faults` are where the exchange may misbehave."""

    paper: PaperExchange
    faults: Faults
    rest: Rest
    dialer: Dialer
    bots_clock: Clock

    @property
    def own_clock(self) -> Clock:
        return self.bots_clock

    @property
    def known_clock(self) -> Clock:
        return ExchangeClock(self.rest.server_clock, self.bots_clock)

    @asynccontextmanager
    async def life(self) -> AsyncIterator[Life]:
        async with super().life() as life:
            assert isinstance(life.candles, CandleHub)
            async with running(life.candles.run()):
                yield life

    def _candles(self) -> CandleHub:
        return CandleHub(without_pings(self.dialer.public), self.known_clock, self.ids)

    def _foreseen(self) -> CandleSource:
        assert isinstance(self.exchange, PaperMarket)
        return self.exchange.foreseen

    def _make(self) -> Life:
        life = super()._make()
        assert isinstance(life.candles, CandleHub)
        life.candles.listen(life.monitor.on_next_candle)
        return life

    @property
    def topics(self) -> list[str]:
        return sorted(self.paper.streams.topics("/market/candles:"))

    async def followed(self, *symbols: str) -> None:
        """They are subscribed to, the stream tells of the minute that runs, and what was before it has been read."""
        await eventually(lambda: set(self.topics) >= {topic_of(symbol, MINUTE) for symbol in symbols})
        for symbol in symbols:
            self.price(symbol, self.exchange.trades[symbol][-1].price)
            await self.until_told(symbol)
        await self.until(lambda: not self.now.monitor._waiting)

    async def until_told(self, symbol: str) -> None:
        """The last trade."""
        last = self.exchange.trades[symbol][-1]
        hub = self.now.candles
        await eventually(lambda: (told := hub.told(symbol, MINUTE)) is not None and told.close == last.price)

    async def until_closed(self) -> None:
        """The minute that runs, or begins just now. All before it have been read by then."""
        begun_at = self.clock.now().replace(second=0)
        if self.clock.now() < begun_at + SETTLED:
            self.pass_time(seconds=(begun_at + SETTLED - self.clock.now()).total_seconds())
        closes = self.now.monitor._judging.closes
        await self.until(lambda: all(at is not None and at + 2 * each.length > begun_at for _, each, at in closes()))
        self.pass_time(seconds=60 - self.clock.now().second)

    async def pass_seconds(self, count: int) -> None:
        for _ in range(count):
            self.pass_time(seconds=1)
            await a_moment()

    @property
    def since_close(self) -> timedelta:
        return self.clock.now() - self.clock.now().replace(second=0, microsecond=0)

    def asked(self) -> list[str]:
        return [call.removeprefix("candles ") for call in self.exchange.calls if call.startswith("candles")]


@asynccontextmanager
async def open_street(
    database: Database,
    clock: JumpClock,
    ids: CountingIds,
    client: httpx.AsyncClient,
    tls: ssl.SSLContext,
    symbols: tuple[str, ...],
    ahead: timedelta = timedelta(0),
) -> AsyncIterator[Street]:
    """The bot's clock is so much ahead of the exchange's."""
    own_clock = OwnClock(clock, ahead)
    prices = Handed(clock)
    paper = PaperExchange(prices, clock, ids)
    faults = Faults(paper.app, clock)
    # Without its background work: the clock stands still.
    async with listening(faults, "127.0.0.1", 0) as served:
        rest = Rest(client, own_clock, ids, served.url)
        exchange = PaperMarket(clock, symbols, rest, prices)
        dialer = Dialer(rest, tls, own_clock, ids, by_asyncio())
        yield Street(
            database, clock, exchange, paper=paper, faults=faults, rest=rest, dialer=dialer, bots_clock=own_clock
        )
    paper.close()
