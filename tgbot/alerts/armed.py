"""All armed alerts, in memory, judged price by price."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from tgbot.alerts.index import BoundsIndex
from tgbot.alerts.rules.crossing import IN_ORDER, Armed, bounds, rested, step
from tgbot.core.market import Candle, Tick


@dataclass(frozen=True, slots=True)
class Crossing:
    """`alert` has to fire: as it was just before. `at` is when the price was there, at the earliest. `values` are the
    figures of its parts, if it has any."""

    alert: Armed
    price: Decimal
    at: datetime
    values: tuple[Decimal | None, ...] = ()


class ArmedAlerts:
    """The truth about them is in the table. This is what the table said, moved on by every price since then."""

    def __init__(self) -> None:
        self._alerts: dict[int, Armed] = {}
        self._indexes: dict[str, BoundsIndex] = {}
        self._moved: set[int] = set()

    @property
    def symbols(self) -> frozenset[str]:
        return frozenset(self._indexes)

    def put(self, alert: Armed) -> None:
        self._alerts[alert.id] = alert
        self._indexes.setdefault(alert.symbol, BoundsIndex()).put(alert.id, bounds(alert))

    def catch_up(self, alert: Armed) -> None:
        """The table has just counted a firing; this takes it over if it was armed anew in between."""
        known = self._alerts.get(alert.id)
        if known is not None and known.fires < alert.fires:
            self.put(alert)

    def drop(self, alert_id: int) -> None:
        alert = self._alerts.pop(alert_id, None)
        self._moved.discard(alert_id)
        if alert is None:
            return
        index = self._indexes[alert.symbol]
        index.drop(alert_id)
        if not len(index):
            del self._indexes[alert.symbol]

    def is_touched(self, tick: Tick) -> bool:
        """Whether there is anything to judge; for nearly all ticks there is not."""
        index = self._indexes.get(tick.symbol)
        return index is not None and not index.low < tick.price < index.high

    def judge(self, tick: Tick, now: datetime) -> list[Crossing]:
        """Those that fire at this tick. What fires once is armed no more."""
        touched = self._touched(tick.symbol, tick.price, tick.price)
        return [crossing for alert in touched if (crossing := self._step(alert, tick.price, tick.at, now))]

    def judge_late(self, tick: Tick, now: datetime) -> list[Crossing]:
        """As `judge`, for a tick that waited while older prices were read back: they may have told of it already."""
        touched = [alert for alert in self._touched(tick.symbol, tick.price, tick.price) if alert.since <= tick.at]
        return [crossing for alert in touched if (crossing := self._step(alert, tick.price, tick.at, now))]

    def read_back(
        self, symbol: str, candles: Iterable[Candle], length: timedelta, heard_until: datetime, now: datetime
    ) -> list[Crossing]:
        """Those that would have fired during these candles of the given length, the oldest candle first, and after
        `heard_until`, up to when every price has been judged."""
        crossings = []
        for candle in candles:
            at = max(candle.at, heard_until)
            touched = self._touched(symbol, candle.low, candle.high)
            crossings += [found for alert in touched if (found := self._step_through(alert, candle, length, at, now))]
        return crossings

    def take_moved(self) -> list[Armed]:
        """Those whose stance is no longer what the table says; each is told once."""
        moved = [self._alerts[alert_id] for alert_id in self._moved]
        self._moved.clear()
        return moved

    def _step(self, alert: Armed, price: Decimal, at: datetime, now: datetime) -> Crossing | None:
        after, fires = step(alert, price, at)
        if fires and alert.cooldown is None:
            self.drop(alert.id)
        elif after is not alert:
            self._moved.add(alert.id)
            self.put(rested(after, now) if fires else after)
        return Crossing(alert, price, at) if fires else None

    def _step_through(
        self, alert: Armed, candle: Candle, length: timedelta, at: datetime, now: datetime
    ) -> Crossing | None:
        before, at = alert, max(at, alert.since)
        crossing = None
        for price_of in IN_ORDER:
            price = price_of(alert, candle, length)
            if price is None:
                continue
            crossing = self._step(alert, price, at, now) or crossing
            if alert.id not in self._alerts:
                return crossing
            alert = self._alerts[alert.id]
        if alert is not before:
            # When within the candle it came to its stance is not known.
            self.put(replace(alert, since=min(candle.at + length, now)))
        return crossing

    def _touched(self, symbol: str, lowest: Decimal, highest: Decimal) -> list[Armed]:
        index = self._indexes.get(symbol)
        return [self._alerts[alert_id] for alert_id in index.touched(lowest, highest)] if index else []
