"""Which candles tell of a time in which no price was heard."""

from datetime import datetime, timedelta

from tgbot.core.market import Interval

FINE_FOR = timedelta(days=1)

Stretch = tuple[Interval, datetime, datetime]


def stretches(start: datetime, end: datetime) -> list[Stretch]:
    """Candles of a minute; after more than a day only until the next full hour, and of an hour from then on."""
    start = start.replace(second=0, microsecond=0)
    if end - start <= FINE_FOR:
        return [(Interval.MINUTE_1, start, end)]
    full_hour = start.replace(minute=0) + timedelta(hours=1)
    # A candle that begins at the full hour belongs to the second stretch.
    return [(Interval.MINUTE_1, start, full_hour - timedelta(seconds=1)), (Interval.HOUR_1, full_hour, end)]
