"""Alerts that wait for one price and no more, packed: 28 bytes each instead of half a kilobyte."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import repeat

from tgbot.alerts.rules.crossing import Armed, Crossing, Kind, Stance
from tgbot.db.types import EPOCH

PLACES = 12  # behind the point
SCALE = Decimal(10**PLACES)
HIGHEST = Decimal(4_000_000)  # scaled it fits into 64 bits
MOST_FIRES = 2**29
KINDS = (Kind.ABOVE, Kind.BELOW, Kind.CROSS)
MICROSECOND = timedelta(microseconds=1)


def packed_key(alert: Armed) -> int | None:
    """Under which it can be packed: it is armed on one side, fires once, and has no other date than `since`."""
    if (
        (alert.stance is not Stance.UNDER and alert.stance is not Stance.OVER)
        or alert.cooldown is not None
        or alert.ends_at is not None
        or alert.condition
        or alert.level >= HIGHEST
        or alert.fires >= MOST_FIRES
    ):
        return None
    scaled = alert.level * SCALE
    key = int(scaled)
    if key != scaled:
        return None
    return -key if alert.stance is Stance.UNDER else key


class Rungs:
    """Those of one symbol and one stance, side by side in sorted arrays, the nearest to the price last.

    A key is the level, scaled to a whole number; for UNDER its negative, so that on both sides a price touches what has
    its own key or a greater one.
    """

    def __init__(self, symbol: str, stance: Stance) -> None:
        self._symbol = symbol
        self._stance = stance
        self._sign = -1 if stance is Stance.UNDER else 1
        self._signed_scale = self._sign * SCALE
        self._keys = array("q")
        self._ids = array("q")
        self._since = array("q")
        self._marks = array("I")
        self.nearest: Decimal | None = None

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, key: int, alert: Armed) -> None:
        """Of equals the one that came first is touched first."""
        place = bisect_left(self._keys, key)
        for column, value in zip(self._columns(), (key, *_rest(alert)), strict=True):
            column.insert(place, value)
        self._look()

    def append(self, key: int, alert: Armed) -> None:
        """As `add`, but in no order: `sort` has to follow."""
        alert_id, since, mark = _rest(alert)
        self._keys.append(key)
        self._ids.append(alert_id)
        self._since.append(since)
        self._marks.append(mark)

    def sort(self) -> None:
        # Twice by one number each: by pairs of them, a million would hold the event loop for seconds.
        order = sorted(range(len(self._keys)), key=self._ids.__getitem__, reverse=True)
        order.sort(key=self._keys.__getitem__)
        self._keys, self._ids, self._since, self._marks = (
            array(column.typecode, map(column.__getitem__, order)) for column in self._columns()
        )
        self._look()

    def discard(self, alert: Armed) -> bool:
        """Whether it was there, at this level."""
        scaled = alert.level * self._signed_scale
        key = int(scaled)
        place = bisect_left(self._keys, key)
        while key == scaled and place < len(self._keys) and self._keys[place] == key:
            if self._ids[place] == alert.id:
                for column in self._columns():
                    del column[place]
                self._look()
                return True
            place += 1
        return False

    def touched(self, price: Decimal) -> Iterator[Armed]:
        """Those whose level is reached or passed at this price, the nearest first. They stay."""
        keys, ids, since, marks = (column[self._place(price) :][::-1] for column in self._columns())
        return self.unpacked(keys, ids, marks, map(_moment, since))

    def take(self, price: Decimal, at: datetime) -> "Strike | None":
        """They are here no more, and fire; `None` if there are none."""
        nearest = self.nearest
        if nearest is None or (price < nearest if self._sign < 0 else price > nearest):
            return None
        first = self._place(price)
        strike = Strike(self, price, at, self._keys[first:], self._ids[first:], self._marks[first:])
        del self._keys[first:], self._ids[first:], self._since[first:], self._marks[first:]
        self._look()
        return strike

    def unpacked(
        self, keys: Iterable[int], ids: Iterable[int], marks: Iterable[int], since: Iterable[datetime]
    ) -> Iterator[Armed]:
        """Alerts of these columns."""
        last_key, level, symbol, stance = None, SCALE, self._symbol, self._stance
        for key, alert_id, mark, moment in zip(keys, ids, marks, since, strict=False):
            if key != last_key:
                last_key, level = key, self._level(key)
            fires, kind = divmod(mark, len(KINDS))
            yield Armed(alert_id, symbol, KINDS[kind], level, stance, moment, fires)

    def _columns(self) -> tuple["array[int]", ...]:
        return self._keys, self._ids, self._since, self._marks

    def _place(self, price: Decimal) -> int:
        scaled = price * self._signed_scale
        key = int(scaled)
        # Cut off behind the point a negative number has grown; a positive one has to.
        return bisect_left(self._keys, key if key >= scaled else key + 1)

    def _look(self) -> None:
        self.nearest = self._level(self._keys[-1]) if self._keys else None

    def _level(self, key: int) -> Decimal:
        # Divided it has no zeros behind its last digit.
        return Decimal(self._sign * key) / SCALE


def _rest(alert: Armed) -> tuple[int, int, int]:
    mark = alert.fires * len(KINDS) + KINDS.index(alert.kind)
    return alert.id, (alert.since - EPOCH) // MICROSECOND, mark


@dataclass(slots=True)
class Strike:
    """Crossings by one price, unpacked only when somebody looks: a storm of thousands costs the feed next to nothing.
    The nearest come first; `since` of their alerts is the moment itself, for nobody asks any more how long they
    waited."""

    rungs: Rungs
    price: Decimal
    at: datetime
    keys: "array[int]"
    ids: "array[int]"
    marks: "array[int]"

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[Crossing]:
        columns = (reversed(self.keys), reversed(self.ids), reversed(self.marks))
        for alert in self.rungs.unpacked(*columns, repeat(self.at)):
            yield Crossing(alert, self.price, self.at)


def _moment(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)
