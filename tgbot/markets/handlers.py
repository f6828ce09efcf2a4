"""`/price`, `/book` and `/movers`."""

import asyncio
from typing import Protocol

from tgbot.core.errors import UsageError
from tgbot.core.market import Book, Stats
from tgbot.core.people import Person
from tgbot.core.reply import Reply, T
from tgbot.core.routing import Command, Incoming, Place, Press, Route
from tgbot.markets import views
from tgbot.markets.books import book_card, show_book, which_book
from tgbot.markets.movers import Ranking, movers_card, ranked, ranking_buttons
from tgbot.markets.symbols import Symbols

MOST_PAIRS = 10
LONGEST_WORD = 24


class MarketSource(Protocol):
    async def stats(self, symbol: str) -> Stats: ...

    async def all_tickers(self) -> list[Stats]: ...

    async def book(self, symbol: str) -> Book: ...


class MarketHandlers:
    def __init__(self, symbols: Symbols, source: MarketSource) -> None:
        self._symbols = symbols
        self._source = source

    def routes(self) -> list[Route]:
        return [
            Command("price", self.price, aliases=("p",), place=Place.ANYWHERE),
            Command("book", self.book, place=Place.ANYWHERE),
            Command("movers", self.movers, place=Place.ANYWHERE),
            Press("price", self.price),
            Press("book", self.book),
            Press("movers", self.movers),
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

    async def book(self, person: Person, incoming: Incoming) -> Reply:
        """`/book PAIR`."""
        if not incoming.args:
            return which_book(self._symbols.popular(person.quote))
        rule = self._symbols.read_pair(incoming.args, person.quote, show_book)
        return book_card(await self._source.book(rule.symbol))

    async def movers(self, person: Person, incoming: Incoming) -> Reply:
        """`/movers [gainers|losers|volume]`, among pairs with the person's quote."""
        word = incoming.args.lower() or Ranking.GAINERS
        if word not in set(Ranking):
            offered = ", ".join(Ranking)
            text = T.of("markets.no_ranking", text=word[:LONGEST_WORD], offered=offered)
            raise UsageError(text, [ranking_buttons()])
        ranking = Ranking(word)
        trading = self._symbols.trading(person.quote)
        return movers_card(ranking, person.quote, ranked(await self._source.all_tickers(), trading, ranking))
