"""What is asked of KuCoin about one of our orders, whatever its kind: in the book at once, a stop order, or an OCO.

A stop order and an OCO are found in lists of their own while they wait. Triggered, they have become an ordinary order
with the same clientOid, and from then on only that one counts.
"""

from collections.abc import Awaitable
from datetime import timedelta

from tgbot.core.errors import ExchangeRejected, ExchangeUnavailable, OutcomeUnknown, Reason
from tgbot.core.money import ZERO
from tgbot.core.orders import (
    Fill,
    OcoOrder,
    OcoSpec,
    Order,
    OrderSpec,
    OrderType,
    StopLeg,
    StopOrder,
    StopSpec,
    StopStatus,
    Trigger,
    Wait,
)
from tgbot.kucoin.account import SpotAccount
from tgbot.kucoin.signed import PreparedOrder
from tgbot.trading.rules.settlement import WORKING
from tgbot.trading.store import Attempt, Intent

JUST_SENT = timedelta(seconds=5)
LISTED_FOR = timedelta(days=7)


def prepare(spot: SpotAccount, client_oid: str, spec: OrderSpec, wait: Wait | None) -> PreparedOrder:
    """Signs now; nothing is sent."""
    match wait:
        case None:
            return spot.prepare_order(client_oid, spec)
        case Trigger():
            return spot.stops.prepare(client_oid, StopSpec(spec, wait))
        case StopLeg():
            return spot.ocos.prepare(client_oid, oco_spec(spec, wait))


def oco_spec(spec: OrderSpec, leg: StopLeg) -> OcoSpec:
    return OcoSpec(spec.symbol, spec.side, spec.size or ZERO, spec.price or ZERO, leg.price, leg.limit)


async def find(spot: SpotAccount, intent: Intent, attempt: Attempt) -> Order | None:
    """By our id for it, then by KuCoin's. Raises `ExchangeUnavailable` if it answers with another order."""
    waiting = None
    if intent.wait is not None and intent.state not in WORKING:
        waiting = await _outside(spot, intent, attempt)
        if waiting is not None and waiting.is_waiting:
            return waiting
    return await _in_book(spot, intent, attempt) or waiting


async def listed(spot: SpotAccount, intent: Intent, attempt: Attempt) -> Order | None:
    """The same, by searching the lists."""
    symbol, until = intent.spec.symbol, spot.exchange_time()
    since = max(attempt.signed_at - JUST_SENT, until - LISTED_FOR)
    orders = await spot.open_orders(symbol)
    orders += await spot.done_orders(symbol, since, until)
    match intent.wait:
        case Trigger():
            orders += [_of_stop(stop) for stop in await spot.stops.waiting(symbol)]
        case StopLeg():
            orders += [_of_oco(oco, intent.spec) for oco in await spot.ocos.waiting(symbol)]
    return next((order for order in orders if order.client_oid == attempt.client_oid), None)


async def fills(spot: SpotAccount, order: Order) -> list[Fill]:
    """What is listed of them now. Of one that has ended also where it says that nothing has filled: that may be old."""
    if order.is_outside or (order.is_active and order.filled_size == ZERO):
        return []
    return [fill for fill in await spot.fills(order.symbol, order.order_id) if fill.order_id == order.order_id]


async def cancel(spot: SpotAccount, intent: Intent, client_oid: str) -> bool:
    """Asks for its end. True if KuCoin says that it has ended while it waited outside the book: of a stop order that is
    all that is ever heard, for KuCoin does not show cancelled ones."""
    symbol = intent.spec.symbol
    match intent.wait:
        case Trigger() if await asked(spot.stops.cancel_by_client_oid(client_oid, symbol)):
            return True
        case StopLeg() if await asked(spot.ocos.cancel_by_client_oid(client_oid)):
            return True
    await asked(spot.cancel_by_client_oid(client_oid, symbol))
    return False


async def asked(cancelling: Awaitable[None]) -> bool:
    """Whether KuCoin has taken the request. It may be repeated and mostly proves nothing, so neither a lost answer nor
    "no such order" is an error here."""
    try:
        await cancelling
    except OutcomeUnknown:
        return False
    except ExchangeRejected as error:
        if error.reason is not Reason.NOT_FOUND:
            raise
        return False
    return True


async def _in_book(spot: SpotAccount, intent: Intent, attempt: Attempt) -> Order | None:
    order = await spot.order_by_client_oid(attempt.client_oid, intent.spec.symbol)
    if order is None and intent.order_id and intent.wait is None:
        order = await spot.order(intent.order_id, intent.spec.symbol)
    return _ours(order, intent, attempt)


async def _outside(spot: SpotAccount, intent: Intent, attempt: Attempt) -> Order | None:
    client_oid, order_id = attempt.client_oid, intent.order_id
    if isinstance(intent.wait, StopLeg):
        oco = await spot.ocos.find_by_client_oid(client_oid)
        if oco is None and order_id:
            oco = await spot.ocos.find(order_id)
        return _ours(_of_oco(oco, intent.spec), intent, attempt) if oco else None
    stop = await spot.stops.find_by_client_oid(client_oid, intent.spec.symbol)
    if stop is None and order_id:
        stop = await spot.stops.find(order_id)
    return _ours(_of_stop(stop), intent, attempt) if stop else None


def _ours(order: Order | None, intent: Intent, attempt: Attempt) -> Order | None:
    if order is not None and (order.client_oid, order.symbol) != (attempt.client_oid, intent.spec.symbol):
        raise ExchangeUnavailable("200000", "another order was answered")
    return order


def _of_stop(stop: StopOrder) -> Order:
    """A triggered one is active: what has become of it only the order tells."""
    return Order(
        order_id=stop.order_id,
        client_oid=stop.client_oid,
        symbol=stop.symbol,
        side=stop.side,
        type=stop.type,
        price=stop.price,
        size=stop.size,
        funds=stop.funds,
        filled_size=ZERO,
        filled_funds=ZERO,
        fee=ZERO,
        fee_currency="",
        is_active=True,
        is_cancelled=False,
        created_at=stop.created_at,
        is_waiting=stop.status is StopStatus.WAITING,
        is_outside=True,
    )


def _of_oco(oco: OcoOrder, spec: OrderSpec) -> Order:
    is_cancelled = oco.status is StopStatus.CANCELLED
    return Order(
        order_id=oco.order_id,
        client_oid=oco.client_oid,
        symbol=oco.symbol,
        side=spec.side,
        type=OrderType.LIMIT,
        price=spec.price or ZERO,
        size=spec.size or ZERO,
        funds=ZERO,
        filled_size=ZERO,
        filled_funds=ZERO,
        fee=ZERO,
        fee_currency="",
        is_active=not is_cancelled,
        is_cancelled=is_cancelled,
        created_at=oco.created_at,
        is_waiting=oco.status is StopStatus.WAITING,
        is_outside=True,
    )
