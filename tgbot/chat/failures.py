"""Telegram's errors in our words. They are told apart by the texts of the Bot API server, for it gives no codes."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)

from tgbot.core.errors import (
    BotError,
    ButtonsRefused,
    ChatGone,
    ChatMoved,
    ConfigError,
    DeliveryError,
    DeliveryNotSent,
    DeliveryUnknown,
    Malformed,
    MessageGone,
    SecondPoller,
    Throttled,
    TopicGone,
)

NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

_MESSAGE_GONE = (
    "message to edit not found",
    "message to delete not found",
    "message can't be edited",
    "message_id_invalid",
    "there is no text in the message to edit",
)
_TOPIC_GONE = ("message thread not found", "topic_closed", "topic_deleted")
# BUTTON_DATA_INVALID and its like, "can't parse inline keyboard button", "reply markup is too long".
_BUTTONS_REFUSED = ("button", "inline keyboard", "reply markup", "reply_markup")
_NO_PICTURES = "rights to send photos"  # a group that takes texts only
_CHAT_GONE = (
    "chat not found",
    "peer_id_invalid",
    "group chat was deactivated",
    "have no rights to send",
    "not enough rights to send",
    "chat_write_forbidden",
    "need administrator rights in the channel chat",
)


class Unchanged(DeliveryError):
    """An edit to what the message says already: it has arrived before."""


def translated(error: TelegramError) -> BotError:
    """Raise it outside the `except` block: the original holds the URL, and with it the token, and would come along as
    the context of the new one."""
    return _TRANSLATIONS.get(type(error), _lost)(error)


def _throttled(error: RetryAfter) -> BotError:
    after = error.retry_after
    seconds = after if isinstance(after, int) else after.total_seconds()
    return Throttled(Decimal(str(seconds)))


def _refused(error: BadRequest) -> BotError:
    text = error.message.lower()
    if "message is not modified" in text:
        return Unchanged(error.message)
    if any(part in text for part in _MESSAGE_GONE):
        return MessageGone(error.message)
    if any(part in text for part in _TOPIC_GONE):
        return TopicGone(error.message)
    if any(part in text for part in _CHAT_GONE) and _NO_PICTURES not in text:
        return ChatGone(error.message)
    if any(part in text for part in _BUTTONS_REFUSED):
        return ButtonsRefused(error.message)
    return Malformed(error.message)


def _lost(error: TelegramError) -> BotError:
    # Named by its class only: texts of HTTP libraries may hold the URL.
    cause = error.__cause__
    if isinstance(cause, NEVER_SENT):
        return DeliveryNotSent(type(cause).__name__)
    return DeliveryUnknown(type(cause).__name__ if cause is not None else error.message)


_TRANSLATIONS: dict[type, Callable[[Any], BotError]] = {
    RetryAfter: _throttled,
    ChatMigrated: lambda error: ChatMoved(error.new_chat_id),
    InvalidToken: lambda error: ConfigError(f"Telegram refuses the bot token: {error.message}"),
    Conflict: lambda error: SecondPoller(error.message),
    Forbidden: lambda error: ChatGone(error.message),
    BadRequest: _refused,
}
