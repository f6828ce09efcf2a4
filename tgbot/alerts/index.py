"""Which alerts a price touches, without looking at the others."""

from bisect import bisect_left, bisect_right
from decimal import Decimal

from tgbot.alerts.rules.crossing import Bounds

NOTHING_BELOW = Decimal("-Infinity")
NOTHING_ABOVE = Decimal("Infinity")


class BoundsIndex:
    """The bounds of any number of alerts on one symbol, sorted, with the nearest ones at hand.

    While `low < price < high` the price touches none of them: two comparisons, however many there are.
    """

    def __init__(self) -> None:
        self.low = NOTHING_BELOW
        self.high = NOTHING_ABOVE
        self._bounds: dict[int, Bounds] = {}
        self._lows = _Levels()
        self._highs = _Levels()

    def __len__(self) -> int:
        return len(self._bounds)

    def put(self, alert_id: int, bounds: Bounds) -> None:
        """Add it, or move it to other bounds."""
        self._remove(alert_id)
        self._bounds[alert_id] = bounds
        if bounds.low is not None:
            self._lows.add(bounds.low, alert_id)
        if bounds.high is not None:
            self._highs.add(bounds.high, alert_id)
        self._set_heads()

    def drop(self, alert_id: int) -> None:
        self._remove(alert_id)
        self._set_heads()

    def touched(self, lowest: Decimal, highest: Decimal) -> list[int]:
        """Those whose bounds are reached or passed by prices between these two, the nearest first on each side."""
        lows, highs = self._lows.at_or_above(lowest), self._highs.at_or_below(highest)
        return list(dict.fromkeys(lows + highs))

    def _remove(self, alert_id: int) -> None:
        bounds = self._bounds.pop(alert_id, None)
        if bounds is None:
            return
        if bounds.low is not None:
            self._lows.remove(bounds.low, alert_id)
        if bounds.high is not None:
            self._highs.remove(bounds.high, alert_id)

    def _set_heads(self) -> None:
        self.low = self._lows.levels[-1] if self._lows.levels else NOTHING_BELOW
        self.high = self._highs.levels[0] if self._highs.levels else NOTHING_ABOVE


class _Levels:
    """Two lists side by side, sorted by level: a list of pairs would cost an object for each alert."""

    def __init__(self) -> None:
        self.levels: list[Decimal] = []
        self._ids: list[int] = []

    def add(self, level: Decimal, alert_id: int) -> None:
        place = bisect_right(self.levels, level)
        self.levels.insert(place, level)
        self._ids.insert(place, alert_id)

    def remove(self, level: Decimal, alert_id: int) -> None:
        place = self._ids.index(alert_id, bisect_left(self.levels, level))
        del self.levels[place]
        del self._ids[place]

    def at_or_above(self, price: Decimal) -> list[int]:
        """The highest first."""
        return self._ids[bisect_left(self.levels, price) :][::-1]

    def at_or_below(self, price: Decimal) -> list[int]:
        """The lowest first."""
        return self._ids[: bisect_right(self.levels, price)]
