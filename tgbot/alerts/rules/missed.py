"""Which candles tell of a time in which no price was heard, and which prices can be believed beside them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from tgbot.core.market import LEAP, Candle, Interval, Tick, is_near

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


def is_believed(first: Tick, then: Tick | None, candles: Sequence[Candle], close: Decimal | None) -> bool:
    """Whether the first tick behind a time that was read back does not leap away from the candle of its own time, or is
    confirmed by the one that came `then`. `close` is what it cost where these candles begin later or are none."""
    if then is not None and is_near(then.price, first.price):
        return True
    until_then = [candle for candle in candles if candle.at <= first.at]
    if until_then:
        return until_then[-1].low < first.price * LEAP and first.price < until_then[-1].high * LEAP
    return close is None or is_near(first.price, close)
