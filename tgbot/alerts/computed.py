"""Alerts that wait for more than one price: moves, indicators, and two conditions at once."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from tgbot.alerts.rules.conditions import Beyond, parts_of
from tgbot.alerts.rules.crossing import Armed, Crossing, Stance, rested
from tgbot.alerts.signals import Signal, SymbolSignals, path
from tgbot.core.market import Candle, Interval, Tick

MINUTE = Interval.MINUTE_1.length


@dataclass(frozen=True, slots=True)
class Missed:
    """What is known of a time that was not followed live, up to `now`: `before` are candles of a minute that end with
    `since`, for windows that have to know them, `None` where nobody asked for them; of `since` and later are `prices`,
    with their length. `closed` are closed candles for indicators; those that closed by `heard` are history."""

    since: datetime
    now: datetime
    before: Sequence[Candle] | None
    prices: Sequence[tuple[timedelta, Sequence[Candle]]]
    closed: Mapping[Interval, Sequence[Candle]]
    heard: Mapping[Interval, datetime]

    @classmethod
    def closes(cls, interval: Interval, closed: Sequence[Candle], now: datetime) -> "Missed":
        """Nothing but candles that have closed, also if a slow clock of ours says that the last is still being made."""
        now = max([now, *(candle.at + interval.length for candle in closed[-1:])])
        return cls(now, now, None, [], {interval: closed}, {})

    @property
    def candles(self) -> list[Candle]:
        """Of all lengths, the oldest first."""
        return [candle for _, candles in self.prices for candle in candles]


@dataclass(slots=True)
class _Kept:
    alert: Armed
    signals: tuple[Signal, ...]

    @property
    def holds(self) -> bool | None:
        truths = [signal.is_true for signal in self.signals]
        return False if False in truths else None if None in truths else True


class ComputedAlerts:
    """As `ArmedAlerts`, for alerts with a `condition`. UNDER is one whose condition does not hold, SPENT one whose
    condition holds and has been told of, or held already when it was set."""

    def __init__(self) -> None:
        self._symbols: dict[str, SymbolSignals] = {}
        self._kept: dict[int, _Kept] = {}
        self._moved: set[int] = set()

    @property
    def symbols(self) -> Collection[str]:
        return self._symbols.keys()

    def of(self, symbol: str) -> SymbolSignals | None:
        return self._symbols.get(symbol)

    def put(self, alert: Armed) -> None:
        """It is armed, for this and nothing else, as the table has it."""
        self._moved.discard(alert.id)
        before = self._kept.get(alert.id)
        symbol = self._symbols.setdefault(alert.symbol, SymbolSignals())
        parts = parts_of(alert.condition)
        self._kept[alert.id] = _Kept(alert, tuple(symbol.listen(part, alert.step_back, alert.id) for part in parts))
        if before is not None:
            self._leave(before, self._kept[alert.id].signals)

    def catch_up(self, alert: Armed) -> None:
        """The table has just counted a firing; this takes it over if it was armed anew in between."""
        known = self._kept.get(alert.id)
        if known is not None and known.alert.fires < alert.fires:
            self.put(alert)

    def drop(self, alert: Armed) -> None:
        kept = self._kept.pop(alert.id, None)
        self._moved.discard(alert.id)
        if kept is not None:
            self._leave(kept, ())

    def holds(self, alert_id: int) -> bool | None:
        """Whether its condition holds now; `None` if nobody can know."""
        kept = self._kept.get(alert_id)
        return kept.holds if kept is not None else None

    def judge(self, tick: Tick, now: datetime) -> list[Crossing]:
        """Those that fire at this tick. What fires once is armed no more."""
        signals = self._symbols.get(tick.symbol)
        if signals is None:
            return []
        found = [*self._settle(signals.fade(tick.at), tick.price, tick.at, now)]
        found += self._settle(signals.pass_price(tick.price, tick.at, tick.at), tick.price, tick.at, now)
        return found

    def start(self, alert_id: int, price: Decimal, now: datetime) -> list[Crossing]:
        """It is judged by what holds already."""
        kept = self._kept.get(alert_id)
        return [*self._judge(kept, price, now, now)] if kept is not None else []

    def read_back(self, symbol: str, missed: Missed, seen: Decimal | None = None) -> list[Crossing]:
        """Those that fire for what is certain about the time missed, in the order of time. `seen` is the price with
        which that time began, if it is known better than by candles."""
        signals = self._symbols.get(symbol)
        if signals is None:
            return []
        known: dict[datetime, Decimal] = {}
        if missed.before is not None:
            signals.seed(missed.before, MINUTE)
            known |= {candle.at + MINUTE: candle.close for candle in missed.before[-1:]}
        for interval, candles in missed.closed.items():
            if interval in missed.heard:
                heard = missed.heard[interval]
                history = [candle for candle in candles if candle.at + interval.length <= heard]
                signals.load(interval, history)
                known |= {candle.at + interval.length: candle.close for candle in history[-1:]}
        changed = signals.look(missed.since)
        latest = known[max(known)] if known else Decimal(0)  # without any nothing is true yet, and nothing fires
        price = latest if seen is None else seen
        found = [*self._settle(changed, price, missed.since, missed.now)]
        for event in sorted(_events(missed), key=lambda event: event[:2]):
            found += self._replay(signals, event, missed)
        return found

    def take_moved(self) -> list[Armed]:
        """Those whose stance is no longer what the table says; each is told once."""
        moved = [self._kept[alert_id].alert for alert_id in self._moved]
        self._moved.clear()
        return moved

    def _replay(self, signals: SymbolSignals, event: "_Event", missed: Missed) -> Iterator[Crossing]:
        end, _, candle, interval = event
        if interval is not None:
            if signals.is_news(interval, candle):
                yield from self._settle(signals.open_close(interval), candle.close, end, missed.now)
            # All alerts that waited for it may have fired and be gone.
            if signals.is_news(interval, candle):
                yield from self._settle(signals.close(interval, candle), candle.close, end, missed.now)
            return
        is_new = candle.at >= missed.since
        (opening, *_), *extremes, (closing, *_) = path(candle, end)
        if is_new:
            yield from self._settle(signals.fade(candle.at), opening, candle.at, missed.now)
            changed = signals.pass_price(opening, candle.at, candle.at)
            yield from self._settle(changed, opening, candle.at, missed.now)
        changed = set()
        for price, since, now in extremes:
            extreme = signals.pass_price(price, since, now, is_order_known=False)
            changed |= extreme
            if is_new:
                yield from self._settle(extreme, price, candle.at, missed.now, is_order_known=False)
        changed |= signals.pass_price(closing, candle.at, end)
        yield from self._settle(changed, closing, end, missed.now)

    def _settle(
        self, changed: Iterable[Signal], price: Decimal, at: datetime, now: datetime, *, is_order_known: bool = True
    ) -> Iterator[Crossing]:
        listeners = {listener for signal in changed for listener in signal.listeners}
        for alert_id in sorted(listeners):
            kept = self._kept[alert_id]
            if is_order_known or not any(isinstance(signal.part, Beyond) for signal in kept.signals):
                yield from self._judge(kept, price, at, now)

    def _judge(self, kept: _Kept, price: Decimal, at: datetime, now: datetime) -> Iterator[Crossing]:
        alert, holds = kept.alert, kept.holds
        if holds is None or at < alert.since or (holds and alert.stance is Stance.SPENT):
            return
        if not holds:
            if alert.stance is not Stance.UNDER:
                self._move(kept, replace(alert, stance=Stance.UNDER, since=at))
            return
        is_awake = alert.resting_until is None or at >= alert.resting_until
        fires = alert.stance is Stance.UNDER and is_awake and (alert.ends_at is None or at < alert.ends_at)
        if fires:
            yield Crossing(alert, price, at, tuple(signal.value for signal in kept.signals))
        if fires and alert.cooldown is None:
            self.drop(alert)
        else:
            spent = replace(alert, stance=Stance.SPENT, since=at)
            self._move(kept, rested(spent, now) if fires else spent)

    def _move(self, kept: _Kept, alert: Armed) -> None:
        kept.alert = alert
        self._moved.add(alert.id)

    def _leave(self, kept: _Kept, but: Collection[Signal]) -> None:
        symbol = self._symbols[kept.alert.symbol]
        for signal in kept.signals:
            if signal not in but:
                symbol.leave(signal, kept.alert.id)
        if not len(symbol):
            del self._symbols[kept.alert.symbol]


# When it is over, whether it is one for indicators (they come behind the prices they are made of), and what it is.
_Event = tuple[datetime, bool, Candle, Interval | None]


def _events(missed: Missed) -> Iterator[_Event]:
    for length, candles in missed.prices:
        for candle in candles:
            if candle.at + length > missed.since:
                yield min(candle.at + length, missed.now), False, candle, None
    for interval, candles in missed.closed.items():
        for candle in candles:
            if candle.at + interval.length <= missed.now:
                yield candle.at + interval.length, True, candle, interval
