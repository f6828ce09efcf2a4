"""Limits that a person has set for themselves: when a change takes effect, and what an order may not do. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from tgbot.core.errors import Refused
from tgbot.core.money import plain
from tgbot.core.reply import T

RAISED_AFTER = timedelta(hours=24)
DAY = timedelta(hours=24)


class Limit(StrEnum):
    """USDT per order, USDT in any 24 hours, and the pairs that may be traded."""

    ORDER = "order"
    DAY = "day"
    PAIRS = "pairs"


@dataclass(frozen=True, slots=True)
class Setting:
    """One choice of a limit; `value` is an amount or pairs with spaces between, empty for no limit."""

    limit: Limit
    value: str
    effective_at: datetime


@dataclass(frozen=True, slots=True)
class Limits:
    """As they are in force; `None` is no limit."""

    per_order: Decimal | None = None
    per_day: Decimal | None = None
    pairs: frozenset[str] | None = None


def in_force(settings: Iterable[Setting], now: datetime) -> Limits:
    """`settings` in the order in which they were made; of each limit the newest one that has begun counts."""
    values = {each.limit: each.value for each in settings if each.effective_at <= now}
    return Limits(
        _amount(values.get(Limit.ORDER, "")),
        _amount(values.get(Limit.DAY, "")),
        frozenset(values[Limit.PAIRS].split()) if values.get(Limit.PAIRS) else None,
    )


def effective_at(limit: Limit, old: str, new: str, now: datetime) -> datetime:
    """What is tighter than before begins at once; everything else after a day in which to think better of it."""
    return now if _is_tighter(limit, old, new) else now + RAISED_AFTER


def require_within(limits: Limits, symbol: str, value: Decimal | None, spent: Decimal) -> None:
    """Raises `Refused`. `value` is of this order and `spent` of the person's other orders of 24 hours, both USDT."""
    if limits.pairs is not None and symbol not in limits.pairs:
        raise Refused(T.of("guards.pair_not_allowed", pair=symbol, pairs=", ".join(sorted(limits.pairs))))
    if limits.per_order is None and limits.per_day is None:
        return
    if value is None:
        raise Refused(T.of("guards.worth_unknown", pair=symbol))
    if limits.per_order is not None and value > limits.per_order:
        raise Refused(T.of("guards.order_too_large", value=_cents(value), most=limits.per_order))
    if limits.per_day is not None and spent + value > limits.per_day:
        left = max(limits.per_day - spent, Decimal(0))
        raise Refused(T.of("guards.day_used_up", value=_cents(value), left=_cents(left), most=limits.per_day))


def written(value: Decimal) -> str:
    """As a setting keeps it."""
    return plain(value)


def _amount(value: str) -> Decimal | None:
    return Decimal(value) if value else None


def _is_tighter(limit: Limit, old: str, new: str) -> bool:
    if not new:
        return not old
    if not old:
        return True
    if limit is Limit.PAIRS:
        return set(new.split()) <= set(old.split())
    return Decimal(new) <= Decimal(old)


def _cents(value: Decimal) -> Decimal:
    """For display: half a cent is rounded up."""
    return value.quantize(Decimal("0.01"))
