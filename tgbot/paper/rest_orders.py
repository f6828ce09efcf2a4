"""Spot orders (`/api/v1/hf/orders`), as KuCoin's REST takes and shows them."""

from collections.abc import Callable

from tgbot.core.money import plain
from tgbot.paper.budget import Pool
from tgbot.paper.engine import Engine
from tgbot.paper.gateway import Call, Handler, Operation
from tgbot.paper.market import Market
from tgbot.paper.orders import PaperFill, PaperOrder
from tgbot.paper.rejections import order_unknown
from tgbot.paper.requests import OrderRequest, read_body
from tgbot.paper.stamps import from_ms, ms
from tgbot.paper.store import Page, Store

_ORDERS = "/api/v1/hf/orders"
_MOST_ITEMS = 100
_MOST_PER_PAGE = 50

Find = Callable[[Call], PaperOrder | None]


class OrdersApi:
    def __init__(self, engine: Engine, store: Store, market: Market) -> None:
        self._engine = engine
        self._store = store
        self._market = market

    def operations(self) -> list[Operation]:
        by_id, by_client_oid = self._by_id, self._by_client_oid
        table: list[tuple[str, str, int, str, Handler]] = [
            ("POST", "", 1, "Spot", self.place),
            ("POST", "/sync", 1, "Spot", self.place_sync),
            ("POST", "/test", 1, "Spot", self.rehearse),
            ("DELETE", "", 2, "Spot", self.cancel_symbol),
            ("DELETE", "/cancelAll", 30, "Spot", self.cancel_all),
            (
                "DELETE",
                "/sync/client-order/{client_oid}",
                1,
                "Spot",
                self._cancelling(by_client_oid, _cancelled_by_client_oid),
            ),
            ("DELETE", "/client-order/{client_oid}", 1, "Spot", self._cancelling(by_client_oid, _client_oid)),
            ("DELETE", "/sync/{order_id}", 1, "Spot", self._cancelling(by_id, _cancelled_by_id)),
            ("DELETE", "/{order_id}", 1, "Spot", self._cancelling(by_id, _order_id)),
            ("GET", "/active", 2, "General", self.active),
            ("GET", "/active/symbols", 2, "Spot", self.active_symbols),
            ("GET", "/active/page", 2, "General", self.active_page),
            ("GET", "/done", 2, "General", self.done),
            ("GET", "/client-order/{client_oid}", 2, "General", self._showing(by_client_oid)),
            ("GET", "/{order_id}", 2, "General", self._showing(by_id)),
        ]
        fills = Operation("GET", "/api/v1/hf/fills", Pool.SPOT, 2, self.fills, "General")
        orders = [
            Operation(method, _ORDERS + path, Pool.SPOT, weight, handler, permission)
            for method, path, weight, permission, handler in table
        ]
        return [*orders, fills]

    async def place(self, call: Call) -> dict[str, object]:
        order = await self._engine.place(call.account.key, read_body(call.body, OrderRequest))
        return {"orderId": order.id, "clientOid": order.client_oid}

    async def place_sync(self, call: Call) -> dict[str, object]:
        order = await self._engine.place(call.account.key, read_body(call.body, OrderRequest))
        return {
            "orderId": order.id,
            "clientOid": order.client_oid,
            "orderTime": ms(order.created_at),
            **_progress(order),
            "matchTime": ms(order.updated_at),
        }

    async def rehearse(self, call: Call) -> dict[str, object]:
        order = await self._engine.rehearse(call.account.key, read_body(call.body, OrderRequest))
        return {"orderId": order.id, "clientOid": order.client_oid}

    async def cancel_symbol(self, call: Call) -> str:
        for order in self._engine.active(call.account.key, self._symbol(call)):
            self._engine.cancel(order)
        return "success"

    async def cancel_all(self, call: Call) -> dict[str, object]:
        orders = self._engine.active(call.account.key)
        for order in orders:
            self._engine.cancel(order)
        return {"succeedSymbols": _symbols(orders), "failedSymbols": []}

    async def active(self, call: Call) -> list[dict[str, object]]:
        """A bare array, unlike every other list."""
        return [order_view(order) for order in self._engine.active(call.account.key, self._symbol(call))]

    async def active_symbols(self, call: Call) -> dict[str, object]:
        return {"symbols": _symbols(self._engine.active(call.account.key))}

    async def active_page(self, call: Call) -> dict[str, object]:
        orders = self._engine.active(call.account.key, self._symbol(call))
        page = max(1, call.whole("pageNum", 1) or 1)
        size = min(_MOST_PER_PAGE, max(1, call.whole("pageSize", 20) or 20))
        return {
            "currentPage": page,
            "pageSize": size,
            "totalNum": len(orders),
            "totalPage": -(-len(orders) // size),
            "items": [order_view(order) for order in orders[(page - 1) * size : page * size]],
        }

    async def done(self, call: Call) -> dict[str, object]:
        orders = self._store.done_orders(call.account.key, self._page(call))
        # Above 0 says the catalogue, so where there is nothing there is none.
        last = {"lastId": orders[-1].number} if orders else {}
        return {**last, "items": [order_view(order) for order in orders]}

    async def fills(self, call: Call) -> dict[str, object]:
        fills = self._store.fills(call.account.key, self._page(call))
        return {"items": [fill_view(fill) for fill in fills], "lastId": fills[-1].number if fills else 0}

    def _showing(self, find: Find) -> Handler:
        async def show(call: Call) -> dict[str, object]:
            order = find(call)
            if order is None:
                raise order_unknown()
            return order_view(order)

        return show

    def _cancelling(self, find: Find, view: Callable[[PaperOrder], dict[str, object]]) -> Handler:
        async def cancel(call: Call) -> dict[str, object]:
            return view(self._engine.cancel(find(call)))

        return cancel

    def _by_id(self, call: Call) -> PaperOrder | None:
        return _of(self._symbol(call), self._store.order(call.account.key, call.path["order_id"]))

    def _by_client_oid(self, call: Call) -> PaperOrder | None:
        return _of(self._symbol(call), self._store.order_by_client_oid(call.account.key, call.path["client_oid"]))

    def _symbol(self, call: Call) -> str:
        return self._market.rule(call.query.get("symbol", "")).symbol

    def _page(self, call: Call) -> Page:
        since, until = call.whole("startAt"), call.whole("endAt")
        return Page(
            symbol=self._symbol(call),
            limit=min(_MOST_ITEMS, max(1, call.whole("limit", 20) or 20)),
            before=call.whole("lastId") or None,
            since=from_ms(since) if since else None,
            until=from_ms(until) if until else None,
            side=call.query.get("side") or None,
            type=call.query.get("type") or None,
            order_id=call.query.get("orderId") or None,
        )


def order_view(order: PaperOrder) -> dict[str, object]:
    return {
        "id": order.id,
        "clientOid": order.client_oid,
        "symbol": order.symbol,
        "opType": "DEAL",
        "type": order.type.value,
        "side": order.side.value,
        "price": plain(order.price),
        "size": plain(order.size),
        "funds": plain(order.funds),
        "dealSize": plain(order.deal_size),
        "dealFunds": plain(order.deal_funds),
        "remainSize": plain(order.remain_size),
        "remainFunds": plain(order.remain_funds),
        "cancelledSize": plain(order.cancelled_size),
        "cancelledFunds": plain(order.cancelled_funds),
        "fee": plain(order.fee),
        "feeCurrency": order.quote,
        "stp": order.stp,
        "timeInForce": order.time_in_force.value,
        "postOnly": order.post_only,
        "hidden": order.hidden,
        "iceberg": order.iceberg,
        "visibleSize": plain(order.visible_size),
        "cancelAfter": order.cancel_after,
        "channel": "API",
        "remark": order.remark,
        "tags": order.tags,
        "cancelExist": order.cancel_exists,
        "tradeType": "TRADE",
        "inOrderBook": order.is_active,
        "active": order.is_active,
        "tax": "0",
        "createdAt": ms(order.created_at),
        "lastUpdatedAt": ms(order.updated_at),
    }


def fill_view(fill: PaperFill) -> dict[str, object]:
    return {
        "id": fill.number,
        "orderId": fill.order_id,
        "counterOrderId": "0" * 24,
        "tradeId": fill.number,
        "symbol": fill.symbol,
        "side": fill.side.value,
        "liquidity": "maker" if fill.is_maker else "taker",
        "type": fill.type.value,
        "forceTaker": False,
        "price": plain(fill.price),
        "size": plain(fill.size),
        "funds": plain(fill.funds),
        "fee": plain(fill.fee),
        "feeRate": plain(fill.fee_rate),
        "feeCurrency": fill.fee_currency,
        "stop": "",
        "tradeType": "TRADE",
        "taxRate": "0",
        "tax": "0",
        "createdAt": ms(fill.at),
    }


def _of(symbol: str, order: PaperOrder | None) -> PaperOrder | None:
    return order if order and order.symbol == symbol else None


def _symbols(orders: list[PaperOrder]) -> list[str]:
    return sorted({order.symbol for order in orders})


def _progress(order: PaperOrder) -> dict[str, object]:
    return {
        "originSize": plain(order.size),
        "dealSize": plain(order.deal_size),
        "remainSize": plain(order.remain_size),
        "canceledSize": plain(order.cancelled_size),
        "status": "open" if order.is_active else "done",
    }


def _order_id(order: PaperOrder) -> dict[str, object]:
    return {"orderId": order.id}


def _client_oid(order: PaperOrder) -> dict[str, object]:
    return {"clientOid": order.client_oid}


def _cancelled_by_id(order: PaperOrder) -> dict[str, object]:
    return {"orderId": order.id, **_progress(order)}


def _cancelled_by_client_oid(order: PaperOrder) -> dict[str, object]:
    return {"clientOid": order.client_oid, **_progress(order)}
