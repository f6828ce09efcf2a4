"""The lowest and the highest price within a window that ends now, to the tick."""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from operator import ge, le

from tgbot.core.money import ZERO

MOST_KEPT = 2_000  # on each side; beyond it prices less than a 2,000th of the window apart are one


class RollingWindow:
    """A price belongs to the window as long as it was in force at some moment of it, also the one with which the window
    begins. Each price is kept and thrown away once, and what can never be an extreme any more is not kept."""

    def __init__(self, length: timedelta) -> None:
        self._length = length
        self._lows = _Extremes(length, ge)
        self._highs = _Extremes(length, le)
        self._last: Decimal | None = None

    def fade(self, now: datetime) -> Decimal:
        """How far the present price is from the extremes as time goes by; a fraction, above zero for a rise from the
        lowest, below it for a fall from the highest, whichever is larger."""
        self._forget(now)
        return ZERO if self._last is None else self._move(self._last)

    def pass_price(self, price: Decimal, since: datetime, now: datetime) -> Decimal:
        """The same for the next price.

        The one before it was in force until `since`, at least, and this is judged at `now`. Live both are the moment of
        the tick. Within a candle nobody knows when its extremes were: `since` is its begin and `now` its end, so that
        only what was certainly in the window counts.
        """
        if self._last is not None:
            self._lows.add(self._last, since)
            self._highs.add(self._last, since)
        self._last = price
        return self.fade(now)

    def _forget(self, now: datetime) -> None:
        begin = now - self._length
        self._lows.forget(begin)
        self._highs.forget(begin)

    def _move(self, price: Decimal) -> Decimal:
        lowest, highest = self._lows.first, self._highs.first
        rise = price / lowest - 1 if lowest is not None and lowest < price else ZERO
        fall = price / highest - 1 if highest is not None and highest > price else ZERO
        return rise if rise >= -fall else fall


class _Extremes:
    """Prices in the order of time, each with the moment until which it was in force; none is followed by one that is
    more extreme."""

    def __init__(self, length: timedelta, yields: Callable[[Decimal, Decimal], bool]) -> None:
        self._nearest = length / MOST_KEPT
        self._yields = yields
        self._kept: deque[tuple[datetime, Decimal]] = deque()

    @property
    def first(self) -> Decimal | None:
        return self._kept[0][1] if self._kept else None

    def add(self, price: Decimal, until: datetime) -> None:
        kept = self._kept
        while kept and self._yields(kept[-1][1], price):
            kept.pop()
        if len(kept) < MOST_KEPT or until - kept[-1][0] >= self._nearest:
            kept.append((until, price))

    def forget(self, begin: datetime) -> None:
        while self._kept and self._kept[0][0] <= begin:
            self._kept.popleft()
