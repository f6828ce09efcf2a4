"""Stop orders: how they are asked for, what is kept of them, when their time has come."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from tgbot.core.market import SymbolRule
from tgbot.core.money import ZERO, is_multiple
from tgbot.paper.rejections import bad_parameter
from tgbot.paper.requests import OrderRequest


class StopKind(StrEnum):
    """KuCoin's words. A `loss` is triggered at or below its price, an `entry` at or above it. Of an OCO, one leg is the
    limit order and one the stop."""

    LOSS = "loss"
    ENTRY = "entry"
    LOSS_LIMIT = "l_l_o"
    LOSS_STOP = "l_s_o"
    ENTRY_LIMIT = "e_l_o"
    ENTRY_STOP = "e_s_o"

    @property
    def is_loss(self) -> bool:
        return self in {StopKind.LOSS, StopKind.LOSS_LIMIT, StopKind.LOSS_STOP}


class StopStatus(StrEnum):
    NEW = "NEW"
    TRIGGERED = "TRIGGERED"
    CANCELLED = "CANCELLED"


class StopRequest(OrderRequest, frozen=True, kw_only=True):
    """The body of `POST /api/v1/stop-order`. Who does not say which way gets a `loss`, as at KuCoin."""

    stop_price: Decimal
    stop: str = StopKind.LOSS
    trade_type: Literal["TRADE"] = "TRADE"

    @property
    def order(self) -> OrderRequest:
        """What is placed when the time has come."""
        return OrderRequest(**{name: getattr(self, name) for name in OrderRequest.__struct_fields__})


@dataclass(frozen=True, slots=True)
class PaperStop:
    """`account` is the API key it came with. `request` is placed when the last price has come to `stop_price`; nothing
    is held before. A stop order without `order_id` that has a `triggered_at` could not be placed then. `oco` is the
    order whose leg it is, if it is one. `number` counts them; 0 until it is stored."""

    id: str
    account: str
    kind: StopKind
    stop_price: Decimal
    request: OrderRequest
    created_at: datetime
    oco: str = ""
    status: StopStatus = StopStatus.NEW
    triggered_at: datetime | None = None
    order_id: str = ""
    number: int = 0

    @property
    def symbol(self) -> str:
        return self.request.symbol

    @property
    def client_oid(self) -> str:
        return self.request.client_oid or self.id

    @property
    def is_waiting(self) -> bool:
        return self.status is StopStatus.NEW

    def is_met(self, last: Decimal) -> bool:
        return last <= self.stop_price if self.kind.is_loss else last >= self.stop_price


def kind_of(request: StopRequest) -> StopKind:
    if request.stop not in {StopKind.LOSS, StopKind.ENTRY}:
        raise bad_parameter("Stop order type invalid.")
    return StopKind(request.stop)


def check_stop_price(price: Decimal, rule: SymbolRule) -> None:
    if price <= ZERO:
        raise bad_parameter("stopPrice is invalid")
    if not is_multiple(price, rule.price_increment):
        raise bad_parameter("Stop price increment invalid.")
