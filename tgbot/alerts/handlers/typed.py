"""How what was typed or pressed is read, and what is said where it cannot be."""

from tgbot.core.errors import UsageError
from tgbot.core.numbers import DecimalSign, decimal_sign_of
from tgbot.core.people import Person
from tgbot.core.reply import T
from tgbot.core.routing import Incoming

LONGEST_WORD = 24


def sign_of(person: Person, incoming: Incoming) -> DecimalSign:
    """Buttons always carry a decimal point."""
    return "." if incoming.press_id else decimal_sign_of(person.language)


def unknown(word: str) -> UsageError:
    return UsageError(T.of("alerts.unknown_word", word=word[:LONGEST_WORD]))
