"""An order as it is asked for: read from JSON, checked against the pair's rules, refused in KuCoin's words."""

import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, TypeVar

import msgspec

from tgbot.core.market import SymbolRule
from tgbot.core.money import ZERO, is_multiple, plain
from tgbot.core.orders import LONGEST_GTT, OrderType, Side, TimeInForce
from tgbot.paper.orders import PaperOrder
from tgbot.paper.rejections import Rejection, bad_parameter
from tgbot.paper.stamps import ms

T = TypeVar("T")

_CLIENT_OID = re.compile(r"[A-Za-z0-9_-]{1,40}")
_LONGEST_GTT = LONGEST_GTT // timedelta(seconds=1)


class OrderRequest(msgspec.Struct, rename="camel", frozen=True):
    """The body of `POST /api/v1/hf/orders`; amounts are read exactly, as strings or as numbers."""

    side: Side
    symbol: str
    type: OrderType
    client_oid: str = ""
    price: Decimal | None = None
    size: Decimal | None = None
    funds: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    cancel_after: int | None = None
    post_only: bool = False
    hidden: bool = False
    iceberg: bool = False
    visible_size: Decimal | None = None
    stp: Literal["DC", "CO", "CN", "CB", ""] | None = None
    remark: str | None = None
    tags: str | None = None
    client_timestamp: int | None = None
    allow_max_time_window: int | None = None


def read_body(body: bytes, kind: type[T]) -> T:
    """Raises `Rejection`."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise bad_parameter(str(error)) from error
    except msgspec.DecodeError as error:
        raise Rejection("400000", "Bad Request") from error


def check_window(request: OrderRequest, now: datetime) -> None:
    """An order that says how long it may take to arrive is dropped when it took longer."""
    if request.client_timestamp is None or request.allow_max_time_window is None:
        return
    if ms(now) > request.client_timestamp + request.allow_max_time_window:
        raise bad_parameter("clientTimestamp is outside allowMaxTimeWindow")


def check(request: OrderRequest, rule: SymbolRule) -> None:
    """Everything that can be said without a price or a balance."""
    if request.client_oid and not _CLIENT_OID.fullmatch(request.client_oid):
        raise bad_parameter("validation.createOrder.clientOidInvalid")
    if not rule.is_trading:
        raise Rejection("200001", "Order creation for this pair suspended")
    if request.type is OrderType.LIMIT:
        _check_limit(request, rule)
    else:
        _check_market(request, rule)


def check_value(request: OrderRequest, rule: SymbolRule, price: Decimal) -> None:
    """`price` is what a market order by size would be filled at."""
    value = request.funds or (request.size or ZERO) * (request.price or price)
    if value < rule.min_funds:
        raise Rejection("600101", f"The order funds should more then {plain(rule.min_funds)} {rule.quote}.")


def accept(request: OrderRequest, rule: SymbolRule, order_id: str, account: str, now: datetime) -> PaperOrder:
    """The order that a checked request becomes. Without a clientOid it is known by its own id."""
    is_limit = request.type is OrderType.LIMIT
    price = (request.price or ZERO) if is_limit else ZERO
    size = request.size or ZERO
    return PaperOrder(
        id=order_id,
        account=account,
        client_oid=request.client_oid or order_id,
        symbol=rule.symbol,
        base=rule.base,
        quote=rule.quote,
        side=request.side,
        type=request.type,
        price=price,
        size=size,
        funds=price * size if is_limit else request.funds or ZERO,
        time_in_force=request.time_in_force if is_limit else TimeInForce.GTC,
        created_at=now,
        updated_at=now,
        post_only=request.post_only,
        hidden=request.hidden,
        iceberg=request.iceberg,
        visible_size=request.visible_size or ZERO,
        cancel_after=request.cancel_after or 0 if request.time_in_force is TimeInForce.GTT else 0,
        stp=request.stp or None,
        remark=request.remark,
        tags=request.tags,
    )


def _check_limit(request: OrderRequest, rule: SymbolRule) -> None:
    if request.price is None or request.price <= ZERO:
        raise bad_parameter("price is required")
    if request.size is None:
        raise bad_parameter("size is required")
    if not is_multiple(request.price, rule.price_increment):
        raise bad_parameter("Price increment invalid.")
    _check_size(request.size, rule)
    is_instant = request.time_in_force in (TimeInForce.IOC, TimeInForce.FOK)
    if request.post_only and is_instant:
        raise bad_parameter("postOnly is not supported with IOC or FOK")
    if request.time_in_force is TimeInForce.GTT and not 0 < (request.cancel_after or 0) <= _LONGEST_GTT:
        raise bad_parameter("cancelAfter is invalid")
    if request.iceberg and not request.size / 20 <= (request.visible_size or ZERO) <= request.size:
        raise bad_parameter("visibleSize is invalid")


def _check_market(request: OrderRequest, rule: SymbolRule) -> None:
    if (request.size is None) == (request.funds is None):
        raise bad_parameter("Exactly one of size and funds is required")
    if request.size is not None:
        return _check_size(request.size, rule)
    funds = request.funds or ZERO
    if funds < rule.quote_min:
        raise Rejection("600100", "Funds below the minimum requirement.")
    if funds > rule.quote_max:
        raise bad_parameter("Funds exceed the maximum requirement.")
    if not is_multiple(funds, rule.quote_increment):
        raise bad_parameter("Funds increment invalid.")
    return None


def _check_size(size: Decimal, rule: SymbolRule) -> None:
    if size < rule.base_min:
        raise bad_parameter("Order size below the minimum requirement.")
    if size > rule.base_max:
        raise bad_parameter("Order size exceeds the maximum requirement.")
    if not is_multiple(size, rule.base_increment):
        raise bad_parameter("Order size increment invalid.")
