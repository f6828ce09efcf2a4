"""Orders of ours that the database does not know are taken over: as orders in doubt, of which the reconciler finds out
what has become of each, and tells it."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog

from tgbot.core.clock import Clock
from tgbot.core.errors import ExchangeRejected, ExchangeUnavailable
from tgbot.core.ids import Ids
from tgbot.core.money import ZERO
from tgbot.core.notices import Kind
from tgbot.core.orders import Order, OrderChange
from tgbot.core.people import Mode
from tgbot.credentials import store as keys
from tgbot.credentials.service import Linked
from tgbot.credentials.store import LinkedKey
from tgbot.db.engine import Database, WriteSession
from tgbot.delivery.outbox import Notice, Outbox, Priority
from tgbot.markets.symbols import Symbols
from tgbot.trading import elsewhere, older_copy, store, watched
from tgbot.trading.elsewhere import Elsewhere
from tgbot.trading.reconcile import Reconciler
from tgbot.trading.rules.adoption import Terms, terms_of
from tgbot.trading.rules.settlement import Misses, State
from tgbot.trading.store import Attempt, Intent
from tgbot.trading.terms import no_update
from tgbot.trading.tickets import digest_of
from tgbot.trading.views import restored as views

log = structlog.get_logger()

COULD_ARRIVE_FOR = timedelta(seconds=5)
AT_ONCE = 20  # everybody's orders wait meanwhile
SEARCH_AGAIN = timedelta(seconds=10)


class Adoption:
    """`mark` is how the clientOids of this installation begin. Whatever else the key was used for, also by another bot
    of this kind, was made elsewhere."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        ids: Ids,
        symbols: Symbols,
        outbox: Outbox,
        reconciler: Reconciler,
        mark: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._symbols = symbols
        self._outbox = outbox
        self._reconciler = reconciler
        self.mark = mark
        self.alone = asyncio.Lock()  # two keys may be of one account

    def is_ours(self, client_oid: str) -> bool:
        """Whether this installation has sent it, also if nothing here says so."""
        return client_oid.startswith(self.mark)

    async def heard(self, linked: Linked, change: OrderChange) -> None:
        """A stream has told of an order of ours of which there is no row. Raises `ExchangeError`."""
        order = await linked.spot.order(change.order_id, change.symbol)
        if order is not None and order.client_oid == change.client_oid:
            await self.adopt(linked, [order])

    async def search(self, linked: Linked) -> None:
        """Among what is open, again and again until KuCoin has answered. A refusal is an answer, too."""
        while True:
            try:
                await self.adopt(linked, await elsewhere.list_open(linked.spot, None))
            except ExchangeUnavailable as error:
                log.warning("account_not_searched", key=linked.key_id, code=error.code)
            except ExchangeRejected as error:
                log.warning("account_search_refused", key=linked.key_id, code=error.code)
                return
            else:
                return
            await self._clock.sleep(SEARCH_AGAIN.total_seconds())

    async def adopt(self, linked: Linked, orders: Sequence[Elsewhere]) -> list[Intent]:
        """Those of ours among them that are not known here, and tells their owner. While the account awaits its search
        after a backup was put back, that is left to the search. Raises `ExchangeError`."""
        marked = [order for order in orders if self.is_ours(order.client_oid)]
        async with self._database.read() as session:
            known = await store.by_client_oids(session, [order.client_oid for order in marked])
            is_searched = not await older_copy.awaits_search(session, linked.key_id)
        unknown = [order for order in marked if order.client_oid not in known]
        if not unknown or not is_searched:
            return []
        if not self._symbols.is_loaded:
            raise ExchangeUnavailable("", "no symbols loaded yet")
        adopted: list[Intent] = []
        for first in range(0, len(unknown), AT_ONCE):
            adopted += await self._adopt(linked, unknown[first : first + AT_ONCE])
        return adopted

    async def _adopt(self, linked: Linked, unknown: Sequence[Elsewhere]) -> list[Intent]:
        whole = await elsewhere.in_full(linked.spot, unknown)
        async with self.alone, self._database.write() as session:
            key = await keys.lock(session, linked.key_id)  # another process may have found them, too
            adopted = await self.take_over(session, key, whole) if key is not None else []
            if key is not None and adopted:
                reply = views.found_marked(len(adopted))
                await self._outbox.put(session, Notice(key.person_id, reply, Priority.FILL, kind=Kind.ACCOUNT))
        self.follow(adopted)
        self._outbox.wake()
        return adopted

    async def take_over(self, session: WriteSession, key: LinkedKey, orders: Sequence[Elsewhere]) -> list[Intent]:
        """Those that are not known here, in doubt; `follow` them once that is committed. For whoever is `alone`. Of
        several with one clientOid, which are not all of this bot's, the first."""
        known = await store.by_client_oids(session, [order.client_oid for order in orders])
        adopted: dict[str, Intent] = {}
        for order in orders:
            if order.client_oid in known or order.client_oid in adopted or not self._symbols.knows(order.symbol):
                continue
            terms = terms_of(order, self._symbols.rule(order.symbol))
            if terms is not None:
                adopted[order.client_oid] = await self._add(session, key, order, terms)
        await watched.leave(session, key.id, adopted)
        return list(adopted.values())

    def follow(self, adopted: Sequence[Intent]) -> None:
        for intent in adopted:
            log.warning("order_adopted", intent=intent.id, key=intent.key_id)
            self._reconciler.look_at(intent.id)

    async def _add(self, session: WriteSession, key: LinkedKey, order: Elsewhere, terms: Terms) -> Intent:
        now, unique, spec = self._clock.now(), self._ids.unique(), terms.spec
        price = spec.price or (terms.wait.price if terms.wait else None)
        filled = order.filled_funds if isinstance(order, Order) else ZERO
        funds = spec.funds or ((spec.size or ZERO) * price if price else filled)
        intent = Intent(
            id=unique,
            short=await store.free_short(session, self._ids, key.person_id),
            update_id=no_update(unique),
            person_id=key.person_id,
            chat_id=key.person_id,
            key_id=key.id,
            mode=Mode(key.mode),
            request=terms.request.to_text(),
            spec=spec,
            digest=digest_of(key.id, spec, terms.wait, None),
            reference=price or ZERO,
            value=funds if spec.symbol.split("-")[1].startswith("USD") else None,
            is_locked=False,
            state=State.UNKNOWN,
            order_id=order.order_id,
            filled_size=ZERO,
            filled_funds=ZERO,
            fee=ZERO,
            fee_currency="",
            created_at=order.created_at,
            expires_at=order.created_at,
            changed_at=now,
            wait=terms.wait,
        )
        await store.add(session, intent)
        sent_at = order.created_at
        attempt = Attempt(order.client_oid, unique, sent_at, sent_at + COULD_ARRIVE_FOR, "", Misses(), sent_at)
        await store.add_attempt(session, attempt)
        return intent
