"""What is done when the database turns out to be an older copy that was put back: nothing that it believes to be unused
is used again, nothing is sent with an account until what the copy does not know of its orders is found out."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import structlog

from tgbot.core.clock import Clock
from tgbot.core.errors import ExchangeRejected, ExchangeUnavailable, Reason
from tgbot.core.notices import Kind
from tgbot.credentials.rules import Suspension
from tgbot.credentials.service import Keys
from tgbot.credentials.store import LinkedKey
from tgbot.db.engine import Database, WriteSession
from tgbot.delivery.outbox import Notice, Outbox, Priority
from tgbot.markets.symbols import Symbols
from tgbot.trading import elsewhere, older_copy, standing, store
from tgbot.trading.adoption import COULD_ARRIVE_FOR, Adoption
from tgbot.trading.elsewhere import Elsewhere
from tgbot.trading.kinds import LISTED_FOR
from tgbot.trading.older_copy import Restored
from tgbot.trading.rules.settlement import CLOCK_SKEW, QUERY_LAG
from tgbot.trading.search import AccountSearch
from tgbot.trading.store import Intent
from tgbot.trading.views import orders as order_views
from tgbot.trading.views import restored as views
from tgbot.trading.witness import Witness
from tgbot.waiting import sleep_until

log = structlog.get_logger()

LOOK_EVERY = timedelta(seconds=5)
TRY_AGAIN = timedelta(seconds=30)
TRY_REFUSED_AGAIN = timedelta(minutes=5)
LISTED_AFTER = COULD_ARRIVE_FOR + CLOCK_SKEW + QUERY_LAG  # by then KuCoin shows what a process that died has sent
SIDE_BY_SIDE = 8

# A key as it was when it was last tried: linked anew, suspended or mended it is another, and tried at once.
_Tried = tuple[int, Suspension | None]


class Restoration:
    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        keys: Keys,
        symbols: Symbols,
        outbox: Outbox,
        adoption: Adoption,
        witness: Witness,
    ) -> None:
        self._database = database
        self._clock = clock
        self._keys = keys
        self._symbols = symbols
        self._outbox = outbox
        self._adoption = adoption
        self._witness = witness
        self._paused: dict[str, tuple[_Tried, float]] = {}

    async def begin(self) -> None:
        """Before anything else may be sent. If the order that was sent last is not known here, every ticket is void,
        and so is every exit that lives in the bot: whether they were used since the copy was made, nobody can tell. And
        no account counts as searched any more. The same order is no news at the next start: what it led to is in the
        database."""
        last = self._witness.last()
        async with self._database.read() as session:
            if not last or await store.intent_of(session, last) is not None:
                return
            before = await older_copy.last_restored(session)
        if before is not None and before.lacked == last:
            return
        now = self._clock.now()
        async with self._database.write() as session:
            await older_copy.note_restored(session, Restored(now, last))
            tickets = await older_copy.void_tickets(session, now)
            entries = await standing.armed(session)
            for entry in entries:
                await self._void_exit(session, entry)
        log.error("database_is_older", lacks=last, tickets=tickets, exits=len(entries))

    async def keep(self) -> None:
        """The role: searches all accounts, and those that are linked while it matters. Ends where no older copy was put
        back of late."""
        while await self._is_wanted():
            await self.run()
            await self._clock.sleep(LOOK_EVERY.total_seconds())

    async def run(self) -> None:
        """Until every account that is linked has been searched for orders of ours."""
        async with self._database.read() as session:
            restored = await older_copy.last_restored(session)
        if restored is None:
            return
        await sleep_until(self._clock, min(restored.at, self._clock.now()) + LISTED_AFTER)
        while not await self.look():
            await self._clock.sleep(LOOK_EVERY.total_seconds())

    async def look(self) -> bool:
        """One round over the accounts that await their search, as far as they were not tried just now; whether none is
        left."""
        async with self._database.read() as session:
            restored = await older_copy.last_restored(session)
            waiting = await older_copy.unsearched(session, restored) if restored is not None else []
        if restored is None or not waiting:
            return True
        if not self._symbols.is_loaded:
            return False
        room = asyncio.Semaphore(SIDE_BY_SIDE)
        async with asyncio.TaskGroup() as tasks:
            for key in waiting:
                if not self._is_paused(key):
                    tasks.create_task(self._search_within(room, key, restored))
        async with self._database.read() as session:
            return not await older_copy.unsearched(session, restored)

    async def _is_wanted(self) -> bool:
        async with self._database.read() as session:
            restored = await older_copy.last_restored(session)
            if restored is None:
                return False
            if self._clock.now() <= restored.at + LISTED_FOR:
                return True
            return bool(await older_copy.unsearched(session, restored))

    async def _void_exit(self, session: WriteSession, entry: Intent) -> None:
        await standing.drop(session, entry)
        await self._outbox.put(session, replace(order_views.news(entry, views.exit_void(entry)), kind=Kind.ACCOUNT))

    async def _search_within(self, room: asyncio.Semaphore, key: LinkedKey, restored: Restored) -> None:
        """An account that cannot be searched now stays as it is, and is tried again."""
        async with room:
            try:
                await self._search(key, restored)
            except ExchangeRejected as error:
                log.warning("account_not_searched", key=key.id, code=error.code)
                self._pause(key, TRY_REFUSED_AGAIN)
                if error.reason is not Reason.CLOCK:
                    await self._tell_refused(key, restored, error)
            except ExchangeUnavailable as error:
                log.warning("account_not_searched", key=key.id, code=error.code)
                self._pause(key, TRY_AGAIN)

    async def _search(self, key: LinkedKey, restored: Restored) -> None:
        """What may be ours and is not known here is adopted."""
        linked = await self._keys.account_of(key.id)
        if linked is None:
            self._pause(key, TRY_REFUSED_AGAIN)  # its record does not open: the key doctor tells its owner
            return
        async with self._database.read() as session:
            pairs = await older_copy.symbols_of(session, key.person_id)
        found = await AccountSearch(linked.spot, self._symbols, self._adoption.mark).run(pairs)
        async with self._database.read() as session:
            known = await store.by_client_oids(session, found.orders)
        unknown = [order for client_oid, order in found.orders.items() if client_oid not in known]
        orders = await elsewhere.in_full(linked.spot, unknown)
        async with self._adoption.alone:
            await self._adopt(key, restored, orders, sorted(found.refused))

    def _pause(self, key: LinkedKey, span: timedelta) -> None:
        self._paused[key.id] = (_as_tried(key), self._clock.monotonic() + span.total_seconds())

    def _is_paused(self, key: LinkedKey) -> bool:
        tried, until = self._paused.get(key.id, (None, 0.0))
        return tried == _as_tried(key) and self._clock.monotonic() < until

    async def _tell_refused(self, key: LinkedKey, restored: Restored, error: ExchangeRejected) -> None:
        async with self._database.write() as session:
            dedup_key = f"not searched {key.id} {restored.at.isoformat()}"
            await self._outbox.owe(session, key.person_id, views.not_searched(key, error), dedup_key)
        self._outbox.wake()

    async def _adopt(
        self, key: LinkedKey, restored: Restored, orders: Sequence[Elsewhere], refused: Sequence[str]
    ) -> None:
        """As orders in doubt: the reconciler finds out what has become of each, and tells it. In the same transaction
        the account is free to trade again, so its limits have them counted."""
        async with self._database.write() as session:
            adopted = await self._adoption.take_over(session, key, orders)
            await older_copy.note_searched(session, key.id, restored)
            if adopted or refused:
                reply = views.found(len(adopted), refused)
                await self._outbox.put(session, Notice(key.person_id, reply, Priority.FILL, kind=Kind.ACCOUNT))
        log.info("account_searched", key=key.id, adopted=len(adopted), refused=refused)
        self._adoption.follow(adopted)
        self._outbox.wake()


def _as_tried(key: LinkedKey) -> _Tried:
    return key.version, key.suspension
