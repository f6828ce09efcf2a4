"""`/price`."""

import asyncio
from typing import Protocol

from tgbot.core.errors import UsageError
from tgbot.core.market import Stats
from tgbot.core.people import Person
from tgbot.core.reply import Reply, T
from tgbot.core.routing import Command, Incoming, Place, Press, Route
from tgbot.markets import views
from tgbot.markets.symbols import Symbols

MOST_PAIRS = 10


class StatsSource(Protocol):
    async def stats(self, symbol: str) -> Stats: ...


class MarketHandlers:
    def __init__(self, symbols: Symbols, source: StatsSource) -> None:
        self._symbols = symbols
        self._source = source

    def routes(self) -> list[Route]:
        return [
            Command("price", self.price, aliases=("p",), place=Place.ANYWHERE),
            Press("price", self.price, place=Place.ANYWHERE),
        ]

    async def price(self, person: Person, incoming: Incoming) -> Reply:
        """`/price PAIR…`, and *Refresh* beneath its answer."""
        names = incoming.args.split()
        if not names:
            return views.which_pair(self._symbols.popular(person.quote))
        if len(names) > MOST_PAIRS:
            raise UsageError(T.of("markets.too_many_pairs", count=len(names), most=MOST_PAIRS))
        rules = list(dict.fromkeys(self._symbols.read_pair(name, person.quote) for name in names))
        several = await asyncio.gather(*(self._source.stats(rule.symbol) for rule in rules))
        return views.price_card(rules[0], several[0]) if len(rules) == 1 else views.price_table(several)
