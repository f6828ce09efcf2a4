"""Orders of an account that were made elsewhere: in KuCoin's app, or by another program with the same key."""

from collections.abc import Sequence

from tgbot.core.clock import Clock
from tgbot.core.orders import OcoOrder, Order, StopOrder
from tgbot.kucoin.account import SpotAccount
from tgbot.trading.kinds import asked

LOOKS = 5
LOOK_AGAIN = 0.3  # seconds; KuCoin shows a cancellation a moment after it has taken the request

Elsewhere = Order | StopOrder | OcoOrder


async def list_open(spot: SpotAccount, symbol: str | None) -> list[Elsewhere]:
    """All that is open on the account, ours too: in the book, waiting for a trigger, and OCOs, without their legs."""
    symbols = [symbol] if symbol else await spot.open_symbols()
    orders = [order for name in symbols for order in await spot.open_orders(name)]
    return [*orders, *await spot.stops.waiting(symbol), *await spot.ocos.waiting(symbol)]


async def in_full(spot: SpotAccount, orders: Sequence[Elsewhere]) -> list[Elsewhere]:
    """The same, OCOs with their legs."""
    return [
        (await spot.ocos.find(order.order_id) or order) if isinstance(order, OcoOrder) else order for order in orders
    ]


def kind_of(order: Elsewhere) -> str:
    """The word by which a button says what to look for."""
    match order:
        case Order():
            return "order"
        case StopOrder():
            return "stop"
        case OcoOrder():
            return "oco"


async def look_up(spot: SpotAccount, kind: str, symbol: str, order_id: str) -> Elsewhere | None:
    match kind:
        case "stop":
            return await spot.stops.find(order_id)
        case "oco":
            return await spot.ocos.find(order_id)
        case _:
            return await spot.order(order_id, symbol)


async def end(spot: SpotAccount, clock: Clock, order: Elsewhere) -> Elsewhere | None:
    """Asks for its end and looks what came of it; `None` if KuCoin does not know it any more."""
    match order:
        case StopOrder():
            await asked(spot.stops.cancel(order.order_id, order.symbol))
            return await spot.stops.find(order.order_id)
        case OcoOrder():
            await asked(spot.ocos.cancel(order.order_id))
            return await spot.ocos.find(order.order_id)
    await asked(spot.cancel(order.order_id, order.symbol))
    for look in range(LOOKS):
        if look:
            await clock.sleep(LOOK_AGAIN)
        seen = await spot.order(order.order_id, order.symbol)
        if seen is None or not seen.is_active:
            break
    return seen
