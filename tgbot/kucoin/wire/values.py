"""How KuCoin writes numbers and times, and how any of its JSON is read. Quoted numbers become `Decimal`."""

from collections.abc import Callable, Hashable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar, cast

import msgspec

from tgbot.core.money import ZERO

T = TypeVar("T")

MALFORMED = (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError)
NULL = b"null"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INEXACT = 2**33 * 1000  # in the year 2242 a float of so many seconds no longer tells every microsecond
_HUGE = 30  # powers of ten; no amount of anything is larger, and printing one with a million digits hurts
_MOST_DIGITS = 40
LEAST, MOST = Decimal(f"1E-{_HUGE}"), Decimal(f"1E+{_HUGE + 1}")


class Wire(msgspec.Struct, rename="camel"):
    """Numbers are finite and of a size that can be meant."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if isinstance(value, Decimal) and not is_sane(value):
                raise ValueError(f"{name} is no number to reckon with")


def is_sane(value: Decimal) -> bool:
    return value.is_finite() and -_HUGE <= value.adjusted() <= _HUGE and len(value.as_tuple().digits) <= _MOST_DIGITS


@cache
def _decoder(kind: Hashable) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind, strict=False)


def decode(kind: type[T], data: bytes) -> T:
    return cast("T", _decoder(cast("Hashable", kind)).decode(data))


def moment(stamp: int) -> datetime:
    """KuCoin writes seconds, milliseconds, micro- and nanoseconds, by endpoint; the magnitude tells which."""
    if 10**11 <= stamp < _INEXACT:  # every tick comes by here, and a sum takes twice as long
        return datetime.fromtimestamp(stamp / 1000, UTC)
    size = abs(stamp)
    if size < 10**11:
        return _EPOCH + timedelta(seconds=stamp)
    if size < 10**14:
        return _EPOCH + timedelta(milliseconds=stamp)
    return _EPOCH + timedelta(microseconds=stamp if size < 10**17 else stamp // 1000)


def milliseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(milliseconds=1)


def seconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(seconds=1)


class Envelope(msgspec.Struct, frozen=True):
    """Around every answer. `code` decides, before the HTTP status."""

    code: str | int
    msg: str | None = None
    data: msgspec.Raw = msgspec.Raw(NULL)


def readable(rows: list[msgspec.Raw], read: Callable[[bytes], T]) -> list[T]:
    """Those rows that can be read; it is an error if none can."""
    found, unreadable = [], 0
    for row in rows:
        try:
            found.append(read(bytes(row)))
        except MALFORMED:
            unreadable += 1
    if unreadable and not found:
        raise ValueError("none of the rows can be read")
    return found


def positive(value: Decimal) -> Decimal:
    if not LEAST <= value < MOST:
        raise ValueError(f"{value} is no price or size above zero")
    return value


def amount(text: str | None) -> Decimal:
    """What KuCoin leaves empty for a kind of order that has no such amount is 0."""
    value = Decimal(text) if text else ZERO
    if not is_sane(value):
        raise ValueError(f"{text} is no number to reckon with")
    return value
