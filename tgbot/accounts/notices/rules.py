"""Hours of a day, as people write them and as we keep them."""

import re
from datetime import time

from tgbot.core.notices import Quiet

_HOUR = r"([01]?\d|2[0-3])(?:[:.]([0-5]\d))?"
_HOURS = re.compile(rf"\s*{_HOUR}\s*(?:-|–|—|\s)\s*{_HOUR}\s*")


def read_hours(text: str) -> Quiet | None:
    """`22:00-07:00`, `22-7`; `None` for what is none, or begins when it ends."""
    match = _HOURS.fullmatch(text)
    if match is None:
        return None
    begin_hour, begin_minute, end_hour, end_minute = (int(part or 0) for part in match.groups())
    quiet = Quiet(time(begin_hour, begin_minute), time(end_hour, end_minute))
    return None if quiet.begins == quiet.ends else quiet


def written(quiet: Quiet) -> str:
    return f"{quiet.begins:%H:%M}–{quiet.ends:%H:%M}"
