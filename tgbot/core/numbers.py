"""How people write numbers: one grammar for amounts, prices and levels, and no guessing."""

import re
from decimal import Decimal
from typing import Literal

DecimalSign = Literal[".", ","]

# More digits than decimal arithmetic carries exactly by default is no amount anybody means.
MOST_DIGITS = 28

# Unicode CLDR, the decimal symbol of the language's main region.
_COMMA_LANGUAGES = frozenset({"cs", "de", "es", "fr", "id", "it", "nl", "pl", "pt", "ro", "ru", "sv", "tr", "uk", "vi"})


class NotANumber(ValueError):
    """The text is not a number of this grammar."""


class Ambiguous(ValueError):
    """The text has two readings, the smaller one first; only the person knows which one was meant."""

    def __init__(self, text: str, readings: tuple[Decimal, Decimal]) -> None:
        super().__init__(text)
        self.readings = readings


def read_number(text: str, decimal_sign: DecimalSign) -> Decimal:
    """The number that `text` says, not negative, e.g. `0.5`, `1,5`, `.5`, `1,234,567`, `1.5k`, `2m`.

    `decimal_sign` is the person's own and always decimal. The other sign groups thousands when that is the only
    reading (`1,234,567` or `1,234.5` with a decimal point), is decimal when that is the only reading (`1,5`), and
    raises `Ambiguous` when both are possible (`1,500`). Raises `NotANumber` for everything else: signs, exponents,
    digits of other scripts, spaces within, more than 28 digits.
    """
    match = _NUMBER.fullmatch(text.strip())
    if match is None or sum(character.isdigit() for character in text) > MOST_DIGITS:
        raise NotANumber(text)
    zeros = _SUFFIXES[match["suffix"].lower()]
    # From here on the own sign is a point and the other one a comma.
    number = match["number"] if decimal_sign == "." else match["number"].translate(_SWAPPED)
    if _POINT_DECIMAL.fullmatch(number):
        return _scaled(number, zeros)
    if _UNMISTAKABLE_THOUSANDS.fullmatch(number):
        return _scaled(number.replace(",", ""), zeros)
    if _EITHER.fullmatch(number):
        as_decimal, as_thousands = number.replace(",", "."), number.replace(",", "")
        raise Ambiguous(text, (_scaled(as_decimal, zeros), _scaled(as_thousands, zeros)))
    if _COMMA_DECIMAL.fullmatch(number):
        return _scaled(number.replace(",", "."), zeros)
    raise NotANumber(text)


def decimal_sign_of(language: str) -> DecimalSign:
    """For a language tag such as `en`, `ru` or `pt-br`; a point where it is not known."""
    main = language.replace("_", "-").partition("-")[0].lower()
    return "," if main in _COMMA_LANGUAGES else "."


_NUMBER = re.compile(r"(?P<number>[0-9.,]+)(?P<suffix>[kKmM]?)")
_SUFFIXES = {"": 0, "k": 3, "m": 6}
_SWAPPED = str.maketrans(".,", ",.")

_POINT_DECIMAL = re.compile(r"[0-9]+(\.[0-9]+)?|\.[0-9]+")
_UNMISTAKABLE_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}((,[0-9]{3}){2,}|(,[0-9]{3})+\.[0-9]+)")
_EITHER = re.compile(r"0*[1-9][0-9]*,[0-9]{3}")
_COMMA_DECIMAL = re.compile(r"[0-9]*,[0-9]+")


def _scaled(number: str, zeros: int) -> Decimal:
    # The constructor is exact, while multiplying would round to the precision of the context.
    return Decimal(f"{number}E{zeros}")
