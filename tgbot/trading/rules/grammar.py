"""What a person typed behind `/buy` or `/sell`, before any market is looked at."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from tgbot.core.errors import Refused, UsageError
from tgbot.core.money import HUNDRED, ONE, plain
from tgbot.core.numbers import Ambiguous, DecimalSign, NotANumber, read_number
from tgbot.core.orders import LONGEST_GTT, Side, TimeInForce
from tgbot.core.reply import Button, T

BUTTON_BYTES = 64  # Telegram's limit for the data of a button
_LATER = frozenset({"cross", "isolated", "borrow", "repay"})
# Which of them exclude each other because they say the same thing.
_OPTIONS = {
    "@": "price",
    "stop": "stop",
    "tp": "take profit",
    "sl": "stop loss",
    "post": "post",
    "hidden": "hidden",
    "iceberg": "iceberg",
    "ioc": "time in force",
    "fok": "time in force",
    "gtt": "time in force",
}
_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_NUMBER = re.compile(r"[.,]*[0-9][0-9.,]*")
_UNIT = re.compile(r"%|[A-Za-z0-9]*[A-Za-z][A-Za-z0-9]*")
_SWAPPED = str.maketrans(".,", ",.")


@dataclass(frozen=True, slots=True)
class PriceWish:
    """`level`, or `percent` away from the market (negative is below it)."""

    level: Decimal | None = None
    percent: Decimal | None = None

    def to_text(self) -> str:
        return plain(self.level) if self.level is not None else f"{self.percent:+f}%"


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """`amount` is still text, in the notation of our buttons, because its unit can only be told once the pair is known;
    empty if none was given."""

    side: Side
    pair: str = ""
    amount: str = ""
    price: PriceWish | None = None
    stop: PriceWish | None = None
    take_profit: PriceWish | None = None
    stop_loss: PriceWish | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    cancel_after: timedelta | None = None
    post_only: bool = False
    hidden: bool = False
    iceberg: Decimal | None = None

    @property
    def limit(self) -> PriceWish | None:
        """At which price it goes into the book. Coins that are held are sold with a profit at that of the profit."""
        return self.price or (self.take_profit if self.side is Side.SELL else None)

    def with_amount(self, amount: str) -> "OrderRequest":
        return replace(self, amount=amount)

    def to_text(self) -> str:
        """In the notation of our own buttons: a decimal point, no groups. Parses back to an equal request."""
        return " ".join(part for part in (self.pair, self.amount, self.options()) if part)

    def options(self) -> str:
        """All that stands behind the amount."""
        return " ".join(self._option_words())

    def _option_words(self) -> Iterator[str]:
        wishes = {"@": self.price, "stop": self.stop, "tp": self.take_profit, "sl": self.stop_loss}
        yield from (f"{name} {wish.to_text()}" for name, wish in wishes.items() if wish is not None)
        if self.cancel_after is not None:
            yield f"gtt {_written(self.cancel_after)}"
        elif self.time_in_force is not TimeInForce.GTC:
            yield self.time_in_force.lower()
        if self.post_only:
            yield "post"
        if self.hidden:
            yield "hidden"
        if self.iceberg is not None:
            yield f"iceberg {plain(self.iceberg)}"


def parse_order(side: Side, text: str, decimal_sign: DecimalSign) -> OrderRequest:
    """Raises `UsageError` for what is no order, and `Refused` for options that exclude each other. A number with two
    readings is not guessed: the error's buttons ask for the same order with the one and with the other."""
    words = _spaced(text).split()
    if not words:
        return OrderRequest(side)
    _require_one_reading(side, words, decimal_sign)
    request = OrderRequest(side, pair=words[0])
    rest = iter(words[1:])
    amount: list[str] = []
    given: set[str] = set()
    for word in rest:
        option = _option_of(word)
        if option is None:
            amount.append(word)
            continue
        if option in given:
            raise UsageError(T.of("trading.option_twice", option=word))
        given.add(option)
        request = _with_option(request, word.lower(), rest, decimal_sign)
    _require_one_amount(amount)
    _require_compatible(request)
    return request.with_amount(_as_ours(" ".join(amount), decimal_sign))


def read_level(text: str, decimal_sign: DecimalSign) -> Decimal:
    """A positive number, else `UsageError`."""
    try:
        value = read_number(text, decimal_sign)
    except (Ambiguous, NotANumber):
        raise UsageError(T.of("trading.not_a_number", text=text)) from None
    if value <= 0:
        raise UsageError(T.of("trading.not_a_number", text=text))
    return value


def choice(verb: str, request: OrderRequest, label: T) -> Button | None:
    """A button that asks for `request` again; `None` where it would not fit into a button."""
    return button(f"{verb}:{request.to_text()}", label)


def button(data: str, label: T) -> Button | None:
    return Button(label, data) if len(data.encode()) <= BUTTON_BYTES else None


def _spaced(text: str) -> str:
    """`@67000` and `@ 67000` are the same; so are `- 1%`, `-1%` and `−1%` behind it."""
    return re.sub(r"@\s*([-+−–])?\s*", lambda found: f" @ {'-' if found[1] in {'−', '–'} else found[1] or ''}", text)


