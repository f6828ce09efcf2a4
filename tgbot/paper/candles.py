"""Candles of one pair: built from its ticks since the exchange runs, made up for the time before."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from tgbot.core.money import floor_to
from tgbot.paper.noise import chance, wander

MINUTE = 60
DAY = 86_400
_WEEK = 7 * DAY

# KuCoin's names and their seconds. Its month is the calendar's; here it is 30 days.
LENGTHS = {
    "1min": MINUTE,
    "3min": 3 * MINUTE,
    "5min": 5 * MINUTE,
    "15min": 15 * MINUTE,
    "30min": 30 * MINUTE,
    "1hour": 60 * MINUTE,
    "2hour": 120 * MINUTE,
    "4hour": 240 * MINUTE,
    "6hour": 360 * MINUTE,
    "8hour": 480 * MINUTE,
    "12hour": 720 * MINUTE,
    "1day": DAY,
    "1week": _WEEK,
    "1month": 30 * DAY,
}

_KEPT_MINUTES = 2 * 24 * 60
_FIRST_MONDAY = 4 * DAY  # the first of 1970 was a Thursday
_SAMPLES = 4
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Bar:
    """`at` is its first second since 1970."""

    at: int
    open: Decimal
    close: Decimal
    high: Decimal
    low: Decimal
    volume: Decimal
    turnover: Decimal


class Chart:
    """The last two days of ticks are kept as minutes. What lies before them is a wandering price that ends where
    they begin, drawn only for the bars that are asked for."""

    def __init__(self, seed: int, price_increment: Decimal, base_increment: Decimal, daily_volume: Decimal) -> None:
        self._seed = seed
        self._price_increment = price_increment
        self._base_increment = base_increment
        self._daily_volume = daily_volume
        self._minutes: deque[Bar] = deque(maxlen=_KEPT_MINUTES)

    def record(self, price: Decimal, size: Decimal, second: int) -> None:
        at = second - second % MINUTE
        tick = Bar(at, price, price, price, price, size, price * size)
        if self._minutes and self._minutes[-1].at == at:
            tick = merge([self._minutes.pop(), tick])
        elif self._minutes:
            tick = merge([_opening(at, self._minutes[-1].close), tick])
        self._minutes.append(tick)

    def bars(self, length: int, start: int, end: int) -> list[Bar]:
        """Those that begin in [start, end], oldest first."""
        if not self._minutes:
            return []
        seen = self._seen(length, bar_start(length, start))
        first_seen = self._minutes[0].at
        bars = []
        for at in range(_first_in(length, start), end + 1, length):
            parts = [self._unseen(at, min(at + length, first_seen))] if at < first_seen else []
            if at in seen:
                parts.append(seen[at])
            elif not parts:
                parts.append(_opening(at, self._close_before(at)))
            bars.append(merge(parts))
        return bars

    def _seen(self, length: int, since: int) -> dict[int, Bar]:
        """Bars made of ticks alone, by start."""
        groups: dict[int, list[Bar]] = {}
        for minute in reversed(self._minutes):
            if minute.at < since:
                break
            groups.setdefault(bar_start(length, minute.at), []).append(minute)
        return {at: merge(reversed(minutes)) for at, minutes in groups.items()}

    def _unseen(self, start: int, end: int) -> Bar:
        length = end - start
        anchor = wander(self._seed, self._minutes[0].at)
        marks = [self._price_before(start + length * part // _SAMPLES, anchor) for part in range(_SAMPLES + 1)]
        share = 40 + chance(self._seed, start) % 120
        volume = floor_to(self._daily_volume * length / DAY * share / 100, self._base_increment)
        return Bar(start, marks[0], marks[-1], max(marks), min(marks), volume, volume * (marks[0] + marks[-1]) / 2)

    def _price_before(self, second: int, anchor: int) -> Decimal:
        opening = self._minutes[0].open
        away = wander(self._seed, second) - anchor
        price = opening * (_MILLION + away) / _MILLION if away > 0 else opening * _MILLION / (_MILLION - away)
        return max(self._price_increment, floor_to(price, self._price_increment))

    def _close_before(self, at: int) -> Decimal:
        """In a bar without ticks the price stays where it was."""
        return next((minute.close for minute in reversed(self._minutes) if minute.at < at), self._minutes[0].open)


def bar_start(length: int, second: int) -> int:
    """Where the bar that holds this second begins; weeks begin on Mondays."""
    offset = _FIRST_MONDAY if length == _WEEK else 0
    return second - (second - offset) % length


def _first_in(length: int, start: int) -> int:
    at = bar_start(length, start)
    return at if at == start else at + length


def _opening(at: int, price: Decimal) -> Bar:
    return Bar(at, price, price, price, price, Decimal(0), Decimal(0))


def merge(parts: Iterable[Bar]) -> Bar:
    """Neighbours, oldest first, as one bar."""
    bars = list(parts)
    return Bar(
        at=bars[0].at,
        open=bars[0].open,
        close=bars[-1].close,
        high=max(bar.high for bar in bars),
        low=min(bar.low for bar in bars),
        volume=sum((bar.volume for bar in bars), Decimal(0)),
        turnover=sum((bar.turnover for bar in bars), Decimal(0)),
    )
