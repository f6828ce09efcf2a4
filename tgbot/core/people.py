"""Who speaks to us, and what they have chosen."""

from dataclasses import dataclass
from enum import StrEnum


class Mode(StrEnum):
    PAPER = "paper"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody admitted. `id` is the Telegram user id, which is also the id of the private chat with them."""

    id: int
    name: str
    language: str
    time_zone: str
    display_currency: str
    quote: str
    mode: Mode | None
    is_operator: bool
