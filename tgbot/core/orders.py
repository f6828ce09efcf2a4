"""Orders as everybody here speaks of them; KuCoin's spelling of the same things stays in `kucoin/`."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum


class Side(StrEnum):
    BUY = "buy"
    SELL = "sell"


class OrderType(StrEnum):
    MARKET = "market"
    LIMIT = "limit"


class TimeInForce(StrEnum):
    GTC = "GTC"
    GTT = "GTT"
    IOC = "IOC"
    FOK = "FOK"


# KuCoin counts whole seconds and takes less than 30 days of them (its catalogue: `cancelAfter`, exclusiveMaximum).
LONGEST_GTT = timedelta(days=30) - timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class OrderSpec:
    """What is to be sent, complete and already rounded. A market order has exactly one of `size` (base) and `funds`
    (quote); a limit order has `size` and `price`."""

    symbol: str
    side: Side
    type: OrderType
    size: Decimal | None = None
    funds: Decimal | None = None
    price: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    cancel_after: timedelta | None = None
    post_only: bool = False
    hidden: bool = False
    iceberg: bool = False
    visible_size: Decimal | None = None


class Direction(StrEnum):
    """Which way a price has to move."""

    DOWN = "down"
    UP = "up"


@dataclass(frozen=True, slots=True)
class Trigger:
    """Met as soon as the last price is at `price` or beyond it in `direction`; at once, if it is there already."""

    price: Decimal
    direction: Direction

    def is_met(self, last: Decimal) -> bool:
        return last <= self.price if self.direction is Direction.DOWN else last >= self.price


@dataclass(frozen=True, slots=True)
class StopSpec:
    """An order that is placed when its trigger is met. Until then nothing is set aside for it: if the balance does not
    suffice in that moment, it is cancelled."""

    order: OrderSpec
    trigger: Trigger


@dataclass(frozen=True, slots=True)
class OcoSpec:
    """Two orders for one `size`, of which at most one is placed: one cancels the other. A limit order at `price`, on
    the good side of the market, is placed when the last price has come there; one at `stop_limit_price`, when it has
    come to `stop_price` on the bad side. Nothing is set aside before."""

    symbol: str
    side: Side
    size: Decimal
    price: Decimal
    stop_price: Decimal
    stop_limit_price: Decimal


@dataclass(frozen=True, slots=True)
class StopLeg:
    """The bad side of an OCO whose good side is a limit order: once the last price has come to `price`, a limit order
    at `limit` is placed instead of it."""

    price: Decimal
    limit: Decimal


# What an order waits for outside the book; one that waits for nothing is placed in it at once.
Wait = Trigger | StopLeg


@dataclass(frozen=True, slots=True)
class OrderAck:
    """KuCoin has accepted the order; whether it has filled is another question."""

    order_id: str
    client_oid: str


@dataclass(frozen=True, slots=True)
class Order:
    """What the exchange has. `filled_size` is base, `filled_funds` quote; `is_active` False means finished, and then
    `is_cancelled` says whether a part was cancelled. `is_waiting`: a stop order or an OCO outside the book;
    `is_outside`: what is known of it is from there, also when it waits no more, so there are no fills to ask for."""

    order_id: str
    client_oid: str
    symbol: str
    side: Side
    type: OrderType
    price: Decimal
    size: Decimal
    funds: Decimal
    filled_size: Decimal
    filled_funds: Decimal
    fee: Decimal
    fee_currency: str
    is_active: bool
    is_cancelled: bool
    created_at: datetime
    is_waiting: bool = False
    is_outside: bool = False


class StopStatus(StrEnum):
    """`DONE` is said of an OCO whose placed order is finished: filled or cancelled."""

    WAITING = "waiting"
    TRIGGERED = "triggered"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class StopOrder:
    """What the exchange has of a stop order. Once triggered it has become an order with an id of its own, to be found
    by the same clientOid. A market order has no `price`, and of `size` and `funds` the one that is not meant is 0."""

    order_id: str
    client_oid: str
    symbol: str
    side: Side
    type: OrderType
    price: Decimal
    size: Decimal
    funds: Decimal
    trigger: Trigger
    status: StopStatus
    created_at: datetime
    triggered_at: datetime | None


@dataclass(frozen=True, slots=True)
class OcoLeg:
    """One of the two orders of an OCO, by the id it has while it waits."""

    order_id: str
    side: Side
    price: Decimal
    stop_price: Decimal
    size: Decimal
    status: StopStatus


@dataclass(frozen=True, slots=True)
class OcoOrder:
    """What the exchange has of an OCO. `legs` are empty where they were not asked for."""

    order_id: str
    client_oid: str
    symbol: str
    status: StopStatus
    created_at: datetime
    legs: tuple[OcoLeg, ...] = ()


@dataclass(frozen=True, slots=True)
class Fill:
    trade_id: str
    order_id: str
    symbol: str
    side: Side
    price: Decimal
    size: Decimal
    funds: Decimal
    fee: Decimal
    fee_currency: str
    is_maker: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Balance:
    """Of one currency in the trading account."""

    currency: str
    available: Decimal
    hold: Decimal

    @property
    def total(self) -> Decimal:
        return self.available + self.hold


@dataclass(frozen=True, slots=True)
class Fees:
    """Fractions of the traded value: 0.001 = 0.1 %."""

    maker: Decimal
    taker: Decimal


class ChangeKind(StrEnum):
    """What has just happened to an order."""

    RECEIVED = "received"
    OPEN = "open"
    MATCH = "match"
    UPDATE = "update"
    FILLED = "filled"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True)
class OrderChange:
    """Heard on a private stream. Sizes are base and cumulative, `None` where the exchange left them out; `trade_id` is
    set for a match. Events may come twice or out of order: merge them."""

    client_oid: str
    order_id: str
    symbol: str
    kind: ChangeKind
    is_done: bool
    filled_size: Decimal | None
    remain_size: Decimal | None
    trade_id: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class StopChange:
    """Heard on a private stream: a stop order, or a leg of an OCO, now has this status. It names no clientOid."""

    order_id: str
    symbol: str
    status: StopStatus
    at: datetime


@dataclass(frozen=True, slots=True)
class BalanceChange:
    """Heard on a private stream: the balance of one currency in the trading account as it now is."""

    currency: str
    available: Decimal
    hold: Decimal
    at: datetime
