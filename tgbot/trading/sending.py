"""Confirm: the right to send is used up and on disk before the first byte of the one POST leaves."""

from dataclasses import replace
from decimal import Decimal

import structlog

from tgbot.core.clock import Clock
from tgbot.core.crash import crash_point
from tgbot.core.errors import ExchangeRejected, NotSent, OutcomeUnknown, TooLate
from tgbot.core.ids import Ids
from tgbot.core.market import Tick
from tgbot.core.money import HUNDRED
from tgbot.core.orders import Side
from tgbot.core.people import Person
from tgbot.core.reply import Reply, T
from tgbot.credentials.service import Keys, Linked
from tgbot.db.engine import Database
from tgbot.delivery.outbox import Notice, Outbox, Priority
from tgbot.kucoin.signed import PreparedOrder
from tgbot.markets.prices import Prices
from tgbot.trading import kinds, store
from tgbot.trading.reconcile import Reconciler
from tgbot.trading.rules.conditions import is_reached, rests_on_market
from tgbot.trading.rules.settlement import GIVEN_UP, UNSETTLED, Misses, State
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
        tick = await self._prices.price(intent.spec.symbol)
        if abs(_drift(intent, tick)) > MOST_DRIFT:
            return await self._tickets.prepare(person, request_of(intent), update_id, replaced=intent)
        if intent.wait is not None and is_reached(intent.spec, intent.wait, tick.price):
            raise TooLate(T.of("trading.trigger_passed", price=intent.wait.price), [[fresh_button(intent)]])
        await linked.spot.know_the_time()
        prepared = kinds.prepare(linked.spot, self._ids.client_oid(), intent.spec, intent.wait)
        await self._consume(intent, prepared, message_id)
        crash_point("C6")
        await self._send(intent, linked, prepared)
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

    async def _consume(self, intent: Intent, prepared: PreparedOrder, message_id: int) -> None:
        attempt = Attempt(
            client_oid=prepared.client_oid,
            intent_id=intent.id,
            signed_at=prepared.signed_at,
            deadline=prepared.deadline,
            body_digest=prepared.digest,
            misses=Misses(),
            seen_at=prepared.signed_at,
        )
        crash_point("C5")
        async with self._database.write() as session:
            await self._tickets.require_allowed(session, intent)
            if not await store.consume(session, intent, attempt, self._clock.now()):
                raise TooLate(T.of("trading.already_used", id=intent.short))
            await self._outbox.adopt_card(session, intent.chat_id, views.card(intent), message_id)

    async def _send(self, intent: Intent, linked: Linked, prepared: PreparedOrder) -> None:
        """The one POST, and what its answer proves."""
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
            state = State.OPEN if intent.wait is None else State.WAITING
            await self._tell(sent, state, views.placed(sent), "200000", "", ack.order_id)
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
            await self._outbox.put(session, Notice(intent.chat_id, reply, Priority.ANSWER, card=views.card(intent)))
        self._outbox.wake()
        crash_point("C10")


def _drift(intent: Intent, tick: Tick) -> Decimal:
    """Of the market since the ticket was made, in per cent. Prices that the person wrote do not depend on it."""
    request = request_of(intent)
    if not rests_on_market(request):
        return Decimal(0)
    best = (tick.ask if intent.spec.side is Side.BUY else tick.bid) or tick.price
    now = best if intent.spec.price is None and intent.wait is None else tick.price
    return (now - intent.reference) / intent.reference * HUNDRED
