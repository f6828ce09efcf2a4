"""What happens to an order at a price. Pure: an order, a ledger and a tick in; the order afterwards and its fill out.

There is no queue and no depth: an order that meets the best opposite quote is filled whole, at once.
"""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from tgbot.core.market import SymbolRule, Tick
from tgbot.core.money import ZERO, floor_to
from tgbot.core.orders import OrderType, Side, TimeInForce
from tgbot.paper.ledger import Ledger, charge, proceeds
from tgbot.paper.orders import PaperFill, PaperOrder, rates_of

Outcome = tuple[PaperOrder, PaperFill | None]


def place(order: PaperOrder, ledger: Ledger, rule: SymbolRule, tick: Tick, at: datetime) -> Outcome:
    """A new order meets the market: filled as taker, resting with a hold, or cancelled by its own conditions.
    `InsufficientBalance` if what it needs is not available; then nothing has moved."""
    amount = _hold_for(order, rule, tick)
    ledger.hold(order.held_currency, amount)
    order = replace(order, held=amount)
    if not _crosses(order, tick):
        is_patient = order.time_in_force in (TimeInForce.GTC, TimeInForce.GTT)
        return (order if is_patient else cancel(order, ledger, at)), None
    if order.post_only:
        return cancel(order, ledger, at), None
    return _fill(order, ledger, rule, _quote(order.side, tick), at, is_maker=False)


def touch(order: PaperOrder, ledger: Ledger, rule: SymbolRule, at: datetime) -> Outcome:
    """The price has come to a resting order: it is filled at its own price, as maker."""
    return _fill(order, ledger, rule, order.price, at, is_maker=True)


def is_touched(order: PaperOrder, tick: Tick) -> bool:
    return _crosses(order, tick)


def cancel(order: PaperOrder, ledger: Ledger, at: datetime) -> PaperOrder:
    """What was not filled is given up and its hold released."""
    ledger.release(order.held_currency, order.held)
    return replace(
        order,
        held=ZERO,
        cancelled_size=order.size - order.deal_size,
        cancelled_funds=order.funds - order.deal_funds,
        cancel_exists=True,
        is_active=False,
        updated_at=at,
    )


def _quote(side: Side, tick: Tick) -> Decimal:
    """The best opposite quote, or the last price where there is none."""
    return (tick.ask if side is Side.BUY else tick.bid) or tick.price


def _crosses(order: PaperOrder, tick: Tick) -> bool:
    if order.type is OrderType.MARKET:
        return True
    quote = _quote(order.side, tick)
    return quote <= order.price if order.side is Side.BUY else quote >= order.price


def _hold_for(order: PaperOrder, rule: SymbolRule, tick: Tick) -> Decimal:
    price = order.price or _quote(order.side, tick)
    if order.side is Side.SELL:
        return order.size or floor_to(order.funds / price, rule.base_increment)
    rates = rates_of(rule)
    # A market order has either funds or a size; a limit order's `funds` are its price times its size.
    value = order.size * price or order.funds
    return sum(charge(value, max(rates.maker, rates.taker)), ZERO)


def _fill(
    order: PaperOrder, ledger: Ledger, rule: SymbolRule, price: Decimal, at: datetime, *, is_maker: bool
) -> Outcome:
    size = order.size or floor_to(order.funds / price, rule.base_increment)
    if not size:
        return cancel(order, ledger, at), None
    rates = rates_of(rule)
    # Hidden and iceberg orders always pay the taker's fee.
    rate = rates.maker if is_maker and not (order.hidden or order.iceberg) else rates.taker
    if order.side is Side.BUY:
        funds, fee = charge(price * size, rate)
        ledger.spend(order.quote, funds + fee)
        ledger.receive(order.base, size)
        ledger.release(order.quote, order.held - funds - fee)
    else:
        funds, fee = proceeds(price * size, rate)
        ledger.spend(order.base, size)
        ledger.receive(order.quote, funds - fee)
    fill = PaperFill(
        order_id=order.id,
        account=order.account,
        symbol=order.symbol,
        side=order.side,
        type=order.type,
        price=price,
        size=size,
        funds=funds,
        fee=fee,
        fee_rate=rate,
        fee_currency=order.quote,
        is_maker=is_maker,
        at=at,
    )
    filled = replace(order, held=ZERO, deal_size=size, deal_funds=funds, fee=fee, is_active=False, updated_at=at)
    return filled, fill
