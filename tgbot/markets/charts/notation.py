"""Prices and dates in the picture as its reader writes them elsewhere, as far as the font knows the letters."""

from datetime import datetime
from decimal import Decimal
from functools import cache

from tgbot.texts import notation

# Latin, Greek and Cyrillic letters, and the spaces and dashes of typography.
_KNOWN = (range(0x20, 0x530), range(0x2000, 0x2070))


def price(value: Decimal, language: str, places: int | None = None) -> str:
    """With exactly so many decimals, else with all its own."""
    return notation.decimals(value, _reader(language), places)


def day(at: datetime, language: str) -> str:
    """`22 Nov`."""
    return notation.dated(at, "d MMM", _reader(language))


def month(at: datetime, language: str) -> str:
    return notation.dated(at, "LLL", _reader(language))


@cache
def _reader(language: str) -> notation.Reader:
    """English where the font has no letters for a language: boxes would say nothing to anybody."""
    reader = notation.Reader(language, "UTC")
    sample = "".join(notation.dated(datetime(2024, number, 1), "d MMM LLL", reader) for number in range(1, 13))  # noqa: DTZ001 - only its letters count
    sample += notation.decimals(Decimal("1234567890.5"), reader)
    return reader if all(any(ord(sign) in block for block in _KNOWN) for sign in sample) else _ENGLISH


_ENGLISH = notation.Reader("en", "UTC")
