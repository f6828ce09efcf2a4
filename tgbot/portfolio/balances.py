"""The role that keeps the last known balances of every account: for its person to see when KuCoin cannot be asked.

Nothing is decided by them: a ticket asks KuCoin itself. So nobody waits for them to be written down, either.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from tgbot.core.clock import Clock
from tgbot.core.errors import ExchangeRejected, ExchangeUnavailable
from tgbot.core.orders import Balance, BalanceChange
from tgbot.credentials.service import Keys
from tgbot.db.engine import Database
from tgbot.kucoin.account import SpotAccount
from tgbot.portfolio import last_balances
from tgbot.portfolio.rules.known import Known, changed, listed

log = structlog.get_logger()

WRITE_AFTER = timedelta(seconds=1)
TRY_AGAIN = timedelta(seconds=10)
CLOCK_ERROR = timedelta(milliseconds=200)  # KuCoin's time is known from here to half a round trip
ACCOUNTS_AT_ONCE = 20
SIDE_BY_SIDE = 4


@dataclass(slots=True)
class _News:
    """Of one account, since it was last written down: the newest list, and the newest change of each currency."""

    lists: tuple[Sequence[Balance], datetime] | None = None
    changes: dict[str, BalanceChange] = field(default_factory=dict)

    def added_to(self, known: Known) -> Known:
        if self.lists is not None:
            known = listed(known, *self.lists)
        for change in self.changes.values():
            known = changed(known, change)
        return known


class LastBalances:
    def __init__(self, database: Database, clock: Clock, keys: Keys) -> None:
        self._database = database
        self._clock = clock
        self._keys = keys
        self._news: dict[str, _News] = {}
        self._has_news = asyncio.Event()
        self._wanted: set[str] = set()
        self._is_wanted = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled."""
        async with self._database.write() as session:
            await last_balances.forget_all_gone(session)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_asking())
            tasks.create_task(self._keep_writing())

    async def of(self, key_id: str) -> Known:
        async with self._database.read() as session:
            known = await last_balances.of_account(session, key_id)
        return self._news[key_id].added_to(known) if key_id in self._news else known

    async def ask(self, key_id: str, spot: SpotAccount) -> list[Balance]:
        """All balances as KuCoin has them now. Raises `ExchangeError`."""
        await spot.know_the_time()
        asked_at = spot.exchange_time()
        balances = await spot.balances()
        news = self._of(key_id)
        at = asked_at - CLOCK_ERROR
        if news.lists is None or news.lists[1] < at:
            news.lists = balances, at
        self._has_news.set()
        return balances

    def heard(self, key_id: str, change: BalanceChange) -> None:
        """A stream has told of it."""
        news = self._of(key_id)
        before = news.changes.get(change.currency)
        if before is None or before.at < change.at:
            news.changes[change.currency] = change
        self._has_news.set()

    def connected(self, key_id: str) -> None:
        """Its stream has just (re)connected: all are asked for soon, and again until KuCoin has answered."""
        self._wanted.add(key_id)
        self._is_wanted.set()

    async def ask_all(self) -> None:
        """Those whose streams have connected, a few at a time, each once; who gets no answer is left for the next
        time."""
        wanted, self._wanted = self._wanted, set()
        self._is_wanted.clear()
        room = asyncio.Semaphore(SIDE_BY_SIDE)
        async with asyncio.TaskGroup() as tasks:
            for key_id in sorted(wanted):
                tasks.create_task(self._try_to_ask(room, key_id))

    async def write(self) -> None:
        """What is new, in few transactions."""
        news, self._news = self._news, {}
        self._has_news.clear()
        key_ids = sorted(news)
        for first in range(0, len(key_ids), ACCOUNTS_AT_ONCE):
            await self._write({key_id: news[key_id] for key_id in key_ids[first : first + ACCOUNTS_AT_ONCE]})

    def _of(self, key_id: str) -> _News:
        return self._news.setdefault(key_id, _News())

    async def _keep_writing(self) -> None:
        while True:
            await self._has_news.wait()
            await self._clock.sleep(WRITE_AFTER.total_seconds())
            await self.write()

    async def _write(self, news: Mapping[str, _News]) -> None:
        async with self._database.write() as session:
            for key_id in sorted(await last_balances.still_linked(session, news.keys())):
                before = await last_balances.of_account(session, key_id)
                await last_balances.replace(session, key_id, before, news[key_id].added_to(before))

    async def _keep_asking(self) -> None:
        while True:
            await self._is_wanted.wait()
            await self.ask_all()
            if self._wanted:
                await self._clock.sleep(TRY_AGAIN.total_seconds())

    async def _try_to_ask(self, room: asyncio.Semaphore, key_id: str) -> None:
        async with room:
            linked = await self._keys.account_of(key_id)
            if linked is None:
                return
            try:
                await self.ask(key_id, linked.spot)
            except ExchangeUnavailable as error:
                log.warning("balances_not_listed", key=key_id, code=error.code)
                self.connected(key_id)
            except ExchangeRejected as error:
                log.warning("balances_refused", key=key_id, code=error.code)
