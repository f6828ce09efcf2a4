"""OCO orders of one spot account: one cancels the other. KuCoin calls the whole family abandoned and names no other
(docs/decisions/0006)."""

from tgbot.core.orders import OcoOrder, OcoSpec, StopStatus
from tgbot.kucoin import operations
from tgbot.kucoin.signed import PreparedOrder, SignedCalls
from tgbot.kucoin.wire import stops as wire

PAGE = 500


class OcoOrders:
    """Errors as in `SignedCalls`."""

    def __init__(self, calls: SignedCalls) -> None:
        self._calls = calls

    def prepare(self, client_oid: str, spec: OcoSpec) -> PreparedOrder:
        """Signs now; nothing is sent. KuCoin takes no time window here, so the deadline is that of the signature."""
        return self._calls.prepare(
            operations.PLACE_OCO,
            wire.place_oco(client_oid, spec),
            client_oid=client_oid,
            symbol=spec.symbol,
            signed_at=self._calls.exchange_time(),
        )

    async def find(self, order_id: str) -> OcoOrder | None:
        """With its legs. `None` if KuCoin says that there is no such order; just after a POST that proves nothing."""
        return await self._calls.find(operations.OCO, wire.oco_order, names={"orderId": order_id})

    async def find_by_client_oid(self, client_oid: str) -> OcoOrder | None:
        """As `find`, without its legs."""
        return await self._calls.find(operations.OCO_BY_CLIENT_OID, wire.oco_order, names={"clientOid": client_oid})

    async def waiting(self, symbol: str | None = None) -> list[OcoOrder]:
        """Those of which neither leg is triggered yet, of one pair or of every pair, without their legs."""
        query: dict[str, str | int] = {"pageSize": PAGE} | ({"symbol": symbol} if symbol else {})
        orders = await self._calls.numbered_pages(operations.OCOS, wire.oco_orders, query)
        return [order for order in orders if order.status is StopStatus.WAITING]

    async def cancel(self, order_id: str) -> None:
        """Asks for it; only a look at the order tells what came of it. Raises `ExchangeRejected` with `NOT_FOUND` if
        there is nothing left to cancel."""
        await self._calls.write(operations.CANCEL_OCO, wire.cancelled_ids, names={"orderId": order_id})

    async def cancel_by_client_oid(self, client_oid: str) -> None:
        """As `cancel`."""
        await self._calls.write(
            operations.CANCEL_OCO_BY_CLIENT_OID, wire.cancelled_ids, names={"clientOid": client_oid}
        )

    async def cancel_all(self, symbol: str) -> None:
        """As `cancel`, for every OCO of the pair that waits."""
        await self._calls.write(operations.CANCEL_OCOS, wire.cancelled_ids, {"symbol": symbol})
