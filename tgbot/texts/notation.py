"""Numbers and moments as the reader writes them. Plain text; nothing here is escaped."""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime
from babel.numbers import format_decimal, get_decimal_symbol

from tgbot.core.reply import Percent

FALLBACK_LOCALE = Locale("en")
UTC = ZoneInfo("UTC")
MOST_DIGITS = 200


@dataclass(frozen=True, slots=True)
class Reader:
    """`language` as Telegram gives it (`en`, `pt-br`), `time_zone` an IANA name."""

    language: str
    time_zone: str


def written(value: str | int | Decimal | Percent | datetime, reader: Reader) -> str:
    match value:
        case str():
            return value
        case Percent():
            return percent(value, reader)
        case datetime():
            return moment(value, reader)
        case _:
            return number(value, reader)


def number(value: Decimal | int, reader: Reader) -> str:
    """All significant digits, grouped, without an exponent or trailing zeros: `1,234.5`."""
    with localcontext() as context:
        # Babel quantizes in the current context, whose 28 digits would be too few for a long number.
        context.prec = MOST_DIGITS
        return str(format_decimal(value, locale=_locale(reader.language), decimal_quantization=False))


def decimals(value: Decimal, reader: Reader, places: int | None = None) -> str:
    """Grouped, with exactly so many decimals, or all of its own."""
    if places is None:
        return number(value, reader)
    with localcontext() as context:
        context.prec = MOST_DIGITS
        rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    whole, _, rest = format(abs(rounded), "f").partition(".")
    sign = "-" if rounded < 0 else ""
    point = get_decimal_symbol(_locale(reader.language)) if rest else ""
    return f"{sign}{number(Decimal(whole), reader)}{point}{rest}"


def dated(value: datetime, pattern: str, reader: Reader) -> str:
    """A part of a moment that is on the reader's clock already, by a pattern of Unicode's."""
    return format_datetime(value, pattern, locale=_locale(reader.language))


def percent(value: Percent, reader: Reader) -> str:
    """Rounded half up to its places: `1.5%`, `+0.25%`."""
    rounded = value.value.quantize(Decimal(1).scaleb(-value.places), ROUND_HALF_UP)
    sign = "+" if value.signed and rounded > 0 else ""
    pattern = _locale(reader.language).percent_formats[None]
    # Adding zero takes the sign off a negative zero.
    return f"{sign}{pattern.prefix[0]}{number(rounded + Decimal(0), reader)}{pattern.suffix[0]}"


def moment(value: datetime, reader: Reader) -> str:
    """Day, month, hour and minute in the reader's zone: `22 Nov 14:05`."""
    return format_datetime(value, "d MMM HH:mm", tzinfo=zone(reader.time_zone), locale=_locale(reader.language))


@cache
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        primary = language.partition("-")[0]
        return _locale(primary) if primary != language else FALLBACK_LOCALE


@cache
def zone(name: str) -> ZoneInfo:
    """UTC for a name that is not known."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
