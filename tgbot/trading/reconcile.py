"""The truth about every order that is not finished: asked for at start, every two seconds, and whenever news arrive."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

import structlog

from tgbot.core.clock import Clock
from tgbot.core.errors import ExchangeError, ExchangeUnavailable
from tgbot.credentials.service import Keys
from tgbot.db.engine import Database, ReadSession, WriteSession
from tgbot.delivery.outbox import Outbox
from tgbot.trading import store
from tgbot.trading.afterwards import WATCHED_FOR
from tgbot.trading.outcomes import OnOutcome, Outcomes
from tgbot.trading.rounds import Piece, Rounds
from tgbot.trading.rules.settlement import DONE, GIVEN_UP, PENDING, UNSETTLED, State, may_grow
from tgbot.trading.settling import Settling
from tgbot.trading.store import Intent
from tgbot.trading.views import orders as views

log = structlog.get_logger()

LOOK_EVERY = timedelta(seconds=2)
WORKING_EVERY = timedelta(seconds=30)


class Reconciler:
    """The role `orders`. It reads from the exchange and never posts."""

    def __init__(self, database: Database, clock: Clock, keys: Keys, outbox: Outbox) -> None:
        self._database = database
        self._clock = clock
        self._outbox = outbox
        self._outcomes = Outcomes(outbox)
        self._settling = Settling(database, clock, keys, outbox, self._outcomes)
        self._rounds = Rounds(clock, LOOK_EVERY, self._due)
        self._looked: dict[str, float] = {}
        self._on_round: Callable[[Collection[str]], None] = lambda key_ids: None

    def listen_to_groups(self, on_outcome: OnOutcome) -> None:
        """As `Outcomes.listen_to_groups`."""
        self._outcomes.listen_to_groups(on_outcome)

    async def note_outcome(self, session: WriteSession, intent: Intent) -> None:
        """As `Outcomes.note`."""
        await self._outcomes.note(session, intent)

    def listen(self, on_round: Callable[[Collection[str]], None]) -> None:
        """Tell this listener, in every round and when something is looked at between, which accounts have something
        pending."""
        self._on_round = on_round

    def wake_on_progress(self, wake: Callable[[], None]) -> None:
        """Call this whenever an order has moved on, after the commit."""
        self._settling.on_progress = wake

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
            pending = await store.pending_with(session, key_id, states)
        for intent_id in pending:
            self.look_at(intent_id)

    async def run(self) -> None:
        """Until cancelled."""
        await self.begin()
        await self._rounds.run()

    async def begin(self) -> None:
        """What an earlier process has sent and did not live to tell of is unknown, and is said to be. What was left to
        a person is looked at once more: its key may have been linked again, and nobody lived to look."""
        async with self._database.write() as session:
            for intent in await store.pending(session, {State.SENT}):
                if await store.move(session, intent, {State.SENT}, State.UNKNOWN, self._clock.now()):
                    log.warning("order_left_over", intent=intent.id)
                    unknown = replace(intent, state=State.UNKNOWN)
                    await self._outcomes.tell(session, unknown, views.unknown(unknown), is_news=False)
        async with self._database.read() as session:
            await self._settling.afterwards.begin(session)
            for intent in await store.pending(session, {State.INDETERMINATE}):
                self.look_at(intent.id)
        self._outbox.wake()

    async def look(self) -> None:
        """One round over everything that is due."""
        await self._rounds.once()

    async def refresh(self, intent: Intent, *, is_asked: bool = True, was_ended: bool = False) -> Intent:
        """Looks once, now. The order's card is brought up to date, but no news are sent where it `is_asked`: where
        whoever they would be for gets the answer. `was_ended`: KuCoin has just said that it ended while it waited
        outside the book, so that not to find it needs no second look. Raises `ExchangeError` if the exchange cannot be
        asked."""
        await self._look_once(intent, is_asked=is_asked, was_ended=was_ended)
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
            self._settling.forget(known)
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
        unsure = self._settling.afterwards.watched() | self._settling.again
        return pending + await store.with_ids(session, unsure - known)

    def _is_due(self, intent: Intent) -> bool:
        if intent.id in self._settling.again or intent.state in UNSETTLED:
            return True
        looked = self._looked.get(intent.id)
        if self._settling.afterwards.is_due(intent.id, looked):
            return True
        if intent.state in DONE:
            return False
        return looked is None or self._clock.monotonic() - looked >= WORKING_EVERY.total_seconds()

    async def _try_to_look(self, intent: Intent) -> None:
        try:
            await self._look_once(intent)
        except ExchangeError as error:
            log.warning("order_not_looked_at", intent=intent.id, code=error.code)
            if intent.state in GIVEN_UP and isinstance(error, ExchangeUnavailable):
                self._settling.again.add(intent.id)  # no round would come back to it

    async def _look_once(self, intent: Intent, *, is_asked: bool = False, was_ended: bool = False) -> None:
        self._looked[intent.id] = self._clock.monotonic()
        await self._settling.look(intent, is_asked=is_asked, was_ended=was_ended)


def _may_grow(intent: Intent) -> bool:
    return may_grow(intent.state, intent.filled_size, intent.spec.size)
