"""OCO orders: two stop orders for one size, of which one cancels the other. The limit order is a stop order, too, that
is triggered at its own price."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

from tgbot.core.market import SymbolRule
from tgbot.core.orders import OrderType, Side
from tgbot.paper.rejections import bad_parameter
from tgbot.paper.requests import OrderRequest
from tgbot.paper.stops import PaperStop, StopKind, check_stop_price


class OcoRequest(msgspec.Struct, rename="camel", frozen=True):
    """The body of `POST /api/v3/oco/order`. `limit_price` is that of the stop, `price` that of the limit order."""

    client_oid: str
    side: Side
    symbol: str
    price: Decimal
    size: Decimal
    stop_price: Decimal
    limit_price: Decimal
    remark: str | None = None
    trade_type: Literal["TRADE"] = "TRADE"

    @property
    def limit_order(self) -> OrderRequest:
        return self._order(self.price)

    @property
    def stop_order(self) -> OrderRequest:
        return self._order(self.limit_price)

    def _order(self, price: Decimal) -> OrderRequest:
        return OrderRequest(
            self.side, self.symbol, OrderType.LIMIT, self.client_oid, price, self.size, remark=self.remark
        )


@dataclass(frozen=True, slots=True)
class Oco:
    """`legs` are the limit order and the stop, in that order."""

    legs: Sequence[PaperStop]

    @property
    def id(self) -> str:
        return self.legs[0].oco

    @property
    def symbol(self) -> str:
        return self.legs[0].symbol

    @property
    def client_oid(self) -> str:
        return self.legs[0].client_oid

    @property
    def created_at(self) -> datetime:
        return self.legs[0].created_at

    @property
    def placed(self) -> PaperStop | None:
        """The leg that was triggered and has become an order."""
        return next((leg for leg in self.legs if leg.order_id), None)


def check_oco(request: OcoRequest, rule: SymbolRule, last: Decimal) -> None:
    check_stop_price(request.stop_price, rule)
    below, above = sorted((request.price, request.stop_price))
    is_sell = request.side is Side.SELL
    if not below < last < above or is_sell != (request.price > request.stop_price):
        raise bad_parameter("The last price has to be between price and stopPrice, and price on the better side.")


def legs_of(
    request: OcoRequest, account: str, oco_id: str, leg_ids: tuple[str, str], now: datetime
) -> tuple[PaperStop, PaperStop]:
    """The limit order and the stop."""
    is_sell = request.side is Side.SELL
    limit_kind = StopKind.ENTRY_LIMIT if is_sell else StopKind.LOSS_LIMIT
    stop_kind = StopKind.LOSS_STOP if is_sell else StopKind.ENTRY_STOP
    return (
        PaperStop(leg_ids[0], account, limit_kind, request.price, request.limit_order, now, oco_id),
        PaperStop(leg_ids[1], account, stop_kind, request.stop_price, request.stop_order, now, oco_id),
    )
