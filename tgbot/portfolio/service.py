"""Balances of the account in use, valued at current prices."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from tgbot.core.market import Stats
from tgbot.core.people import Mode, Person
from tgbot.credentials.service import Keys
from tgbot.portfolio.rules import Valuation, value


class TickerSource(Protocol):
    async def all_tickers(self) -> Sequence[Stats]: ...


@dataclass(frozen=True, slots=True)
class Balances:
    mode: Mode
    valuation: Valuation


class Portfolio:
    def __init__(self, keys: Keys, tickers: TickerSource) -> None:
        self._keys = keys
        self._tickers = tickers

    async def balances(self, person: Person) -> Balances:
        """Raises `NotFound` without an account, `ExchangeError` where KuCoin cannot be asked."""
        linked = await self._keys.account(person)
        held, tickers = await asyncio.gather(linked.spot.balances(), self._tickers.all_tickers())
        prices: Mapping[str, Decimal] = {ticker.symbol: ticker.last for ticker in tickers}
        return Balances(linked.mode, value(held, prices, person.display_currency))
