"""Which parts of conditions hold on one symbol. A part that many alerts have is judged once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count

from tgbot.alerts.index import BoundsIndex
from tgbot.alerts.rules.conditions import Averages, Beyond, Indicator, Move, Part
from tgbot.alerts.rules.crossing import Bounds, Kind
from tgbot.alerts.rules.indicators import DEPTH, Closed, judge, without_holes
from tgbot.alerts.rules.rolling import RollingWindow
from tgbot.core.market import Candle, Interval
from tgbot.core.money import ZERO

MOST_FORESEEN = 10  # candles that are told and not read yet; so late no reading is


@dataclass(eq=False, slots=True)
class Signal:
    """`is_true` is `None` while it cannot be known. `value` is the figure behind it, where it has one."""

    number: int
    part: Part
    step_back: Decimal
    is_true: bool | None = None
    value: Decimal | None = None
    listeners: set[int] = field(default_factory=set)


class SymbolSignals:
    """Every method that is told of the market returns the signals that have changed."""

    def __init__(self) -> None:
        self._numbers = count()
        self._signals: dict[tuple[Part, Decimal], Signal] = {}
        self._beyond: dict[int, tuple[Signal, Beyond]] = {}
        self._index = BoundsIndex()
        self._windows: dict[timedelta, RollingWindow] = {}
        self._unseeded: set[timedelta] = set()
        self._moves: dict[timedelta, list[tuple[Signal, Move]]] = {}
        self._closed: dict[Interval, list[Candle]] = {}
        self._foreseen: dict[Interval, list[Candle]] = {}
        self._indicators: dict[Interval, list[tuple[Signal, Indicator]]] = {}

    def __len__(self) -> int:
        return len(self._signals)

    @property
    def reach(self) -> timedelta:
        """From how long ago on prices have to be known that are not known yet."""
        return max(self._unseeded, default=timedelta(0))

    def last_closed(self) -> dict[Interval, datetime | None]:
        """For each interval that matters, when its last known closed candle began."""
        return {interval: closed[-1].at if closed else None for interval, closed in self._closed.items()}

    def listen(self, part: Part, step_back: Decimal, listener: int) -> Signal:
        key = (part, step_back if isinstance(part, Beyond | Move) else ZERO)
        signal = self._signals.get(key)
        if signal is None:
            signal = self._signals[key] = Signal(next(self._numbers), *key)
            self._add(signal)
        signal.listeners.add(listener)
        return signal

    def leave(self, signal: Signal, listener: int) -> None:
        signal.listeners.discard(listener)
        if not signal.listeners:
            del self._signals[signal.part, signal.step_back]
            self._remove(signal)

    def fade(self, now: datetime) -> set[Signal]:
        """What is no longer so because time has gone by."""
        changed: set[Signal] = set()
        for length, moves in self._moves.items():
            if any(signal.is_true for signal, _ in moves):
                changed.update(_moved(moves, self._windows[length].fade(now)))
        return changed

    def pass_price(self, price: Decimal, since: datetime, now: datetime, *, is_order_known: bool = True) -> set[Signal]:
        """Dates as in `RollingWindow.pass_price`. Extremes of a candle are in no known order: levels leave them out."""
        changed: set[Signal] = set()
        for length, window in self._windows.items():
            changed.update(_moved(self._moves[length], window.pass_price(price, since, now)))
        if is_order_known and not self._index.low < price < self._index.high:
            for number in self._index.touched(price, price):
                changed.update(self._pass_level(*self._beyond[number], price))
        return changed

    def seed(self, candles: Iterable[Candle], length: timedelta) -> None:
        """What was before the first price that is judged, for windows that do not know it yet."""
        new = [self._windows[span] for span in self._unseeded]
        self._unseeded.clear()
        for candle in candles:
            for price, since, now in path(candle, candle.at + length):
                for window in new:
                    window.pass_price(price, since, now)

    def load(self, interval: Interval, candles: Sequence[Candle]) -> None:
        """Closed candles that are not judged one by one. While they were read, whoever needed them may have gone."""
        if interval in self._closed:
            self._closed[interval] = without_holes(candles, interval.length)[-DEPTH:]

    def look(self, now: datetime) -> set[Signal]:
        """What holds at this moment, as far as it is known."""
        changed = {signal for interval in self._closed for signal in self._judge(interval)}
        for length, moves in self._moves.items():
            changed.update(_moved(moves, self._windows[length].fade(now)))
        return changed

    def is_news(self, interval: Interval, candle: Candle) -> bool:
        """Whether somebody waits for this close and does not know it yet."""
        closed = self._closed.get(interval)
        return closed is not None and (not closed or candle.at > closed[-1].at)

    def open_close(self, interval: Interval) -> set[Signal]:
        """A candle is about to close: what the last close told of as an event is over."""
        told = {s for s, part in self._indicators[interval] if isinstance(part, Averages) and s.is_true}
        for signal in told:
            signal.is_true = False
        return told

    def close(self, interval: Interval, candle: Candle) -> set[Signal]:
        """The next candle has closed; it is news."""
        closed = self._closed[interval]
        closed[-1:] = without_holes([*closed[-1:], candle], interval.length)
        del closed[:-DEPTH]
        return self._judge(interval)

    def foresee(self, interval: Interval, candle: Candle) -> bool:
        """Whether a part would begin to hold if this candle closed as it was told. No signal changes by that."""
        closed = self._closed.get(interval)
        if not closed or candle.at <= closed[-1].at:
            return False
        earlier = [known for known in self._foreseen.get(interval, ()) if closed[-1].at < known.at < candle.at]
        ahead = self._foreseen[interval] = [*earlier, candle][-MOST_FORESEEN:]
        candles = Closed([*closed, *without_holes([closed[-1], *ahead], interval.length)[1:]][-DEPTH:])
        for signal, part in self._indicators[interval]:
            # Behind others that are not read yet nobody knows what holds now.
            holds_on = signal.is_true and not earlier and not isinstance(part, Averages)
            if not holds_on and judge(part, candles)[0]:
                return True
        return False

    def _judge(self, interval: Interval, which: Sequence[tuple[Signal, Indicator]] | None = None) -> set[Signal]:
        changed, closed = set(), Closed(self._closed[interval])
        for signal, part in self._indicators[interval] if which is None else which:
            is_true, signal.value = judge(part, closed)
            if is_true is not signal.is_true:
                signal.is_true = is_true
                changed.add(signal)
        return changed

    def _add(self, signal: Signal) -> None:
        match signal.part:
            case Beyond() as part:
                self._beyond[signal.number] = signal, part
                self._index.put(signal.number, _bounds(signal, part))
            case Move(_, window) as part:
                if window not in self._windows:
                    self._windows[window] = RollingWindow(window)
                    self._unseeded.add(window)
                self._moves.setdefault(window, []).append((signal, part))
            case part:
                self._closed.setdefault(part.interval, [])
                self._indicators.setdefault(part.interval, []).append((signal, part))
                self._judge(part.interval, [(signal, part)])

    def _remove(self, signal: Signal) -> None:
        match signal.part:
            case Beyond():
                del self._beyond[signal.number]
                self._index.drop(signal.number)
            case Move(_, window) as part:
                self._moves[window].remove((signal, part))
                if not self._moves[window]:
                    del self._moves[window], self._windows[window]
                    self._unseeded.discard(window)
            case part:
                self._indicators[part.interval].remove((signal, part))
                if not self._indicators[part.interval]:
                    del self._indicators[part.interval], self._closed[part.interval]
                    self._foreseen.pop(part.interval, None)

    def _pass_level(self, signal: Signal, part: Beyond, price: Decimal) -> list[Signal]:
        away = price - part.level if part.kind is Kind.ABOVE else part.level - price
        is_true = away >= 0 or (signal.is_true is True and away > -part.level * signal.step_back)
        signal.value = price
        if is_true is signal.is_true:
            return []
        signal.is_true = is_true
        self._index.put(signal.number, _bounds(signal, part))
        return [signal]


def path(candle: Candle, end: datetime) -> list[tuple[Decimal, datetime, datetime]]:
    """A candle as prices for `RollingWindow.pass_price`. The high comes before the low: the fall between them is the
    smaller of the two moves that they can have been, and so the certain one."""
    first, *others = (candle.open, candle.high, candle.low, candle.close)
    return [(first, candle.at, candle.at), *((price, candle.at, end) for price in others)]


def _moved(moves: Iterable[tuple[Signal, Move]], move: Decimal) -> list[Signal]:
    changed = []
    for signal, part in moves:
        least = max(part.share - signal.step_back, part.share / 2) if signal.is_true else part.share
        is_true = abs(move) >= part.share or abs(move) > least
        signal.value = move
        if is_true is not signal.is_true:
            signal.is_true = is_true
            changed.append(signal)
    return changed


def _bounds(signal: Signal, part: Beyond) -> Bounds:
    """The prices at which the signal may change."""
    if signal.is_true is None:
        return Bounds(part.level.next_plus(), part.level)  # any price at all
    if not signal.is_true:
        return Bounds(None, part.level) if part.kind is Kind.ABOVE else Bounds(part.level, None)
    back = part.level * signal.step_back
    if part.kind is Kind.ABOVE:
        return Bounds(min(part.level - back, part.level.next_minus()), None)
    return Bounds(None, max(part.level + back, part.level.next_plus()))
