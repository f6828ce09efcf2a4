"""Exits of a buy: what sells again what it has bought, and when, decided from what has filled."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from tgbot.core.errors import Refused
from tgbot.core.market import SymbolRule
from tgbot.core.money import HUNDRED, ZERO, ceil_to, floor_to, is_multiple
from tgbot.core.orders import Direction, OrderSpec, OrderType, Side, StopLeg, Trigger, Wait
from tgbot.core.reply import T
from tgbot.trading.rules.conditions import stop_limit
from tgbot.trading.rules.grammar import OrderRequest, PriceWish
from tgbot.trading.rules.settlement import State

# An exit in one of these has not come to be, and its size may be sent once more.
FAILED = frozenset({State.NOT_SENT, State.NOT_PLACED})
MOST_TRIES = 5
TRY_AGAIN = timedelta(seconds=30)
QUIET_FOR = timedelta(seconds=5)  # of an order that is still filling
MOST_PARTS = 5  # exits of one order before it is done; KuCoin bears few stop orders in a pair


@dataclass(frozen=True, slots=True)
class Exits:
    """What a person wants done with what an order buys. Per cent are of the average fill. At least one is there."""

    take_profit: PriceWish | None
    stop_loss: PriceWish | None


@dataclass(frozen=True, slots=True)
class Sent:
    """An exit that was sent: its size, what became of it and when, and whether it was an OCO."""

    size: Decimal
    state: State
    changed_at: datetime
    is_oco: bool


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
        raise Refused(T.of("trading.exit_tp_low", price=profit, entry=price))
    if loss is not None and loss >= price:
        raise Refused(T.of("trading.exit_sl_high", price=loss, entry=price))
    if is_too_small(size, (profit, loss), rule):
        raise Refused(T.of("trading.exit_too_small", size=size, base=rule.base, least=rule.min_funds, quote=rule.quote))
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
    """How much of what was bought no exit has been sent for. A refused OCO is followed by a stop; any other exit that
    came to be, or was refused, is not sent again."""
    return max(held - sum((one.size for one in sent if not _is_open_again(one)), ZERO), ZERO)


def may_try(sent: Sequence[Sent], now: datetime) -> bool:
    """Whether it is time, after those that have come to nothing."""
    failed = [one for one in sent if one.state in FAILED]
    return not failed or (len(failed) < MOST_TRIES and now - failed[-1].changed_at >= TRY_AGAIN)


def has_given_up(sent: Sequence[Sent]) -> bool:
    return sum(one.state in FAILED for one in sent) >= MOST_TRIES


def is_oco_refused(sent: Sequence[Sent]) -> bool:
    return any(one.state is State.REJECTED and one.is_oco for one in sent)


def plan(
    exits: Exits, average: Decimal, size: Decimal, last: Decimal, rule: SymbolRule, *, without_oco: bool
) -> tuple[OrderSpec, Wait | None]:
    """The exit that fits the market of now: both prices as an OCO, where KuCoin takes one. Where the price is beyond
    one of them already, that side alone, which is due at once."""
    profit, loss = levels(exits, average, rule)
    limit = OrderSpec(rule.symbol, Side.SELL, OrderType.LIMIT, size=size, price=profit)
    if profit is not None and (loss is None or last >= profit):
        return limit, None
    if loss is None:
        raise ValueError("an exit without a price")
    if profit is None or without_oco or last <= loss:
        market = replace(limit, type=OrderType.MARKET, price=None)
        return market, Trigger(loss, Direction.DOWN)
    return limit, StopLeg(loss, stop_limit(loss, rule.price_increment))


def profit_left_out(
    exits: Exits, average: Decimal, wait: Wait | None, last: Decimal, rule: SymbolRule
) -> Decimal | None:
    """What was asked for and a stop alone does not bring. A limit order beside it would be no help: what that holds the
    stop could not sell."""
    profit, _ = levels(exits, average, rule)
    return profit if isinstance(wait, Trigger) and last > wait.price else None


def _is_open_again(one: Sent) -> bool:
    return one.state in FAILED or (one.state is State.REJECTED and one.is_oco)


def _level(wish: PriceWish | None, average: Decimal, rule: SymbolRule) -> Decimal | None:
    if wish is None or wish.level is not None:
        return wish.level if wish else None
    percent = wish.percent or ZERO
    round_away = floor_to if percent < ZERO else ceil_to
    return round_away(average * (HUNDRED + percent) / HUNDRED, rule.price_increment)
