"""Until when an alert lasts, as people write it: `until 31.12.`, `until 31.12.2026 18:00`, `until 18:00`."""

import re
from datetime import date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.?(\d{4})?")
_YEAR_FIRST = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_TIME = re.compile(r"(\d{1,2}):(\d{2})")
END_OF_DAY = time(23, 59)
YEARS_TRIED = 8  # from one 29 February to the next


def is_time(word: str) -> bool:
    return _TIME.fullmatch(word) is not None


def is_date(word: str) -> bool:
    return any(form.fullmatch(word) for form in (_DAY_FIRST, _YEAR_FIRST))


def end_of(text: str, now: datetime, time_zone: str) -> datetime:
    """The moment that `text`, a date or a time or both, means in this time zone: without a year or a date the next one
    to come, without a time the end of the day. Raises `ValueError` for what is past or is no date."""
    *dates, last = text.split()
    zone = ZoneInfo(time_zone)
    here = now.astimezone(zone)
    if is_time(last):
        hour, minute = (int(part) for part in last.split(":"))
        at = time(hour, minute)
    else:
        dates, at = [last], END_OF_DAY
    days = _days(dates[0], here.date()) if dates else [here.date(), here.date() + timedelta(days=1)]
    for day in days:
        moment = datetime.combine(day, at, zone)
        if moment > here:
            return _elsewhere(moment, now.tzinfo)
    raise ValueError(text)


def _elsewhere(moment: datetime, zone: tzinfo | None) -> datetime:
    try:
        return moment.astimezone(zone)
    except OverflowError as error:
        raise ValueError(moment) from error  # the last evening of the year 9999 is over in UTC


def _days(text: str, today: date) -> list[date]:
    """Those that a date may mean, the nearest first."""
    if match := _YEAR_FIRST.fullmatch(text):
        return [date(int(match[1]), int(match[2]), int(match[3]))]
    match = _DAY_FIRST.fullmatch(text)
    if match is None:
        raise ValueError(text)
    day, month = int(match[1]), int(match[2])
    if match[3]:
        return [date(int(match[3]), month, day)]
    date(2000, month, day)  # a leap year: what is no day there is none ever
    return [found for year in range(YEARS_TRIED + 1) if (found := _day(today.year + year, month, day))]


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
