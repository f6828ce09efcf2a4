"""What an amount means for one pair: quote, base, a share of what is free, or all of it."""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from tgbot.core.errors import UsageError
from tgbot.core.market import SymbolRule
from tgbot.core.money import plain
from tgbot.core.numbers import Ambiguous, DecimalSign, NotANumber, read_number
from tgbot.core.orders import Side
from tgbot.core.reply import T
from tgbot.trading.rules.grammar import OrderRequest, choice

_DOLLARS = frozenset({"u", "usd"})
_SHAPE = re.compile(r"(?P<dollar>\$?)(?P<digits>[0-9.,]+)(?P<word>[A-Za-z0-9]*|%)")


class Unit(Enum):
    QUOTE = "quote"
    BASE = "base"
    PERCENT = "percent"


@dataclass(frozen=True, slots=True)
class Amount:
    """Positive. `max` is 100 per cent of what is free."""

    value: Decimal
    unit: Unit


def read_amount(request: OrderRequest, rule: SymbolRule, decimal_sign: DecimalSign) -> Amount:
    """A bare number is quote on a buy and base on a sell. Raises `UsageError`; where two readings are possible, both
    come as buttons."""
    text = request.amount
    if text.lower() == "max":
        return Amount(Decimal(100), Unit.PERCENT)
    found = _SHAPE.fullmatch(text)
    if found is None:
        raise UsageError(T.of("trading.bad_amount", text=text))
    unit, scale = _read_unit(found["dollar"], found["word"], request.side, rule, text)
    try:
        value = read_number(found["digits"] + scale, decimal_sign)
    except Ambiguous as error:
        raise _which(request, error.readings, unit, rule) from None
    except NotANumber:
        raise UsageError(T.of("trading.bad_amount", text=text)) from None
    if value <= 0 or (unit is Unit.PERCENT and value > 100):
        raise UsageError(T.of("trading.bad_amount", text=text))
    return Amount(value, unit)


def spelled(value: Decimal, unit: Unit, rule: SymbolRule) -> str:
    """An amount as our buttons say it, with its unit always named."""
    suffix = {Unit.QUOTE: rule.quote.lower(), Unit.BASE: rule.base.lower(), Unit.PERCENT: "%"}[unit]
    return plain(value) + suffix


def _read_unit(dollar: str, word: str, side: Side, rule: SymbolRule, text: str) -> tuple[Unit, str]:
    """The unit, and `k` or `m` where the number is scaled: `5kcs` is five KCS, `5ku` five thousand dollars."""
    bare = Unit.QUOTE if side is Side.BUY or dollar else Unit.BASE
    if dollar and not _is_dollar_like(rule):
        raise UsageError(T.of("trading.wrong_unit", text=text, base=rule.base, quote=rule.quote))
    if word == "%":
        return Unit.PERCENT, ""
    for scale, name in (("", word.lower()), (word[:1].lower(), word[1:].lower())):
        if scale not in {"", "k", "m"}:
            continue
        if not name:
            return bare, scale
        if name == rule.base.lower() and not dollar:
            return Unit.BASE, scale
        if name == rule.quote.lower() or (name in _DOLLARS and _is_dollar_like(rule)):
            return Unit.QUOTE, scale
    raise UsageError(T.of("trading.wrong_unit", text=text, base=rule.base, quote=rule.quote))


def _is_dollar_like(rule: SymbolRule) -> bool:
    return rule.quote.startswith("USD")


def _which(request: OrderRequest, readings: tuple[Decimal, Decimal], unit: Unit, rule: SymbolRule) -> UsageError:
    low, high = readings
    labels = [(value, T.of("trading.reading", value=value)) for value in readings]
    buttons = [choice(request.side, request.with_amount(spelled(value, unit, rule)), label) for value, label in labels]
    row = [button for button in buttons if button is not None]
    return UsageError(T.of("trading.ambiguous", text=request.amount, low=low, high=high), [row] if row else [])
