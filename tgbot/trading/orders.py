"""Open orders: listing them, ours and those made elsewhere, and asking for their end."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from tgbot.core.clock import Clock
from tgbot.core.crash import crash_point
from tgbot.core.errors import ExchangeError, NotFound
from tgbot.core.orders import Fill
from tgbot.core.people import Person
from tgbot.core.reply import T
from tgbot.credentials.service import Keys
from tgbot.db.engine import Database, WriteSession
from tgbot.delivery.outbox import Outbox
from tgbot.kucoin.account import SpotAccount
from tgbot.trading import elsewhere, kinds, standing, store
from tgbot.trading.adoption import Adoption
from tgbot.trading.elsewhere import LOOK_AGAIN, LOOKS, Elsewhere
from tgbot.trading.fills import fills_of
from tgbot.trading.fills_elsewhere import FillsElsewhere
from tgbot.trading.reconcile import Reconciler
from tgbot.trading.rules.settlement import DONE, PENDING, QUERY_LAG, State, may_grow
from tgbot.trading.store import Intent
from tgbot.trading.views import exits as exit_views


@dataclass(frozen=True, slots=True)
class OpenOrders:
    """`ours` were placed through this bot, `others` are at KuCoin all the same. `exits` are entries whose exit lives in
    the bot."""

    ours: Sequence[Intent]
    exits: Sequence[Intent]
    others: Sequence[Elsewhere]


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What became of each order that was asked to end. An order made elsewhere comes with what KuCoin has of it now,
    if it has it still; an error is one that kept the request from being made. Nothing will sell what the entries
    `exits` have bought any more; for those of `half` the bot sends no further exit, but one that it has sent is among
    `ours` and has not ended, or nobody can tell."""

    ours: Sequence[tuple[Intent, ExchangeError | None]]
    others: Sequence[tuple[Elsewhere, Elsewhere | ExchangeError | None]]
    exits: Sequence[Intent]
    half: Sequence[Intent]


@dataclass(frozen=True, slots=True)
class ExitsThere:
    """The exits that were `sent` for an entry and may still sell. `is_dropped`: the bot sends no further one."""

    entry: Intent
    sent: Sequence[Intent]
    is_dropped: bool


