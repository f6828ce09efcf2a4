"""An exchange in memory, that can be told what things cost and to be out of reach."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from tests.clock import JumpClock
from tgbot.core.errors import ExchangeUnavailable
from tgbot.core.market import Announcement, Book, Candle, Interval, Stats, SymbolRule, Tick, Topic
from tgbot.db.types import EPOCH

ONE = Decimal(1)


def rule_of(symbol: str, *, is_trading: bool = True) -> SymbolRule:
    base, quote = symbol.split("-")
    step = Decimal("0.0001")
    return SymbolRule(
        symbol=symbol,
        base=base,
        quote=quote,
        fee_currency=quote,
        base_min=step,
        base_max=Decimal(10_000),
        base_increment=step,
        quote_min=step,
        quote_max=Decimal(10_000_000),
        quote_increment=step,
        price_increment=Decimal("0.1"),
        price_limit_rate=Decimal("0.1"),
        min_funds=Decimal("0.1"),
        is_trading=is_trading,
        maker_coefficient=ONE,
        taker_coefficient=ONE,
    )


SYMBOLS = ("KCS-USDT", "BTC-USDT", "ETH-USDT", "ETH-BTC", "BCH-USDT", "SOL-USDC", "DOGE-USDT", "SHIB-USDT")


class MemoryExchange:
    """`trade` is what happens there; candles of a minute are made of the trades, and `calls` counts what was asked.
    `days` says how a pair has changed in a day (0.01 = +1 %), and its turnover; `failures` what is said instead of a
    pair's price."""

    def __init__(self, clock: JumpClock, symbols: tuple[str, ...] = SYMBOLS) -> None:
        self._clock = clock
        self.rules = {symbol: rule_of(symbol) for symbol in symbols}
        self.trades: dict[str, list[Tick]] = {symbol: [] for symbol in symbols}
        self.books: dict[str, Book] = {}
        self.days: dict[str, tuple[str, str]] = {}
        self.news: list[Announcement] = []
        self.is_down = False
        self.failures: dict[str, Exception] = {}
        self.silent_topics: set[Topic] = set()  # of whose news it does not answer
        self.delays: list[asyncio.Event] = []  # of the next answers with candles, one for each
        self.calls: list[str] = []
        self._sequence = 0

    def trade(self, symbol: str, price: Decimal | str) -> Tick:
        self._sequence += 1
        price = Decimal(price)
        tick = Tick(symbol, price, price, price, self._sequence, self._clock.now())
        self.trades[symbol].append(tick)
        return tick

    async def symbols(self) -> list[SymbolRule]:
        self._answer("symbols")
        return list(self.rules.values())

    async def ticker(self, symbol: str) -> Tick:
        self._answer(f"ticker {symbol}")
        if symbol in self.failures:
            raise self.failures[symbol]
        return self.trades[symbol][-1]

    async def stats(self, symbol: str) -> Stats:
        self._answer(f"stats {symbol}")
        last = self.trades[symbol][-1].price
        change, turnover = self.days.get(symbol, ("-0.0125", "147972941.07"))
        return Stats(
            symbol=symbol,
            last=last,
            bid=last - ONE / 10,
            ask=last + ONE / 10,
            high=last * 2,
            low=last / 2,
            change=Decimal(change),
            volume=Decimal("2227.69895852"),
            turnover=Decimal(turnover),
            at=self._clock.now(),
        )

    async def all_tickers(self) -> list[Stats]:
        self._answer("tickers")
        return [await self.stats(symbol) for symbol, trades in self.trades.items() if trades]

    async def book(self, symbol: str) -> Book:
        self._answer(f"book {symbol}")
        return self.books.get(symbol, Book(symbol, (), (), self._clock.now()))

    async def know_the_time(self) -> None:
        """Everybody's clock is the same here."""

    async def candles(self, symbol: str, interval: Interval, start: datetime, end: datetime) -> list[Candle]:
        self._answer(f"candles {symbol}")
        found = candles_of(self.trades[symbol], interval, start, end)
        if self.delays:
            await self.delays.pop(0).wait()
        return found

    async def announcements(self, topic: Topic, since: datetime) -> list[Announcement]:
        self._answer(f"news {topic}")
        if topic in self.silent_topics:
            raise ExchangeUnavailable("", "out of reach")
        return [news for news in reversed(self.news) if news.topic is topic and news.at >= since]

    def _answer(self, call: str) -> None:
        self.calls.append(call)
        if self.is_down:
            raise ExchangeUnavailable("", "out of reach")


def candles_of(trades: Iterable[Tick], interval: Interval, start: datetime, end: datetime) -> list[Candle]:
    """As the exchange makes them of these trades: those that began within `start` and `end`, the oldest first."""
    found: dict[datetime, Candle] = {}
    for tick in trades:
        at = tick.at - (tick.at - EPOCH) % interval.length
        if start <= at <= end:
            found[at] = _grown(found.get(at), at, tick.price)
    return [found[at] for at in sorted(found)]


def _grown(candle: Candle | None, at: datetime, price: Decimal) -> Candle:
    if candle is None:
        return Candle(at, price, price, price, price, ONE)
    return replace(candle, high=max(candle.high, price), low=min(candle.low, price), close=price)
