"""The role that notes once a day what each account is worth."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

import structlog

from tgbot.core.clock import Clock
from tgbot.core.errors import ExchangeError
from tgbot.credentials.service import Keys
from tgbot.db.engine import Database
from tgbot.kucoin.account import SpotAccount
from tgbot.portfolio import store
from tgbot.portfolio.rules.valuation import value
from tgbot.portfolio.service import TickerSource
from tgbot.portfolio.store import Day

log = structlog.get_logger()

LOOK_EVERY = timedelta(minutes=10)


class Days:
    """An account that cannot be asked is asked again at the next look; a day on which it never answers is missing."""

    def __init__(self, database: Database, clock: Clock, keys: Keys, tickers: TickerSource) -> None:
        self._database = database
        self._clock = clock
        self._keys = keys
        self._tickers = tickers

    async def run(self) -> None:
        """Until cancelled. One account after the other: nobody waits for it, and those who trade come first."""
        while True:
            await self._clock.sleep(LOOK_EVERY.total_seconds())
            try:
                await self.look()
            except ExchangeError as error:
                log.warning("prices_not_read", code=error.code)

    async def look(self) -> None:
        """Notes today's worth of every account of which it is not known. Raises `ExchangeError` without prices."""
        async with self._database.read() as session:
            known = await store.noted(session, self._clock.now().date())
        missing = [key for key in await self._keys.everybodys() if key.id not in known and key.suspension is None]
        if not missing:
            return
        prices = {ticker.symbol: ticker.last for ticker in await self._tickers.all_tickers()}
        for key in missing:
            spot = self._keys.spot_of(key)
            if spot is not None:
                await self._note(key.id, spot, prices)

    async def _note(self, key_id: str, spot: SpotAccount, prices: Mapping[str, Decimal]) -> None:
        try:
            worth = value(await spot.balances(), prices, "USDT").total
        except ExchangeError as error:
            log.info("account_not_valued", key=key_id, code=error.code)
            return
        async with self._database.write() as session:
            await store.add(session, Day(key_id, self._clock.now().date(), worth))
