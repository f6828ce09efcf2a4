"""One person's spot account: what a key may do, balances, fees, orders and fills."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from tgbot.core.clock import Clock
from tgbot.core.errors import ExchangeRejected, ExchangeUnavailable
from tgbot.core.ids import Ids
from tgbot.core.keys import AccountMode, KeyInfo
from tgbot.core.orders import Balance, BalanceChange, Fees, Fill, Order, OrderAck, OrderChange, OrderSpec, StopChange
from tgbot.kucoin import operations
from tgbot.kucoin.dialer import Dialer
from tgbot.kucoin.ocos import OcoOrders
from tgbot.kucoin.operations import Operation
from tgbot.kucoin.private import PrivateStream
from tgbot.kucoin.rest import Rest
from tgbot.kucoin.sign import Credentials
from tgbot.kucoin.signed import MOST_PAGES, OF_THE_KEY, PreparedOrder, SignedCalls
from tgbot.kucoin.stops import StopOrders
from tgbot.kucoin.wire import account as account_wire
from tgbot.kucoin.wire import orders as orders_wire
from tgbot.kucoin.wire.values import milliseconds

Row = TypeVar("Row")

WINDOW = timedelta(seconds=3)
PAGE = 100


class SpotAccount:
    """Reads raise `ExchangeRejected` (with a reason that names the key, the address or the permission where that is
    it) or `ExchangeUnavailable`; writes raise as `Rest.write` does. Orders that wait for a price outside the book are
    `stops` and `ocos`; they are prepared there, and sent here like any other."""

    def __init__(self, rest: Rest, credentials: Credentials) -> None:
        self._credentials = credentials
        self._calls = SignedCalls(rest, credentials)
        self.stops = StopOrders(self._calls)
        self.ocos = OcoOrders(self._calls)

    def listen(self, on_key_refused: Callable[[], None]) -> None:
        """Tell this listener of every refusal that is about the key and not about the question; a stream raises its
        own to whoever runs it."""
        self._calls.listen(on_key_refused)

    def exchange_time(self) -> datetime:
        return self._calls.exchange_time()

    async def know_the_time(self) -> None:
        """Before an order is prepared: what is signed with a wrong clock is refused."""
        await self._calls.know_the_time()

    def wait_for_quota(self) -> float:
        """Seconds until an order would go out, 0 means now; before that it would be "not sent"."""
        return self._calls.wait_for_quota(operations.PLACE_ORDER)

    async def key_info(self) -> KeyInfo:
        return await self._calls.read(operations.KEY_INFO, account_wire.key_info)

    async def account_mode(self) -> AccountMode:
        """The endpoint is young: where it is missing, the mode is unknown."""
        try:
            return await self._calls.read(operations.ACCOUNT_MODE, account_wire.account_mode)
        except ExchangeRejected as error:
            if error.reason in OF_THE_KEY:
                raise
            return AccountMode.UNKNOWN
        except ExchangeUnavailable as error:
            if error.code != "http 404":
                raise
            return AccountMode.UNKNOWN

    async def balances(self) -> list[Balance]:
        """Of the trading account."""
        return await self._calls.read(operations.ACCOUNTS, account_wire.balances, {"type": "trade"})

    async def fees(self, symbol: str) -> Fees:
        return await self._calls.read(operations.FEES, partial(account_wire.fees, symbol), {"symbols": symbol})

    def prepare_order(self, client_oid: str, spec: OrderSpec) -> PreparedOrder:
        """Signs now; nothing is sent. Store what identifies it before `send`."""
        signed_at = self.exchange_time()
        body = orders_wire.place_order(client_oid, spec, milliseconds(signed_at), WINDOW // timedelta(milliseconds=1))
        return self._calls.prepare(
            operations.PLACE_ORDER,
            body,
            client_oid=client_oid,
            symbol=spec.symbol,
            signed_at=signed_at,
            lives=WINDOW,
        )

    async def send(self, prepared: PreparedOrder) -> OrderAck:
        """Posts exactly those bytes, once."""
        return await self._calls.send(prepared, partial(orders_wire.order_ack, prepared.client_oid))

    async def order(self, order_id: str, symbol: str) -> Order | None:
        """`None` if KuCoin says that there is no such order; just after a POST that proves nothing."""
        return await self._find(operations.ORDER, {"orderId": order_id}, symbol)

    async def order_by_client_oid(self, client_oid: str, symbol: str) -> Order | None:
        """As `order`. KuCoin finds a cancelled order for two days and a filled one for seven."""
        return await self._find(operations.ORDER_BY_CLIENT_OID, {"clientOid": client_oid}, symbol)

    async def open_symbols(self) -> list[str]:
        """Pairs that have open orders; needs the Spot permission, General does not do."""
        return await self._calls.read(operations.OPEN_SYMBOLS, orders_wire.open_symbols)

    async def open_orders(self, symbol: str) -> list[Order]:
        return await self._calls.read(operations.OPEN_ORDERS, orders_wire.open_orders, {"symbol": symbol})

    async def done_orders(self, symbol: str, start: datetime, end: datetime) -> list[Order]:
        """Finished between the two, the oldest first; at most seven days at once."""
        span: dict[str, str | int] = {"symbol": symbol, "startAt": milliseconds(start), "endAt": milliseconds(end)}
        orders = await self._pages(operations.DONE_ORDERS, orders_wire.done_orders, span, lambda order: order.order_id)
        return sorted(orders, key=lambda order: order.created_at)

    async def fills(self, symbol: str, order_id: str) -> list[Fill]:
        """All of one order, each trade once, the oldest first."""
        query: dict[str, str | int] = {"symbol": symbol, "orderId": order_id}
        fills = await self._pages(operations.FILLS, orders_wire.fills, query, lambda fill: fill.trade_id)
        return sorted(fills, key=lambda fill: fill.at)

    async def cancel(self, order_id: str, symbol: str) -> None:
        """Asks for it; only a look at the order tells what came of it. Raises `ExchangeRejected` with `NOT_FOUND` if
        there is nothing left to cancel."""
        await self._cancel(operations.CANCEL_ORDER, {"orderId": order_id}, symbol)

    async def cancel_by_client_oid(self, client_oid: str, symbol: str) -> None:
        """As `cancel`."""
        await self._cancel(operations.CANCEL_BY_CLIENT_OID, {"clientOid": client_oid}, symbol)

    async def cancel_all(self, symbol: str) -> None:
        """As `cancel`, for every open order of the pair."""
        await self._cancel(operations.CANCEL_ALL, {}, symbol)

    def stream(
        self,
        dialer: Dialer,
        clock: Clock,
        ids: Ids,
        *,
        on_order: Callable[[OrderChange], Awaitable[None]],
        on_balance: Callable[[BalanceChange], Awaitable[None]],
        on_connected: Callable[[], Awaitable[None]],
        on_stop: Callable[[StopChange], Awaitable[None]] | None = None,
    ) -> PrivateStream:
        """What happens on this account, as it happens; `dialer` is of the same host."""
        return PrivateStream(dialer, self._credentials, clock, ids, on_order, on_balance, on_connected, on_stop)

    async def _cancel(self, operation: Operation, names: Mapping[str, str], symbol: str) -> None:
        await self._calls.write(operation, orders_wire.cancelled, {"symbol": symbol}, names)

    async def _find(self, operation: Operation, names: Mapping[str, str], symbol: str) -> Order | None:
        return await self._calls.find(operation, orders_wire.order, {"symbol": symbol}, names)

    async def _pages(
        self,
        operation: Operation,
        reader: Callable[[bytes], tuple[list[Row], int | None]],
        query: Mapping[str, str | int],
        identify: Callable[[Row], str],
    ) -> list[Row]:
        found: dict[str, Row] = {}
        last_id: int | None = None
        for _ in range(MOST_PAGES):
            cursor = {} if last_id is None else {"lastId": last_id}
            page, last_id = await self._calls.read(operation, reader, {**query, "limit": PAGE, **cursor})
            known = len(found)
            found |= {identify(row): row for row in page}
            if len(page) < PAGE or len(found) == known or last_id is None:
                break
        return list(found.values())
