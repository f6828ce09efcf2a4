"""What an amount means for one pair: quote, base, a share of what is free, or all of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from tgbot.core.errors import UsageError
from tgbot.core.market import SymbolRule
from tgbot.core.money import HUNDRED, plain
from tgbot.core.numbers import Ambiguous, DecimalSign, NotANumber, read_number
from tgbot.core.orders import OrderSpec, Side
from tgbot.core.reply import T
from tgbot.trading.rules.grammar import OrderRequest, choice

DOLLARS = ("usd", "u")
_WITH_UNIT = re.compile(r"([0-9.,]+)\s*[^\W\d]+")


class Unit(Enum):
    QUOTE = "quote"
    BASE = "base"
    PERCENT = "percent"


@dataclass(frozen=True, slots=True)
class Amount:
    """Positive. `max` is 100 per cent of what is free."""

    value: Decimal
    unit: Unit


def read_amount(request: OrderRequest, rule: SymbolRule) -> Amount:
    """A bare number is quote on a buy and base on a sell. `k` and `m` scale a number that they stand directly behind.
    Raises `UsageError`; where two readings are possible (`5m` of the coin M), both come as buttons."""
    text = request.amount.lower()
    if text == "max":
        return Amount(HUNDRED, Unit.PERCENT)
    readings = list(dict.fromkeys(_readings(text, request.side, rule)))
    if not readings:
        raise _unreadable(request, rule)
    if len(readings) > 1:
        raise _which(request, readings, rule)
    (amount,) = readings
    if amount.value <= 0 or (amount.unit is Unit.PERCENT and amount.value > HUNDRED):
        raise UsageError(T.of("trading.bad_amount", text=request.amount))
    return amount


def spelled(amount: Amount, rule: SymbolRule) -> str:
    """An amount as our buttons say it, with its unit always named; reads back as the same on either side."""
    name = {Unit.QUOTE: rule.quote.lower(), Unit.BASE: rule.base.lower(), Unit.PERCENT: "%"}[amount.unit]
    tight = plain(amount.value) + name
    return tight if set(_readings(tight, Side.BUY, rule)) == {amount} else f"{plain(amount.value)} {name}"


def in_words(amount: Amount, rule: SymbolRule) -> T:
    currency = {Unit.QUOTE: rule.quote, Unit.BASE: rule.base, Unit.PERCENT: "%"}[amount.unit]
    return T.of("trading.take_amount", amount=amount.value, currency=currency)


def size_to_type(request: OrderRequest, spec: OrderSpec, rule: SymbolRule) -> Amount:
    """What a person has to type once more before a large order: the amount as written, or what a share has come to."""
    written = read_amount(request, rule)
    if written.unit is not Unit.PERCENT:
        return written
    if spec.funds is not None:
        return Amount(spec.funds, Unit.QUOTE)
    return Amount(spec.size or Decimal(0), Unit.BASE)


def repeats(text: str, amount: Amount, rule: SymbolRule, decimal_sign: DecimalSign) -> bool:
    """Whether `text` is this amount once more, with or without its unit. A number with two readings may mean either: it
    is compared, not acted upon."""
    text = "".join(text.lower().split())  # thousands stand apart where we write them for some readers
    names = [name for name, unit in _names(rule) if unit is amount.unit]
    if amount.unit is Unit.QUOTE and is_dollar_like(rule):
        text = text.removeprefix("$")
    bodies = {text, *(text.removesuffix(name) for name in names)}
    return any(amount.value in _values(body, decimal_sign) for body in bodies)


def is_dollar_like(rule: SymbolRule) -> bool:
    return rule.quote.startswith("USD")


def _readings(text: str, side: Side, rule: SymbolRule) -> Iterator[Amount]:
    body, is_dollar = text.removeprefix("$"), text.startswith("$")
    if is_dollar and not is_dollar_like(rule):
        return
    if _is_number(body):
        yield Amount(read_number(body, "."), Unit.QUOTE if is_dollar or side is Side.BUY else Unit.BASE)
    for name, unit in _names(rule):
        number = body.removesuffix(name)
        is_apart = number.endswith(" ")
        if number == body or not _is_number(number) or (is_dollar and unit is not Unit.QUOTE):
            continue
        yield Amount(read_number(number, "."), unit)
        if is_apart:
            return


def _names(rule: SymbolRule) -> list[tuple[str, Unit]]:
    """The coin comes before a nickname of the dollar that is spelled like it."""
    names = [(rule.base.lower(), Unit.BASE), (rule.quote.lower(), Unit.QUOTE), ("%", Unit.PERCENT)]
    return [*names, *((name, Unit.QUOTE) for name in DOLLARS if is_dollar_like(rule))]


def _is_number(text: str) -> bool:
    return len(_values(text, ".")) == 1


def _values(text: str, decimal_sign: DecimalSign) -> tuple[Decimal, ...]:
    """All readings of a number; none for what is no number."""
    try:
        return (read_number(text, decimal_sign),)
    except Ambiguous as error:
        return error.readings
    except NotANumber:
        return ()


def _unreadable(request: OrderRequest, rule: SymbolRule) -> UsageError:
    """A number with a unit that is none of this pair's, or no number at all."""
    found = _WITH_UNIT.fullmatch(request.amount)
    if found is None or not _is_number(found[1]):
        return UsageError(T.of("trading.bad_amount", text=request.amount))
    return UsageError(T.of("trading.wrong_unit", text=request.amount, base=rule.base, quote=rule.quote))


def _which(request: OrderRequest, readings: list[Amount], rule: SymbolRule) -> UsageError:
    words = [in_words(amount, rule) for amount in readings]
    buttons = [
        choice(request.side, request.with_amount(spelled(amount, rule)), label)
        for amount, label in zip(readings, words, strict=True)
    ]
    text = T.of("trading.ambiguous", text=request.amount, low=words[0], high=words[1])
    return UsageError(text, [[button for button in buttons if button is not None]])
