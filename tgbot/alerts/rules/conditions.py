"""What an alert may wait for beside a single price: `5% 1h`, `rsi 1h < 30`, `ma 50/200 1h`, `volume 3x 1h`, and two
joined by `and`, of which a price may be one.

A part holds or does not. An alert fires at the moment from which all of its parts hold and before which they did not.
"""

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache

from tgbot.alerts.rules.crossing import Kind
from tgbot.core.errors import UsageError
from tgbot.core.market import Interval
from tgbot.core.money import HUNDRED, plain
from tgbot.core.numbers import DecimalSign, read_number
from tgbot.core.periods import print_period, read_period
from tgbot.core.reply import T
from tgbot.markets.charts.request import print_interval, read_interval

LONGEST_WINDOW = timedelta(days=1)
LONGEST_AVERAGE = 400
MOST_TIMES = 1000
SIGNS = {Kind.ABOVE: ">", Kind.BELOW: "<", Kind.CROSS: "cross"}


@dataclass(frozen=True, slots=True)
class Beyond:
    """The price is at or past the level."""

    kind: Kind
    level: Decimal

    def written(self) -> str:
        return f"{SIGNS[self.kind]} {plain(self.level)}"


@dataclass(frozen=True, slots=True)
class Move:
    """The price is away by this share (0.05 = 5 %) or more from its lowest or its highest within the window."""

    share: Decimal
    window: timedelta

    def written(self) -> str:
        return f"{plain(self.share * HUNDRED)}% {print_period(self.window)}"


@dataclass(frozen=True, slots=True)
class Rsi:
    """Wilder's relative strength over 14 closed candles is at or past the level."""

    interval: Interval
    kind: Kind
    level: Decimal

    def written(self) -> str:
        return f"rsi {print_interval(self.interval)} {SIGNS[self.kind]} {plain(self.level)}"


@dataclass(frozen=True, slots=True)
class Averages:
    """With the last closed candle the simple average of so many closes has crossed that of so many more."""

    fast: int
    slow: int
    interval: Interval

    def written(self) -> str:
        return f"ma {self.fast}/{self.slow} {print_interval(self.interval)}"


@dataclass(frozen=True, slots=True)
class Volume:
    """The last closed candle has at least so many times the average volume of the twenty before it."""

    times: Decimal
    interval: Interval

    def written(self) -> str:
        return f"volume {plain(self.times)}x {print_interval(self.interval)}"


Indicator = Rsi | Averages | Volume
Part = Beyond | Move | Indicator


def write_parts(parts: tuple[Part, ...]) -> str:
    return " and ".join(part.written() for part in parts)


@lru_cache(maxsize=1 << 16)  # more than are armed at once, less than people think of in a year
def parts_of(condition: str) -> tuple[Part, ...]:
    """Those of a condition that `write_parts` has written."""
    parts = []
    for text in condition.split(" and ") if condition else ():
        first, *rest = text.split()
        words = deque(rest)
        parts.append(Beyond(_KINDS[first], Decimal(rest[0])) if first in _KINDS else read_part(first, words, "."))
    return tuple(parts)


def is_part(word: str) -> bool:
    """Whether a part that is no price begins with this word."""
    return word.lower() in _READERS or _PERCENT.fullmatch(word) is not None


def read_part(word: str, words: deque[str], sign: DecimalSign) -> Part:
    """What begins with `word`; its other words are taken off. Raises `UsageError` that says how it is written."""
    begun = [word, *list(words)[:3]]
    read = _READERS.get(word.lower(), _read_move)
    try:
        return read(word, words, sign)
    except (IndexError, KeyError, ValueError) as error:
        # Ambiguous, NotANumber, NotAPeriod and NotAnInterval are all ValueErrors.
        name = word.lower() if word.lower() in _READERS else "move"
        raise UsageError(T.of(f"alerts.how_{name}", word=" ".join(begun)[:40])) from error


_PERCENT = re.compile(r"[0-9.,]+%")
_AVERAGES = re.compile(r"([0-9]{1,3})/([0-9]{1,3})")
_KINDS = {sign: kind for kind, sign in SIGNS.items() if kind is not Kind.CROSS}


def _read_move(word: str, words: deque[str], sign: DecimalSign) -> Move:
    share = read_number(word.removesuffix("%"), sign) / HUNDRED
    window = read_period(words.popleft())
    if not 0 < share < 1 or window > LONGEST_WINDOW:
        raise ValueError(word)
    return Move(share, window)


def _read_rsi(word: str, words: deque[str], sign: DecimalSign) -> Rsi:
    interval = read_interval(words.popleft())
    kind = _KINDS[words.popleft().replace("≥", ">").replace("≤", "<")]
    level = read_number(words.popleft(), sign)
    if not 0 < level < HUNDRED:
        raise ValueError(word)
    return Rsi(interval, kind, level)


def _read_averages(word: str, words: deque[str], sign: DecimalSign) -> Averages:
    match = _AVERAGES.fullmatch(words.popleft())
    if match is None:
        raise ValueError(word)
    fast, slow = int(match[1]), int(match[2])
    if not 1 <= fast < slow <= LONGEST_AVERAGE:
        raise ValueError(word)
    return Averages(fast, slow, read_interval(words.popleft()))


def _read_volume(word: str, words: deque[str], sign: DecimalSign) -> Volume:
    times = read_number(words.popleft().lower().removesuffix("x").removesuffix("×"), sign)
    if not 1 < times <= MOST_TIMES:
        raise ValueError(word)
    return Volume(times, read_interval(words.popleft()))


_READERS: dict[str, Callable[[str, deque[str], DecimalSign], Part]] = {
    "rsi": _read_rsi,
    "ma": _read_averages,
    "volume": _read_volume,
}
