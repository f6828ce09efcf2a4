"""What people write behind `/chart`."""

import re
from dataclasses import dataclass
from datetime import timedelta

from tgbot.core.market import Interval
from tgbot.core.periods import print_period
from tgbot.markets.charts.chart import Theme

MINUTES = {
    1: "m min mins minute minutes м мин минута минуты минут",
    60: "h hr hrs hour hours hourly ч час часа часов",
    1440: "d day days daily д день дня дней сутки",
    10080: "w wk week weeks weekly н нед неделя недели недель",
}
_UNITS = {word: timedelta(minutes=minutes) for minutes, words in MINUTES.items() for word in words.split()}
_INTERVAL = re.compile(r"(?P<count>[0-9]{0,4})\s*(?P<unit>[^\W\d]*)|(?P<unit_first>[^\W\d]+)(?P<count_last>[0-9]{1,4})")
_BY_LENGTH = {interval.length: interval for interval in Interval}


class NotAnInterval(ValueError):
    """The text is no length of a candle."""


@dataclass(frozen=True, slots=True)
class ChartRequest:
    """As it was written, not yet understood; empty where it was left out."""

    pair: str = ""
    interval: str = ""
    theme: Theme = Theme.DARK


def parse_request(text: str) -> ChartRequest:
    """The pair, an interval and a theme. An interval may come before the pair if it begins with a digit."""
    words = text.split()
    pair = next((word for word in words if not _leads(word)), "")
    if pair:
        words.remove(pair)
    themes = [word for word in words if word.lower() in set(Theme)]
    interval = " ".join(word for word in words if word not in themes)
    return ChartRequest(pair, interval, Theme(themes[-1].lower()) if themes else Theme.DARK)


def read_interval(text: str) -> Interval:
    """`15m`, `15 min`, `15`, `4h`, `h4`, `hour`, `daily`, `1w` … Raises `NotAnInterval`."""
    match = _INTERVAL.fullmatch(text.strip().lower())
    if match is None or not text.strip():
        raise NotAnInterval(text)
    count = match["count"] or match["count_last"] or "1"
    unit = match["unit"] or match["unit_first"] or "m"
    if unit not in _UNITS or int(count) * _UNITS[unit] not in _BY_LENGTH:
        raise NotAnInterval(text)
    return _BY_LENGTH[int(count) * _UNITS[unit]]


def print_interval(interval: Interval) -> str:
    """As `read_interval` reads it: `15m`, `4h`."""
    return print_period(interval.length)


def _leads(word: str) -> bool:
    """Whether it is an interval even where a pair is expected: `1h`, but not the coin `W`."""
    try:
        return word[0].isdigit() and bool(read_interval(word))
    except NotAnInterval:
        return False
