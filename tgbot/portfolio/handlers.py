"""/balance, /history, /pnl."""

from collections.abc import Sequence
from datetime import timedelta

from tgbot.core.errors import UsageError
from tgbot.core.people import Person
from tgbot.core.periods import NotAPeriod, read_period
from tgbot.core.reply import T
from tgbot.core.routing import Answer, Command, Incoming, Press, Route
from tgbot.markets.symbols import Symbols
from tgbot.portfolio import views
from tgbot.portfolio.service import Portfolio

WEEK = timedelta(weeks=1)
MONTH = timedelta(days=30)
LONGEST = timedelta(days=3660)


class PortfolioHandlers:
    def __init__(self, portfolio: Portfolio, symbols: Symbols) -> None:
        self._portfolio = portfolio
        self._symbols = symbols

    def routes(self) -> Sequence[Route]:
        return (
            Command("balance", self.balance, ("bal",)),
            Command("history", self.history),
            Command("pnl", self.gains),
            Press("balance", self.balance),
            Press("history", self.history),
            Press("pnl", self.gains),
        )

    async def balance(self, person: Person, incoming: Incoming) -> Answer:
        return views.balances(await self._portfolio.balances(person))

    async def history(self, person: Person, incoming: Incoming) -> Answer:
        """A pair and a span in either order, both optional."""
        symbol, span = None, WEEK
        for word in incoming.args.split():
            try:
                span = _read_span(word)
            except NotAPeriod:
                symbol = self._symbols.read_pair(word, person.quote, lambda found: f"history:{found}").symbol
        return views.history(await self._portfolio.history(person, symbol, span), symbol)

    async def gains(self, person: Person, incoming: Incoming) -> Answer:
        try:
            span = _read_span(incoming.args) if incoming.args else MONTH
        except NotAPeriod:
            raise UsageError(T.of("portfolio.bad_span", text=incoming.args[:20])) from None
        return views.gains(await self._portfolio.gains(person, span))


def _read_span(text: str) -> timedelta:
    """Raises `NotAPeriod` for what is none, and `UsageError` for one that is too long."""
    span = read_period(text)
    if span > LONGEST:
        raise UsageError(T.of("portfolio.bad_span", text=text[:20]))
    return span
