"""How an order looks that a group decides on. Nothing in it tells what its account holds."""

from decimal import Decimal

from tgbot.core.money import HUNDRED, ZERO
from tgbot.core.reply import Percent, T
from tgbot.trading.store import Intent
from tgbot.trading.views.orders import exit_lines
from tgbot.trading.views.tickets import kind, option_lines, wait_lines
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


def _about(value: Decimal) -> T:
    return T.of("trading.about", value=estimate(value))
