"""Exact arithmetic for prices, sizes and funds. Every rounding states its direction."""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

ZERO = Decimal(0)
ONE = Decimal(1)
HUNDRED = Decimal(100)


def floor_to(value: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of `step` that is not above `value`."""
    return (value / step).to_integral_value(ROUND_FLOOR) * step


def ceil_to(value: Decimal, step: Decimal) -> Decimal:
    """The smallest multiple of `step` that is not below `value`."""
    return (value / step).to_integral_value(ROUND_CEILING) * step


def is_multiple(value: Decimal, step: Decimal) -> bool:
    return value % step == ZERO


def decimals_of(step: Decimal) -> int:
    """How many digits behind the point a multiple of `step` needs."""
    exponent = step.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def for_display(value: Decimal, digits: int) -> Decimal:
    """`value` with at most `digits` significant digits behind leading zeros, rounded half up; never for sending."""
    if value == ZERO:
        return ZERO
    places = max(0, digits - value.adjusted() - 1)
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def plain(value: Decimal) -> str:
    """The shortest text without an exponent, as exchanges want it: `0.00001`, `1500`, never `1E+3`."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
