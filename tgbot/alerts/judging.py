"""All armed alerts, of every kind, behind one door."""

from collections.abc import Iterator
from datetime import datetime

from tgbot.alerts.armed import ArmedAlerts, Crossing
from tgbot.alerts.computed import ComputedAlerts, Missed
from tgbot.alerts.rules.crossing import Armed
from tgbot.alerts.signals import SymbolSignals
from tgbot.core.market import Interval, Tick


class Judging:
    """Alerts on a price, and those that are computed. Crossings come as those two tell them."""

    def __init__(self) -> None:
        self._priced = ArmedAlerts()
        self._computed = ComputedAlerts()

    @property
    def symbols(self) -> frozenset[str]:
        return self._priced.symbols.union(self._computed.symbols)

    def put(self, alert: Armed) -> None:
        """It is armed, for this and nothing else."""
        self._of(alert).put(alert)
        (self._priced if alert.condition else self._computed).drop(alert.id)

    def catch_up(self, alert: Armed) -> None:
        self._of(alert).catch_up(alert)

    def drop(self, alert: Armed) -> None:
        self._of(alert).drop(alert.id)

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

    def judge(self, tick: Tick, now: datetime) -> list[Crossing]:
        """Nearly always it is two comparisons and a look-up."""
        found = self._priced.judge(tick, now) if self._priced.is_touched(tick) else []
        return found + self._computed.judge(tick, now) if tick.symbol in self._computed.symbols else found

    def judge_late(self, tick: Tick, now: datetime) -> list[Crossing]:
        return self._priced.judge_late(tick, now) + self._computed.judge(tick, now)

    def read_back(self, symbol: str, missed: Missed) -> list[Crossing]:
        found: list[Crossing] = []
        for length, candles in missed.prices:
            found += self._priced.read_back(symbol, candles, length, missed.since, missed.now)
        return found + self._computed.read_back(symbol, missed)

    def take_moved(self) -> list[Armed]:
        return self._priced.take_moved() + self._computed.take_moved()

    def _of(self, alert: Armed) -> ArmedAlerts | ComputedAlerts:
        return self._computed if alert.condition else self._priced
