"""One person's spot account: what a key may do, balances, fees, orders and fills."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import TypeVar

from tgbot.core.clock import Clock
from tgbot.core.errors import ExchangeRejected, ExchangeUnavailable, NotSent, Reason
from tgbot.core.ids import Ids
from tgbot.core.keys import AccountMode, KeyInfo
from tgbot.core.orders import Balance, BalanceChange, Fees, Fill, Order, OrderAck, OrderChange, OrderSpec
from tgbot.kucoin import operations
from tgbot.kucoin.dialer import Dialer
from tgbot.kucoin.operations import Operation
from tgbot.kucoin.private import PrivateStream
from tgbot.kucoin.rest import Call, Rest
from tgbot.kucoin.sign import Credentials
from tgbot.kucoin.wire import account as account_wire
from tgbot.kucoin.wire import orders as orders_wire
from tgbot.kucoin.wire.values import milliseconds

T = TypeVar("T")
Row = TypeVar("Row")

WINDOW = timedelta(seconds=3)
LAST_MOMENT = timedelta(seconds=0.5)
PAGE = 100
MOST_PAGES = 50


@dataclass(frozen=True, slots=True)
class PreparedOrder:
    """The right bytes, not sent yet. `deadline` is exchange time: KuCoin's gateway takes them until then and never
    after. `digest` is the SHA-256 of the body in hex."""

    call: Call
    client_oid: str
    symbol: str
    signed_at: datetime
    deadline: datetime
    digest: str


class SpotAccount:
    """Reads raise `ExchangeRejected` (with a reason that names the key, the address or the permission where that is
    it) or `ExchangeUnavailable`; writes raise as `Rest.write` does."""

    def __init__(self, rest: Rest, credentials: Credentials) -> None:
        self._rest = rest
        self._credentials = credentials

    def exchange_time(self) -> datetime:
        return self._rest.server_clock.now()

    async def key_info(self) -> KeyInfo:
        return await self._read(operations.KEY_INFO, account_wire.key_info)

    async def account_mode(self) -> AccountMode:
        """The endpoint is young: where it is missing, the mode is unknown."""
        try:
            return await self._read(operations.ACCOUNT_MODE, account_wire.account_mode)
        except ExchangeRejected as error:
            if error.reason in {Reason.KEY, Reason.IP, Reason.PERMISSION}:
                raise
            return AccountMode.UNKNOWN
        except ExchangeUnavailable as error:
            if error.code != "http 404":
                raise
            return AccountMode.UNKNOWN

    async def balances(self) -> list[Balance]:
        """Of the trading account."""
        return await self._read(operations.ACCOUNTS, account_wire.balances, {"type": "trade"})

    async def fees(self, symbol: str) -> Fees:
        return await self._read(operations.FEES, partial(account_wire.fees, symbol), {"symbols": symbol})

    def prepare_order(self, client_oid: str, spec: OrderSpec) -> PreparedOrder:
        """Signs now; nothing is sent. Store what identifies it before `send`."""
        signed_at = self._rest.server_clock.now()
        body = orders_wire.place_order(client_oid, spec, milliseconds(signed_at), WINDOW // timedelta(milliseconds=1))
        call = self._rest.prepare(operations.PLACE_ORDER, credentials=self._credentials, body=body)
        return PreparedOrder(call, client_oid, spec.symbol, signed_at, signed_at + WINDOW, sha256(body).hexdigest())

    async def send(self, prepared: PreparedOrder) -> OrderAck:
        """Posts exactly those bytes, once."""
        if self._rest.server_clock.now() > prepared.deadline - LAST_MOMENT:
            raise NotSent("deadline", "prepared too long ago")
        return await self._rest.write(prepared.call, partial(orders_wire.order_ack, prepared.client_oid))

    async def order(self, order_id: str, symbol: str) -> Order | None:
        """`None` if KuCoin says that there is no such order; just after a POST that proves nothing."""
        return await self._find(operations.ORDER, {"orderId": order_id}, symbol)

    async def order_by_client_oid(self, client_oid: str, symbol: str) -> Order | None:
        """As `order`. KuCoin finds a cancelled order for two days and a filled one for seven."""
        return await self._find(operations.ORDER_BY_CLIENT_OID, {"clientOid": client_oid}, symbol)

    async def open_symbols(self) -> list[str]:
        """Pairs that have open orders; needs the Spot permission, General does not do."""
        return await self._read(operations.OPEN_SYMBOLS, orders_wire.open_symbols)

    async def open_orders(self, symbol: str) -> list[Order]:
        return await self._read(operations.OPEN_ORDERS, orders_wire.open_orders, {"symbol": symbol})

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
    ) -> PrivateStream:
        """What happens on this account, as it happens; `dialer` is of the same host."""
        return PrivateStream(dialer, self._credentials, clock, ids, on_order, on_balance, on_connected)

    async def _cancel(self, operation: Operation, names: Mapping[str, str], symbol: str) -> None:
        call = self._rest.prepare(operation, {"symbol": symbol}, names, self._credentials)
        await self._rest.write(call, orders_wire.cancelled)

    async def _find(self, operation: Operation, names: Mapping[str, str], symbol: str) -> Order | None:
        try:
            return await self._read(operation, orders_wire.order, {"symbol": symbol}, names)
        except ExchangeRejected as error:
            if error.reason is not Reason.NOT_FOUND:
                raise
            return None

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
            page, last_id = await self._read(operation, reader, {**query, "limit": PAGE, **cursor})
            known = len(found)
            found |= {identify(row): row for row in page}
            if len(page) < PAGE or len(found) == known or last_id is None:
                break
        return list(found.values())

    async def _read(
        self,
        operation: Operation,
        reader: Callable[[bytes], T],
        query: Mapping[str, str | int] | None = None,
        names: Mapping[str, str] | None = None,
    ) -> T:
        return await self._rest.read(operation, reader, query, names, self._credentials)
