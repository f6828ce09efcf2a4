"""One look at an order: what the exchange has of it, what that proves, and the transaction that takes it over."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import timedelta

import structlog

from tgbot.core.clock import Clock
from tgbot.core.crash import crash_point
from tgbot.core.orders import Fill, Order
from tgbot.core.reply import Reply
from tgbot.credentials.service import Keys
from tgbot.db.engine import Database, WriteSession
from tgbot.delivery.outbox import Outbox, Priority
from tgbot.kucoin.account import SpotAccount
from tgbot.trading import kinds, rests, standing, store
from tgbot.trading.afterwards import Afterwards
from tgbot.trading.fills import add_fills
from tgbot.trading.outcomes import Outcomes
from tgbot.trading.rules.settlement import (
    DONE,
    GIVEN_UP,
    PENDING,
    UNSETTLED,
    Misses,
    State,
    agree,
    at_its_end,
    filled_by,
    is_progress,
    state_of,
    turns_up,
    verdict,
)
from tgbot.trading.store import Attempt, Intent
from tgbot.trading.views import orders as views

log = structlog.get_logger()

SEEN_EVERY = timedelta(hours=1)
FILLS_LAG = timedelta(seconds=20)


class Settling:
    """It reads from the exchange and never posts. `again` are orders whose look has to be repeated in the next round,
    `afterwards` those that are looked at though their end was told."""

    def __init__(self, database: Database, clock: Clock, keys: Keys, outbox: Outbox, outcomes: Outcomes) -> None:
        self._database = database
        self._clock = clock
        self._keys = keys
        self._outbox = outbox
        self._outcomes = outcomes
        self.on_progress: Callable[[], None] = lambda: None
        self.again: set[str] = set()
        self.afterwards = Afterwards(clock)
        self._incomplete: dict[str, float] = {}

    def forget(self, known: Collection[str]) -> None:
        """What is remembered of orders that are not among these, and whose last look was long ago."""
        lately = self._clock.monotonic() - 2 * FILLS_LAG.total_seconds()
        self._incomplete = {name: at for name, at in self._incomplete.items() if name in known or at > lately}

    async def look(self, intent: Intent, *, is_asked: bool = False, was_ended: bool = False) -> None:
        """Once. `is_asked`: whoever is told of it waits for the answer, so it is no news; `was_ended`: KuCoin has just
        said that it ended while it waited outside the book. Raises `ExchangeError`."""
        self.again.discard(intent.id)
        linked = await self._keys.account_of(intent.key_id)
        async with self._database.read() as session:  # it may have waited for its turn
            intent = await store.by_id(session, intent.id) or intent
            attempt = await store.attempt_of(session, intent)
        if attempt is None:
            return
        if linked is None:
            if intent.state in PENDING:
                await self._settle(intent, State.INDETERMINATE, views.out_of_sight(intent), is_news=True)
            return
        order = await kinds.find(linked.spot, intent, attempt)
        if order is None and was_ended:
            await self._settle(intent, State.CANCELLED, _outcome(intent, State.CANCELLED), is_news=not is_asked)
            return
        if order is None:
            order = await self._missed(linked.spot, intent, attempt)
        else:
            await self._seen(linked.spot, intent, attempt)
        if order is not None:
            is_late = linked.spot.exchange_time() - attempt.signed_at > kinds.JUST_SENT
            await self._found(linked.spot, intent, attempt, order, is_news=is_late and not is_asked)

    async def _missed(self, spot: SpotAccount, intent: Intent, attempt: Attempt) -> Order | None:
        """Not known by its ids. Before that is taken for an answer, the lists are searched too: what they have."""
        if intent.state not in PENDING:
            return None
        misses = attempt.misses.another(spot.exchange_time())
        state = verdict(intent.state, misses, attempt.deadline, attempt.seen_at)
        if state is not None and (found := await kinds.listed(spot, intent, attempt)):
            return found
        await self._note_misses(intent, misses)
        if state is not None:
            reply = views.gone(intent) if state is State.CANCELLED else _outcome(intent, state)
            await self._settle(intent, state, reply, is_news=True)
        elif intent.state is State.WAITING:
            self.again.add(intent.id)
        return None

    async def _seen(self, spot: SpotAccount, intent: Intent, attempt: Attempt) -> None:
        """What is waited for long is written down now and then: after days of standing still, silence proves less."""
        now = spot.exchange_time()
        is_old = intent.state is State.WAITING and now - attempt.seen_at > SEEN_EVERY
        if not attempt.misses.count and not is_old:
            return
        async with self._database.write() as session:
            await store.note_misses(session, intent, Misses())
            await store.note_seen(session, intent, now)

    async def _note_misses(self, intent: Intent, misses: Misses) -> None:
        async with self._database.write() as session:
            await store.note_misses(session, intent, misses)

    async def _settle(self, intent: Intent, state: State, reply: Reply, *, is_news: bool) -> None:
        """The end, as far as we can tell; unless it has moved on meanwhile."""
        origin = UNSETTLED if intent.state in UNSETTLED else {intent.state}
        async with self._database.write() as session:
            if not await store.move(session, intent, origin, state, self._clock.now()):
                return
            await self._outcomes.tell(session, replace(intent, state=state), reply, is_news=is_news)
        self.afterwards.note(replace(intent, state=state), lacks_fills=False)
        log.warning("order_settled", intent=intent.id, state=state)
        self._outbox.wake()
        self.on_progress()

    async def _found(self, spot: SpotAccount, intent: Intent, attempt: Attempt, order: Order, *, is_news: bool) -> None:
        """Takes over progress and fills in one transaction, once all fills of that progress are listed."""
        is_back = await self._is_back(spot, intent, attempt, order)
        is_open = order.is_active and not self.afterwards.lacks_fills(intent)
        if is_open and not is_back and not is_progress(intent.state, intent.filled_size, order):
            return
        fills = await kinds.fills(spot, order)
        crash_point("C13")
        if self._is_torn(intent, order, fills):
            self.again.add(intent.id)  # the next round asks again
            return
        seen = at_its_end(order, fills)
        if is_back or is_progress(intent.state, intent.filled_size, seen):
            await self._take_over(intent, seen, fills, is_news=is_news)
        else:
            await self._keep(intent, fills)

    async def _is_back(self, spot: SpotAccount, intent: Intent, attempt: Attempt, order: Order) -> bool:
        """Whether it was called cancelled and is alive: so much is believed only if a second source says so, too."""
        if not turns_up(intent.state, intent.filled_size, self._clock.now() - intent.changed_at, order):
            return False
        listed = await kinds.listed(spot, intent, attempt)
        return listed is not None and listed.is_active

    async def _take_over(self, intent: Intent, order: Order, fills: Sequence[Fill], *, is_news: bool) -> None:
        is_mistake = intent.state in GIVEN_UP | DONE
        async with self._database.write() as session:
            now = await store.progress(session, intent, order, state_of(order), self._clock.now())
            if now is None:
                self.again.add(intent.id)  # somebody else has moved it meanwhile; what was seen still counts
                return
            crash_point("C12")
            await add_fills(session, now, fills)  # its key may have been replaced since `intent` was read
            if intent.state not in PENDING:
                await standing.rearm(session, now)
            if intent.state in DONE:
                await self._overtake_rests(session, now)
            reply = views.outcome(now, before=intent.state)
            await self._outcomes.tell(session, now, reply, is_news=is_news or is_mistake)
        self.afterwards.note(now, lacks_fills=filled_by(fills) < now.filled_size)
        (log.error if is_mistake else log.info)("order_progressed", intent=intent.id, state=now.state)
        self._outbox.wake()
        self.on_progress()

    async def _overtake_rests(self, session: WriteSession, ended: Intent) -> None:
        """A ticket for what seemed to remain would send too much. One that was confirmed already is an order of its
        own."""
        for ticket in await rests.overtake(session, ended, self._clock.now()):
            log.warning("ticket_overtaken", intent=ticket.id, rest_of=ended.id)
            await self._outbox.put(session, views.notice(ticket, views.overtaken(ticket, ended), Priority.FILL))

    async def _keep(self, intent: Intent, fills: Sequence[Fill]) -> None:
        """Fills that were listed so late that the order was told without them."""
        if not fills or not self.afterwards.lacks_fills(intent):
            return
        async with self._database.write() as session:
            now = await store.hold(session, intent.id)
            await add_fills(session, now or intent, fills)
        if filled_by(fills) >= intent.filled_size:
            self.afterwards.note_complete(intent)
            log.info("fills_completed", intent=intent.id)

    def _is_torn(self, intent: Intent, order: Order, fills: Sequence[Fill]) -> bool:
        """Either of the two may lag behind the other; that is waited for, but not for ever."""
        if agree(order, fills):
            self._incomplete.pop(intent.id, None)
            return False
        now = self._clock.monotonic()
        if now - self._incomplete.setdefault(intent.id, now) < FILLS_LAG.total_seconds():
            return True
        log.error("order_without_its_fills", intent=intent.id, order_id=order.order_id)
        return False


def _outcome(intent: Intent, state: State) -> Reply:
    return views.outcome(replace(intent, state=state))
