"""Who speaks to us, and what they have chosen."""

from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum, StrEnum

STEP_BACK = Decimal("0.0005")
MOST_DRIFT = Decimal("0.5")
TYPED_ABOVE = Decimal(1000)


class Mode(StrEnum):
    PAPER = "paper"
    LIVE = "live"


class Standing(IntEnum):
    """Somebody's place in a group, as Telegram tells it; each may do what the one before it may."""

    OUTSIDE = 0
    MEMBER = 1
    ADMIN = 2
    OWNER = 3


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody admitted. `id` is the Telegram user id, which is also the id of the private chat with them.

    `step_back` arms their alerts again: a fraction of the level, back from it. A ticket whose price has moved by more
    than `most_drift` per cent is quoted anew, and the size of one above `typed_above` USDT is typed once more.
    """

    id: int
    name: str
    language: str
    time_zone: str
    display_currency: str
    quote: str
    mode: Mode | None
    is_operator: bool
    step_back: Decimal = STEP_BACK
    most_drift: Decimal = MOST_DRIFT
    typed_above: Decimal = TYPED_ABOVE
