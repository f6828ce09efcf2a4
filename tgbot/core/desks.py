"""What approvals and the thing that is approved tell each other. Neither knows more of the other than this."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tgbot.core.numbers import DecimalSign
from tgbot.core.orders import Side
from tgbot.core.people import Person
from tgbot.core.reply import T

LINK_SIGN = "-"
LONGEST_PAIR = 40
_NO_LINK = re.compile(r"[^A-Za-z0-9-]")


@dataclass(frozen=True, slots=True)
class Lent:
    """The account that trades for a group, whose it is, and where its orders are told of."""

    chat_id: int
    thread_id: int | None
    treasurer_id: int
    key_id: str


@dataclass(frozen=True, slots=True)
class OrderAsked:
    """An order that somebody proposes, as they wrote it; `until` when the group may decide on it."""

    lent: Lent
    proposer: Person
    side: Side
    text: str
    decimal_sign: DecimalSign
    update_id: int
    until: datetime


# Whether the rules of a desk let an order of this pair through that is worth so many USDT. Raises `Refused`.
Judge = Callable[[str, Decimal | None], Awaitable[None]]


def trade_link(side: Side, text: str) -> str:
    """`buy-BTC-USDT`: the payload of a start link that asks in the private chat how much of that pair. The pair is the
    first word of `text`, which may be anything."""
    pair = text.partition(" ")[0]
    return f"{side}{LINK_SIGN}{_NO_LINK.sub('', pair)[:LONGEST_PAIR]}"


def card_of(subject_id: str) -> str:
    """The name of the message in the group that shows this proposal; what comes of it answers that message."""
    return f"proposal:{subject_id}"


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be decided on, frozen. `digest` pins every part of it that counts, and is made anew from what is
    stored each time. `value` is USDT, `None` where nothing tells it; `pair` is empty and `reference` zero where there
    is no market to it. `until` is when nothing can be done with it any more. `lines` say the whole of it."""

    subject_id: str
    short: str
    digest: str
    pair: str
    value: Decimal | None
    reference: Decimal
    until: datetime
    lines: tuple[T, ...]