class Orders:
    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        keys: Keys,
        outbox: Outbox,
        reconciler: Reconciler,
        adoption: Adoption,
        fills_elsewhere: FillsElsewhere,
    ) -> None:
        self._database = database
        self._clock = clock
        self._keys = keys
        self._outbox = outbox
        self._reconciler = reconciler
        self._adoption = adoption
        self._fills_elsewhere = fills_elsewhere

    async def open(self, person: Person, symbol: str | None = None) -> OpenOrders:
        """Raises `ExchangeError` when KuCoin cannot be asked: half a list would look like a whole one. The fills of
        those made elsewhere are told from now on."""
        return await self._open(person, symbol, is_shown=True)

    async def _open(self, person: Person, symbol: str | None, *, is_shown: bool) -> OpenOrders:
        """As `open`. Where the list is not shown to the person, news are sent of what has ended meanwhile."""
        linked = await self._keys.account_to_look_at(person)
        listed = await elsewhere.list_open(linked.spot, symbol)
        for intent in await self._adoption.adopt(linked, listed):
            await self._reconciler.refresh(intent)
        async with self._database.read() as session:
            known = await store.by_client_oids(session, [order.client_oid for order in listed])
            pending = await store.pending_of(session, person.id, linked.key_id)
            waiting = await standing.open_of(session, person.id, linked.key_id)
        # Somebody else may have linked the same account: their orders are made elsewhere.
        known = {client_oid: intent for client_oid, intent in known.items() if intent.person_id == person.id}
        are_listed = {intent.id for intent in known.values()}
        # What one list has and the other has not is looked at: it has ended meanwhile, or turned up after all.
        unsure = [intent for intent in pending if intent.id not in are_listed]
        unsure += [intent for intent in known.values() if intent.state not in PENDING]
        # Also what was sent with another key of this account.
        sure = [intent for intent in known.values() if intent.state in PENDING]
        looked_at = [
            await self._reconciler.refresh(intent, is_asked=is_shown and not intent.is_of_a_group) for intent in unsure
        ]
        ours = [intent for intent in (*sure, *looked_at) if self._is_there(intent, are_listed)]
        others = await elsewhere.in_full(linked.spot, [order for order in listed if order.client_oid not in known])
        await self._fills_elsewhere.watch(linked.key_id, others)
        return OpenOrders(
            [intent for intent in ours if symbol in {None, intent.spec.symbol}],
            [entry for entry in waiting if symbol in {None, entry.spec.symbol}],
            others,
        )

    async def fills(self, key_id: str) -> Sequence[Fill]:
        """What has filled of the orders placed here, on one account."""
        async with self._database.read() as session:
            return await fills_of(session, key_id)

    async def current(self, intent: Intent) -> Intent:
        """As the exchange has it now, if it is not finished; for its person."""
        if intent.state not in PENDING:
            return intent
        return await self._reconciler.refresh(intent, is_asked=not intent.is_of_a_group)

    async def cancel(self, intent: Intent, *, by_group: bool = False) -> Intent:
        """Asks KuCoin for it and looks until the order is finished, or for a second and a half. What is returned says
        what has really become of it: a cancelled order may have filled in the meantime. `by_group`: the group that has
        decided on it gets the answer; of what its person asks for it gets news."""
        if intent.state not in PENDING and not may_grow(intent.state, intent.filled_size, intent.spec.size):
            return intent
        linked = await self._keys.account_of(intent.key_id)
        async with self._database.read() as session:
            attempt = await store.attempt_of(session, intent)
        if linked is None or attempt is None:
            if intent.state not in PENDING:
                return intent
            raise NotFound(T.of("trading.no_such_order", id=intent.short))
        crash_point("C14")
        is_asked = by_group or not intent.is_of_a_group
        was_ended = await kinds.cancel(linked.spot, intent, attempt.client_oid)
        crash_point("C14 asked")
        for look in range(LOOKS):
            if look:
                await self._clock.sleep(LOOK_AGAIN)
            with suppress(ExchangeError):  # it was asked to end; the reconciler will hear what came of that
                intent = await self._reconciler.refresh(intent, is_asked=is_asked, was_ended=was_ended)
            if intent.state not in PENDING:
                break
        return intent

    async def acknowledge(self, intent: Intent) -> Intent:
        """Its person has looked up what only a person can; its pair may be traded again."""
        async with self._database.write() as session:
            has_moved = await store.move(session, intent, {State.INDETERMINATE}, State.CHECKED, self._clock.now())
        return replace(intent, state=State.CHECKED) if has_moved else intent

    async def cancel_other(self, person: Person, kind: str, symbol: str, order_id: str) -> Elsewhere | None:
        """An order made elsewhere; returns what KuCoin has afterwards. The id comes from a button, that is from a
        client: only the id of an order that is there may become a part of what is deleted."""
        linked = await self._keys.account_to_look_at(person)
        order = await elsewhere.look_up(linked.spot, kind, symbol, order_id)
        return await elsewhere.end(linked.spot, self._clock, order) if order is not None else None

    async def cancel_many(self, person: Person, symbol: str | None = None) -> Cancelled:
        """All that is open, or all of a pair. An order that cannot be cancelled does not keep the others from it."""
        linked = await self._keys.account_to_look_at(person)
        return await self._cancel_all(linked.spot, await self._open(person, symbol, is_shown=False))

    async def drop_exit(self, entry: Intent, *, by_group: bool = False) -> bool:
        """Whether there was an exit of it in the bot, and nothing will sell what it has bought any more. Where one has
        been sent already the bot sends no further one, and this is false: `exits_of` has those that were sent."""
        return await self._take_back(entry, by_group=by_group) and not (await self.exits_of(entry)).sent

    async def call_back(self, exit_: Intent, *, by_group: bool = False) -> Intent | None:
        """The entry of an exit that was asked to end and may not have come to be: the bot would have sent it once more,
        and from now on sends none for that entry."""
        if exit_.entry_id is None or not standing.may_come_again(exit_):
            return None
        async with self._database.write() as session:
            entry = await standing.call_back(session, exit_)
            if entry is not None and not by_group:
                await self._tell_its_group(session, entry)
        self._outbox.wake()
        return entry

    async def exits_of(self, entry: Intent) -> ExitsThere:
        async with self._database.read() as session:
            return ExitsThere(
                entry, await standing.live_exits_of(session, entry), await standing.is_dropped(session, entry)
            )

    async def _cancel_all(self, spot: SpotAccount, found: OpenOrders) -> Cancelled:
        """First what the bot would send, so that no exit follows; then also the exits that it has sent since `found`
        was read."""
        entries = await self._with_exits(found)
        dropped = [entry for entry in entries if await self._take_back(entry)]
        there = [one for entry in entries for one in (await self.exits_of(entry)).sent]
        known = {intent.id for intent in found.ours}
        late = [one for one in there if one.id not in known and one.state in PENDING]
        ours = [await self._try_ours(intent) for intent in (*found.ours, *late)]
        others = [await self._try_other(spot, order) for order in found.others]
        left = {entry.id for entry in dropped if (await self.exits_of(entry)).sent}
        return Cancelled(
            ours,
            others,
            [entry for entry in dropped if entry.id not in left],
            [entry for entry in dropped if entry.id in left],
        )

    async def _with_exits(self, found: OpenOrders) -> Sequence[Intent]:
        """The entries of all exits, in the bot or sent."""
        sent_for = {intent.entry_id for intent in found.ours if intent.entry_id} - {entry.id for entry in found.exits}
        async with self._database.read() as session:
            return [*found.exits, *await store.with_ids(session, sent_for)]

    async def _take_back(self, entry: Intent, *, by_group: bool = False) -> bool:
        async with self._database.write() as session:
            is_taken_back = await standing.take_back(session, entry)
            if is_taken_back and not by_group:
                await self._tell_its_group(session, entry)
        self._outbox.wake()
        return is_taken_back

    async def _tell_its_group(self, session: WriteSession, entry: Intent) -> None:
        """Whose account it is may take back what the group has decided, but not without a word."""
        if entry.is_of_a_group:
            await self._outbox.put(session, exit_views.notice(entry, exit_views.taken_back(entry)))

    def _is_there(self, intent: Intent, listed: Collection[str]) -> bool:
        """What KuCoin lists is open, whatever we have said of it; of what has just ended its list may be older."""
        if intent.state in PENDING or intent.id not in listed:
            return intent.state in PENDING
        return intent.state not in DONE or self._clock.now() - intent.changed_at > QUERY_LAG

    async def _try_ours(self, intent: Intent) -> tuple[Intent, ExchangeError | None]:
        try:
            return await self.cancel(intent), None
        except ExchangeError as error:
            return intent, error

    async def _try_other(
        self, spot: SpotAccount, order: Elsewhere
    ) -> tuple[Elsewhere, Elsewhere | ExchangeError | None]:
        try:
            return order, await elsewhere.end(spot, self._clock, order)
        except ExchangeError as error:
            return order, error
