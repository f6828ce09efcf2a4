"""Stop orders of one spot account. KuCoin calls the path that places them abandoned and names no other; looking them
up and cancelling by order id go by paths that it keeps (docs/decisions/0006)."""

from tgbot.core.errors import ExchangeRejected, Reason
from tgbot.core.orders import StopOrder, StopSpec
from tgbot.kucoin import operations
from tgbot.kucoin.errors import SUCCESS
from tgbot.kucoin.signed import PreparedOrder, SignedCalls
from tgbot.kucoin.wire import stops as wire

PAGE = 500


class StopOrders:
    """Errors as in `SignedCalls`. An order that has been triggered is looked up in `SpotAccount`, by its clientOid."""

    def __init__(self, calls: SignedCalls) -> None:
        self._calls = calls

    def prepare(self, client_oid: str, spec: StopSpec) -> PreparedOrder:
        """Signs now; nothing is sent. KuCoin takes no time window here, so the deadline is that of the signature."""
        return self._calls.prepare(
            operations.PLACE_STOP_ORDER,
            wire.place_stop(client_oid, spec),
            client_oid=client_oid,
            symbol=spec.order.symbol,
            signed_at=self._calls.exchange_time(),
        )

    async def find(self, order_id: str) -> StopOrder | None:
        """`None` if KuCoin says that there is no such order: just after a POST that proves nothing, later it was
        cancelled. Known statuses are waiting and triggered."""
        return await self._calls.find(operations.STOP_ORDER, wire.stop_order, names={"orderId": order_id})

    async def find_by_client_oid(self, client_oid: str, symbol: str) -> StopOrder | None:
        """As `find`; the newest, should there be more than one."""
        query = {"clientOid": client_oid, "symbol": symbol}
        return await self._calls.find(operations.STOP_ORDER_BY_CLIENT_OID, wire.newest_stop_order, query)

    async def waiting(self, symbol: str | None = None) -> list[StopOrder]:
        """All that are not triggered yet, of one pair or of every pair. Legs of OCOs are none."""
        query: dict[str, str | int] = {"pageSize": PAGE} | ({"symbol": symbol} if symbol else {})
        return await self._calls.numbered_pages(operations.STOP_ORDERS, wire.stop_orders, query)

    async def cancel(self, order_id: str, symbol: str) -> None:
        """Asks for it; only a look at the order tells what came of it. Raises `ExchangeRejected` with `NOT_FOUND` if
        there is nothing left to cancel."""
        query = {"symbol": symbol, "tradeType": "TRADE", "orderIds": order_id}
        if order_id not in await self._calls.write(operations.CANCEL_STOP_ORDERS, wire.cancelled_ids, query):
            raise ExchangeRejected(SUCCESS, f"{order_id} is not among the cancelled", Reason.NOT_FOUND)

    async def cancel_by_client_oid(self, client_oid: str, symbol: str) -> None:
        """As `cancel`, once the order's id is known."""
        order = await self.find_by_client_oid(client_oid, symbol)
        if order is None:
            raise ExchangeRejected(SUCCESS, f"no stop order {client_oid}", Reason.NOT_FOUND)
        await self.cancel(order.order_id, symbol)

    async def cancel_all(self, symbol: str) -> None:
        """As `cancel`, for every stop order of the pair that waits."""
        query = {"symbol": symbol, "tradeType": "TRADE"}
        await self._calls.write(operations.CANCEL_STOP_ORDERS, wire.cancelled_ids, query)
