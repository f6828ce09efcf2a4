"""Words that tickets and orders have in common."""

from decimal import Decimal

from tgbot.core.market import SymbolRule
from tgbot.core.money import ZERO, for_display
from tgbot.core.orders import Order, OrderType
from tgbot.core.people import Mode
from tgbot.core.reply import T
from tgbot.trading.rules.amounts import Amount, Unit
from tgbot.trading.store import Intent

DIGITS = 6  # of estimates; what is sent is always shown in full


def what(intent: Intent) -> dict[str, T | str | Decimal]:
    """The order in words: side, amount and, for a limit order, price."""
    spec = intent.spec
    base, quote = spec.symbol.split("-")
    amount = T.of("trading.amount_of", amount=spec.size, currency=base) if spec.size is not None else None
    funds = T.of("trading.funds_of", funds=spec.funds or ZERO, quote=quote, base=base)
    price = T.of("trading.at_price", price=spec.price) if spec.price is not None else T("trading.at_market")
    return {
        "side": T(f"trading.side_{spec.side}"),
        "amount": amount or funds,
        "price": price,
        "pair": spec.symbol,
        "badge": badge(intent),
    }


def what_other(order: Order) -> dict[str, T | str | Decimal]:
    base = order.symbol.split("-")[0]
    price = T.of("trading.at_price", price=order.price) if order.type is OrderType.LIMIT else T("trading.at_market")
    amount = T.of("trading.amount_of", amount=order.size, currency=base)
    return {"side": T(f"trading.side_{order.side}"), "amount": amount, "price": price, "pair": order.symbol}


def estimate(value: Decimal) -> Decimal:
    return for_display(value, DIGITS)


def badge(intent: Intent) -> T | str:
    return T("trading.paper_badge") if intent.mode is Mode.PAPER else ""


def footer(intent: Intent) -> T:
    return T.of("trading.footer", id=intent.short, pair=intent.spec.symbol, badge=badge(intent))


def currency(amount: Amount, rule: SymbolRule) -> str:
    return rule.base if amount.unit is Unit.BASE else rule.quote
