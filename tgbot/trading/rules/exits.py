"""Exits of a buy: what sells again what it has bought, and when, decided from what has filled."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import takewhile

from tgbot.core.errors import Reason, Refused
from tgbot.core.market import SymbolRule, Tick
from tgbot.core.money import HUNDRED, ZERO, ceil_to, floor_to, is_multiple
from tgbot.core.orders import Direction, OrderSpec, OrderType, Side, StopLeg, TimeInForce, Trigger, Wait
from tgbot.core.reply import T
from tgbot.trading.rules.conditions import stop_limit
from tgbot.trading.rules.grammar import OrderRequest, PriceWish
from tgbot.trading.rules.settlement import State

# An exit in one of these has not come to be, and its size may be sent once more.
FAILED = frozenset({State.NOT_SENT, State.NOT_PLACED})
MOST_TRIES = 5
TRY_AGAIN = timedelta(seconds=30)
# Refusals that say nothing about the exit: they pass, or its person can end them.
PASSING = frozenset(
    {
        Reason.KEY,
        Reason.IP,
        Reason.PERMISSION,
        Reason.ACCOUNT,
        Reason.FUNDS,
        Reason.SUSPENDED,
        Reason.TOO_MANY,
    }
)
MOST_OCOS = 3  # refused in a row, before the stop goes alone
MOST_UNNAMED = 2  # the price may have been beyond one side for a moment: nobody has written down what KuCoin calls that
MOST_REFUSALS = 8
# What KuCoin has yet to credit is there within a minute; coins that are bought later are not this exit's to sell.
MOST_UNFUNDED = 4
# Three times as long after each refusal: few messages, and the loss is guarded within half a minute where it can be.
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=4), timedelta(minutes=15)
# What an order buys by and by gets exits in parts, each after three times as long a wait: KuCoin bears few stop orders
# in a pair, and all of it is guarded in the end.
FIRST_PART_AFTER = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Exits:
    """What a person wants done with what an order buys. Per cent are of the average fill. At least one is there."""

    take_profit: PriceWish | None
    stop_loss: PriceWish | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """KuCoin's no in its own words, and what they are known to mean."""

    code: str
    message: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Sent:
    """An exit that was sent: its size, what became of it and when, whether it was an OCO, and KuCoin's no to it. Of one
    that never rests (IOC) also what it has filled: the rest of that is nobody's."""

    size: Decimal
    state: State
    changed_at: datetime
    is_oco: bool
    refusal: Refusal | None = None
    never_rests: bool = False
    filled: Decimal = ZERO

    @property
    def has_ended_short(self) -> bool:
        return self.never_rests and self.state is State.CANCELLED

    @property
    def covers(self) -> Decimal:
        """The size that it has, or had, to sell."""
        return self.filled if self.has_ended_short and self.filled else self.size

    @property
    def has_failed(self) -> bool:
        return self.state in FAILED or (self.has_ended_short and not self.filled)

    @property
    def is_refused(self) -> bool:
        """In such a way that something else, or the same once more, may be taken."""
        reason = self.refusal.reason if self.refusal else Reason.OTHER
        return self.state is State.REJECTED and is_followed(reason, is_oco=self.is_oco)

    @property
    def lacks_coins(self) -> bool:
        return self.refusal is not None and self.refusal.reason is Reason.FUNDS

    @property
    def comes_to_nothing(self) -> bool:
        return self.has_failed or self.is_refused


def is_followed(reason: Reason, *, is_oco: bool) -> bool:
    """Whether an exit that was refused for this reason is followed by another. Of what is no OCO, a refusal that does
    not pass is left to its person."""
    return is_oco or reason in PASSING


def exits_of(request: OrderRequest, price: Decimal, size: Decimal, rule: SymbolRule) -> Exits | None:
    """Of a buy at about `price`. Raises `Refused` for levels on the wrong side of it, or between KuCoin's steps, and
    for a size whose exit would be too small."""
    if request.side is Side.SELL or (request.take_profit is None and request.stop_loss is None):
        return None
    exits = Exits(request.take_profit, request.stop_loss)
    profit, loss = levels(exits, price, rule)
    for level in (profit, loss):
        if level is not None and (level <= ZERO or not is_multiple(level, rule.price_increment)):
            raise Refused(T.of("trading.price_increment", price=level, step=rule.price_increment))
    if profit is not None and profit <= price:
        raise Refused(T.of("trading.exit_tp_low", price=profit, entry=ceil_to(price, rule.price_increment)))
    if loss is not None and loss >= price:
        raise Refused(T.of("trading.exit_sl_high", price=loss, entry=floor_to(price, rule.price_increment)))
    if is_too_small(size, (profit, loss), rule):
        raise Refused(T.of("trading.exit_too_small", least=rule.min_funds, quote=rule.quote))
    return exits


def levels(exits: Exits, average: Decimal, rule: SymbolRule) -> tuple[Decimal | None, Decimal | None]:
    """The prices of profit and loss, relative ones rounded away from the average."""
    return _level(exits.take_profit, average, rule), _level(exits.stop_loss, average, rule)


def is_too_small(size: Decimal, prices: Sequence[Decimal | None], rule: SymbolRule) -> bool:
    """Whether KuCoin would refuse to sell so little, at the lowest of these prices."""
    lowest = min(price for price in prices if price is not None)
    lowest = min(lowest, stop_limit(lowest, rule.price_increment))
    return size < rule.base_min or size * lowest < rule.min_funds


