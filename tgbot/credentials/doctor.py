"""The role `doctor`: every key of KuCoin is asked about again and again, and at once when it was refused somewhere.

A key that has become dangerous or useless is suspended and its owner told, once; when it is mended the suspension is
lifted. Only an answer about the key changes anything: KuCoin out of reach leaves all as it was.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Protocol

import structlog

from tgbot.core.clock import Clock
from tgbot.core.errors import ExchangeRejected, ExchangeUnavailable, TooLate
from tgbot.core.keys import KeyInfo
from tgbot.core.people import Mode, Person
from tgbot.core.reply import Reply, T
from tgbot.credentials import rules, store, views
from tgbot.credentials.rules import Suspension, Trouble
from tgbot.credentials.service import Keys
from tgbot.credentials.store import LinkedKey
from tgbot.db.engine import Database, ReadSession, WriteSession
from tgbot.kucoin.pace import Pace
from tgbot.waiting import first_of

log = structlog.get_logger()

EXAMINED_EVERY = timedelta(minutes=15)
DOUBTED_EVERY = timedelta(
    minutes=5
)  # an order in doubt is refused every two seconds; the key is asked about less often
REFRESHED_EVERY = timedelta(minutes=1)
SIDE_BY_SIDE = 4
A_SECOND = 5  # of thousands of keys


class LastOrder(Protocol):
    """When an order was last sent with a key; `app.py` gives trading's."""

    async def __call__(self, session: ReadSession, key_id: str) -> datetime | None: ...


class Notices(Protocol):
    """What people are owed, in the transaction of the fact; each `dedup_key` once. `app.py` gives delivery's."""

    async def owe(self, session: WriteSession, chat_id: int, reply: Reply, dedup_key: str) -> None: ...

    def wake(self) -> None: ...


@dataclass(frozen=True, slots=True)
class _Finding:
    """An answer about the key: what it may do, unless it was refused, and what is wrong with it."""

    info: KeyInfo | None
    suspension: Suspension | None


