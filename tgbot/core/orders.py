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


@dataclass(frozen=True, slots=True)
class OrderAck:
    """KuCoin has accepted the order; whether it has filled is another question."""

    order_id: str
    client_oid: str


@dataclass(frozen=True, slots=True)
class Order:
    """What the exchange has. `filled_size` is base, `filled_funds` quote; `is_active` False means finished, and then
    `is_cancelled` says whether a part was cancelled."""

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
class BalanceChange:
    """Heard on a private stream: the balance of one currency in the trading account as it now is."""

    currency: str
    available: Decimal
    hold: Decimal
    at: datetime
