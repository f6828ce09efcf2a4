"""What is known of a market: rules, prices, candles, book. All amounts are `Decimal`, all times aware UTC."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from typing import NamedTuple

LEAP = 2  # times the last price, or a half of it: no market goes there from one trade to the next


@dataclass(frozen=True, slots=True)
class SymbolRule:
    """How a pair may be traded. `price_limit_rate` is a fraction of the last price, 0.1 = ±10 %."""

    symbol: str
    base: str
    quote: str
    fee_currency: str
    base_min: Decimal
    base_max: Decimal
    base_increment: Decimal
    quote_min: Decimal
    quote_max: Decimal
    quote_increment: Decimal
    price_increment: Decimal
    price_limit_rate: Decimal
    min_funds: Decimal
    is_trading: bool
    maker_coefficient: Decimal
    taker_coefficient: Decimal


class Tick(NamedTuple):
    """The last trade and the best quotes. `sequence` never decreases within a symbol. A tuple, because thousands are
    made every second and a frozen dataclass takes three times as long to make."""

    symbol: str
    price: Decimal
    bid: Decimal
    ask: Decimal
    sequence: int
    at: datetime


def is_near(price: Decimal, last: Decimal) -> bool:
    """Whether it can be the price after `last`."""
    return last < price * LEAP and price < last * LEAP


@dataclass(frozen=True, slots=True)
class Stats:
    """Over the last 24 hours. `change` is a fraction: 0.01 = +1 %. `volume` is base, `turnover` quote."""

    symbol: str
    last: Decimal
    bid: Decimal
    ask: Decimal
    high: Decimal
    low: Decimal
    change: Decimal
    volume: Decimal
    turnover: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class Candle:
    at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


@dataclass(frozen=True, slots=True)
class Level:
    price: Decimal
    size: Decimal


@dataclass(frozen=True, slots=True)
class Book:
    """Best first on both sides."""

    symbol: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    at: datetime


class Topic(StrEnum):
    """What an announcement is about, as far as we tell of it."""

    LISTING = "listing"
    DELISTING = "delisting"


@dataclass(frozen=True, slots=True)
class Announcement:
    """Title and text are the exchange's own, in English."""

    id: int
    topic: Topic
    title: str
    text: str
    url: str
    at: datetime


class ServiceStatus(StrEnum):
    """What the exchange lets anybody do at present."""

    OPEN = "open"
    CLOSED = "closed"
    CANCEL_ONLY = "cancel_only"


class Interval(Enum):
    """Candle lengths; the value is KuCoin's spot name."""

    MINUTE_1 = "1min"
    MINUTE_5 = "5min"
    MINUTE_15 = "15min"
    MINUTE_30 = "30min"
    HOUR_1 = "1hour"
    HOUR_4 = "4hour"
    DAY_1 = "1day"
    WEEK_1 = "1week"

    @property
    def length(self) -> timedelta:
        return _LENGTHS[self]


_LENGTHS = {
    Interval.MINUTE_1: timedelta(minutes=1),
    Interval.MINUTE_5: timedelta(minutes=5),
    Interval.MINUTE_15: timedelta(minutes=15),
    Interval.MINUTE_30: timedelta(minutes=30),
    Interval.HOUR_1: timedelta(hours=1),
    Interval.HOUR_4: timedelta(hours=4),
    Interval.DAY_1: timedelta(days=1),
    Interval.WEEK_1: timedelta(weeks=1),
}