def _require_one_reading(side: Side, words: Sequence[str], decimal_sign: DecimalSign) -> None:
    """Of each number behind the pair."""
    for place, word in enumerate(words[1:], 1):
        found = _NUMBER.search(word)
        if found is None:
            continue
        try:
            read_number(found[0], decimal_sign)
        except NotANumber:
            continue
        except Ambiguous as error:
            before, after = word[: found.start()], word[found.end() :]
            names = [T.of("trading.reading", before=before, value=value, after=after) for value in error.readings]
            buttons = [
                button(f"{side}:{_with_word(words, place, before + plain(value) + after, decimal_sign)}", name)
                for value, name in zip(error.readings, names, strict=True)
            ]
            text = T.of("trading.ambiguous", text=word, low=names[0], high=names[1])
            raise UsageError(text, [[offer for offer in buttons if offer is not None]]) from None


def _with_word(words: Sequence[str], place: int, word: str, decimal_sign: DecimalSign) -> str:
    """The same order in our notation, with `word`, which is in it already, at this place."""
    ours = [_as_ours(other, decimal_sign) for other in words[1:]]
    ours[place - 1] = word
    return " ".join([words[0], *ours])


def _as_ours(text: str, decimal_sign: DecimalSign) -> str:
    """With a point as the decimal sign; a number with two readings keeps both."""
    return text if decimal_sign == "." else text.translate(_SWAPPED)


def _option_of(word: str) -> str | None:
    name = word.lower()
    if name in _LATER:
        raise UsageError(T.of("trading.option_later", option=word))
    return _OPTIONS.get(name)


def _with_option(request: OrderRequest, name: str, rest: Iterator[str], decimal_sign: DecimalSign) -> OrderRequest:
    match name:
        case "@" | "stop" | "tp" | "sl":
            return _with_price(request, name, _next(rest, name), decimal_sign)
        case "post":
            return replace(request, post_only=True)
        case "hidden":
            return replace(request, hidden=True)
        case "iceberg":
            return replace(request, iceberg=read_level(_next(rest, name), decimal_sign))
        case "gtt":
            return replace(request, time_in_force=TimeInForce.GTT, cancel_after=_read_span(_next(rest, name)))
        case _:
            return replace(request, time_in_force=TimeInForce(name.upper()))


def _with_price(request: OrderRequest, name: str, text: str, decimal_sign: DecimalSign) -> OrderRequest:
    match name:
        case "stop":
            return replace(request, stop=_read_price(text, decimal_sign))
        case "tp":
            return replace(request, take_profit=_read_exit(text, ONE, decimal_sign))
        case "sl":
            return replace(request, stop_loss=_read_exit(text, -ONE, decimal_sign))
        case _:
            return replace(request, price=_read_price(text, decimal_sign))


def _next(rest: Iterator[str], option: str) -> str:
    word = next(rest, None)
    if word is None:
        raise UsageError(T.of("trading.option_incomplete", option=option))
    return word


def _read_price(text: str, decimal_sign: DecimalSign) -> PriceWish:
    found = re.fullmatch(r"([-+]?)(.+)%", text)
    if found is None:
        return PriceWish(level=read_level(text, decimal_sign))
    percent = read_level(found[2], decimal_sign) * (-ONE if found[1] == "-" else ONE)
    if abs(percent) >= HUNDRED:
        raise UsageError(T.of("trading.percent_too_far", text=text))
    return PriceWish(percent=percent)


def _read_exit(text: str, sign: Decimal, decimal_sign: DecimalSign) -> PriceWish:
    """A profit is above, a loss below, whether or not the sign is written; the wrong one is refused."""
    wish = _read_price(text, decimal_sign)
    if wish.percent is None:
        return wish
    if text[0] in "+-" and wish.percent * sign < 0:
        raise UsageError(T.of("trading.exit_sign", text=text))
    return PriceWish(percent=abs(wish.percent) * sign)


def _read_span(text: str) -> timedelta:
    found = re.fullmatch(r"([0-9]{1,7})([smhd])", text.lower())
    span = timedelta(seconds=int(found[1]) * _UNITS[found[2]]) if found else timedelta(0)
    if not timedelta(0) < span <= LONGEST_GTT:
        raise UsageError(T.of("trading.bad_span", text=text))
    return span


def _written(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    unit = next(unit for unit, length in _UNITS.items() if seconds % length == 0)
    return f"{seconds // _UNITS[unit]}{unit}"


def _require_one_amount(words: Sequence[str]) -> None:
    """A number, or a number and its unit: what else stands there has not been understood."""
    if len(words) > 1 and not (_NUMBER.search(words[0]) and _UNIT.fullmatch(words[1])):
        raise UsageError(T.of("trading.not_understood", word=words[1]))
    if len(words) > 2:
        raise UsageError(T.of("trading.not_understood", word=words[2]))


def _require_compatible(request: OrderRequest) -> None:
    is_immediate = request.time_in_force in {TimeInForce.IOC, TimeInForce.FOK}
    wants_book = request.post_only or request.hidden or request.iceberg is not None
    if request.price is None and (wants_book or request.time_in_force is not TimeInForce.GTC):
        raise Refused(T("trading.limit_only"))
    if is_immediate and request.post_only:
        raise Refused(T("trading.post_excludes"))
    if request.hidden and request.iceberg is not None:
        raise Refused(T("trading.hidden_or_iceberg"))
    has_exits = request.take_profit is not None or request.stop_loss is not None
    if request.side is Side.SELL and has_exits and (request.price is not None or request.stop is not None):
        raise Refused(T("trading.exits_exclude"))