class KeyDoctor:
    def __init__(self, database: Database, clock: Clock, keys: Keys, notices: Notices, last_order: LastOrder) -> None:
        self._database = database
        self._clock = clock
        self._keys = keys
        self._notices = notices
        self._last_order = last_order
        self._doubted: set[str] = set()
        self._news = asyncio.Event()
        self._followed: dict[str, float] = {}
        self._refreshed: dict[int, float] = {}
        keys.listen(self.doubt)

    def doubt(self, key_id: str) -> None:
        """KuCoin has refused this key somewhere: it is examined now, unless that was done of late for the same."""
        if key_id not in self._doubted:
            self._doubted.add(key_id)
            self._news.set()

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._examine_all_again_and_again())
            tasks.create_task(self._follow_doubts())

    async def idle_left(self, linked: Iterable[LinkedKey]) -> Mapping[str, timedelta]:
        """For the keys that KuCoin takes the trading right from: how long they have until then."""
        now = self._clock.now()
        async with self._database.read() as session:
            counted = {key.id: await self._idle_since(session, key, key.ip_count) for key in linked}
        return {key_id: rules.idle_left(since, now) for key_id, since in counted.items() if since is not None}

    async def refresh(self, person: Person) -> bool:
        """Examines the person's keys now; whether KuCoin could be asked about all of them. Raises `TooLate` within a
        minute of the last time."""
        now, pause = self._clock.monotonic(), REFRESHED_EVERY.total_seconds()
        self._refreshed = {who: at for who, at in self._refreshed.items() if now < at + pause}
        if person.id in self._refreshed:
            wait = timedelta(seconds=ceil(self._refreshed[person.id] + pause - now))
            raise TooLate(T.of("credentials.refreshed_of_late", wait=wait))
        self._refreshed[person.id] = now
        return await self._examine_all([key.id for key in await self._keys.linked(person)])

    async def examine(self, key_id: str) -> bool:
        """Asks KuCoin, and notes and tells what follows; whether there was an answer."""
        async with self._database.read() as session:
            key = await store.by_id(session, key_id)
        if key is None or key.mode is Mode.PAPER:
            return True
        finding = await self._ask(key)
        if finding is None:
            return False
        async with self._database.write() as session:
            if await store.note_checked(session, key, self._clock.now()):
                await self._conclude(session, key, finding)
        self._notices.wake()
        return True

    async def _examine_all_again_and_again(self) -> None:
        while True:
            began = self._clock.monotonic()
            async with self._database.read() as session:
                key_ids = await store.live_ids(session)
            await self._examine_all(key_ids)
            rest = began + EXAMINED_EVERY.total_seconds() - self._clock.monotonic()
            await self._clock.sleep(max(rest, 1.0))

    async def _follow_doubts(self) -> None:
        while True:
            self._news.clear()
            now = self._clock.monotonic()
            self._followed = {key: at for key, at in self._followed.items() if now < at + DOUBTED_EVERY.total_seconds()}
            due = self._doubted - self._followed.keys()
            self._doubted -= due
            self._followed |= dict.fromkeys(due, now)
            await self._examine_all(due)
            await self._wait_for_doubts()

    async def _wait_for_doubts(self) -> None:
        """Until there is a new one, or the time has come for one that waits."""
        waiting = [self._followed[key] for key in self._doubted if key in self._followed]
        if not waiting:
            await self._news.wait()
            return
        rest = min(waiting) + DOUBTED_EVERY.total_seconds() - self._clock.monotonic()
        await first_of(self._news, self._clock.sleep(max(rest, 0.1)))

    async def _examine_all(self, key_ids: Iterable[str]) -> bool:
        """A few at a time, and not too many a second."""
        pace = Pace(self._clock, A_SECOND, 1)
        queue = iter(key_ids)
        answered: list[bool] = []

        async def work() -> None:
            for key_id in queue:
                await pace.turn()
                answered.append(await self.examine(key_id))

        async with asyncio.TaskGroup() as tasks:
            for _ in range(SIDE_BY_SIDE):
                tasks.create_task(work())
        return all(answered)

    async def _ask(self, key: LinkedKey) -> _Finding | None:
        """`None` where there is no answer about the key: KuCoin is out of reach, throttles us, or complains of
        something else."""
        spot = self._keys.spot_of(key)
        if spot is None:
            return _Finding(None, Suspension(Trouble.BROKEN))
        try:
            info = await spot.key_info()
            suspension = rules.trouble_with(info) or rules.trouble_of(await spot.account_mode())
        except ExchangeRejected as error:
            suspension = rules.trouble_behind(error)
            return _Finding(None, suspension) if suspension else None
        except ExchangeUnavailable as error:
            log.warning("key_not_examined", key=key.id, code=error.code)
            return None
        return _Finding(info, suspension)

    async def _conclude(self, session: WriteSession, key: LinkedKey, finding: _Finding) -> None:
        if finding.info is not None:
            await store.note_facts(session, key, finding.info)
        if finding.suspension is not None:
            if await store.suspend(session, key, finding.suspension):
                log.warning("key_suspended", key=key.id, person=key.person_id, trouble=finding.suspension.trouble)
                await self._tell(session, key, views.suspended(key, finding.suspension), finding.suspension.trouble)
            return
        if await store.lift(session, key):
            log.info("key_works_again", key=key.id, person=key.person_id)
            await self._tell(session, key, views.works_again(key), "works")
        if finding.info is not None:
            await self._warn_if_idle(session, key, len(finding.info.ip_whitelist or ()))

    async def _tell(self, session: WriteSession, key: LinkedKey, reply: Reply, what: str) -> None:
        """Only a change of the row is told, so each is told once."""
        dedup_key = f"key {key.id} {what} {self._clock.now().isoformat()}"
        await self._notices.owe(session, key.person_id, reply, dedup_key)

    async def _warn_if_idle(self, session: WriteSession, key: LinkedKey, ip_count: int) -> None:
        """Seven days and one day before KuCoin takes the trading right, each once since the last order."""
        since = await self._idle_since(session, key, ip_count)
        if since is None:
            return
        left = rules.idle_left(since, self._clock.now())
        before = rules.warning_due(left)
        if before is None:
            return
        dedup_key = f"key {key.id} idle {before.days} {since.isoformat()}"
        await self._notices.owe(session, key.person_id, views.idle(key, left), dedup_key)

    async def _idle_since(self, session: ReadSession, key: LinkedKey, ip_count: int) -> datetime | None:
        """The last use of a key that KuCoin counts down for, as far as we know of one."""
        if key.mode is Mode.PAPER or ip_count:
            return None
        return max(await self._last_order(session, key.id) or key.linked_at, key.linked_at)
