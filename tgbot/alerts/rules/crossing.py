"""When an alert fires: it remembers on which side of its level the price was, and watches for the other side.

`>` fires when previous < level ≤ now, `<` when previous > level ≥ now, `cross` either way. A crossing spends the alert;
it is armed again by a step back from the level (0.05 % unless its owner chose another), so that a price trembling on
the level is one crossing.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from tgbot.core.market import Candle
from tgbot.core.money import ZERO
from tgbot.core.people import STEP_BACK


class Kind(StrEnum):
    ABOVE = "above"
    BELOW = "below"
    CROSS = "cross"
    COMPUTED = "computed"


class Stance(StrEnum):
    """NEW: the price has not been on a side that counts yet. UNDER and OVER: it has, and the other side will fire.
    SPENT: the last crossing has been used, and only a step back arms again."""

    NEW = "new"
    UNDER = "under"
    OVER = "over"
    SPENT = "spent"


class Bounds(NamedTuple):
    """Nothing changes while low < price < high; `None` is no bound."""

    low: Decimal | None
    high: Decimal | None


@dataclass(slots=True)
class Armed:
    """An alert as far as the price is concerned. `fires` counts the times it has fired.

    `since`: from then on the price is known not to have passed the bounds of the present stance. `cooldown` is `None`
    for an alert that fires once; crossings before `resting_until` do not count, nor those from `ends_at` on.
    `step_back` is a fraction of the level. A `condition` (see `rules.conditions`) takes the place of the level, which
    is then 0, and the kind is COMPUTED.
    """

    id: int
    symbol: str
    kind: Kind
    level: Decimal
    stance: Stance
    since: datetime
    fires: int = 0
    cooldown: timedelta | None = None
    resting_until: datetime | None = None
    ends_at: datetime | None = None
    step_back: Decimal = STEP_BACK
    condition: str = ""


class Crossing(NamedTuple):
    """`alert` has to fire: as it was just before. `at` is when the price was there, at the earliest. `values` are the
    figures of its parts, if it has any."""

    alert: Armed
    price: Decimal
    at: datetime
    values: tuple[Decimal | None, ...] = ()


def bounds(alert: Armed) -> Bounds:
    """The prices at which `step` has something to do."""
    match alert.stance:
        case Stance.UNDER:
            return Bounds(None, alert.level)
        case Stance.OVER:
            return Bounds(alert.level, None)
        case Stance.NEW | Stance.SPENT:
            # At least the neighbours of the level, since `step` looks at prices at and beyond a bound.
            back = alert.level * alert.step_back if alert.stance is Stance.SPENT else ZERO
            low = min(alert.level - back, alert.level.next_minus())
            high = max(alert.level + back, alert.level.next_plus())
    return Bounds(
        low if alert.kind is not Kind.BELOW else None,
        high if alert.kind is not Kind.ABOVE else None,
    )


def is_true(alert: Armed, price: Decimal) -> bool:
    """Whether what it waits for is so at this price already, so that it needs a new crossing."""
    is_above, is_below = price >= alert.level, price <= alert.level
    return (is_above or alert.kind is Kind.BELOW) and (is_below or alert.kind is Kind.ABOVE)


def settled(alert: Armed, price: Decimal, at: datetime) -> Armed:
    """Armed if it was not and the price has come far enough to one side, else as it is."""
    if alert.stance in {Stance.UNDER, Stance.OVER}:
        return alert
    low, high = bounds(alert)
    if low is not None and price <= low:
        return replace(alert, stance=Stance.UNDER, since=at)
    if high is not None and price >= high:
        return replace(alert, stance=Stance.OVER, since=at)
    return alert


def step(alert: Armed, price: Decimal, at: datetime) -> tuple[Armed, bool]:
    """What becomes of the alert at the next price, and whether it fires."""
    is_crossed = (alert.stance is Stance.UNDER and price >= alert.level) or (
        alert.stance is Stance.OVER and price <= alert.level
    )
    if not is_crossed:
        return settled(alert, price, at), False
    is_awake = alert.resting_until is None or at >= alert.resting_until
    fires = is_awake and (alert.ends_at is None or at < alert.ends_at)
    # Settled at once: a price that jumped far across is already the step back for the opposite crossing.
    return settled(replace(alert, stance=Stance.SPENT, since=at), price, at), fires


def rested(alert: Armed, now: datetime) -> Armed:
    """As it goes on after firing at `now`; only for alerts that repeat."""
    assert alert.cooldown is not None  # noqa: S101 - narrows the type: what fires once does not go on
    return replace(alert, fires=alert.fires + 1, resting_until=now + alert.cooldown)


# What a missed candle of a given length tells for certain; each is `None` where it tells nothing.


def opening(alert: Armed, candle: Candle, length: timedelta) -> Decimal | None:
    return candle.open if candle.at >= alert.since else None


def extreme(alert: Armed, candle: Candle, length: timedelta) -> Decimal | None:
    """The high or the low, whichever the alert waits for; not both, for nobody knows which of them came first."""
    if candle.at < alert.since:
        return None
    low, high = bounds(alert)
    is_low, is_high = low is not None and candle.low <= low, high is not None and candle.high >= high
    if is_low is is_high:
        return None
    return candle.low if is_low else candle.high


def closing(alert: Armed, candle: Candle, length: timedelta) -> Decimal | None:
    return candle.close if candle.at + length > alert.since else None


IN_ORDER = (opening, extreme, closing)
