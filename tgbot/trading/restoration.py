"""What is done when the database turns out to be an older copy that was put back: nothing that it believes to be unused
is used again, and what it does not know of our orders is found out."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import structlog

from tgbot.core.clock import Clock
from tgbot.core.errors import ExchangeRejected, ExchangeUnavailable
from tgbot.core.ids import Ids
from tgbot.core.money import ZERO
from tgbot.core.notices import Kind
from tgbot.core.people import Mode
from tgbot.core.reply import Reply, T
from tgbot.credentials.service import Keys
from tgbot.credentials.store import LinkedKey
from tgbot.db.engine import Database, WriteSession
from tgbot.delivery.outbox import Notice, Outbox, Priority
from tgbot.kucoin.account import SpotAccount
from tgbot.markets.symbols import Symbols
from tgbot.trading import elsewhere, older_copy, standing, store
from tgbot.trading.elsewhere import Elsewhere
from tgbot.trading.kinds import LISTED_FOR
from tgbot.trading.reconcile import Reconciler
from tgbot.trading.rules.adoption import OURS, Terms, terms_of
from tgbot.trading.rules.settlement import QUERY_LAG, Misses, State
from tgbot.trading.standing import Standing
from tgbot.trading.store import Attempt, Intent
from tgbot.trading.terms import no_update
from tgbot.trading.tickets import digest_of
from tgbot.trading.views import orders as views
from tgbot.trading.witness import Witness

log = structlog.get_logger()

TRY_AGAIN = timedelta(seconds=30)
COULD_ARRIVE_FOR = timedelta(seconds=5)
QUOTES = ("USDT", "USDC", "BTC")


class Restoration:
    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        ids: Ids,
        keys: Keys,
        symbols: Symbols,
        outbox: Outbox,
        reconciler: Reconciler,
        witness: Witness,
    ) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._keys = keys
        self._symbols = symbols
        self._outbox = outbox
        self._reconciler = reconciler
        self._witness = witness
        self._is_older = False

    async def begin(self) -> None:
        """Before anything else may be sent. If the order that was sent last is not known here, every ticket is void,
        and so is every exit that lives in the bot: whether they were used since the copy was made, nobody can tell."""
        last = self._witness.last()
        async with self._database.read() as session:
            if not last or await store.intent_of(session, last) is not None:
                return
        self._is_older = True
        async with self._database.write() as session:
            tickets = await older_copy.void_tickets(session, self._clock.now())
            entries = await standing.armed(session)
            for entry in entries:
                await self._void_exit(session, entry)
        log.error("database_is_older", lacks=last, tickets=tickets, exits=len(entries))

    async def run(self) -> None:
        """Until every account has been searched for orders of ours. Ends at once if the database is no older copy."""
        if not self._is_older:
            return
        await self._clock.sleep(QUERY_LAG.total_seconds())
        left = await self._keys.everybodys()
        while left := [key for key in left if not await self._has_searched(key)]:
            await self._clock.sleep(TRY_AGAIN.total_seconds())
        async with self._database.read() as session:
            self._witness.note(await older_copy.last_client_oid(session))

    async def _void_exit(self, session: WriteSession, entry: Intent) -> None:
        await standing.end(session, entry, Standing.DROPPED)
        reply = Reply((T.of("trading.exit_void", id=entry.short),))
        await self._outbox.put(session, replace(views.news(entry, reply), kind=Kind.ACCOUNT))

    async def _has_searched(self, key: LinkedKey) -> bool:
        if not self._symbols.is_loaded:
            return False
        linked = await self._keys.account_of(key.id)
        if linked is None:
            return True
        try:
            found = await self._unknown(linked.spot, key)
        except ExchangeRejected as error:
            log.warning("account_not_searched", key=key.id, code=error.code)
            return True  # that key cannot look any more
        except ExchangeUnavailable as error:
            log.warning("account_not_searched", key=key.id, code=error.code)
            return False
        await self._adopt(key, found)
        return True

    async def _unknown(self, spot: SpotAccount, key: LinkedKey) -> Sequence[Elsewhere]:
        """What has our mark and is not known here: open ones, and those that ended in the last seven days in a pair
        that the account has had to do with."""
        found = await elsewhere.list_open(spot, None)
        async with self._database.read() as session:
            symbols = await older_copy.symbols_of(session, key.id)
        symbols |= {order.symbol for order in found} | await self._pairs_held(spot)
        until = spot.exchange_time()
        for symbol in sorted(symbols):
            found += await spot.done_orders(symbol, until - LISTED_FOR, until)
        ours = {order.client_oid: order for order in found if order.client_oid.startswith(OURS)}
        async with self._database.read() as session:
            known = await store.by_client_oids(session, ours)
        return await elsewhere.in_full(spot, [order for name, order in ours.items() if name not in known])

    async def _pairs_held(self, spot: SpotAccount) -> set[str]:
        held = [balance.currency for balance in await spot.balances() if balance.total > ZERO]
        pairs = {f"{currency}-{quote}" for currency in held for quote in QUOTES}
        return {pair for pair in pairs if self._symbols.knows(pair)}

    async def _adopt(self, key: LinkedKey, orders: Sequence[Elsewhere]) -> None:
        """As orders in doubt: the reconciler finds out what has become of each, and tells it."""
        adopted = []
        async with self._database.write() as session:
            for order in orders:
                if not self._symbols.knows(order.symbol):
                    continue
                terms = terms_of(order, self._symbols.rule(order.symbol))
                if terms is not None:
                    adopted.append(await self._add(session, key, order, terms))
            if adopted:
                reply = Reply((T.of("trading.adopted", count=len(adopted)), T("trading.adopted_why")))
                await self._outbox.put(session, Notice(key.person_id, reply, Priority.FILL, kind=Kind.ACCOUNT))
        for intent in adopted:
            log.warning("order_adopted", intent=intent.id, key=key.id)
            self._reconciler.look_at(intent.id)
        self._outbox.wake()

    async def _add(self, session: WriteSession, key: LinkedKey, order: Elsewhere, terms: Terms) -> Intent:
        now, unique, spec = self._clock.now(), self._ids.unique(), terms.spec
        price = spec.price or (terms.wait.price if terms.wait else None)
        funds = spec.funds or (spec.size or ZERO) * (price or ZERO)
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
