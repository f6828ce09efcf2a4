"""Alerts between a database and the paper exchange, with candles over real HTTP and candle topics over real sockets."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import httpx

from tests.alerts.desk import Desk, Life
from tests.clock import JumpClock
from tests.ids import CountingIds
from tests.kucoin.patience import a_moment, eventually, running
from tests.markets.exchange import MemoryExchange, rule_of
from tgbot.core.market import Candle, Interval, Tick
from tgbot.db.engine import Database
from tgbot.kucoin.candles import CandleHub, topic_of
from tgbot.kucoin.dialer import Dialer
from tgbot.kucoin.market import SpotMarket
from tgbot.kucoin.readers import by_websockets
from tgbot.kucoin.rest import Rest
from tgbot.paper.exchange import PaperExchange
from tgbot.paper.faults import Faults
from tgbot.paper.prices import Handed
from tgbot.paper.server import listening

MINUTE = Interval.MINUTE_1


class PaperMarket(MemoryExchange):
    """Whatever is traded is traded on the paper exchange, and its candles are asked for there."""

    def __init__(self, clock: JumpClock, symbols: tuple[str, ...], market: SpotMarket, prices: Handed) -> None:
        super().__init__(clock, symbols)
        self._market = market
        self._prices = prices
        prices.hand_rules(rule_of(symbol) for symbol in symbols)

    def trade(self, symbol: str, price: Decimal | str) -> Tick:
        tick = super().trade(symbol, price)
        self._prices.hand(tick)
        return tick

    async def candles(self, symbol: str, interval: Interval, start: datetime, end: datetime) -> list[Candle]:
        self._answer(f"candles {symbol}")
        return await self._market.candles(symbol, interval, start, end)


@dataclass(kw_only=True)
class Street(Desk):
    """`paper.streams` and `faults` are where the exchange may misbehave."""

    paper: PaperExchange
    faults: Faults
    rest: Rest
    dialer: Dialer

    @asynccontextmanager
    async def life(self) -> AsyncIterator[Life]:
        async with super().life() as life:
            assert isinstance(life.candles, CandleHub)
            async with running(life.candles.run()):
                yield life

    def _candles(self) -> CandleHub:
        return CandleHub(self.dialer.public, self.clock, self.ids)

    def _make(self) -> Life:
        life = super()._make()
        assert isinstance(life.candles, CandleHub)
        life.candles.listen(life.monitor.on_next_candle)
        return life

    @property
    def topics(self) -> list[str]:
        return sorted(self.paper.streams.topics("/market/candles:"))

    async def followed(self, *symbols: str) -> None:
        """They are subscribed to, and the stream tells of the minute that runs."""
        await eventually(lambda: set(self.topics) >= {topic_of(symbol, MINUTE) for symbol in symbols})
        for symbol in symbols:
            self.price(symbol, self.exchange.trades[symbol][-1].price)
            await self.until_told(symbol)

    async def until_told(self, symbol: str) -> None:
        """The last trade."""
        last = self.exchange.trades[symbol][-1]
        hub = self.now.candles
        await eventually(lambda: (told := hub.told(symbol, MINUTE)) is not None and told.close == last.price)

    async def until_closed(self) -> None:
        """The minute that runs, or begins just now."""
        await self.pass_seconds(60 - self.clock.now().second)

    async def pass_seconds(self, count: int) -> None:
        """One by one, for there are pings to be answered in between."""
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
) -> AsyncIterator[Street]:
    prices = Handed(clock)
    paper = PaperExchange(prices, clock, ids)
    faults = Faults(paper.app, clock)
    # Without its background work: the clock stands still.
    async with listening(faults, "127.0.0.1", 0) as served:
        rest = Rest(client, clock, ids, served.url)
        exchange = PaperMarket(clock, symbols, SpotMarket(rest), prices)
        dialer = Dialer(rest, tls, clock, ids, by_websockets())
        yield Street(database, clock, exchange, paper=paper, faults=faults, rest=rest, dialer=dialer)
    paper.close()
