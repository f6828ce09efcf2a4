"""The truth about every order that is not finished: asked for at start, every two seconds, and whenever news arrive."""

import asyncio
from collections.abc import Callable, Collection
from datetime import timedelta

import structlog

from tgbot.core.clock import Clock
from tgbot.core.errors import ExchangeError
from tgbot.core.money import ZERO
from tgbot.core.orders import Fill, Order
from tgbot.credentials.service import Keys
from tgbot.db.engine import Database, WriteSession
from tgbot.delivery.outbox import Notice, Outbox, Priority
from tgbot.kucoin.account import SpotAccount
from tgbot.trading import store, views
from tgbot.trading.rules.settlement import UNSETTLED, State, is_progress, settle_missing, state_of
from tgbot.trading.store import Attempt, Intent

log = structlog.get_logger()

LOOK_EVERY = timedelta(seconds=2)
WORKING_EVERY = timedelta(seconds=30)
JUST_SENT = timedelta(seconds=5)
SIDE_BY_SIDE = 8


class Reconciler:
    """The role `orders`. It reads from the exchange and never posts."""

    def __init__(self, database: Database, clock: Clock, keys: Keys, outbox: Outbox) -> None:
        self._database = database
        self._clock = clock
        self._keys = keys
        self._outbox = outbox
        self._hints: set[str] = set()
        self._news = asyncio.Event()
        self._looked: dict[str, float] = {}
        self._on_round: Callable[[Collection[str]], None] = lambda key_ids: None

    def listen(self, on_round: Callable[[Collection[str]], None]) -> None:
        """Tell this listener, in every round, which accounts have something pending."""
        self._on_round = on_round

    def look_at(self, intent_id: str) -> None:
        """Something is known to have happened to this intent."""
        self._hints.add(intent_id)
        self._news.set()

    async def look_at_client_oid(self, client_oid: str) -> None:
        """A private stream has spoken of this order; one that is not ours is left alone."""
        async with self._database.read() as session:
            intent_id = await store.intent_of(session, client_oid)
        if intent_id is not None:
            self.look_at(intent_id)

    async def look_at_account(self, key_id: str) -> None:
        """The stream of this account has just (re)connected: what it missed is asked for."""
        async with self._database.read() as session:
            pending = await store.pending(session)
        for intent in pending:
            if intent.key_id == key_id:
                self.look_at(intent.id)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.look()
            await self._wait()

    async def look(self) -> None:
        """One round over everything that is due."""
        hints, self._hints = self._hints, set()
        self._news.clear()
        async with self._database.read() as session:
            pending = await store.pending(session)
        self._on_round({intent.key_id for intent in pending})
        due = [intent for intent in pending if self._is_due(intent, hints)]
        room = asyncio.Semaphore(SIDE_BY_SIDE)
        async with asyncio.TaskGroup() as tasks:
            for intent in due:
                tasks.create_task(self._look_within(room, intent))
        self._looked = {intent.id: self._looked[intent.id] for intent in pending if intent.id in self._looked}

    async def refresh(self, intent: Intent) -> Intent:
        """Looks once, now, for somebody who waits for the answer: the order's card is brought up to date, but no news
        are sent. Raises `ExchangeError` if the exchange cannot be asked."""
        await self._look_once(intent, is_asked=True)
        async with self._database.read() as session:
            return await store.by_id(session, intent.id) or intent

    def _is_due(self, intent: Intent, hints: Collection[str]) -> bool:
        if intent.id in hints or intent.state in UNSETTLED:
            return True
        looked = self._looked.get(intent.id)
        return looked is None or self._clock.monotonic() - looked >= WORKING_EVERY.total_seconds()

    async def _wait(self) -> None:
        """Two seconds, or until there is news."""
        async with asyncio.TaskGroup() as tasks:
            news = tasks.create_task(self._news.wait())
            pause = tasks.create_task(self._clock.sleep(LOOK_EVERY.total_seconds()))
            await asyncio.wait({news, pause}, return_when=asyncio.FIRST_COMPLETED)
            news.cancel()
            pause.cancel()

    async def _look_within(self, room: asyncio.Semaphore, intent: Intent) -> None:
        async with room:
            try:
                await self._look_once(intent)
            except ExchangeError as error:
                log.warning("order_not_looked_at", intent=intent.id, code=error.code)

    async def _look_once(self, intent: Intent, *, is_asked: bool = False) -> None:
        self._looked[intent.id] = self._clock.monotonic()
        linked = await self._keys.account_of(intent.key_id)
        async with self._database.read() as session:
            attempt = await store.attempt_of(session, intent)
        if linked is None or attempt is None:
            return
        order = await self._find(linked.spot, intent, attempt)
        if order is None:
            await self._missed(linked.spot, intent, attempt)
            return
        fills = await linked.spot.fills(order.symbol, order.order_id) if order.filled_size > ZERO else []
        is_news = not is_asked and intent.state not in UNSETTLED and self._age(intent) > JUST_SENT
        await self._found(intent, order, fills, is_news=is_news)

    async def _find(self, spot: SpotAccount, intent: Intent, attempt: Attempt) -> Order | None:
        order = await spot.order_by_client_oid(attempt.client_oid, intent.spec.symbol)
        if order is not None or not intent.order_id:
            return order
        return await spot.order(intent.order_id, intent.spec.symbol)

    async def _missed(self, spot: SpotAccount, intent: Intent, attempt: Attempt) -> None:
        """Not known by its clientOid. Before that is taken for an answer, the lists are searched too."""
        if intent.state not in UNSETTLED:
            log.warning("order_not_listed", intent=intent.id, order_id=intent.order_id)
            return
        misses = attempt.misses.another(spot.exchange_time())
        state = settle_missing(misses, attempt.deadline)
        if state is State.NOT_PLACED and (listed := await self._listed(spot, intent, attempt)):
            fills = await spot.fills(listed.symbol, listed.order_id)
            await self._found(intent, listed, fills, is_news=False)
            return
        async with self._database.write() as session:
            await store.note_misses(session, intent, misses)
            if state is State.UNKNOWN:
                return
            if await store.move(session, intent, UNSETTLED, state, self._clock.now()):
                await self._tell(session, intent, state)
        log.info("order_settled", intent=intent.id, state=state)
        self._outbox.wake()

    async def _listed(self, spot: SpotAccount, intent: Intent, attempt: Attempt) -> Order | None:
        symbol = intent.spec.symbol
        until = spot.exchange_time()
        orders = await spot.open_orders(symbol)
        orders += await spot.done_orders(symbol, attempt.signed_at - timedelta(seconds=5), until)
        return next((order for order in orders if order.client_oid == attempt.client_oid), None)

    async def _found(self, intent: Intent, order: Order, fills: list[Fill], *, is_news: bool) -> None:
        """Takes over progress and fills in one transaction, once all fills of that progress are listed."""
        if not is_progress(intent.state, intent.filled_size, order):
            return
        if sum((fill.size for fill in fills), ZERO) < order.filled_size:
            self._hints.add(intent.id)  # the list of fills lags behind the order: ask again in the next round
            return
        state = state_of(order)
        async with self._database.write() as session:
            if not await store.progress(session, intent, order, state, self._clock.now()):
                return
            await store.add_fills(session, intent, fills)
            after = await store.by_id(session, intent.id)
            if after is not None:
                await self._tell(session, after, state, is_news=is_news)
        log.info("order_progressed", intent=intent.id, state=state)
        self._outbox.wake()

    def _age(self, intent: Intent) -> timedelta:
        return self._clock.now() - intent.changed_at

    async def _tell(self, session: WriteSession, intent: Intent, state: State, *, is_news: bool = False) -> None:
        """The ticket's message shows the new state; what happens later than the tap also comes as an answer to it."""
        reply = views.outcome(intent, state)
        card = views.card(intent)
        await self._outbox.put(session, Notice(intent.chat_id, reply, Priority.FILL, card=card))
        if is_news:
            key = f"order:{intent.id}:{state}:{intent.filled_size}"
            notice = Notice(intent.chat_id, views.news(intent, state), Priority.FILL, reply_to_card=card, dedup_key=key)
            await self._outbox.put(session, notice)
