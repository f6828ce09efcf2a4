"""How people write lengths of time."""

import re
from datetime import timedelta

_PERIOD = re.compile(r"([1-9][0-9]{0,4})([mhdw])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


class NotAPeriod(ValueError):
    """The text is not a period of this grammar."""


def read_period(text: str) -> timedelta:
    """`30m`, `4h`, `7d` or `2w`; at least a minute. Raises `NotAPeriod`."""
    match = _PERIOD.fullmatch(text.strip().lower())
    if match is None:
        raise NotAPeriod(text)
    return int(match[1]) * _UNITS[match[2]]


def print_period(period: timedelta) -> str:
    """The shortest text that `read_period` reads as this number of whole minutes."""
    unit = next(unit for unit in "wdhm" if not period % _UNITS[unit])
    return f"{period // _UNITS[unit]}{unit}"
