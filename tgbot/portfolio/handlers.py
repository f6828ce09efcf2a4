"""/balance."""

from collections.abc import Sequence

from tgbot.core.people import Person
from tgbot.core.routing import Answer, Command, Incoming, Press, Route
from tgbot.portfolio import views
from tgbot.portfolio.service import Portfolio


class PortfolioHandlers:
    def __init__(self, portfolio: Portfolio) -> None:
        self._portfolio = portfolio

    def routes(self) -> Sequence[Route]:
        return (Command("balance", self.balance, ("bal",)), Press("balance", self.balance))

    async def balance(self, person: Person, incoming: Incoming) -> Answer:
        return views.balances(await self._portfolio.balances(person))
