"""Words that tickets and orders have in common."""

from decimal import Decimal

from tgbot.core.errors import ExchangeRejected, Reason
from tgbot.core.market import SymbolRule
from tgbot.core.money import ZERO, for_display, plain
from tgbot.core.orders import OcoOrder, OrderType, Side, StopLeg, StopOrder, Trigger, Wait
from tgbot.core.people import Mode
from tgbot.core.reply import Percent, T
from tgbot.trading.elsewhere import Elsewhere
from tgbot.trading.rules.amounts import Amount, Unit
from tgbot.trading.rules.exits import Exits, Refusal
from tgbot.trading.rules.grammar import PriceWish
from tgbot.trading.store import Intent

OF_THE_ACCOUNT = {Reason.KEY, Reason.IP, Reason.PERMISSION, Reason.ACCOUNT, Reason.FUNDS}
DIGITS = 6  # of estimates; what is sent is always shown in full


def what(intent: Intent) -> dict[str, T | str | Decimal]:
    """The order in words: side, amount and, for a limit order, price."""
    spec = intent.spec
    base, quote = spec.symbol.split("-")
    amount = T.of("trading.amount_of", amount=spec.size, currency=base) if spec.size is not None else None
    funds = T.of("trading.funds_of", funds=spec.funds or ZERO, quote=quote, base=base)
    return {
        "side": T(f"trading.side_{spec.side}"),
        "amount": amount or funds,
        "price": _when(intent.wait, _at(spec.price)),
        "pair": spec.symbol,
        "badge": badge(intent),
    }


def no_in_words(intent: Intent, no: ExchangeRejected | Refusal) -> T:
    """KuCoin's own. A group is not told what is the matter with somebody's account."""
    if intent.is_of_a_group and no.reason in OF_THE_ACCOUNT:
        return T("trading.kucoin_words_hidden")
    return T.of("trading.kucoin_words", code=no.code, message=no.message)


def what_other(order: Elsewhere) -> dict[str, T | str | Decimal]:
    """An order made elsewhere, in the same words."""
    base, quote = order.symbol.split("-")
    side, size, funds, price = _terms_of(order)
    amount = T.of("trading.amount_of", amount=size, currency=base)
    if size == ZERO:
        amount = T.of("trading.funds_of", funds=funds, quote=quote, base=base)
    return {"side": T(f"trading.side_{side}"), "amount": amount, "price": price, "pair": order.symbol}


def _terms_of(order: Elsewhere) -> tuple[Side, Decimal, Decimal, T]:
    if isinstance(order, OcoOrder):
        legs = order.legs
        prices = " / ".join(plain(leg.price) for leg in legs) or "OCO"
        side, size = (legs[0].side, legs[0].size) if legs else (Side.SELL, ZERO)
        return side, size, ZERO, T.of("trading.as_oco", prices=prices)
    price = _at(order.price if order.type is OrderType.LIMIT else None)
    if isinstance(order, StopOrder):
        price = _when(order.trigger, price)
    return order.side, order.size, order.funds, price


def _at(price: Decimal | None) -> T:
    return T.of("trading.at_price", price=price) if price is not None else T("trading.at_market")


def _when(wait: Wait | None, price: T) -> T:
    match wait:
        case None:
            return price
        case Trigger():
            return T.of(f"trading.when_{wait.direction}", price=price, trigger=wait.price)
        case StopLeg():
            return T.of("trading.or_when_down", price=price, trigger=wait.price)


def estimate(value: Decimal) -> Decimal:
    return for_display(value, DIGITS)


def badge(intent: Intent) -> T | str:
    return mode_badge(intent.mode)


def mode_badge(mode: Mode) -> T | str:
    return T("trading.paper_badge") if mode is Mode.PAPER else ""


def fill_line(
    key: str, symbol: str, size: Decimal, funds: Decimal, fee: Decimal, fee_currency: str, remaining: Decimal
) -> T:
    """What has filled, and at which price on average."""
    base, quote = symbol.split("-")
    return T.of(
        key,
        size=size,
        base=base,
        average=for_display(funds / size, 9),
        quote=quote,
        funds=estimate(funds),
        fee=estimate(fee),
        fee_currency=fee_currency,
        remaining=remaining,
    )


def footer(intent: Intent) -> T:
    if intent.entry_short is not None:
        words = {"id": intent.short, "entry": intent.entry_short, "pair": intent.spec.symbol}
        return T.of("trading.footer_exit", **words, badge=badge(intent))
    return T.of("trading.footer", id=intent.short, pair=intent.spec.symbol, badge=badge(intent))


def exits_in_words(exits: Exits) -> T:
    words = [
        T.of(f"trading.exit_{name}", price=wished(wish))
        for name, wish in (("tp", exits.take_profit), ("sl", exits.stop_loss))
        if wish is not None
    ]
    return words[0] if len(words) == 1 else T.of("trading.exit_both", profit=words[0], loss=words[1])


def wished(wish: PriceWish) -> Decimal | Percent:
    """As it was written."""
    return wish.level if wish.level is not None else Percent(wish.percent or ZERO, signed=True)


def currency(amount: Amount, rule: SymbolRule) -> str:
    return rule.base if amount.unit is Unit.BASE else rule.quote
