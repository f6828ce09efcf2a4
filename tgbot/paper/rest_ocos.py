"""OCO orders (`/api/v3/oco`), as KuCoin's REST takes and shows them."""

from collections.abc import Callable, Iterable

from tgbot.paper.budget import Pool
from tgbot.paper.gateway import Call, Handler, Operation
from tgbot.paper.ocos import Oco, OcoRequest
from tgbot.paper.rejections import not_cancellable, order_unknown
from tgbot.paper.requests import read_body
from tgbot.paper.rest_stops import fixed, paged
from tgbot.paper.stamps import ms
from tgbot.paper.stops import PaperStop
from tgbot.paper.store import Store
from tgbot.paper.triggers import Triggers

Find = Callable[[Call], Oco | None]


class OcosApi:
    def __init__(self, triggers: Triggers, store: Store) -> None:
        self._triggers = triggers
        self._store = store

    def operations(self) -> list[Operation]:
        table = [
            ("POST", "order", 2, "Spot", self.place),
            ("GET", "orders", 2, "General", self.waiting),
            ("GET", "order/details/{order_id}", 2, "General", self._showing(self._by_id, self._details)),
            ("GET", "order/{order_id}", 2, "General", self._showing(self._by_id, self._summary)),
            ("GET", "client-order/{client_oid}", 2, "General", self._showing(self._by_client_oid, self._summary)),
            ("DELETE", "orders", 3, "Spot", self.cancel_many),
            ("DELETE", "order/{order_id}", 3, "Spot", self._cancelling(self._by_id)),
            ("DELETE", "client-order/{client_oid}", 3, "Spot", self._cancelling(self._by_client_oid)),
        ]
        return [
            Operation(method, f"/api/v3/oco/{path}", Pool.SPOT, weight, handler, permission)
            for method, path, weight, permission, handler in table
        ]

    async def place(self, call: Call) -> dict[str, object]:
        oco = await self._triggers.place_oco(call.account.key, read_body(call.body, OcoRequest))
        return {"orderId": oco.id}

    async def waiting(self, call: Call) -> dict[str, object]:
        return paged(call, [self._summary(oco) for oco in self._asked_for(call)])

    async def cancel_many(self, call: Call) -> dict[str, object]:
        legs = [leg for oco in self._asked_for(call) for leg in oco.legs]
        return {"cancelledOrderIds": self._triggers.cancel(legs)}

    def _showing(self, find: Find, view: Callable[[Oco], dict[str, object]]) -> Handler:
        async def show(call: Call) -> dict[str, object]:
            oco = find(call)
            if oco is None:
                raise order_unknown()
            return view(oco)

        return show

    def _cancelling(self, find: Find) -> Handler:
        async def cancel(call: Call) -> dict[str, object]:
            oco = find(call)
            cancelled = self._triggers.cancel(oco.legs) if oco else []
            if not cancelled:
                raise not_cancellable()
            return {"cancelledOrderIds": cancelled}

        return cancel

    def _by_id(self, call: Call) -> Oco | None:
        legs = self._store.legs(call.account.key, call.path["order_id"])
        return Oco(legs) if legs else None

    def _by_client_oid(self, call: Call) -> Oco | None:
        """The newest of them."""
        stops = self._store.stops_by_client_oid(call.account.key, call.path["client_oid"])
        return next(iter(_gathered(reversed(stops))), None)

    def _asked_for(self, call: Call) -> list[Oco]:
        """Of those that wait, the newest first."""
        ids, symbol = call.query.get("orderIds"), call.query.get("symbol")
        since, until = call.whole("startAt"), call.whole("endAt")
        return [
            oco
            for oco in _gathered(self._triggers.waiting(call.account.key))
            if symbol in {None, "", oco.symbol}
            and (not ids or oco.id in ids.split(","))
            and (since is None or ms(oco.created_at) >= since)
            and (until is None or ms(oco.created_at) <= until)
        ]

    def _summary(self, oco: Oco) -> dict[str, object]:
        return {
            "orderId": oco.id,
            "symbol": oco.symbol,
            "clientOid": oco.client_oid,
            "orderTime": ms(oco.created_at),
            "status": self._status(oco),
        }

    def _details(self, oco: Oco) -> dict[str, object]:
        return {**self._summary(oco), "orders": [_leg(leg) for leg in oco.legs]}

    def _status(self, oco: Oco) -> str:
        """Triggered, until the order that a leg has become is finished."""
        if oco.placed is None:
            return oco.legs[0].status.value
        order = self._store.order(oco.placed.account, oco.placed.order_id)
        return "TRIGGERED" if order and order.is_active else "DONE"


def _gathered(stops: Iterable[PaperStop]) -> list[Oco]:
    """In the order of their first legs."""
    legs: dict[str, list[PaperStop]] = {}
    for stop in stops:
        if stop.oco:
            legs.setdefault(stop.oco, []).append(stop)
    return [Oco(sorted(pair, key=lambda leg: leg.number)) for pair in legs.values()]


def _leg(leg: PaperStop) -> dict[str, object]:
    return {
        "id": leg.id,
        "symbol": leg.symbol,
        "side": leg.request.side.value,
        "price": fixed(leg.request.price),
        "stopPrice": fixed(leg.stop_price),
        "size": fixed(leg.request.size),
        "status": leg.status.value,
    }
