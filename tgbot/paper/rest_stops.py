"""Stop orders (`/api/v1/stop-order`), as KuCoin's REST takes and shows them."""

from decimal import Decimal

from tgbot.core.money import ZERO
from tgbot.paper.budget import Pool
from tgbot.paper.gateway import Call, Operation
from tgbot.paper.market import Market
from tgbot.paper.orders import rates_of
from tgbot.paper.rejections import bad_parameter, not_cancellable, order_unknown
from tgbot.paper.requests import read_body
from tgbot.paper.signing import Account
from tgbot.paper.stamps import ms, ns
from tgbot.paper.stops import PaperStop, StopRequest, StopStatus
from tgbot.paper.store import Store
from tgbot.paper.triggers import Triggers

_STOPS = "/api/v1/stop-order"


class StopsApi:
    def __init__(self, triggers: Triggers, store: Store, market: Market) -> None:
        self._triggers = triggers
        self._store = store
        self._market = market

    def operations(self) -> list[Operation]:
        table = [
            ("POST", "", 1, "Spot", self.place),
            ("GET", "", 8, "General", self.waiting),
            ("GET", "/queryOrderByClientOid", 3, "General", self.by_client_oid),
            ("GET", "/{order_id}", 3, "General", self.by_id),
            ("DELETE", "/cancelOrderByClientOid", 5, "Spot", self.cancel_by_client_oid),
            ("DELETE", "/cancel", 3, "Spot", self.cancel_many),
            ("DELETE", "/{order_id}", 3, "Spot", self.cancel),
        ]
        return [
            Operation(method, _STOPS + path, Pool.SPOT, weight, handler, permission)
            for method, path, weight, permission, handler in table
        ]

    async def place(self, call: Call) -> dict[str, object]:
        stop = await self._triggers.place(call.account.key, read_body(call.body, StopRequest))
        return {"orderId": stop.id}

    async def waiting(self, call: Call) -> dict[str, object]:
        return paged(call, [self._view(stop, call.account) for stop in self._asked_for(call)])

    async def by_id(self, call: Call) -> dict[str, object]:
        """What was cancelled is forgotten: KuCoin knows two statuses of a stop order, new and triggered."""
        stop = self._store.stop(call.account.key, call.path["order_id"])
        if stop is None or stop.status is StopStatus.CANCELLED:
            raise order_unknown()
        return self._view(stop, call.account)

    async def by_client_oid(self, call: Call) -> list[dict[str, object]]:
        return [
            self._view(stop, call.account)
            for stop in self._of_client_oid(call)
            if stop.status is not StopStatus.CANCELLED
        ]

    async def cancel(self, call: Call) -> dict[str, object]:
        stop = self._store.stop(call.account.key, call.path["order_id"])
        return {"cancelledOrderIds": self._cancelled([stop] if stop else [])}

    async def cancel_by_client_oid(self, call: Call) -> dict[str, object]:
        (cancelled, *_) = self._cancelled(self._of_client_oid(call))
        return {"cancelledOrderId": cancelled, "clientOid": call.query["clientOid"]}

    async def cancel_many(self, call: Call) -> dict[str, object]:
        return {"cancelledOrderIds": self._triggers.cancel(alone(self._asked_for(call)))}

    def _cancelled(self, stops: list[PaperStop]) -> list[str]:
        cancelled = self._triggers.cancel(alone(stops))
        if not cancelled:
            raise not_cancellable()
        return cancelled

    def _of_client_oid(self, call: Call) -> list[PaperStop]:
        client_oid, symbol = call.query.get("clientOid", ""), call.query.get("symbol")
        if not client_oid:
            raise bad_parameter("clientOid is required")
        stops = self._store.stops_by_client_oid(call.account.key, client_oid)
        return [stop for stop in stops if symbol in {None, "", stop.symbol}]

    def _asked_for(self, call: Call) -> list[PaperStop]:
        """Of those that wait, the newest first."""
        return [stop for stop in self._triggers.waiting(call.account.key) if _is_asked_for(stop, call)]

    def _view(self, stop: PaperStop, account: Account) -> dict[str, object]:
        request, rule = stop.request, self._market.rule(stop.symbol)
        rates = rates_of(rule)
        return {
            "id": stop.id,
            "symbol": stop.symbol,
            "userId": str(account.uid),
            "status": stop.status.value,
            "type": request.type.value,
            "side": request.side.value,
            "price": fixed(request.price),
            "size": fixed(request.size),
            "funds": fixed(request.funds) if request.funds else None,
            "stp": request.stp,
            "timeInForce": request.time_in_force.value,
            "cancelAfter": request.cancel_after or -1,
            "postOnly": request.post_only,
            "hidden": request.hidden,
            "iceberg": request.iceberg,
            "visibleSize": fixed(request.visible_size) if request.visible_size else None,
            "channel": "API",
            "clientOid": stop.client_oid,
            "remark": request.remark or "",
            "tags": request.tags,
            "orderTime": ns(stop.created_at),
            "domainId": "kucoin",
            "tradeSource": "USER",
            "tradeType": "TRADE",
            "feeCurrency": rule.fee_currency,
            "takerFeeRate": fixed(rates.taker),
            "makerFeeRate": fixed(rates.maker),
            "createdAt": ms(stop.created_at),
            "stop": stop.kind.value,
            "stopTriggerTime": ms(stop.triggered_at) if stop.triggered_at else None,
            "stopPrice": fixed(stop.stop_price),
        }


def paged(call: Call, rows: list[dict[str, object]]) -> dict[str, object]:
    """One of KuCoin's counted pages, as the call asks for it."""
    page = max(1, call.whole("currentPage", 1) or 1)
    size = min(500, max(10, call.whole("pageSize", 50) or 50))
    return {
        "currentPage": page,
        "pageSize": size,
        "totalNum": len(rows),
        "totalPage": -(-len(rows) // size),
        "items": rows[(page - 1) * size : page * size],
    }


def fixed(amount: Decimal | None) -> str:
    """These families of KuCoin's write twenty decimals; what an order of this kind has not is 0."""
    return f"{amount or ZERO:.20f}"


def alone(stops: list[PaperStop]) -> list[PaperStop]:
    """Without the legs of OCOs: those are cancelled together."""
    return [stop for stop in stops if not stop.oco]


def _is_asked_for(stop: PaperStop, call: Call) -> bool:
    ids, since, until = call.query.get("orderIds"), call.whole("startAt"), call.whole("endAt")
    wanted = {
        "symbol": stop.symbol,
        "side": stop.request.side.value,
        "type": stop.request.type.value,
        "tradeType": "TRADE",
        "stop": "oco" if stop.oco else "stop",
    }
    return (
        all(call.query.get(name) in {None, "", value} for name, value in wanted.items())
        and (not ids or stop.id in ids.split(","))
        and (since is None or ms(stop.created_at) >= since)
        and (until is None or ms(stop.created_at) <= until)
    )
