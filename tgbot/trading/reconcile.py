"""The truth about every order that is not finished: asked for at start, every two seconds, and whenever news arrive."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

import structlog

from tgbot.core.clock import Clock
from tgbot.core.crash import crash_point
from tgbot.core.errors import ExchangeError
from tgbot.core.money import ZERO, plain
from tgbot.core.orders import Fill, Order
from tgbot.core.reply import Reply
from tgbot.credentials.service import Keys
from tgbot.db.engine import Database, ReadSession, WriteSession
from tgbot.delivery.outbox import Outbox, Priority
from tgbot.kucoin.account import SpotAccount
from tgbot.trading import kinds, rests, standing, store
from tgbot.trading.afterwards import WATCHED_FOR, Afterwards
from tgbot.trading.fills import add_fills
from tgbot.trading.rounds import Piece, Rounds
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
    may_grow,
    state_of,
    turns_up,
    verdict,
)
from tgbot.trading.store import Attempt, Intent
from tgbot.trading.views import orders as views

log = structlog.get_logger()

LOOK_EVERY = timedelta(seconds=2)
WORKING_EVERY = timedelta(seconds=30)
SEEN_EVERY = timedelta(hours=1)
FILLS_LAG = timedelta(seconds=20)

OnOutcome = Callable[[WriteSession, str, Mapping[str, str]], Awaitable[None]]


class Reconciler:
    """The role `orders`. It reads from the exchange and never posts."""

    def __init__(self, database: Database, clock: Clock, keys: Keys, outbox: Outbox) -> None:
        self._database = database
        self._clock = clock
        self._keys = keys
        self._outbox = outbox
        self._rounds = Rounds(clock, LOOK_EVERY, self._due)
        self._again: set[str] = set()
        self._looked: dict[str, float] = {}
        self._incomplete: dict[str, float] = {}
        self._afterwards = Afterwards(clock)
        self._on_round: Callable[[Collection[str]], None] = lambda key_ids: None
        self._on_progress: Callable[[], None] = lambda: None
        self._on_outcome: OnOutcome = _nobody_listens

    def listen_to_groups(self, on_outcome: OnOutcome) -> None:
        """Tell this listener, in the transaction that notes it, of everything that comes of what a group has decided:
        the intent's id and the outcome in words that do not change."""
        self._on_outcome = on_outcome

    async def note_outcome(self, session: WriteSession, intent: Intent) -> None:
        """`intent` as it now is. An exit is told of under what the group has decided: its entry."""
        if not intent.is_of_a_group:
            return
        base, quote = intent.spec.symbol.split("-")
        said = {"outcome": intent.state.value, "order": intent.order_id}
        if intent.filled_size > ZERO:
            said["filled"] = f"{plain(intent.filled_size)} {base} = {plain(intent.filled_funds)} {quote}"
        if intent.entry_id is not None:
            said["exit"] = f"#{intent.short} {intent.request}"
        await self._on_outcome(session, intent.entry_id or intent.id, said)

    def listen(self, on_round: Callable[[Collection[str]], None]) -> None:
        """Tell this listener, in every round and when something is looked at between, which accounts have something
        pending."""
        self._on_round = on_round

    def wake_on_progress(self, wake: Callable[[], None]) -> None:
        """Call this whenever an order has moved on, after the commit."""
        self._on_progress = wake

    def look_at(self, intent_id: str) -> None:
        """Something is known to have happened to this intent."""
        self._rounds.hint(intent_id)

    async def look_at_client_oid(self, client_oid: str) -> bool:
        """Somebody has seen this order. False for one that is not ours, which is left alone."""
        async with self._database.read() as session:
            intent_id = await store.intent_of(session, client_oid)
        if intent_id is None:
            return False
        self.look_at(intent_id)
        return True

    async def look_at_account(self, key_id: str, states: Collection[State] = PENDING) -> None:
        """The stream of this account has just (re)connected, or told of something without our id for it: all that is
        in one of these states is asked for."""
        async with self._database.read() as session:
            pending = await store.pending(session, states)
        for intent in pending:
            if intent.key_id == key_id:
                self.look_at(intent.id)

    async def run(self) -> None:
        """Until cancelled."""
        await self.begin()
        await self._rounds.run()

    async def begin(self) -> None:
        """What an earlier process has sent and did not live to tell of is unknown, and is said to be."""
        async with self._database.write() as session:
            for intent in await store.pending(session, {State.SENT}):
                if await store.move(session, intent, {State.SENT}, State.UNKNOWN, self._clock.now()):
                    log.warning("order_left_over", intent=intent.id)
                    unknown = replace(intent, state=State.UNKNOWN)
                    await self._tell(session, unknown, views.unknown(unknown), is_news=False)
        async with self._database.read() as session:
            await self._afterwards.begin(session)
        self._outbox.wake()

    async def look(self) -> None:
        """One round over everything that is due."""
        await self._rounds.once()

    async def refresh(self, intent: Intent, *, was_ended: bool = False) -> Intent:
        """Looks once, now, for somebody who waits for the answer: the order's card is brought up to date, but no news
        are sent. `was_ended`: KuCoin has just said that it ended while it waited outside the book, so that not to find
        it needs no second look. Raises `ExchangeError` if the exchange cannot be asked."""
        await self._look_once(intent, is_asked=True, was_ended=was_ended)
        async with self._database.read() as session:
            return await store.by_id(session, intent.id) or intent

    async def _due(self, hints: Collection[str], is_round: bool) -> Sequence[Piece]:
        async with self._database.read() as session:
            pending = await self._pending(session) if is_round else []
            known = {intent.id for intent in pending}
            hinted = await store.with_ids(session, set(hints) - known)
        hinted = [one for one in hinted if one.state in PENDING or _may_grow(one)]
        self._on_round({one.key_id for one in (*pending, *hinted) if is_round or one.state in PENDING})
        if is_round:
            self._looked = {name: at for name, at in self._looked.items() if name in known}
            lately = self._clock.monotonic() - 2 * FILLS_LAG.total_seconds()
            self._incomplete = {name: at for name, at in self._incomplete.items() if name in known or at > lately}
        return [
            Piece(one.id, one.key_id, partial(self._try_to_look, one), one.id in hints)
            for one in (*pending, *hinted)
            if one.id in hints or self._is_due(one)
        ]

    async def _pending(self, session: ReadSession) -> list[Intent]:
        """All that waits for its end, or may turn out not to have come to it."""
        pending = await store.pending(session)
        pending += await store.changed_since(session, State.NOT_PLACED, self._clock.now() - WATCHED_FOR)
        known = {intent.id for intent in pending}
        return pending + await store.with_ids(session, (self._afterwards.watched() | self._again) - known)

    def _is_due(self, intent: Intent) -> bool:
        if intent.id in self._again or intent.state in UNSETTLED:
            return True
        looked = self._looked.get(intent.id)
        if self._afterwards.is_due(intent.id, looked):
            return True
        if intent.state in DONE:
            return False
        return looked is None or self._clock.monotonic() - looked >= WORKING_EVERY.total_seconds()

    async def _try_to_look(self, intent: Intent) -> None:
        try:
            await self._look_once(intent)
        except ExchangeError as error:
            log.warning("order_not_looked_at", intent=intent.id, code=error.code)

    async def _look_once(self, intent: Intent, *, is_asked: bool = False, was_ended: bool = False) -> None:
        self._looked[intent.id] = self._clock.monotonic()
        self._again.discard(intent.id)
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
            await self._settle(intent, State.CANCELLED, _outcome(intent, State.CANCELLED), is_news=False)
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
            self._again.add(intent.id)
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
            await self._tell(session, replace(intent, state=state), reply, is_news=is_news)
        self._afterwards.note(replace(intent, state=state), lacks_fills=False)
        log.warning("order_settled", intent=intent.id, state=state)
        self._outbox.wake()
        self._on_progress()

    async def _found(self, spot: SpotAccount, intent: Intent, attempt: Attempt, order: Order, *, is_news: bool) -> None:
        """Takes over progress and fills in one transaction, once all fills of that progress are listed."""
        is_back = await self._is_back(spot, intent, attempt, order)
        is_open = order.is_active and not self._afterwards.lacks_fills(intent)
        if is_open and not is_back and not is_progress(intent.state, intent.filled_size, order):
            return
        fills = await kinds.fills(spot, order)
        crash_point("C13")
        if self._is_torn(intent, order, fills):
            self._again.add(intent.id)  # the next round asks again
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
                self._again.add(intent.id)  # somebody else has moved it meanwhile; what was seen still counts
                return
            crash_point("C12")
            await add_fills(session, intent, fills)
            if intent.state in DONE:
                await standing.rearm(session, now)
                await self._overtake_rests(session, now)
            reply = views.outcome(now, before=intent.state)
            await self._tell(session, now, reply, is_news=is_news or is_mistake)
        self._afterwards.note(now, lacks_fills=filled_by(fills) < now.filled_size)
        (log.error if is_mistake else log.info)("order_progressed", intent=intent.id, state=now.state)
        self._outbox.wake()
        self._on_progress()

    async def _overtake_rests(self, session: WriteSession, ended: Intent) -> None:
        """A ticket for what seemed to remain would send too much. One that was confirmed already is an order of its
        own."""
        for ticket in await rests.overtake(session, ended, self._clock.now()):
            log.warning("ticket_overtaken", intent=ticket.id, rest_of=ended.id)
            await self._outbox.put(session, views.notice(ticket, views.overtaken(ticket, ended), Priority.FILL))

    async def _keep(self, intent: Intent, fills: Sequence[Fill]) -> None:
        """Fills that were listed so late that the order was told without them."""
        if not fills or not self._afterwards.lacks_fills(intent):
            return
        async with self._database.write() as session:
            await add_fills(session, intent, fills)
        if filled_by(fills) >= intent.filled_size:
            self._afterwards.note_complete(intent)
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

    async def _tell(self, session: WriteSession, intent: Intent, reply: Reply, *, is_news: bool) -> None:
        """The ticket's message shows the new state; what happens later than the tap also comes as an answer to it."""
        await self.note_outcome(session, intent)
        await self._outbox.put(session, views.notice(intent, reply, Priority.FILL))
        if is_news:
            await self._outbox.put(session, views.news(intent, reply))


async def _nobody_listens(session: WriteSession, intent_id: str, said: Mapping[str, str]) -> None:
    """Where there are no groups."""


def _outcome(intent: Intent, state: State) -> Reply:
    return views.outcome(replace(intent, state=state))


def _may_grow(intent: Intent) -> bool:
    return may_grow(intent.state, intent.filled_size, intent.spec.size)
