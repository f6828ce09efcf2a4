"""All armed alerts, in memory, judged price by price."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from tgbot.alerts.index import NOTHING_ABOVE, NOTHING_BELOW, BoundsIndex
from tgbot.alerts.rules.crossing import IN_ORDER, Armed, Crossing, Stance, bounds, rested, step
from tgbot.alerts.rungs import Rungs, Strike, packed_key
from tgbot.core.market import Candle, Tick


class _Symbol:
    """Nothing happens while `low < price < high`. Most alerts are packed; those that are `loose` may rest, run out, or
    not know their side yet, and many a symbol has none of them."""

    __slots__ = ("high", "loose", "low", "over", "under")

    def __init__(self, symbol: str) -> None:
        self.under = Rungs(symbol, Stance.UNDER)
        self.over = Rungs(symbol, Stance.OVER)
        self.loose: BoundsIndex | None = None
        self.low = NOTHING_BELOW
        self.high = NOTHING_ABOVE

    @property
    def is_empty(self) -> bool:
        """For every alert has a bound."""
        return self.low is NOTHING_BELOW and self.high is NOTHING_ABOVE

    def packed(self, stance: Stance) -> Rungs:
        return self.under if stance is Stance.UNDER else self.over

    def set_heads(self) -> None:
        low, high, loose = self.over.nearest, self.under.nearest, self.loose
        self.low = low if loose is None or low > loose.low else loose.low
        self.high = high if loose is None or high < loose.high else loose.high


class ArmedAlerts:
    """The truth about them is in the table. This is what the table said, moved on by every price since then. Of each of
    `by_symbol` nothing is to be judged while `low < price < high`."""

    def __init__(self) -> None:
        self.by_symbol: dict[str, _Symbol] = {}
        self._loose: dict[int, Armed] = {}
        self._moved: dict[int, Armed] = {}

    @property
    def symbols(self) -> frozenset[str]:
        return frozenset(self.by_symbol)

    def load(self, alerts: Iterable[Armed]) -> None:
        """Very many at once; `sort` has to follow before anything else happens."""
        for alert in alerts:
            key = packed_key(alert)
            if key is not None:
                self._symbol(alert.symbol).packed(alert.stance).append(key, alert)
            else:
                self._put(alert)

    def sort(self) -> None:
        for symbol in self.by_symbol.values():
            symbol.under.sort()
            symbol.over.sort()
            symbol.set_heads()

    def put(self, alert: Armed, instead_of: Armed | None = None) -> None:
        """It is armed, for this and nothing else, as the table has it; `instead_of` is as it was if it waited at
        another level."""
        self._moved.pop(alert.id, None)
        for known in (alert, instead_of or alert):
            self._remove(known)
        self._put(alert)

    def catch_up(self, alert: Armed) -> None:
        """The table has just counted a firing; this takes it over if it was armed anew in between. Only what repeats is
        armed after firing, and that is loose."""
        known = self._loose.get(alert.id)
        if known is not None and known.fires < alert.fires:
            self.put(alert)

    def drop(self, alert: Armed) -> None:
        """Whatever it waits for at this level."""
        self._remove(alert)
        self._moved.pop(alert.id, None)
        self._tidy(alert.symbol)

    def judge(self, tick: Tick, now: datetime) -> "list[Crossing] | Strike":
        """Those that fire at this tick. What fires once is armed no more."""
        symbol = self.by_symbol.get(tick.symbol)
        if symbol is None:
            return []
        price, at, under, over = tick.price, tick.at, symbol.under, symbol.over
        # Each of the packed ones that the price touches fires.
        risen = under.take(price, at) if price >= under.nearest else None
        fallen = over.take(price, at) if price <= over.nearest else None
        others = [] if symbol.loose is None else self._judge_loose(symbol.loose, tick, now)
        symbol.set_heads()
        if symbol.is_empty:
            self.by_symbol.pop(tick.symbol, None)
        if others or (risen is not None and fallen is not None):
            return [*(risen or ()), *(fallen or ()), *others]
        return risen if risen is not None else fallen if fallen is not None else []

    def judge_late(self, tick: Tick, now: datetime) -> list[Crossing]:
        """As `judge`, for a tick that waited while older prices were read back: they may have told of it already."""
        touched = [alert for alert in self._touched(tick.symbol, tick.price, tick.price) if alert.since <= tick.at]
        return [crossing for alert in touched for crossing in self._step(alert, tick.price, tick.at, now)]

    def read_back(
        self, symbol: str, candles: Iterable[Candle], length: timedelta, heard_until: datetime, now: datetime
    ) -> list[Crossing]:
        """Those that would have fired during these candles of the given length, the oldest candle first, and after
        `heard_until`, up to when every price has been judged."""
        crossings = []
        for candle in candles:
            at = max(candle.at, heard_until)
            touched = self._touched(symbol, candle.low, candle.high)
            crossings += [found for alert in touched for found in self._step_through(alert, candle, length, at, now)]
        return crossings

    def take_moved(self) -> list[Armed]:
        """Those whose stance is no longer what the table says; each is told once."""
        moved = list(self._moved.values())
        self._moved.clear()
        return moved

    def _judge_loose(self, loose: BoundsIndex, tick: Tick, now: datetime) -> list[Crossing]:
        if loose.low < tick.price < loose.high:
            return []
        touched = [self._loose[alert_id] for alert_id in loose.touched(tick.price, tick.price)]
        return [crossing for alert in touched for crossing in self._step(alert, tick.price, tick.at, now)]

    def _step(self, alert: Armed, price: Decimal, at: datetime, now: datetime) -> list[Crossing]:
        after, fires = step(alert, price, at)
        if fires and alert.cooldown is None:
            self.drop(alert)
        elif after is not alert:
            self._move(rested(after, now) if fires else after)
        return [Crossing(alert, price, at)] if fires else []

    def _step_through(
        self, alert: Armed, candle: Candle, length: timedelta, at: datetime, now: datetime
    ) -> list[Crossing]:
        before, at = alert, max(at, alert.since)
        crossings: list[Crossing] = []
        for price_of in IN_ORDER:
            price = price_of(alert, candle, length)
            if price is None:
                continue
            crossings = self._step(alert, price, at, now) or crossings
            if crossings and alert.cooldown is None:
                return crossings
            alert = self._moved.get(alert.id, alert)
        if alert is not before:
            # When within the candle it came to its stance is not known.
            self._move(replace(alert, since=min(candle.at + length, now)))
        return crossings

    def _move(self, alert: Armed) -> None:
        self.put(alert)
        self._moved[alert.id] = alert

    def _touched(self, name: str, lowest: Decimal, highest: Decimal) -> list[Armed]:
        symbol = self.by_symbol.get(name)
        if symbol is None:
            return []
        packed = [*symbol.over.touched(lowest), *symbol.under.touched(highest)]
        loose = symbol.loose.touched(lowest, highest) if symbol.loose is not None else ()
        return packed + [self._loose[alert_id] for alert_id in loose]

    def _symbol(self, name: str) -> _Symbol:
        symbol = self.by_symbol.get(name)
        if symbol is None:
            symbol = self.by_symbol[name] = _Symbol(name)
        return symbol

    def _put(self, alert: Armed) -> None:
        symbol = self._symbol(alert.symbol)
        key = packed_key(alert)
        if key is not None:
            symbol.packed(alert.stance).add(key, alert)
        else:
            self._loose[alert.id] = alert
            if symbol.loose is None:
                symbol.loose = BoundsIndex()
            symbol.loose.put(alert.id, bounds(alert))
        symbol.set_heads()

    def _remove(self, alert: Armed) -> None:
        symbol = self.by_symbol.get(alert.symbol)
        if symbol is None:
            return
        if self._loose.pop(alert.id, None) is not None and symbol.loose is not None:
            symbol.loose.drop(alert.id)
        elif not alert.condition:
            any(rungs.discard(alert) for rungs in (symbol.under, symbol.over))
        symbol.set_heads()

    def _tidy(self, name: str) -> None:
        symbol = self.by_symbol.get(name)
        if symbol is not None and symbol.is_empty:
            del self.by_symbol[name]
