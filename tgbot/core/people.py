"""Who speaks to us, and what they have chosen."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

STEP_BACK = Decimal("0.0005")


class Mode(StrEnum):
    PAPER = "paper"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody admitted. `id` is the Telegram user id, which is also the id of the private chat with them.

    `step_back` arms their alerts again: a fraction of the level, back from it.
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
