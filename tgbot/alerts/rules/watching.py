"""How a watch is written, and at which prices it speaks up."""

import re
from dataclasses import dataclass
from decimal import Decimal

from tgbot.alerts.rules.crossing import Bounds
from tgbot.core.errors import UsageError
from tgbot.core.money import HUNDRED, decimals_of, plain
from tgbot.core.numbers import Ambiguous, DecimalSign, NotANumber, read_number
from tgbot.core.reply import Button, Percent, T

LEAST_MOVE = Decimal("0.001")  # less would ring at nearly every price
MOST_MOVE = Decimal(1)
LONGEST_DATA = 64


@dataclass(frozen=True, slots=True)
class WatchRequest:
    """What was written. `move` is a fraction, 0.02 for `2%`; `None` where no per cent was given."""

    pairs: tuple[str, ...] = ()
    move: Decimal | None = None

    def written(self) -> str:
        """The same with a decimal point, as one would type it."""
        return " ".join((*self.pairs, *([] if self.move is None else [f"{plain(self.move * HUNDRED)}%"])))


@dataclass(frozen=True, slots=True)
class Watch:
    """`reference` is the price last pushed, at first the one at which it was set; a price that is `move` away from it
    is pushed, into the topic `thread_id`. Without a `move` it only shows on the card."""

    id: int
    chat_id: int
    symbol: str
    move: Decimal | None
    reference: Decimal
    thread_id: int | None = None


def read_watch(text: str, decimal_sign: DecimalSign) -> WatchRequest:
    """Pairs and at most one per cent, in any order. Raises `UsageError` for a per cent that cannot be meant."""
    words = _APART.sub("%", text).split()
    pairs = tuple(word for word in words if not word.endswith("%"))
    percents = [word for word in words if word.endswith("%")]
    if len(percents) > 1:
        raise UsageError(T.of("watches.two_moves", one=percents[0], other=percents[1]))
    if percents:
        return WatchRequest(pairs, _read_move(percents[0], pairs, decimal_sign))
    if len(pairs) > 1 and _BARE_NUMBER.fullmatch(pairs[-1]):
        offers = _offers(pairs[:-1], _readings(pairs[-1], decimal_sign))
        raise UsageError(T.of("watches.which_unit", number=pairs[-1]), offers)
    return WatchRequest(pairs)


def watch_data(request: WatchRequest) -> str:
    """The data of a button that asks for this; empty if that is too long."""
    data = f"watch:{request.written()}"
    return data if len(data.encode()) <= LONGEST_DATA else ""


def as_percent(move: Decimal) -> Percent:
    """With as many digits as were written."""
    value = move * HUNDRED
    return Percent(value, places=decimals_of(value))


def move_bounds(watch: Watch) -> Bounds:
    """The nearest prices that are to be pushed; none without a move."""
    if watch.move is None:
        return Bounds(None, None)
    return Bounds(watch.reference * (1 - watch.move), watch.reference * (1 + watch.move))


_APART = re.compile(r"(?<=[0-9.,])\s+%")
_BARE_NUMBER = re.compile(r"[0-9]+([.,][0-9]+)?")


def _read_move(word: str, pairs: tuple[str, ...], decimal_sign: DecimalSign) -> Decimal:
    try:
        readings = _readings(word.removesuffix("%"), decimal_sign)
    except NotANumber as error:
        raise _bad_move(word) from error
    if len(readings) > 1:
        raise UsageError(T.of("watches.two_readings", word=word), _offers(pairs, readings))
    if not _is_fit(readings[0]):
        raise _bad_move(word)
    return readings[0]


def _readings(number: str, decimal_sign: DecimalSign) -> tuple[Decimal, ...]:
    """As fractions; two where the number is ambiguous."""
    try:
        percents: tuple[Decimal, ...] = (read_number(number, decimal_sign),)
    except Ambiguous as unclear:
        percents = unclear.readings
    return tuple(percent / HUNDRED for percent in percents)


def _is_fit(move: Decimal) -> bool:
    return LEAST_MOVE <= move <= MOST_MOVE


def _bad_move(word: str) -> UsageError:
    return UsageError(T.of("watches.bad_move", word=word, least=as_percent(LEAST_MOVE), most=as_percent(MOST_MOVE)))


def _offers(pairs: tuple[str, ...], moves: tuple[Decimal, ...]) -> list[list[Button]]:
    """The request with each of these moves, as a button."""
    offers = [(move, watch_data(WatchRequest(pairs, move))) for move in moves if _is_fit(move)]
    buttons = [Button(T.of("watches.move", move=as_percent(move)), data) for move, data in offers if data]
    return [buttons] if buttons else []
