"""What the exchange keeps of an order and of a fill."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tgbot.core.market import SymbolRule
from tgbot.core.money import ZERO
from tgbot.core.orders import OrderType, Side, TimeInForce


@dataclass(frozen=True, slots=True)
class PaperOrder:
    """`account` is the API key it came with. `number` counts the orders of the exchange; 0 until it is stored. `held`
    is what is still set aside for it: quote currency for a buy, base for a sell. `cancel_after` is in seconds."""

    id: str
    account: str
    client_oid: str
    symbol: str
    base: str
    quote: str
    side: Side
    type: OrderType
    price: Decimal
    size: Decimal
    funds: Decimal
    time_in_force: TimeInForce
    created_at: datetime
    updated_at: datetime
    post_only: bool = False
    hidden: bool = False
    iceberg: bool = False
    visible_size: Decimal = ZERO
    cancel_after: int = 0
    stp: str | None = None
    remark: str | None = None
    tags: str | None = None
    number: int = 0
    held: Decimal = ZERO
    deal_size: Decimal = ZERO
    deal_funds: Decimal = ZERO
    fee: Decimal = ZERO
    cancelled_size: Decimal = ZERO
    cancelled_funds: Decimal = ZERO
    cancel_exists: bool = False
    is_active: bool = True

    @property
    def remain_size(self) -> Decimal:
        return max(ZERO, self.size - self.deal_size - self.cancelled_size)

    @property
    def remain_funds(self) -> Decimal:
        return max(ZERO, self.funds - self.deal_funds - self.cancelled_funds)

    @property
    def held_currency(self) -> str:
        return self.quote if self.side is Side.BUY else self.base


@dataclass(frozen=True, slots=True)
class PaperFill:
    """`funds` and `fee` are in the quote currency, exactly as they moved."""

    order_id: str
    account: str
    symbol: str
    side: Side
    type: OrderType
    price: Decimal
    size: Decimal
    funds: Decimal
    fee: Decimal
    fee_rate: Decimal
    fee_currency: str
    is_maker: bool
    at: datetime
    number: int = 0


@dataclass(frozen=True, slots=True)
class Rates:
    """Fees as fractions of the traded value, for one pair."""

    maker: Decimal
    taker: Decimal


BASE_RATES = Rates(maker=Decimal("0.001"), taker=Decimal("0.001"))


def rates_of(rule: SymbolRule) -> Rates:
    return Rates(BASE_RATES.maker * rule.maker_coefficient, BASE_RATES.taker * rule.taker_coefficient)
