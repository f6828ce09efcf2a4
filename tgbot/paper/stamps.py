"""Time as KuCoin writes it: whole seconds, milliseconds or nanoseconds since 1970."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def seconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(seconds=1)


def ms(at: datetime) -> int:
    return (at - EPOCH) // timedelta(milliseconds=1)


def ns(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1) * 1000


def from_ms(stamp: int) -> datetime:
    return EPOCH + timedelta(milliseconds=stamp)
