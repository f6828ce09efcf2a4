"""Alerts that wait for one price and no more, packed: 24 bytes each instead of half a kilobyte."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import repeat

import msgspec

from tgbot.alerts.index import NOTHING_ABOVE, NOTHING_BELOW
from tgbot.alerts.rules.crossing import Armed, Crossing, Kind, Stance
from tgbot.db.types import EPOCH

PLACES = 12  # behind the point
SCALE = Decimal(10**PLACES)
HIGHEST = Decimal(4_000_000)  # scaled it fits into 64 bits
KINDS = (Kind.ABOVE, Kind.BELOW, Kind.CROSS)
# Id, firings and kind of an alert share one number of 64 bits, its name.
MOST_FIRES = 2**20
MARKS = MOST_FIRES * len(KINDS)
HIGHEST_ID = 2**63 // MARKS - 1
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
        or alert.id > HIGHEST_ID
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
    its own key or a greater one. `nearest` is the level of the last; without any it is one that no price reaches.
    """

    __slots__ = (
        *("nearest", "_keys", "_names", "_since"),
        *("_none", "_sign", "_signed_scale", "_stance", "_symbol", "_unit"),
    )

    def __init__(self, symbol: str, stance: Stance) -> None:
        self._symbol = symbol
        self._stance = stance
        self._sign, self._none = (-1, NOTHING_ABOVE) if stance is Stance.UNDER else (1, NOTHING_BELOW)
        self._signed_scale = self._sign * SCALE
        self._unit = 1 / self._signed_scale
        self._keys = array("q")
        self._names = array("q")
        self._since = array("q")
        self.nearest = self._none

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
        name, since = _rest(alert)
        self._keys.append(key)
        self._names.append(name)
        self._since.append(since)

    def sort(self) -> None:
        # Twice by one number each: by pairs of them, a million would hold the event loop for seconds.
        order = sorted(range(len(self._keys)), key=self._names.__getitem__, reverse=True)
        order.sort(key=self._keys.__getitem__)
        self._keys, self._names, self._since = (
            array(column.typecode, map(column.__getitem__, order)) for column in self._columns()
        )
        self._look()

    def discard(self, alert: Armed) -> bool:
        """Whether it was there, at this level."""
        scaled = alert.level * self._signed_scale
        key = int(scaled)
        place = bisect_left(self._keys, key)
        while key == scaled and place < len(self._keys) and self._keys[place] == key:
            if self._names[place] // MARKS == alert.id:
                for column in self._columns():
                    del column[place]
                self._look()
                return True
            place += 1
        return False

    def touched(self, price: Decimal) -> Iterator[Armed]:
        """Those whose level is reached or passed at this price, the nearest first. They stay."""
        keys, names, since = (column[self._place(price) :][::-1] for column in self._columns())
        return self.unpacked(keys, names, map(_moment, since))

    def take(self, price: Decimal, at: datetime) -> "Strike":
        """Those that are touched, at least the nearest: they are here no more, and fire."""
        keys, names, since = self._columns()
        following = Decimal(keys[-2]) * self._unit if len(keys) > 1 else self._none
        if price < following if self._sign < 0 else price > following:
            # Nearly always it is this one alone; to search and to cut would cost three times as much.
            since.pop()
            self.nearest = following
            return Strike(self, price, at, (keys.pop(),), (names.pop(),))
        first = self._place(price)
        strike = Strike(self, price, at, keys[first:], names[first:])
        del keys[first:], names[first:], since[first:]
        self._look()
        return strike

    def unpacked(self, keys: Iterable[int], names: Iterable[int], since: Iterable[datetime]) -> Iterator[Armed]:
        """Alerts of these columns."""
        last_key, level, symbol, stance = None, SCALE, self._symbol, self._stance
        for key, name, moment in zip(keys, names, since, strict=False):
            if key != last_key:
                last_key, level = key, self._level(key)
            alert_id, mark = divmod(name, MARKS)
            fires, kind = divmod(mark, len(KINDS))
            yield Armed(alert_id, symbol, KINDS[kind], level, stance, moment, fires)

    def _columns(self) -> "tuple[array[int], array[int], array[int]]":
        return self._keys, self._names, self._since

    def _place(self, price: Decimal) -> int:
        scaled = price * self._signed_scale
        key = int(scaled)
        # Cut off behind the point a negative number has grown; a positive one has to.
        return bisect_left(self._keys, key if key >= scaled else key + 1)

    def _look(self) -> None:
        self.nearest = self._level(self._keys[-1]) if self._keys else self._none

    def _level(self, key: int) -> Decimal:
        # Divided it has no zeros behind its last digit.
        return Decimal(self._sign * key) / SCALE


def _rest(alert: Armed) -> tuple[int, int]:
    name = alert.id * MARKS + alert.fires * len(KINDS) + KINDS.index(alert.kind)
    return name, (alert.since - EPOCH) // MICROSECOND


class Strike(msgspec.Struct, gc=False):
    """Crossings by one price, unpacked only when somebody looks: a storm of thousands costs the feed next to nothing.
    The nearest come first; `since` of their alerts is the moment itself, for nobody asks any more how long they
    waited."""

    rungs: Rungs
    price: Decimal
    at: datetime
    keys: Sequence[int]
    names: Sequence[int]

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[Crossing]:
        for alert in self.rungs.unpacked(reversed(self.keys), reversed(self.names), repeat(self.at)):
            yield Crossing(alert, self.price, self.at)


def _moment(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)
