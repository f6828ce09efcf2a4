"""All armed alerts, of every kind, behind one door."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from tgbot.alerts.armed import ArmedAlerts
from tgbot.alerts.computed import ComputedAlerts, Missed
from tgbot.alerts.rules.crossing import Armed, Crossing
from tgbot.alerts.rungs import Strike
from tgbot.alerts.signals import SymbolSignals
from tgbot.core.market import Candle, Interval, Tick


class Judging:
    """Alerts on a price, and those that are computed. Crossings come as those two tell them."""

    def __init__(self) -> None:
        self._priced = ArmedAlerts()
        self._computed = ComputedAlerts()
        self._quiet = self._priced.by_symbol
        self._with_computed = self._computed.symbols

    @property
    def symbols(self) -> frozenset[str]:
        return self._priced.symbols.union(self._computed.symbols)

    def load(self, alerts: Iterable[Armed]) -> None:
        """Very many at once; `sort` has to follow before anything else happens."""
        priced = []
        for alert in alerts:
            if alert.condition:
                self._computed.put(alert)
            else:
                priced.append(alert)
        self._priced.load(priced)

    def sort(self) -> None:
        self._priced.sort()

    def put(self, alert: Armed, instead_of: Armed | None = None) -> None:
        """It is armed, for this and nothing else; `instead_of` is as it was if it waited for something else."""
        if instead_of is not None and bool(instead_of.condition) is not bool(alert.condition):
            self.drop(instead_of)
        if alert.condition:
            self._computed.put(alert)
        else:
            self._priced.put(alert, instead_of)

    def catch_up(self, alert: Armed) -> None:
        self._of(alert).catch_up(alert)

    def drop(self, alert: Armed) -> None:
        self._of(alert).drop(alert)

    def holds(self, alert: Armed) -> bool | None:
        """Whether a computed one's condition holds now; `None` where that is not known."""
        return self._computed.holds(alert.id)

    def start(self, alert: Armed, tick: Tick, now: datetime) -> list[Crossing]:
        return self._computed.start(alert.id, tick.price, now)

    def signals(self, symbol: str) -> SymbolSignals | None:
        return self._computed.of(symbol)

    def closes(self) -> Iterator[tuple[str, Interval, datetime | None]]:
        """Whose candles have to be followed, and when the last closed one that is known began."""
        for symbol in list(self._computed.symbols):
            signals = self._computed.of(symbol)
            for interval, at in signals.last_closed().items() if signals else ():
                yield symbol, interval, at

    def last_closed(self, symbol: str, interval: Interval) -> datetime | None:
        """When the last closed candle that is known began; `None` also where nobody follows it."""
        signals = self._computed.of(symbol)
        return signals.last_closed().get(interval) if signals is not None else None

    def foresee(self, symbol: str, interval: Interval, candle: Candle) -> bool:
        """Whether something may ring if this candle closes as it was told; nobody is told, and nothing changes."""
        signals = self._computed.of(symbol)
        return signals is not None and signals.foresee(interval, candle)

    def judge(self, tick: Tick, now: datetime) -> list[Crossing] | Strike:
        """Nearly always two comparisons and two look-ups; they stand here because calls would cost as much again."""
        name, price = tick.symbol, tick.price
        quiet = self._quiet.get(name)
        is_touched = quiet is not None and not quiet.low < price < quiet.high
        if name not in self._with_computed:
            return self._priced.judge(tick, now) if is_touched else []
        found = self._priced.judge(tick, now) if is_touched else []
        return [*found, *self._computed.judge(tick, now)]

    def judge_late(self, tick: Tick, now: datetime) -> list[Crossing]:
        return self._priced.judge_late(tick, now) + self._computed.judge(tick, now)

    def read_back(self, symbol: str, missed: Missed, seen: Decimal | None = None) -> list[Crossing]:
        """As of `ComputedAlerts`."""
        found: list[Crossing] = []
        for length, candles in missed.prices:
            found += self._priced.read_back(symbol, candles, length, missed.since, missed.now)
        return found + self._computed.read_back(symbol, missed, seen)

    def read_closed(
        self, symbol: str, interval: Interval, closed: Sequence[Candle], since: datetime, now: datetime
    ) -> list[Crossing]:
        """Those that fire for candles that have closed. Where none was known yet, those from before `since` are
        history."""
        missed, signals = Missed.closes(interval, closed, now), self._computed.of(symbol)
        if signals is not None and (interval, None) in signals.last_closed().items():
            missed = replace(missed, since=since, heard={interval: since})
        return self._computed.read_back(symbol, missed)

    def take_moved(self) -> list[Armed]:
        return self._priced.take_moved() + self._computed.take_moved()

    def _of(self, alert: Armed) -> ArmedAlerts | ComputedAlerts:
        return self._computed if alert.condition else self._priced
