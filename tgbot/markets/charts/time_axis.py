"""Where the time axis of a chart is labelled: at the first candle of each hour, day, month … of the reader's zone."""

from collections.abc import Callable, Hashable, Sequence
from datetime import datetime
from itertools import pairwise

from tgbot.markets.charts import notation

GAP = 24  # pixels that must stay free between two labels

# A moment of the reader's clock → what it has in common with all others of its period.
Period = Callable[[datetime], Hashable]


def label_times(
    times: Sequence[datetime], slot: float, width: Callable[[str], float], language: str
) -> list[tuple[int, str]]:
    """Places and labels. `times` are of the reader's zone, evenly spaced by `slot` pixels; `width` measures a label.

    The shortest period counts whose labels stand clear of each other. Where no period begins, the first place is
    labelled.
    """
    for period, label in _PERIODS:
        places = [place for place in range(1, len(times)) if period(times[place]) != period(times[place - 1])]
        labels = [(place, label(times[place], times[place - 1], language)) for place in places]
        if labels and _are_clear(labels, slot, width):
            return labels
    return [(0, _day(times[0], times[0], language))]


def _are_clear(labels: Sequence[tuple[int, str]], slot: float, width: Callable[[str], float]) -> bool:
    return all(
        (place - before) * slot >= (width(label) + width(label_before)) / 2 + GAP
        for (before, label_before), (place, label) in pairwise(labels)
    )


def _minutes(count: int) -> Period:
    return lambda at: (at.date(), (at.hour * 60 + at.minute) // count)


def _days(count: int) -> Period:
    return lambda at: (at.toordinal() - 1) // count  # the first day of all was a Monday


def _months(count: int) -> Period:
    return lambda at: (at.year * 12 + at.month - 1) // count


def _clock(at: datetime, before: datetime, language: str) -> str:
    """The first of a day names the day."""
    return f"{at:%H:%M}" if at.date() == before.date() else _day(at, before, language)


def _day(at: datetime, before: datetime, language: str) -> str:
    return notation.day(at, language)


def _month(at: datetime, before: datetime, language: str) -> str:
    """The first of a year names the year."""
    return notation.month(at, language) if at.year == before.year else str(at.year)


_PERIODS = (
    *((_minutes(count), _clock) for count in (1, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720)),
    *((_days(count), _day) for count in (1, 2, 4, 7, 14)),
    *((_months(count), _month) for count in (1, 3, 6, 12, 60)),
)
