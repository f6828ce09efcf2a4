"""What comes in from a chat, and how a feature says which of it is its own."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum

from tgbot.core.people import Person
from tgbot.core.reply import Reply, T


class Origin(Enum):
    """How a message came about; only `FRESH` ones are acted upon."""

    FRESH = "fresh"
    EDITED = "edited"
    FORWARDED = "forwarded"
    VIA_BOT = "via_bot"
    ANONYMOUS = "anonymous"
    FORGED = "forged"


class Tombstone(StrEnum):
    """Why the text of a stored message is gone; also the dialogue that it answers."""

    ENTRY = "key_entry"
    LEAK = "key_leak"
    EDITED = "edited"


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message or a press of a button, already free of secrets.

    `message_id` is the message itself, or the one whose button was pressed, and `is_picture` says what it shows. `args`
    is what stands behind the command or, for a press, behind the verb. `moved_to` is set where it is Telegram that
    speaks: the group has become a supergroup of that id.
    """

    update_id: int
    chat_id: int
    is_private: bool
    thread_id: int | None
    user_id: int
    name: str
    language: str
    message_id: int
    sent_at: datetime
    origin: Origin = Origin.FRESH
    text: str = ""
    command: str = ""
    args: str = ""
    press_id: str = ""
    is_picture: bool = False
    verb: str = ""
    dialogue: str = ""
    chat_title: str = ""
    moved_to: int | None = None


@dataclass(frozen=True, slots=True)
class Toast:
    """A few words over the screen in answer to a press; as an alert it has to be dismissed. With `url`, a link to our
    own private chat, that is opened for the one who pressed, and nobody else sees it."""

    text: T
    is_alert: bool = False
    url: str = ""


# A command is answered by a new message, a press by editing the message it stands under (or a new one if the reply
# `is_new`, or words where a picture was). `None`: the service has said all there is to say through the outbox.
Answer = Reply | Toast | None
Handler = Callable[[Person, Incoming], Awaitable[Answer]]


class Place(Enum):
    """Where a route is heard. A name may have one route in the private chat and another one in groups."""

    PRIVATE = "private"
    GROUP = "group"
    ANYWHERE = "anywhere"


@dataclass(frozen=True, slots=True)
class Command:
    """`/name` and its aliases. One that `trades` is refused when it reaches us more than 60 s after it was written."""

    name: str
    handler: Handler
    aliases: tuple[str, ...] = ()
    place: Place = Place.PRIVATE
    trades: bool = False


@dataclass(frozen=True, slots=True)
class Press:
    """A button whose data are `verb` or `verb:args`. A client can press any of them under any message of ours, so what
    belongs into the private chat is refused elsewhere."""

    verb: str
    handler: Handler
    place: Place = Place.PRIVATE


@dataclass(frozen=True, slots=True)
class Dialogue:
    """The next plain text of a person to whom we have put a question of this kind."""

    kind: str
    handler: Handler


Route = Command | Press | Dialogue
