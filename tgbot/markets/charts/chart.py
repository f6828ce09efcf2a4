"""What a chart shows: values only, so that the same chart is the same key, the same picture, the same bytes."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from tgbot.core.market import Candle, Interval
from tgbot.core.orders import Side


class Theme(StrEnum):
    DARK = "dark"
    LIGHT = "light"

    @property
    def other(self) -> "Theme":
        return Theme.LIGHT if self is Theme.DARK else Theme.DARK


class LineKind(StrEnum):
    """In order of importance: where labels would overlap, the first one is shown. The value is what the picture says;
    it is not translated, so it is short and in Latin letters."""

    LIQUIDATION = "LIQ"
    BUY = "BUY"
    SELL = "SELL"
    ALERT = "ALERT"


@dataclass(frozen=True, slots=True)
class Line:
    """Something waits at this price."""

    kind: LineKind
    price: Decimal


@dataclass(frozen=True, slots=True)
class Trade:
    """Something has been bought or sold."""

    side: Side
    price: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class Marks:
    """What one person has in one pair."""

    lines: tuple[Line, ...] = ()
    trades: tuple[Trade, ...] = ()

    def __add__(self, other: "Marks") -> "Marks":
        return Marks(self.lines + other.lines, self.trades + other.trades)


@dataclass(frozen=True, slots=True)
class Chart:
    """`candles` are the oldest first and at least one; where nothing was traded one may be missing. `zone` is an IANA
    name, `language` as Telegram gives it."""

    symbol: str
    interval: Interval
    candles: tuple[Candle, ...]
    zone: str = "UTC"
    language: str = "en"
    theme: Theme = Theme.DARK
    marks: Marks = Marks()