def uncovered(held: Decimal, sent: Sequence[Sent]) -> Decimal:
    """How much of what was bought no exit has been sent for, or none that has come to be or might yet. What was refused
    for good or given up is not sent again either."""
    return max(held - sum((one.covers for one in lasting(sent)), ZERO), ZERO)


def lasting(sent: Sequence[Sent]) -> list[Sent]:
    """Those whose size is not sent once more."""
    return [one for turn in _turns(sent) for one in turn[-1:] if not one.comes_to_nothing or _is_too_long(turn)]


def given_up(sent: Sequence[Sent]) -> list[Sent]:
    """The last try of each size that was tried in vain too often. What fills later is tried anew, without it."""
    return [turn[-1] for turn in _turns(sent) if _is_too_long(turn)]


def may_try(sent: Sequence[Sent], now: datetime) -> bool:
    """Whether it is time, after those that have come to nothing. What takes the place of a refused OCO goes at once.
    What ended short may have filled more than KuCoin has said so far."""
    tries = _tries(sent)
    failed = [one for one in tries if one.has_failed] or [one for one in sent[-1:] if one.has_ended_short]
    refused = [one for one in tries if one.is_refused]
    if failed and not _has_passed(TRY_AGAIN, failed[-1].changed_at, now):
        return False
    if not refused or (refused[-1].is_oco and goes_alone(sent)):
        return True
    pause = min(FIRST_PAUSE * 3.0 ** (len(refused) - 1), LONGEST_PAUSE)
    return _has_passed(pause, refused[-1].changed_at, now)


def is_worth_a_part(sent: Sequence[Sent], waited: timedelta) -> bool:
    """Whether what has been without an exit for so long gets one of its own, though its order goes on filling."""
    return waited >= FIRST_PART_AFTER * 3.0 ** len(lasting(sent))


def goes_alone(sent: Sequence[Sent]) -> bool:
    """Whether the next is the stop of the two: KuCoin takes no OCO here, or has refused it so often that the loss has
    to be guarded. If it refuses that stop as well, the OCO was not the reason, and one is tried first in each turn."""
    reasons = [one.refusal.reason for one in sent if one.is_oco and one.is_refused and one.refusal is not None]
    if set(reasons) - PASSING - {Reason.OTHER} or reasons.count(Reason.OTHER) >= MOST_UNNAMED:
        return True
    # A stop is taken without the coins that it is to sell, and would sell others.
    refused = [one for one in _tries(sent) if one.is_refused and not one.lacks_coins]
    in_a_row = len(list(takewhile(lambda one: one.is_oco, reversed(refused))))
    return in_a_row >= (MOST_OCOS if in_a_row == len(refused) else 1)


def plan(
    exits: Exits, average: Decimal, size: Decimal, tick: Tick, rule: SymbolRule, *, without_oco: bool
) -> tuple[OrderSpec, Wait | None]:
    """The exit that fits the market of now: both prices as an OCO, where KuCoin takes one. Where the price is beyond
    one of them already, that side alone, which is due at once: the profit without rest, for what rests there is not
    guarded against the loss. Without an OCO it is the stop: a limit order beside that would be no help, for what it
    holds the stop could not sell."""
    profit, loss = levels(exits, average, rule)
    limit = OrderSpec(rule.symbol, Side.SELL, OrderType.LIMIT, size=size, price=profit)
    if loss is None:
        return limit, None
    if profit is not None and min(tick.price, tick.bid) >= profit:
        return replace(limit, time_in_force=TimeInForce.IOC), None
    if profit is None or without_oco or tick.price <= loss:
        market = replace(limit, type=OrderType.MARKET, price=None)
        return market, Trigger(loss, Direction.DOWN)
    return limit, StopLeg(loss, stop_limit(loss, rule.price_increment))


def _turns(sent: Sequence[Sent]) -> list[list[Sent]]:
    """One after another: tries that have come to nothing, and the one that ends them, because it has not or because it
    was one too many."""
    turns: list[list[Sent]] = [[]]
    for one in sent:
        turns[-1].append(one)
        if not one.comes_to_nothing or _is_too_long(turns[-1]):
            turns.append([])
    return turns


def _tries(sent: Sequence[Sent]) -> list[Sent]:
    """Those that have come to nothing since the last one that lasts."""
    return _turns(sent)[-1]


def _has_passed(span: timedelta, since: datetime, now: datetime) -> bool:
    """Also if the clock was put back meanwhile: nobody is left unguarded until it has come there once more."""
    return not since <= now < since + span


def _is_too_long(turn: Sequence[Sent]) -> bool:
    if sum(one.has_failed for one in turn) >= MOST_TRIES or sum(one.is_refused for one in turn) >= MOST_REFUSALS:
        return True
    return sum(one.lacks_coins for one in turn) >= MOST_UNFUNDED


def _level(wish: PriceWish | None, average: Decimal, rule: SymbolRule) -> Decimal | None:
    if wish is None or wish.level is not None:
        return wish.level if wish else None
    percent = wish.percent or ZERO
    round_away = floor_to if percent < ZERO else ceil_to
    return round_away(average * (HUNDRED + percent) / HUNDRED, rule.price_increment)
