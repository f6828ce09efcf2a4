"""What is known of market and account when an order is decided on."""

from dataclasses import dataclass, replace
from decimal import Decimal

from tgbot.core.market import Book, SymbolRule, Tick
from tgbot.core.money import HUNDRED, ZERO, ceil_to, floor_to
from tgbot.core.orders import Fees, Side
from tgbot.trading.rules.grammar import PriceWish


@dataclass(frozen=True, slots=True)
class Market:
    """All that is known when a ticket is made. `free_base` and `free_quote` are what the account can use now."""

    rule: SymbolRule
    tick: Tick
    book: Book
    fees: Fees
    free_base: Decimal
    free_quote: Decimal

    def best(self, side: Side) -> Decimal:
        """What a market order of this side meets first; the last price where nobody stands."""
        return (self.tick.ask if side is Side.BUY else self.tick.bid) or self.tick.price

    def level(self, wish: PriceWish) -> Decimal:
        """The price that is meant. One that was written is left as it is; a relative one is rounded to KuCoin's steps,
        away from the market."""
        if wish.level is not None:
            return wish.level
        percent = wish.percent or ZERO
        round_away = floor_to if percent < ZERO else ceil_to
        return round_away(self.tick.price * (HUNDRED + percent) / HUNDRED, self.rule.price_increment)

    def round_level(self, price: Decimal) -> Decimal:
        """The nearest price of KuCoin's steps, and no less than one step."""
        step = self.rule.price_increment
        return max(floor_to(price + step / 2, step), step)

    def when_at(self, price: Decimal) -> "Market":
        """As it is expected to be when the last price has come there; nobody knows the book of that moment."""
        tick = self.tick._replace(price=price, bid=price, ask=price)
        return replace(self, tick=tick, book=replace(self.book, bids=(), asks=()))
