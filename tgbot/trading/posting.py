"""The one POST of an order whose right to send is used up and on disk, and what its answer proves."""

from dataclasses import replace

import structlog

from tgbot.core.clock import Clock
from tgbot.core.crash import crash_point
from tgbot.core.errors import ExchangeRejected, NotSent, OutcomeUnknown, Reason
from tgbot.core.reply import Reply
from tgbot.credentials.service import Linked
from tgbot.db.engine import Database
from tgbot.delivery.outbox import Outbox, Priority
from tgbot.kucoin.signed import PreparedOrder
from tgbot.markets.symbols import Symbols
from tgbot.trading import store
from tgbot.trading.outcomes import followed
from tgbot.trading.reconcile import Reconciler
from tgbot.trading.rules.settlement import GIVEN_UP, UNSETTLED, State
from tgbot.trading.store import Intent
from tgbot.trading.views import orders as views
from tgbot.trading.witness import Witness

log = structlog.get_logger()

# Those of the pair, by which we would have refused it ourselves.
BY_THE_RULES = {Reason.TOO_SMALL, Reason.INCREMENT, Reason.PRICE_BAND, Reason.SYMBOL, Reason.SUSPENDED}


class Posting:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        outbox: Outbox,
        reconciler: Reconciler,
        witness: Witness,
        symbols: Symbols,
    ) -> None:
        self._database = database
        self._clock = clock
        self._outbox = outbox
        self._reconciler = reconciler
        self._witness = witness
        self._symbols = symbols

    async def send(self, intent: Intent, linked: Linked, prepared: PreparedOrder) -> None:
        """What came of it is told through the outbox, in the order's own message."""
        sent = replace(intent, state=State.SENT)
        self._witness.note(prepared.client_oid)
        try:
            ack = await linked.spot.send(prepared)
        except NotSent as error:
            log.warning("order_not_sent", intent=intent.id, code=error.code)
            await self._tell(sent, State.NOT_SENT, views.not_sent(sent, error), error.code, error.message)
        except ExchangeRejected as error:
            log.info("order_rejected", intent=intent.id, code=error.code)
            await self._tell(sent, State.REJECTED, views.rejected(sent, error), error.code, error.message)
            if error.reason in BY_THE_RULES:
                await self._symbols.refresh()
        except OutcomeUnknown as error:
            log.warning("order_unknown", intent=intent.id, code=error.code)
            await self._tell(sent, State.UNKNOWN, views.unknown(sent), error.code, error.message)
        else:
            crash_point("C9")
            state = State.OPEN if intent.wait is None else State.WAITING
            await self._tell(sent, state, views.placed(replace(sent, state=state)), "200000", "", ack.order_id)
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
            reply = await followed(session, replace(intent, state=state), reply)
            await self._outbox.put(session, views.notice(intent, reply, Priority.ANSWER))
        self._outbox.wake()
        crash_point("C10")
