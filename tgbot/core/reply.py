"""What we say, before it is put into words: keys and values, rendered in the reader's language when it is sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Percent:
    """`value` is in per cent already: 1.5 is 1.5 %. Signed shows a plus too. Rounded to `places` for display."""

    value: Decimal
    signed: bool = False
    places: int = 2


@dataclass(frozen=True, slots=True)
class Code:
    """Text that a tap copies."""

    text: str


@dataclass(frozen=True, slots=True)
class T:
    """A text of the catalogue. Values: `str` is data and is escaped, `Decimal` is shown in full in the reader's
    notation, `datetime` in the reader's time zone, a nested `T` is rendered first."""

    key: str
    values: Mapping[str, "Value"] = field(default_factory=dict)

    @staticmethod
    def of(key: str, **values: "Value") -> "T":
        return T(key, values)


Value = str | int | Decimal | datetime | timedelta | Percent | Code | T


@dataclass(frozen=True, slots=True)
class Table:
    """Rows in fixed width, at most 34 columns; the first column is left-aligned, the others right-aligned."""

    rows: tuple[tuple[Value, ...], ...]


@dataclass(frozen=True, slots=True)
class Button:
    """`data` comes back when it is pressed (at most 64 bytes); with `url` it opens that instead."""

    label: T
    data: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """One message. The first line is the answer. `is_new`: even in answer to a press it is a message of its own.

    `brief` is its one line among others, where several became one message; by default the first line.

    A `card` names the message: where one of that name is in the chat already, this takes its place.

    `picture` is a PNG, shown above the lines. It is drawn before the reply is handed over, not when it is sent: then
    picture and words tell of the same moment also after a restart, sending cannot fail over drawing, and who waits for
    a drawing is the one who asked. Ours take some 20 kB; keep others below 100.

    `only_for`: in a group it is this person's business alone. Where Telegram cannot show it to them alone there, it
    comes to their private chat; the group reads no more than where to look, and that only if it cannot come there.

    `asked_by`: in a group that nobody keeps it is in this person's language.
    """

    lines: tuple[T | Table, ...]
    buttons: tuple[tuple[Button, ...], ...] = ()
    is_silent: bool = False
    is_new: bool = False
    picture: bytes | None = field(default=None, repr=False)
    card: str | None = None
    brief: T | None = None
    only_for: int | None = None
    asked_by: int | None = None


@dataclass(frozen=True, slots=True)
class RenderedButton:
    """As `Button`, its label in words."""

    text: str
    data: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A reply in words. `html` is Telegram's HTML with every value escaped, `plain` the same without markup."""

    html: str
    plain: str
    buttons: tuple[tuple[RenderedButton, ...], ...] = ()
    picture: bytes | None = field(default=None, repr=False)


def say(key: str, **values: Value) -> Reply:
    """A message of one text."""
    return Reply((T(key, values),))
