"""Confirm: the right to send is used up and on disk before the first byte of the one POST leaves."""

from dataclasses import replace
from decimal import Decimal

import structlog

from tgbot.core.clock import Clock
from tgbot.core.crash import crash_point
from tgbot.core.errors import ExchangeRejected, NotSent, OutcomeUnknown, TooLate
from tgbot.core.ids import Ids
from tgbot.core.money import HUNDRED
from tgbot.core.orders import Side
from tgbot.core.people import Person
from tgbot.core.reply import Reply, T
from tgbot.credentials.service import Keys, Linked
from tgbot.db.engine import Database
from tgbot.delivery.outbox import Notice, Outbox, Priority
from tgbot.kucoin.account import PreparedOrder
from tgbot.markets.prices import Prices
from tgbot.trading import store, views
from tgbot.trading.reconcile import Reconciler
from tgbot.trading.rules.grammar import parse_order
from tgbot.trading.rules.settlement import UNSETTLED, Misses, State
from tgbot.trading.store import Attempt, Intent
from tgbot.trading.tickets import Shown, Tickets

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
        drift = await self._drift(intent)
        if abs(drift) > MOST_DRIFT:
            return await self._requote(person, intent, update_id)
        linked = await self._keys.account_of(intent.key_id)
        if linked is None:
            raise TooLate(T("trading.account_gone"))
        prepared = linked.spot.prepare_order(self._ids.client_oid(), intent.spec)
        await self._consume(intent, prepared, message_id)
        crash_point("C6")
        await self._settle(intent, linked, prepared)
        return None

    async def _drift(self, intent: Intent) -> Decimal:
        """Per cent. A limit at a price that the person wrote does not drift."""
        request = parse_order(intent.spec.side, intent.request, ".")
        if request.price is not None and request.price.level is not None:
            return Decimal(0)
        tick = await self._prices.price(intent.spec.symbol)
        if request.price is not None and request.price.percent is not None:
            now = tick.price * (HUNDRED + request.price.percent) / HUNDRED
        else:
            now = tick.ask if intent.spec.side is Side.BUY else tick.bid
        return (now - intent.reference) / intent.reference * HUNDRED

    async def _requote(self, person: Person, intent: Intent, update_id: int) -> Shown:
        await self._tickets.drop(intent, State.REPLACED)
        request = parse_order(intent.spec.side, intent.request, ".")
        return await self._tickets.prepare(person, request, update_id, ".", is_typed=True)

    async def _consume(self, intent: Intent, prepared: PreparedOrder, message_id: int) -> None:
        attempt = Attempt(
            client_oid=prepared.client_oid,
            intent_id=intent.id,
            signed_at=prepared.signed_at,
            deadline=prepared.deadline,
            body_digest=prepared.digest,
            misses=Misses(),
        )
        crash_point("C5")
        async with self._database.write() as session:
            if not await store.consume(session, intent, attempt, self._clock.now()):
                raise TooLate(T.of("trading.already_used", id=intent.short))
            await self._outbox.adopt_card(session, intent.chat_id, views.card(intent), message_id)

    async def _settle(self, intent: Intent, linked: Linked, prepared: PreparedOrder) -> None:
        """The one POST, and what its answer proves."""
        sent = replace(intent, state=State.SENT)
        try:
            ack = await linked.spot.send(prepared)
        except NotSent as error:
            log.warning("order_not_sent", intent=intent.id, code=error.code)
            await self._tell(sent, State.NOT_SENT, views.not_sent(intent, error), error.code, error.message)
        except ExchangeRejected as error:
            log.info("order_rejected", intent=intent.id, code=error.code)
            await self._tell(sent, State.REJECTED, views.rejected(intent, error), error.code, error.message)
        except OutcomeUnknown as error:
            log.warning("order_unknown", intent=intent.id, code=error.code)
            await self._tell(sent, State.UNKNOWN, views.unknown(intent), error.code, error.message)
        else:
            crash_point("C9")
            await self._tell(sent, State.OPEN, views.placed(intent), "200000", "", ack.order_id)
        self._reconciler.look_at(intent.id)

    async def _tell(
        self, intent: Intent, state: State, reply: Reply, code: str, message: str, order_id: str = ""
    ) -> None:
        """Outcome and message in one transaction; unless the reconciler has found the order first."""
        async with self._database.write() as session:
            await store.note_answer(session, intent, code, message)
            if not await store.move(session, intent, UNSETTLED, state, self._clock.now()):
                return
            if order_id:
                await store.note_order(session, intent, order_id)
            await self._outbox.put(session, Notice(intent.chat_id, reply, Priority.ANSWER, card=views.card(intent)))
        self._outbox.wake()
        crash_point("C10")
