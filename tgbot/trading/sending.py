"""Confirm: the right to send is used up and on disk before the first byte of the one POST leaves."""

from dataclasses import replace
from decimal import Decimal

import structlog

from tgbot.core.clock import Clock
from tgbot.core.crash import crash_point
from tgbot.core.errors import ExchangeRejected, NotSent, OutcomeUnknown, TooLate
from tgbot.core.ids import Ids
from tgbot.core.money import HUNDRED
from tgbot.core.people import Person
from tgbot.core.reply import Reply, T
from tgbot.credentials.service import Keys, Linked
from tgbot.db.engine import Database, WriteSession
from tgbot.delivery.outbox import Outbox, Priority
from tgbot.kucoin.signed import PreparedOrder
from tgbot.markets.prices import Prices
from tgbot.trading import store
from tgbot.trading.reconcile import Reconciler
from tgbot.trading.rules.settlement import GIVEN_UP, UNSETTLED, Misses, State
from tgbot.trading.rules.ticket import reference_of
from tgbot.trading.store import Attempt, Intent
from tgbot.trading.tickets import Shown, Tickets, fresh_button, request_of
from tgbot.trading.views import orders as views

log = structlog.get_logger()

MOST_DRIFT = Decimal("0.5")  # per cent


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
    ) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._keys = keys
        self._prices = prices
        self._tickets = tickets
        self._outbox = outbox
        self._reconciler = reconciler

    async def confirm(self, person: Person, intent: Intent, update_id: int, message_id: int) -> Shown | None:
        """Sends the order; what came of it is told through the outbox, in place of the ticket. Returns a new ticket
        instead, and sends nothing, if the price has moved too far. Raises `TooLate` for a ticket already used."""
        self._tickets.require_open(intent)
        if intent.is_locked:
            raise TooLate(T("trading.type_first"))
        linked = await self._account(person, intent)
        if abs(await self._drift(intent)) > MOST_DRIFT:
            return await self._tickets.prepare(person, request_of(intent), update_id, replaced=intent)
        await linked.spot.know_the_time()
        prepared = linked.spot.prepare_order(self._ids.client_oid(), intent.spec)
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
        linked = await self._keys.account_of(intent.key_id)
        if linked is None:
            raise TooLate(T("trading.account_gone"))
        if (await self._keys.account(person)).key_id != intent.key_id:
            raise TooLate(T("trading.account_changed"), [[fresh_button(intent)]])
        return linked

    async def _drift(self, intent: Intent) -> Decimal:
        """Of the market since the ticket was made, in per cent. A limit that the person wrote does not depend on it."""
        price = request_of(intent).price
        if price is not None and price.level is not None:
            return Decimal(0)
        now = reference_of(intent.spec, await self._prices.price(intent.spec.symbol))
        return (now - intent.reference) / intent.reference * HUNDRED

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
        )
        if not await store.consume(session, intent, attempt, self._clock.now(), origin):
            raise TooLate(T.of("trading.already_used", id=intent.short))

    async def send(self, intent: Intent, linked: Linked, prepared: PreparedOrder) -> None:
        """The one POST, for which the right was used up, and what its answer proves."""
        crash_point("C6")
        sent = replace(intent, state=State.SENT)
        try:
            ack = await linked.spot.send(prepared)
        except NotSent as error:
            log.warning("order_not_sent", intent=intent.id, code=error.code)
            await self._tell(sent, State.NOT_SENT, views.not_sent(sent, error), error.code, error.message)
        except ExchangeRejected as error:
            log.info("order_rejected", intent=intent.id, code=error.code)
            await self._tell(sent, State.REJECTED, views.rejected(sent, error), error.code, error.message)
        except OutcomeUnknown as error:
            log.warning("order_unknown", intent=intent.id, code=error.code)
            await self._tell(sent, State.UNKNOWN, views.unknown(sent), error.code, error.message)
        else:
            crash_point("C9")
            await self._tell(sent, State.OPEN, views.placed(sent), "200000", "", ack.order_id)
        self._reconciler.look_at(intent.id)

    async def _tell(
        self, intent: Intent, state: State, reply: Reply, code: str, message: str, order_id: str = ""
    ) -> None:
        """Outcome and message in one transaction; unless the reconciler has found the order first."""
        async with self._database.write() as session:
            await store.note_answer(session, intent, code, message)
            if order_id:
                await store.note_order(session, intent, order_id)
            # After a long freeze even an acceptance may come when the order was given up already.
            origin = UNSETTLED | GIVEN_UP if order_id else UNSETTLED
            if not await store.move(session, intent, origin, state, self._clock.now()):
                return
            await self._reconciler.note_outcome(session, replace(intent, state=state, order_id=order_id))
            await self._outbox.put(session, views.notice(intent, reply, Priority.ANSWER))
        self._outbox.wake()
        crash_point("C10")
