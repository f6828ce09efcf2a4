"""Indicators by their textbook definitions, exact to 28 digits, on closed candles only."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from itertools import pairwise

from tgbot.alerts.rules.conditions import Averages, Indicator, Rsi, Volume
from tgbot.alerts.rules.crossing import Kind
from tgbot.core.market import Candle
from tgbot.core.money import HUNDRED, ZERO

RSI_LENGTH = 14
VOLUME_LENGTH = 20
EVEN = Decimal(50)
# Enough for the longest average, and for Wilder's smoothing to have forgotten where it began.
DEPTH = 600


def rsi(closes: Sequence[Decimal], length: int = RSI_LENGTH) -> Decimal | None:
    """J. Welles Wilder, 1978: means of the first `length` rises and falls, from then on smoothed by 1/`length`.

    100 where nothing fell, 50 where nothing moved at all, `None` with fewer than `length` changes.
    """
    changes = [now - before for before, now in pairwise(closes)]
    if len(changes) < length:
        return None
    rise = sum((max(change, ZERO) for change in changes[:length]), ZERO) / length
    fall = sum((max(-change, ZERO) for change in changes[:length]), ZERO) / length
    for change in changes[length:]:
        rise = (rise * (length - 1) + max(change, ZERO)) / length
        fall = (fall * (length - 1) + max(-change, ZERO)) / length
    if not fall:
        return HUNDRED if rise else EVEN
    return HUNDRED - HUNDRED / (1 + rise / fall)


def average(values: Sequence[Decimal]) -> Decimal:
    return sum(values, ZERO) / len(values)


def lead(closes: Sequence[Decimal], averages: Averages) -> Decimal | None:
    """By how much the fast average is above the slow one."""
    if len(closes) < averages.slow:
        return None
    return average(closes[-averages.fast :]) - average(closes[-averages.slow :])


def has_crossed(closes: Sequence[Decimal], averages: Averages) -> bool | None:
    """Whether the last close has carried the fast average to the other side of the slow one; two that touch have not
    crossed yet."""
    now = lead(closes, averages)
    if now is None or lead(closes[:-1], averages) is None:
        return None
    if now == ZERO:
        return False
    for count in range(1, len(closes)):
        before = lead(closes[:-count], averages)
        if before is None:
            return False
        if before != ZERO:
            return (before < ZERO) is not (now < ZERO)
    return False


def times_usual(volumes: Sequence[Decimal]) -> Decimal | None:
    """The last volume as a multiple of the average of those before it; `None` while that is nothing."""
    if len(volumes) <= VOLUME_LENGTH:
        return None
    usual = average(volumes[-1 - VOLUME_LENGTH : -1])
    return volumes[-1] / usual if usual else None


class Closed:
    """Closed candles, the last of which has just closed. What they come to is computed once, with however many levels
    it is compared: a busy pair has dozens, and an RSI takes half a millisecond."""

    def __init__(self, candles: Sequence[Candle]) -> None:
        self._candles = candles

    @cached_property
    def closes(self) -> list[Decimal]:
        return [candle.close for candle in self._candles]

    @cached_property
    def rsi(self) -> Decimal | None:
        return rsi(self.closes)

    @cached_property
    def times_usual(self) -> Decimal | None:
        return times_usual([candle.volume for candle in self._candles])


def judge(indicator: Indicator, closed: Closed) -> tuple[bool | None, Decimal | None]:
    """Whether it holds with the last of these candles, and the figure that says so."""
    match indicator:
        case Rsi(_, kind, level):
            strength = closed.rsi
            if strength is None:
                return None, None
            return (strength >= level if kind is Kind.ABOVE else strength <= level), strength
        case Averages():
            return has_crossed(closed.closes, indicator), lead(closed.closes, indicator)
        case Volume(times):
            found = closed.times_usual
            return None if found is None else found >= times, found


def without_holes(candles: Sequence[Candle], length: timedelta) -> list[Candle]:
    """KuCoin has no candle for a stretch without a trade: there the price stood still."""
    filled: list[Candle] = []
    for candle in candles:
        while filled and filled[-1].at + length < candle.at:
            last = filled[-1]
            filled.append(Candle(last.at + length, last.close, last.close, last.close, last.close, ZERO))
        filled.append(candle)
    return filled
