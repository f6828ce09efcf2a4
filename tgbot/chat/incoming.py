"""What Telegram wrote, in our words. Pure; an update we have no use for, or cannot read, is `None`."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from msgspec import Meta, Struct, ValidationError, convert, field

from tgbot.core.routing import Incoming, Origin

# Ids that speak for whole groups and channels: GroupAnonymousBot, Channel_Bot, Telegram's forwarder of linked channels.
NOBODY = {1087968824, 136817688, 777000}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@(\w+))?(?:\s+(.*))?", re.DOTALL)

Id = Annotated[int, Meta(ge=-(2**62), le=2**62)]
Seconds = Annotated[int, Meta(ge=0, le=2**36)]


class _User(Struct):
    id: Id
    is_bot: bool = False
    first_name: str = ""
    last_name: str = ""
    language_code: str = "en"


class _Chat(Struct):
    id: Id
    type: str
    title: str = ""


class _Button(Struct):
    callback_data: str = ""


class _Keyboard(Struct):
    inline_keyboard: list[list[_Button]] = []


class _Message(Struct):
    message_id: Id
    chat: _Chat
    date: Seconds = 0
    sender: _User | None = field(name="from", default=None)
    text: str = ""
    photo: list[Any] = []
    message_thread_id: Id | None = None
    is_topic_message: bool = False
    is_automatic_forward: bool = False
    sender_chat: _Chat | None = None
    via_bot: _User | None = None
    forward_origin: dict[str, Any] | None = None
    forward_date: int | None = None
    migrate_to_chat_id: Id | None = None
    reply_markup: _Keyboard = field(default_factory=_Keyboard)


class _Press(Struct):
    id: str
    sender: _User = field(name="from")
    message: _Message | None = None
    data: str = ""


class _Update(Struct):
    update_id: Id
    message: _Message | None = None
    edited_message: _Message | None = None
    callback_query: _Press | None = None


def read_update(raw: Mapping[str, Any], bot_name: str = "") -> Incoming | None:
    """`bot_name` is our user name: `/buy@other_bot` is none of our business. Never raises."""
    try:
        update = convert(raw, _Update)
    except ValidationError:
        return None
    if update.callback_query is not None:
        return _read_press(update.update_id, update.callback_query)
    if update.edited_message is not None:
        return _read_message(update.update_id, update.edited_message, Origin.EDITED, bot_name)
    if update.message is not None:
        return _read_message(update.update_id, update.message, _origin(update.message), bot_name)
    return None


def _read_press(update_id: int, press: _Press) -> Incoming | None:
    """Telegram names the person who pressed even where people write anonymously, and presses never come from copies."""
    if press.message is None:
        return None
    verb, _, args = press.data.partition(":")
    origin = _origin_of_press(press, press.message)
    return _incoming(update_id, press.message, press.sender, origin=origin, press_id=press.id, verb=verb, args=args)


def _origin_of_press(press: _Press, message: _Message) -> Origin:
    """A program that plays a person can send any data under any message. In a group, where the answer may stand in the
    place of what others read, it must be under the message; of one that Telegram cannot show (date 0) that is unknown.
    """
    if press.sender.id in NOBODY or press.sender.is_bot:
        return Origin.ANONYMOUS
    offered = {button.callback_data for row in message.reply_markup.inline_keyboard for button in row}
    is_unseen = message.chat.type == "private" or message.date == 0
    return Origin.FRESH if is_unseen or press.data in offered else Origin.FORGED


def _read_message(update_id: int, message: _Message, origin: Origin, bot_name: str) -> Incoming | None:
    if message.sender is None:
        return None
    if message.migrate_to_chat_id is not None:
        return _incoming(update_id, message, message.sender, origin=origin, moved_to=message.migrate_to_chat_id)
    if not message.text:
        return None
    match = _COMMAND.fullmatch(message.text)
    if match is None:
        return _incoming(update_id, message, message.sender, origin=origin, text=message.text)
    name, addressee, args = match.groups(default="")
    if addressee and addressee.lower() != bot_name.lower():
        return None
    return _incoming(
        update_id,
        message,
        message.sender,
        origin=origin,
        text=message.text,
        command=name.lower(),
        args=args.strip(),
    )


def _origin(message: _Message) -> Origin:
    sender_id = message.sender.id if message.sender else 0
    if message.sender_chat is not None or message.is_automatic_forward or sender_id in NOBODY:
        return Origin.ANONYMOUS
    if message.forward_origin is not None or message.forward_date is not None:
        return Origin.FORWARDED
    if message.via_bot is not None or (message.sender is not None and message.sender.is_bot):
        return Origin.VIA_BOT
    return Origin.FRESH


def _incoming(update_id: int, message: _Message, sender: _User, **rest: Any) -> Incoming:  # noqa: ANN401 - Incoming's own
    return Incoming(
        update_id=update_id,
        chat_id=message.chat.id,
        is_private=message.chat.type == "private",
        thread_id=message.message_thread_id if message.is_topic_message else None,
        user_id=sender.id,
        name=_storable(f"{sender.first_name} {sender.last_name}".strip()),
        language=sender.language_code,
        message_id=message.message_id,
        sent_at=EPOCH + timedelta(seconds=message.date),
        is_picture=bool(message.photo),
        chat_title=_storable(message.chat.title),
        **rest,
    )


def _storable(name: str) -> str:
    """As every database takes it: without NUL and lone halves of UTF-16."""
    return name.encode("utf-8", "replace").decode().replace("\0", "")
