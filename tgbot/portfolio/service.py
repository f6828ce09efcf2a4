"""Balances of the account in use at current prices, and what was traded on it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol, TypeVar

from tgbot.core.clock import Clock
from tgbot.core.errors import ExchangeUnavailable
from tgbot.core.market import Stats
from tgbot.core.orders import Fill
from tgbot.core.people import Mode, Person
from tgbot.credentials.service import Keys, Linked
from tgbot.portfolio.balances import LastBalances
from tgbot.portfolio.rules.profit import Profit, Trade, profits, trades
from tgbot.portfolio.rules.valuation import Valuation, shown_unit, usdt_rate, value

Answer = TypeVar("Answer")


class TickerSource(Protocol):
    async def all_tickers(self) -> Sequence[Stats]: ...


# Every fill of an account that the bot knows of, by the account's id.
FillSource = Callable[[str], Awaitable[Sequence[Fill]]]


@dataclass(frozen=True, slots=True)
class Balances:
    """As they are, or were at `as_of`: then `error` says why they could not be asked for."""

    mode: Mode
    valuation: Valuation
    as_of: datetime | None = None
    error: ExchangeUnavailable | None = None


@dataclass(frozen=True, slots=True)
class History:
    mode: Mode
    trades: Sequence[Trade]
    span: timedelta


@dataclass(frozen=True, slots=True)
class Gains:
    """`total` is in `currency`, over those pairs whose quote has a known price."""

    mode: Mode
    profits: Sequence[Profit]
    total: Decimal
    currency: str
    span: timedelta


class Portfolio:
    """Raises `NotFound` for a person without an account, `ExchangeError` where KuCoin cannot be asked."""

    def __init__(
        self, keys: Keys, last_balances: LastBalances, tickers: TickerSource, fills: FillSource, clock: Clock
    ) -> None:
        self._keys = keys
        self._last_balances = last_balances
        self._tickers = tickers
        self._fills = fills
        self._clock = clock

    async def balances(self, person: Person) -> Balances:
        """Where KuCoin does not answer, those that are known, if there are any."""
        linked = await self._keys.account_to_look_at(person)
        held, prices = await asyncio.gather(
            _answered(self._last_balances.ask(linked.key_id, linked.spot)), _answered(self._prices())
        )
        if isinstance(held, ExchangeUnavailable):
            return await self._last_known(person, linked, prices, held)
        if isinstance(prices, ExchangeUnavailable):
            raise prices
        return Balances(linked.mode, value(held, prices, person.display_currency))

    async def history(self, person: Person, symbol: str | None, span: timedelta) -> History:
        linked = await self._keys.account_to_look_at(person)
        since = self._clock.now() - span
        fills = [fill for fill in await self._fills(linked.key_id) if symbol in {None, fill.symbol}]
        return History(linked.mode, trades(fill for fill in fills if fill.at >= since), span)

    async def gains(self, person: Person, span: timedelta) -> Gains:
        linked = await self._keys.account_to_look_at(person)
        fills, prices = await asyncio.gather(self._fills(linked.key_id), self._prices())
        found = profits(fills, self._clock.now() - span)
        currency, unit = shown_unit(person.display_currency, prices)
        worths = [profit.realised * rate for profit in found if (rate := usdt_rate(_quote(profit), prices))]
        return Gains(linked.mode, found, sum(worths, Decimal(0)) / unit, currency, span)

    async def _last_known(
        self,
        person: Person,
        linked: Linked,
        prices: Mapping[str, Decimal] | ExchangeUnavailable,
        error: ExchangeUnavailable,
    ) -> Balances:
        known = await self._last_balances.of(linked.key_id)
        if known.as_of is None:
            raise error
        if isinstance(prices, ExchangeUnavailable):
            prices = {}
        return Balances(linked.mode, value(known.all, prices, person.display_currency), known.as_of, error)

    async def _prices(self) -> Mapping[str, Decimal]:
        return {ticker.symbol: ticker.last for ticker in await self._tickers.all_tickers()}


async def _answered(asking: Awaitable[Answer]) -> Answer | ExchangeUnavailable:
    try:
        return await asking
    except ExchangeUnavailable as error:
        return error


def _quote(profit: Profit) -> str:
    return profit.symbol.partition("-")[2]
