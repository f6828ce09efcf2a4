"""What everybody may see: pairs, last prices, trades, candles, day's statistics."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tgbot.core.clock import Clock
from tgbot.core.market import Stats, SymbolRule, Tick
from tgbot.core.money import ZERO
from tgbot.core.orders import Side
from tgbot.paper.book import daily_volume, trade_size
from tgbot.paper.candles import DAY, LENGTHS, Bar, Chart
from tgbot.paper.noise import seed_of
from tgbot.paper.rejections import bad_parameter, no_price, symbol_unknown
from tgbot.paper.stamps import seconds

_KEPT_TRADES = 100
_STATS_BARS = LENGTHS["30min"]


@dataclass(frozen=True, slots=True)
class Trade:
    sequence: int
    price: Decimal
    size: Decimal
    side: Side
    at: datetime


class Market:
    """Each lookup raises `Rejection` for a pair that is not there or has no price yet."""

    def __init__(self, rules: Mapping[str, SymbolRule], clock: Clock) -> None:
        self.rules = rules
        self._clock = clock
        self._ticks: dict[str, Tick] = {}
        self._charts: dict[str, Chart] = {}
        self._trades: dict[str, deque[Trade]] = {}
        self._earlier: dict[str, tuple[int, list[Bar]]] = {}

    def record(self, tick: Tick) -> Trade:
        """The new last price, and the trade that made it."""
        rule = self.rules[tick.symbol]
        size = trade_size(tick, rule)
        side = Side.BUY if tick.price >= tick.ask else Side.SELL
        trade = Trade(tick.sequence, tick.price, size, side, tick.at)
        if tick.symbol not in self._charts:
            self._charts[tick.symbol] = _new_chart(rule, tick.price)
            self._trades[tick.symbol] = deque(maxlen=_KEPT_TRADES)
        self._charts[tick.symbol].record(tick.price, size, seconds(tick.at))
        self._trades[tick.symbol].append(trade)
        self._ticks[tick.symbol] = tick
        return trade

    def rule(self, symbol: str) -> SymbolRule:
        if not symbol:
            raise bad_parameter("symbol is required")
        if symbol not in self.rules:
            raise symbol_unknown()
        return self.rules[symbol]

    def tick(self, symbol: str) -> Tick:
        self.rule(symbol)
        if symbol not in self._ticks:
            raise no_price()
        return self._ticks[symbol]

    def ticks(self) -> Iterable[Tick]:
        """Of all pairs that have a price."""
        return self._ticks.values()

    def trades(self, symbol: str) -> Iterable[Trade]:
        """The newest hundred, oldest first."""
        self.rule(symbol)
        return self._trades.get(symbol, ())

    def bars(self, symbol: str, length: int, start: int, end: int) -> list[Bar]:
        """Oldest first; nothing for a pair without a price."""
        self.rule(symbol)
        chart = self._charts.get(symbol)
        return chart.bars(length, start, min(end, seconds(self._clock.now()))) if chart else []

    def stats(self, symbol: str) -> Stats:
        """Of the last 24 hours, to half an hour."""
        tick = self.tick(symbol)
        bars = self.day(symbol)
        change = tick.price - bars[0].open
        return Stats(
            symbol=symbol,
            last=tick.price,
            bid=tick.bid,
            ask=tick.ask,
            high=max(bar.high for bar in bars),
            low=min(bar.low for bar in bars),
            change=change / bars[0].open,
            volume=sum((bar.volume for bar in bars), ZERO),
            turnover=sum((bar.turnover for bar in bars), ZERO),
            at=tick.at,
        )

    def day(self, symbol: str) -> list[Bar]:
        """The last 24 hours by the half hour. Finished ones do not change, so they are drawn once."""
        now = seconds(self._clock.now())
        running = now - now % _STATS_BARS
        drawn, earlier = self._earlier.get(symbol, (0, []))
        if drawn != running:
            earlier = self.bars(symbol, _STATS_BARS, running - DAY + _STATS_BARS, running - 1)
            self._earlier[symbol] = running, earlier
        return earlier + self.bars(symbol, _STATS_BARS, running, now)


def _new_chart(rule: SymbolRule, price: Decimal) -> Chart:
    return Chart(seed_of(rule.symbol), rule.price_increment, rule.base_increment, daily_volume(rule, price))
