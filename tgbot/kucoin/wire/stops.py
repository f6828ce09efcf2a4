"""Stop orders and OCOs, both ways, and KuCoin's words for them: a stop order is triggered at or below its price
(`loss`) or at or above it (`entry`). The words of an OCO's legs are longer; they are nobody's stop orders here."""

from decimal import Decimal

import msgspec

from tgbot.core.money import plain
from tgbot.core.orders import (
    Direction,
    OcoLeg,
    OcoOrder,
    OcoSpec,
    OrderType,
    Side,
    StopOrder,
    StopSpec,
    StopStatus,
    Trigger,
)
from tgbot.kucoin.wire.orders import Id, order_fields
from tgbot.kucoin.wire.values import NULL, Wire, amount, decode, moment, positive

WORDS = {Direction.DOWN: "loss", Direction.UP: "entry"}
_DIRECTIONS = {word: direction for direction, word in WORDS.items()}
_STATUSES = {
    "NEW": StopStatus.WAITING,
    "TRIGGERED": StopStatus.TRIGGERED,
    "DONE": StopStatus.DONE,
    "CANCELLED": StopStatus.CANCELLED,
    "CANCELED": StopStatus.CANCELLED,  # the catalogue spells it both ways
}


def place_stop(client_oid: str, spec: StopSpec) -> bytes:
    """The body of `POST /api/v1/stop-order`. The direction is always said: without it KuCoin takes `loss`, and a buy
    above the market would be executed at once."""
    stop = {"stop": WORDS[spec.trigger.direction], "stopPrice": plain(spec.trigger.price)}
    return msgspec.json.encode(order_fields(client_oid, spec.order) | stop)


def place_oco(client_oid: str, spec: OcoSpec) -> bytes:
    """The body of `POST /api/v3/oco/order`."""
    fields = {
        "clientOid": client_oid,
        "symbol": spec.symbol,
        "side": spec.side.value,
        "size": plain(spec.size),
        "price": plain(spec.price),
        "stopPrice": plain(spec.stop_price),
        "limitPrice": plain(spec.stop_limit_price),
    }
    return msgspec.json.encode(fields)


class _Stop(Wire):
    id: Id
    symbol: str
    side: Side
    type: OrderType
    status: str
    stop: str
    stop_price: Decimal
    created_at: int
    client_oid: str | None = None
    price: str | None = None
    size: str | None = None
    funds: str | None = None
    stop_trigger_time: int | None = None

    def order(self) -> StopOrder:
        return StopOrder(
            order_id=self.id,
            client_oid=self.client_oid or "",
            symbol=self.symbol,
            side=self.side,
            type=self.type,
            price=amount(self.price),
            size=amount(self.size),
            funds=amount(self.funds),
            trigger=Trigger(positive(self.stop_price), _DIRECTIONS[self.stop]),
            status=status(self.status),
            created_at=moment(self.created_at),
            triggered_at=moment(self.stop_trigger_time) if self.stop_trigger_time else None,
        )


def stop_order(data: bytes) -> StopOrder | None:
    """No data is how an order that is not known may be answered, and a leg of an OCO is not one."""
    row = None if data == NULL else decode(_Stop, data)
    return row.order() if row and row.stop in _DIRECTIONS else None


def newest_stop_order(data: bytes) -> StopOrder | None:
    """Of the list that is the answer to the question for a clientOid."""
    return max(_stop_orders(data), key=lambda order: order.created_at, default=None)


class _Page(Wire):
    items: msgspec.Raw
    total_page: int


def stop_orders(data: bytes) -> tuple[list[StopOrder], int]:
    """One page, and how many there are."""
    page = decode(_Page, data)
    return _stop_orders(bytes(page.items)), page.total_page


def _stop_orders(data: bytes) -> list[StopOrder]:
    rows = [] if data == NULL else decode(list[_Stop], data)
    return [row.order() for row in rows if row.stop in _DIRECTIONS]


class _Cancelled(Wire):
    cancelled_order_ids: list[str]


def cancelled_ids(data: bytes) -> list[str]:
    return decode(_Cancelled, data).cancelled_order_ids


class _Leg(Wire):
    id: Id
    side: Side
    price: Decimal
    stop_price: Decimal
    size: Decimal
    status: str

    def leg(self) -> OcoLeg:
        return OcoLeg(self.id, self.side, self.price, self.stop_price, self.size, status(self.status))


class _Oco(Wire):
    order_id: Id
    symbol: str
    client_oid: str
    order_time: int
    status: str
    orders: tuple[_Leg, ...] = ()

    def order(self) -> OcoOrder:
        return OcoOrder(
            order_id=self.order_id,
            client_oid=self.client_oid,
            symbol=self.symbol,
            status=status(self.status),
            created_at=moment(self.order_time),
            legs=tuple(leg.leg() for leg in self.orders),
        )


def oco_order(data: bytes) -> OcoOrder | None:
    return None if data == NULL else decode(_Oco, data).order()


def oco_orders(data: bytes) -> tuple[list[OcoOrder], int]:
    """One page, and how many there are."""
    page = decode(_Page, data)
    return [row.order() for row in decode(list[_Oco], bytes(page.items))], page.total_page


def status(word: str) -> StopStatus:
    if word not in _STATUSES:
        raise ValueError(f"unknown status {word}")
    return _STATUSES[word]
