"""Orders and fills, both ways."""

from decimal import Decimal
from typing import Annotated

import msgspec

from tgbot.core.money import plain
from tgbot.core.orders import Fill, Order, OrderAck, OrderSpec, OrderType, Side, TimeInForce
from tgbot.kucoin.wire.values import NULL, Wire, amount, decode, moment, positive

# KuCoin's are 24 characters; what is longer than our columns is no id that we could keep.
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
Currency = Annotated[str, msgspec.Meta(max_length=20)]


def place_order(client_oid: str, spec: OrderSpec, timestamp: int, window: int) -> bytes:
    """The body of `POST /api/v1/hf/orders`. Past `timestamp` + `window` (milliseconds) the gateway refuses it."""
    times = {"clientTimestamp": timestamp, "allowMaxTimeWindow": window}
    return msgspec.json.encode(order_fields(client_oid, spec) | times)


def order_fields(client_oid: str, spec: OrderSpec) -> dict[str, object]:
    """What every kind of order says of itself. What is not asked for is left out."""
    fields: dict[str, object] = {
        "clientOid": client_oid,
        "symbol": spec.symbol,
        "side": spec.side.value,
        "type": spec.type.value,
        "size": _text(spec.size),
        "funds": _text(spec.funds),
        "price": _text(spec.price),
        "timeInForce": spec.time_in_force.value if spec.type is OrderType.LIMIT else None,
        "cancelAfter": _seconds(spec),
        "postOnly": spec.post_only or None,
        "hidden": spec.hidden or None,
        "iceberg": spec.iceberg or None,
        "visibleSize": _text(spec.visible_size),
    }
    return {name: value for name, value in fields.items() if value is not None}


class _Placed(Wire):
    order_id: Id
    client_oid: str | None = None


def order_ack(client_oid: str, data: bytes) -> OrderAck:
    placed = decode(_Placed, data)
    if placed.client_oid not in {None, client_oid}:
        raise ValueError("another clientOid was echoed")
    return OrderAck(placed.order_id, client_oid)


def cancelled(data: bytes) -> None:
    """Taken note of; the data repeats what was asked."""
    if data == NULL:
        raise ValueError("nothing was said to be cancelled")


class _Order(Wire):
    id: Id
    symbol: str
    side: Side
    type: OrderType
    deal_size: Decimal
    deal_funds: Decimal
    fee: Decimal
    fee_currency: Currency
    active: bool
    cancel_exist: bool
    created_at: int
    client_oid: str | None = None
    price: str | None = None
    size: str | None = None
    funds: str | None = None

    def order(self) -> Order:
        return Order(
            order_id=self.id,
            client_oid=self.client_oid or "",
            symbol=self.symbol,
            side=self.side,
            type=self.type,
            price=amount(self.price),
            size=amount(self.size),
            funds=amount(self.funds),
            filled_size=self.deal_size,
            filled_funds=self.deal_funds,
            fee=self.fee,
            fee_currency=self.fee_currency,
            is_active=self.active,
            is_cancelled=self.cancel_exist,
            created_at=moment(self.created_at),
        )


def order(data: bytes) -> Order | None:
    """No data is how an order that is not known may be answered."""
    return None if data == NULL else decode(_Order, data).order()


def open_orders(data: bytes) -> list[Order]:
    return [] if data == NULL else [row.order() for row in decode(list[_Order], data)]


class _Symbols(Wire):
    symbols: list[str]


def open_symbols(data: bytes) -> list[str]:
    return [] if data == NULL else decode(_Symbols, data).symbols


class _Orders(Wire):
    items: list[_Order]
    last_id: int | None = None


def done_orders(data: bytes) -> tuple[list[Order], int | None]:
    """One page, and the `lastId` that asks for the next."""
    page = decode(_Orders, data)
    return [row.order() for row in page.items], page.last_id


class _Fill(Wire):
    order_id: Id
    trade_id: int | Id
    symbol: str
    side: Side
    liquidity: str
    price: Decimal
    size: Decimal
    funds: Decimal
    fee: Decimal
    fee_currency: Currency
    created_at: int

    def fill(self) -> Fill:
        return Fill(
            trade_id=str(self.trade_id),
            order_id=self.order_id,
            symbol=self.symbol,
            side=self.side,
            price=positive(self.price),
            size=positive(self.size),
            funds=self.funds,
            fee=self.fee,
            fee_currency=self.fee_currency,
            is_maker=self.liquidity == "maker",
            at=moment(self.created_at),
        )


class _Fills(Wire):
    items: list[_Fill]
    last_id: int | None = None


def fills(data: bytes) -> tuple[list[Fill], int | None]:
    """One page, and the `lastId` that asks for the next."""
    page = decode(_Fills, data)
    return [row.fill() for row in page.items], page.last_id


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _seconds(spec: OrderSpec) -> int | None:
    if spec.time_in_force is not TimeInForce.GTT or spec.cancel_after is None:
        return None
    return int(spec.cancel_after.total_seconds())
