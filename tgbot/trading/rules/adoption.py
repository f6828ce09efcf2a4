"""An order of ours that our database does not know, turned into what a person would have asked for."""

import re
from dataclasses import dataclass
from decimal import Decimal

from tgbot.core.market import SymbolRule
from tgbot.core.money import ZERO
from tgbot.core.orders import OcoLeg, OcoOrder, Order, OrderSpec, OrderType, StopLeg, StopOrder, Wait
from tgbot.trading.rules.amounts import Amount, Unit, spelled
from tgbot.trading.rules.grammar import OrderRequest, PriceWish

_UNMARKED = re.compile("tb[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Terms:
    request: OrderRequest
    spec: OrderSpec
    wait: Wait | None


def may_be_ours(client_oid: str, mark: str) -> bool:
    """Whether it has our mark, or is of before orders had one; then nobody can tell which bot of this kind has sent
    it."""
    return client_oid.startswith(mark) or _UNMARKED.fullmatch(client_oid) is not None


def terms_of(order: Order | StopOrder | OcoOrder, rule: SymbolRule) -> Terms | None:
    """`None` for an OCO whose legs KuCoin does not show."""
    if isinstance(order, OcoOrder):
        return _terms_of_oco(order, rule)
    wait = order.trigger if isinstance(order, StopOrder) else None
    size = order.size or (order.filled_size if isinstance(order, Order) and not order.funds else ZERO)
    price = order.price if order.type is OrderType.LIMIT else None
    amount = Amount(size, Unit.BASE) if size else Amount(order.funds, Unit.QUOTE)
    spec = OrderSpec(
        order.symbol,
        order.side,
        order.type,
        size=size or None,
        funds=None if size else order.funds,
        price=price,
    )
    request = OrderRequest(
        order.side,
        order.symbol,
        spelled(amount, rule),
        price=PriceWish(level=price) if price is not None else None,
        stop=PriceWish(level=wait.price) if wait is not None else None,
    )
    return Terms(request, spec, wait)


def _terms_of_oco(order: OcoOrder, rule: SymbolRule) -> Terms | None:
    """It sells: the higher price is the profit."""
    if len(order.legs) != 2:
        return None
    loss, profit = sorted(order.legs, key=_price_of)
    spec = OrderSpec(order.symbol, profit.side, OrderType.LIMIT, size=profit.size, price=profit.price)
    request = OrderRequest(
        profit.side,
        order.symbol,
        spelled(Amount(profit.size, Unit.BASE), rule),
        take_profit=PriceWish(level=profit.price),
        stop_loss=PriceWish(level=loss.stop_price),
    )
    return Terms(request, spec, StopLeg(loss.stop_price, loss.price))


def _price_of(leg: OcoLeg) -> Decimal:
    return leg.price
