"""Which prices a chart reaches, and at which of them the axis is labelled. Exact: pixels come later."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tgbot.core.market import Candle
from tgbot.core.money import ZERO, ceil_to, decimals_of
from tgbot.markets.charts import notation
from tgbot.markets.charts.chart import Line

AIR = Decimal("0.05")  # above and below, as a share of what is shown
REACH = Decimal("0.6")  # how far the axis stretches for a line, as a share of the candles' height
FLATTEST = Decimal("0.001")  # a market that did not move is shown as if it had, by this share of its price


@dataclass(frozen=True, slots=True)
class PriceAxis:
    low: Decimal
    high: Decimal

    def share(self, price: Decimal) -> Decimal:
        """How far down from the top, 0 to 1; less or more for what lies outside."""
        return (self.high - price) / (self.high - self.low)

    def shows(self, price: Decimal) -> bool:
        return self.low <= price <= self.high

    def steps(self, count: int) -> tuple[Decimal, ...]:
        """At most `count` round prices, two or more, evenly spread, from the lowest; at least one."""
        least = (self.high - self.low) / count
        step = _round_step(least)
        if ceil_to(self.low, step) > self.high:  # of two, none may lie on the axis
            step = _round_step(least / 2)
        first = ceil_to(self.low, step)
        return tuple(first + step * i for i in range(count) if first + step * i <= self.high)


def axis_for(candles: Sequence[Candle], lines: Sequence[Line]) -> PriceAxis:
    """All candles, and those lines that would not squeeze them flat."""
    low, high = min(candle.low for candle in candles), max(candle.high for candle in candles)
    height = max(high - low, high * FLATTEST)
    near = [line.price for line in lines if low - height * REACH <= line.price <= high + height * REACH]
    low, high = min([low, *near]), max([high, *near])
    air = max((high - low) * AIR, (height - (high - low)) / 2)
    return PriceAxis(max(low - air, ZERO), high + air)


def written(price: Decimal, language: str, step: Decimal | None = None) -> str:
    """A price for the axis, with as many decimals as a multiple of `step` needs, else with all its own."""
    return notation.price(price, language, None if step is None else decimals_of(step))


def _round_step(least: Decimal) -> Decimal:
    """The smallest of 1, 2, 5 and their tenfolds that is not below `least`."""
    return next(step for step in _round_numbers(least.adjusted()) if step >= least)


def _round_numbers(exponent: int) -> Iterator[Decimal]:
    for power in (exponent, exponent + 1):
        for digit in (1, 2, 5):
            yield Decimal(digit).scaleb(power)
