"""Confirm: the right to send is used up and on disk before the first byte of the one POST leaves."""

from decimal import Decimal

from tgbot.core.clock import Clock
from tgbot.core.crash import crash_point
from tgbot.core.errors import NotFound, TooLate
from tgbot.core.ids import Ids
from tgbot.core.market import Tick
from tgbot.core.money import HUNDRED
from tgbot.core.people import Person
from tgbot.core.reply import T
from tgbot.credentials.service import Keys, Linked
from tgbot.db.engine import Database, WriteSession
from tgbot.delivery.outbox import Outbox
from tgbot.kucoin.signed import PreparedOrder
from tgbot.markets.prices import Prices
from tgbot.markets.symbols import Symbols
from tgbot.trading import kinds, standing, store
from tgbot.trading.posting import Posting
from tgbot.trading.reconcile import Reconciler
from tgbot.trading.rules.conditions import is_reached, rests_on_market
from tgbot.trading.rules.settlement import Misses, State
from tgbot.trading.rules.ticket import reference_of
from tgbot.trading.store import Attempt, Intent
from tgbot.trading.tickets import Shown, Tickets, fresh_button, request_of
from tgbot.trading.views import orders as views
from tgbot.trading.witness import Witness


class Sending:
    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        ids: Ids,
        keys: Keys,
        prices: Prices,
        tickets: Tickets,
        outbox: Outbox,
        reconciler: Reconciler,
        witness: Witness,
        symbols: Symbols,
    ) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._keys = keys
        self._prices = prices
        self._tickets = tickets
        self._outbox = outbox
        self._posting = Posting(database, clock, outbox, reconciler, witness, symbols)

    async def confirm(self, person: Person, intent: Intent, update_id: int, message_id: int) -> Shown | None:
        """Sends the order; what came of it is told through the outbox, in place of the ticket. Returns a new ticket
        instead, and sends nothing, if the price has moved too far. Raises `TooLate` for a ticket already used."""
        self._tickets.require_open(intent)
        if intent.is_locked:
            raise TooLate(T("trading.type_first"))
        linked = await self._account(person, intent)
        tick = await self._prices.price(intent.spec.symbol)
        if abs(_drift(intent, tick)) > person.most_drift:
            return await self._tickets.prepare(person, request_of(intent), update_id, replaced=intent)
        if intent.wait is not None and is_reached(intent.spec, intent.wait, tick.price):
            raise TooLate(T.of("trading.trigger_passed", price=intent.wait.price), [[fresh_button(intent)]])
        await linked.spot.know_the_time()
        prepared = kinds.prepare(linked.spot, self._ids.client_oid(), intent.spec, intent.wait)
        crash_point("C5")
        async with self._database.write() as session:
            await self._tickets.require_allowed(session, intent)
            await self.use_up(session, intent, prepared)
            await self._outbox.adopt_card(session, intent.chat_id, views.card(intent), message_id)
        await self.send(intent, linked, prepared)
        return None

    async def _account(self, person: Person, intent: Intent) -> Linked:
        """That of the ticket, which must still be the one the person trades with: whoever has changed to paper does not
        expect a tap to spend money, nor the other way round."""
        try:
            linked = await self._keys.account(person)
        except NotFound:
            raise TooLate(T("trading.account_gone")) from None
        if linked.key_id == intent.key_id:
            return linked
        if await self._keys.account_of(intent.key_id) is None:
            raise TooLate(T("trading.account_gone"))
        raise TooLate(T("trading.account_changed"), [[fresh_button(intent)]])

    async def use_up(
        self, session: WriteSession, intent: Intent, prepared: PreparedOrder, origin: State = State.TICKET
    ) -> None:
        """The right to send `prepared`; `send` it once that is committed. Raises `TooLate` if there is none left."""
        attempt = Attempt(
            client_oid=prepared.client_oid,
            intent_id=intent.id,
            signed_at=prepared.signed_at,
            deadline=prepared.deadline,
            body_digest=prepared.digest,
            misses=Misses(),
            seen_at=prepared.signed_at,
        )
        if not await store.consume(session, intent, attempt, self._clock.now(), origin):
            raise await self._tickets.too_late(session, intent)
        if intent.exits is not None:
            await standing.arm(session, intent)

    async def send(self, intent: Intent, linked: Linked, prepared: PreparedOrder) -> None:
        """The one POST, for which the right was used up; what came of it is told through the outbox."""
        crash_point("C6")
        await self._posting.send(intent, linked, prepared)


def _drift(intent: Intent, tick: Tick) -> Decimal:
    """Of the market since the ticket was made, in per cent. Prices that the person wrote do not depend on it."""
    if not rests_on_market(request_of(intent)):
        return Decimal(0)
    now = reference_of(intent.spec, intent.wait, tick)
    return (now - intent.reference) / intent.reference * HUNDRED
