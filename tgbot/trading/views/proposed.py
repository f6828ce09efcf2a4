"""How an order looks that a group decides on. Nothing in it tells what its account holds."""

from dataclasses import replace
from decimal import Decimal

from tgbot.core.market import SymbolRule
from tgbot.core.money import HUNDRED, ZERO
from tgbot.core.reply import Code, Percent, Reply, T
from tgbot.trading.rules.amounts import Amount, Unit, is_dollar_like, spelled
from tgbot.trading.rules.grammar import OrderRequest, choice
from tgbot.trading.store import Intent
from tgbot.trading.views.orders import exit_lines
from tgbot.trading.views.tickets import FUNDS, kind, option_lines, wait_lines
from tgbot.trading.views.words import badge, estimate


def lines(intent: Intent) -> tuple[T, ...]:
    """Read from the row alone: what is approved is what these lines say."""
    spec = intent.spec
    base, quote = spec.symbol.split("-")
    price = spec.price if spec.price is not None else intent.reference
    size = spec.size if spec.size is not None else _about((spec.funds or ZERO) / price)
    funds = spec.funds if spec.funds is not None else _about((spec.size or ZERO) * price)
    said = [
        T.of(f"trading.ticket_{spec.side}", pair=spec.symbol, kind=kind(intent), badge=badge(intent)),
        T.of("trading.ticket_size", size=size, base=base, funds=funds, quote=quote),
    ]
    said += wait_lines(intent)
    if spec.price is not None:
        distance = (spec.price - intent.reference) / intent.reference * HUNDRED
        distance_shown = Percent(distance, signed=True)
        said.append(T.of("trading.ticket_limit", price=spec.price, quote=quote, distance=distance_shown))
    return (*said, *option_lines(spec), *exit_lines(intent))


def choose_amount(request: OrderRequest, rule: SymbolRule) -> Reply:
    """As for one person, without shares of what is free."""
    request = replace(request, pair=rule.symbol)
    amounts = FUNDS if is_dollar_like(rule) else ()
    offers = [choice(request.side, request.with_amount(each), T.of("trading.amount", amount=each)) for each in amounts]
    fitting = tuple(offer for offer in offers if offer is not None)
    lines = [T.of(f"trading.how_much_{request.side}", pair=rule.symbol)]
    if not fitting:
        example = request.with_amount(spelled(Amount(rule.base_min, Unit.BASE), rule)).to_text()
        lines.append(T.of("trading.type_it", command=Code(f"/{request.side} {example}")))
    return Reply(tuple(lines), (fitting,) if fitting else ())


def _about(value: Decimal) -> T:
    return T.of("trading.about", value=estimate(value))
