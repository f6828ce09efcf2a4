"""What a person typed behind `/buy` or `/sell`, before any market is looked at."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from tgbot.core.errors import Refused, UsageError
from tgbot.core.money import ONE, plain
from tgbot.core.numbers import Ambiguous, DecimalSign, NotANumber, read_number
from tgbot.core.orders import Side, TimeInForce
from tgbot.core.reply import Button, T

BUTTON_BYTES = 64  # Telegram's limit for the data of a button
LONGEST_GTT = timedelta(days=30)
_LATER = frozenset({"stop", "tp", "sl", "cross", "isolated", "borrow", "repay"})
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class PriceWish:
    """`level`, or `percent` away from the market (negative is below it)."""

    level: Decimal | None = None
    percent: Decimal | None = None


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """`amount` is still text, because its unit can only be told once the pair is known; empty if none was given."""

    side: Side
    pair: str = ""
    amount: str = ""
    price: PriceWish | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    cancel_after: timedelta | None = None
    post_only: bool = False
    hidden: bool = False
    iceberg: Decimal | None = None

    def with_amount(self, amount: str) -> "OrderRequest":
        return replace(self, amount=amount)

    def to_text(self) -> str:
        """In the notation of our own buttons: a decimal point, no groups. Parses back to an equal request."""
        return " ".join(part for part in (self.pair, self.amount, *self._option_words()) if part)

    def _option_words(self) -> Iterator[str]:
        if self.price is not None and self.price.level is not None:
            yield f"@ {plain(self.price.level)}"
        if self.price is not None and self.price.percent is not None:
            yield f"@ {self.price.percent:+f}%"
        if self.cancel_after is not None:
            yield f"gtt {int(self.cancel_after.total_seconds())}s"
        elif self.time_in_force is not TimeInForce.GTC:
            yield self.time_in_force.lower()
        if self.post_only:
            yield "post"
        if self.hidden:
            yield "hidden"
        if self.iceberg is not None:
            yield f"iceberg {plain(self.iceberg)}"


def parse_order(side: Side, text: str, decimal_sign: DecimalSign) -> OrderRequest:
    """Raises `UsageError` for what is no order, and `Refused` for options that exclude each other."""
    words = _spaced(text).split()
    request = OrderRequest(side, pair=words[0] if words else "")
    rest = iter(words[1:])
    amount: list[str] = []
    for word in rest:
        option = _read_option(request, word.lower(), rest, decimal_sign)
        if option is None:
            amount.append(word)
        else:
            request = option
    if len(amount) > 2 or (len(amount) == 2 and not amount[1].isalpha()):
        raise UsageError(T.of("trading.not_understood", word=amount[1]))
    _require_compatible(request)
    return request.with_amount("".join(amount))


def read_level(text: str, decimal_sign: DecimalSign) -> Decimal:
    """A positive number, else `UsageError`."""
    try:
        value = read_number(text, decimal_sign)
    except Ambiguous as error:
        low, high = error.readings
        raise UsageError(T.of("trading.ambiguous", text=text, low=low, high=high)) from None
    except NotANumber:
        raise UsageError(T.of("trading.not_a_number", text=text)) from None
    if value <= 0:
        raise UsageError(T.of("trading.not_a_number", text=text))
    return value


def choice(verb: str, request: OrderRequest, label: T) -> Button | None:
    """A button that asks for `request` again; `None` where it would not fit into a button."""
    data = f"{verb}:{request.to_text()}"
    return Button(label, data) if len(data.encode()) <= BUTTON_BYTES else None


def _spaced(text: str) -> str:
    """`@67000` and `@ 67000` are the same; so are `- 1%` and `-1%` behind it."""
    return re.sub(r"@\s*([-+])?\s*", lambda found: f" @ {found[1] or ''}", text)


def _read_option(
    request: OrderRequest, word: str, rest: Iterator[str], decimal_sign: DecimalSign
) -> OrderRequest | None:
    """The request with this option, or `None` if the word is none."""
    if word in _LATER:
        raise UsageError(T.of("trading.option_later", option=word))
    match word:
        case "@":
            return replace(request, price=_read_price(_next(rest, "@"), decimal_sign))
        case "post":
            return replace(request, post_only=True)
        case "hidden":
            return replace(request, hidden=True)
        case "iceberg":
            return replace(request, iceberg=read_level(_next(rest, word), decimal_sign))
        case "ioc" | "fok":
            return replace(request, time_in_force=TimeInForce(word.upper()))
        case "gtt":
            return replace(request, time_in_force=TimeInForce.GTT, cancel_after=_read_span(_next(rest, word)))
        case _:
            return None


def _next(rest: Iterator[str], option: str) -> str:
    word = next(rest, None)
    if word is None:
        raise UsageError(T.of("trading.option_incomplete", option=option))
    return word


def _read_price(text: str, decimal_sign: DecimalSign) -> PriceWish:
    if not text.endswith("%"):
        return PriceWish(level=read_level(text, decimal_sign))
    sign = -ONE if text.startswith("-") else ONE
    percent = sign * read_level(text.strip("+-%"), decimal_sign)
    if abs(percent) >= 100:
        raise UsageError(T.of("trading.percent_too_far", text=text))
    return PriceWish(percent=percent)


def _read_span(text: str) -> timedelta:
    found = re.fullmatch(r"([0-9]{1,6})([smhd])", text.lower())
    span = timedelta(seconds=int(found[1]) * _UNITS[found[2]]) if found else timedelta(0)
    if not timedelta(0) < span <= LONGEST_GTT:
        raise UsageError(T.of("trading.bad_span", text=text))
    return span


def _require_compatible(request: OrderRequest) -> None:
    is_immediate = request.time_in_force in {TimeInForce.IOC, TimeInForce.FOK}
    wants_book = request.post_only or request.hidden or request.iceberg is not None
    if request.price is None and (wants_book or request.time_in_force is not TimeInForce.GTC):
        raise Refused(T("trading.limit_only"))
    if is_immediate and request.post_only:
        raise Refused(T("trading.post_excludes"))
    if request.hidden and request.iceberg is not None:
        raise Refused(T("trading.hidden_or_iceberg"))
