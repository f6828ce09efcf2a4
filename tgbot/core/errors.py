"""Every error that crosses a package boundary.

BotError
├── UserError            the person can do something about it; carries a text of the catalogue
│   ├── UsageError       the text could not be read
│   ├── NotAllowed       this person may not do this, or not now
│   ├── Refused          understood, but a rule or a limit says no; may offer what would fit
│   ├── NotFound         no such pair, order, alert …
│   └── TooLate          expired, already done, too old
├── ExchangeError
│   ├── ExchangeRejected     a definite no, from an allow-listed code
│   ├── ExchangeUnavailable  a read failed; nothing was changed
│   ├── NotSent              a write failed before its first byte left
│   └── OutcomeUnknown       a write without a definite answer; only reconciliation settles it
├── DeliveryError
│   ├── ChatGone         blocked, kicked, deactivated: never write there again by ourselves
│   ├── ChatMoved        a group became a supergroup
│   ├── Throttled        wait `retry_after` seconds
│   ├── Malformed        Telegram refuses the message as it is
│   │   └── ButtonsRefused   … because of its buttons
│   ├── MessageGone      the message to be edited is not there any more
│   ├── TopicGone        the topic of the group is closed or not there any more
│   ├── DeliveryNotSent  it failed before its first byte left
│   ├── DeliveryUnknown  it may or may not have arrived
│   └── UpdatesUnavailable   Telegram could not be asked for news; nothing was lost
├── SecondPoller         another process fetches the updates of our token
├── LostRace             somebody else moved the row first
└── ConfigError          the process must not start like this

Foreign errors are translated once, at the edge, with `from`.
"""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

from tgbot.core.reply import Button, T


class BotError(Exception):
    pass


class UserError(BotError):
    """`text` says what failed, why with the number, and what to do; `buttons` offer what would work."""

    def __init__(self, text: T, buttons: Sequence[Sequence[Button]] = ()) -> None:
        super().__init__(text.key)
        self.text = text
        self.buttons = tuple(tuple(row) for row in buttons)


class UsageError(UserError):
    pass


class NotAllowed(UserError):
    pass


class Refused(UserError):
    pass


class NotFound(UserError):
    pass


class TooLate(UserError):
    pass


LONGEST_CODE, LONGEST_MESSAGE = 40, 300


class ExchangeError(BotError):
    """`code` and `message` are KuCoin's own words where it answered at all, as far as they can be kept."""

    def __init__(self, code: str, message: str) -> None:
        self.code = legible(code, LONGEST_CODE)
        self.message = legible(message, LONGEST_MESSAGE)
        super().__init__(f"{self.code}: {self.message}")


def legible(text: str, most: int) -> str:
    """What can be kept of a far end's words: PostgreSQL takes every character but NUL."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")[:most]


class Reason(StrEnum):
    """Why KuCoin said no, as far as a person needs to know."""

    FUNDS = "funds"
    TOO_SMALL = "too_small"
    INCREMENT = "increment"
    PRICE_BAND = "price_band"
    SYMBOL = "symbol"
    SUSPENDED = "suspended"
    KEY = "key"
    IP = "ip"
    PERMISSION = "permission"
    CLOCK = "clock"
    ACCOUNT = "account"
    TOO_MANY = "too_many"
    NOT_FOUND = "not_found"
    DUPLICATE = "duplicate"
    THROTTLED = "throttled"
    CLOSED = "closed"
    OTHER = "other"


class ExchangeRejected(ExchangeError):
    def __init__(self, code: str, message: str, reason: Reason = Reason.OTHER) -> None:
        super().__init__(code, message)
        self.reason = reason


class ExchangeUnavailable(ExchangeError):
    pass


class NotSent(ExchangeError):
    pass


class OutcomeUnknown(ExchangeError):
    pass


class DeliveryError(BotError):
    pass


class ChatGone(DeliveryError):
    pass


class ChatMoved(DeliveryError):
    def __init__(self, new_chat_id: int) -> None:
        super().__init__(f"moved to {new_chat_id}")
        self.new_chat_id = new_chat_id


class Throttled(DeliveryError):
    def __init__(self, retry_after: Decimal) -> None:
        super().__init__(f"wait {retry_after} s")
        self.retry_after = retry_after


class Malformed(DeliveryError):
    pass


class ButtonsRefused(Malformed):
    pass


class MessageGone(DeliveryError):
    pass


class TopicGone(DeliveryError):
    pass


class DeliveryNotSent(DeliveryError):
    pass


class DeliveryUnknown(DeliveryError):
    pass


class UpdatesUnavailable(DeliveryError):
    pass


class SecondPoller(BotError):
    pass


class LostRace(BotError):
    pass


class ConfigError(BotError):
    """`exit_code` is what the process should end with."""

    def __init__(self, message: str, exit_code: int = 2) -> None:
        super().__init__(message)
        self.exit_code = exit_code
