"""The role that keeps prices in the chats: it edits the cards whose prices have changed, and tells of moves."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

import structlog

from tgbot.alerts.rules.watch_cards import Quote, Turns, read_quote
from tgbot.alerts.rules.watching import Watch
from tgbot.alerts.watches import store, views
from tgbot.alerts.watches.followed import Feed, Followed, Move
from tgbot.core.clock import Clock
from tgbot.core.market import Tick
from tgbot.core.notices import Kind
from tgbot.db.engine import Database
from tgbot.delivery.outbox import Notice, Outbox, Priority
from tgbot.markets.prices import PriceBoard

log = structlog.get_logger()

TURN = 1.0  # seconds
# A third of what may leave in a turn: with more cards than this each is edited less often, and answers pass.
EDITS_A_TURN = 10
TOLD_AT_ONCE = 100  # moves in one transaction

Content = tuple[Quote | None, ...]


class LivePrices:
    """`on_tick` belongs to the stream. What is in memory follows the table: whoever changes rows holds `lock` until
    the change is told here."""

    def __init__(self, *, database: Database, clock: Clock, outbox: Outbox, board: PriceBoard, feed: Feed) -> None:
        self._database = database
        self._clock = clock
        self._outbox = outbox
        self._board = board
        self._feed = feed
        self._followed = Followed(feed)
        self._quotes: dict[str, Quote | None] = {}
        self._shown: dict[int, Content] = {}
        self._turns = Turns()
        self._started = clock.monotonic()
        self.lock = asyncio.Lock()

    async def run(self) -> None:
        """Until cancelled."""
        await self._load()
        while True:
            await self._clock.sleep(TURN)
            await self._tell_moves()
            await self._edit_cards()

    def on_tick(self, tick: Tick) -> None:
        self._followed.on_tick(tick)

    def quotes(self, watches: Iterable[Watch]) -> dict[str, Quote | None]:
        """By symbol; `None` where the first price has yet to come."""
        return {watch.symbol: self._quote(watch.symbol) for watch in watches}

    def put(self, watch: Watch) -> None:
        """It has been set, or set anew: call it after the commit, as the others here."""
        self._followed.put(watch)

    def drop(self, chat_id: int, symbol: str) -> None:
        self._followed.drop(chat_id, symbol)

    def note_shown(self, chat_id: int, watches: Sequence[Watch], quotes: Mapping[str, Quote | None]) -> None:
        """The card has just been sent like this."""
        if not watches:
            return self.forget(chat_id)
        self._shown[chat_id] = tuple(quotes[watch.symbol] for watch in watches)
        self._turns.rest(chat_id, self._clock.monotonic())
        return None

    def forget(self, chat_id: int) -> None:
        """It watches nothing any more."""
        self._followed.drop_chat(chat_id)
        self._shown.pop(chat_id, None)
        self._turns.forget(chat_id)

    async def _load(self) -> None:
        async with self.lock, self._database.read() as session:
            watches = await store.all_watches(session)
            for watch in watches:
                self._followed.put(watch)
                # The first prices and figures take a moment to come.
                self._turns.rest(watch.chat_id, self._clock.monotonic())
        log.info("watches_loaded", count=len(watches))

    async def _tell_moves(self) -> None:
        moves = self._followed.take_moves()
        for start in range(0, len(moves), TOLD_AT_ONCE):
            async with self.lock:
                await self._tell(moves[start : start + TOLD_AT_ONCE])

    async def _tell(self, moves: Sequence[Move]) -> None:
        async with self._database.write() as session:
            for move in moves:
                if await store.advance(session, move.watch, move.price):
                    chat_id, thread_id = move.watch.chat_id, move.watch.thread_id
                    notice = Notice(chat_id, views.moved(move), Priority.ALERT, thread_id=thread_id, kind=Kind.WATCH)
                    await self._outbox.put(session, notice)
        self._outbox.wake()
        for move in moves:
            self._followed.settle(move)
            # It may have come further while nobody listened.
            if latest := self._board.latest(move.watch.symbol):
                self._followed.on_tick(latest)

    async def _edit_cards(self) -> None:
        self._find_changes()
        async with self.lock:
            due = self._due()
            if not due:
                return
            async with self._database.write() as session:
                cards = await store.cards(session, due)
                for chat_id, watches in due.items():
                    if card := cards.get(chat_id):
                        reply = views.card(watches, self._quotes)
                        notice = Notice(chat_id, reply, Priority.DIGEST, card.name, thread_id=card.thread_id)
                        await self._outbox.put(session, notice)
            for chat_id in due:
                # Telegram may have said in the meantime that the chat is gone.
                self.note_shown(chat_id, self._followed.watched(chat_id), self._quotes)
        self._outbox.wake()

    def _find_changes(self) -> None:
        """Cards wait for an edit when a pair of theirs would look different, and not for every tick."""
        before, self._quotes = self._quotes, {symbol: self._quote(symbol) for symbol in self._followed.symbols}
        for symbol, quote in self._quotes.items():
            if quote != before.get(symbol):
                for chat_id in self._followed.chats(symbol):
                    self._turns.wait(chat_id)

    def _due(self) -> dict[int, list[Watch]]:
        due: dict[int, list[Watch]] = {}
        for chat_id in self._turns.ready(self._clock.monotonic()):
            watches = self._followed.watched(chat_id)
            content = tuple(self._quotes.get(watch.symbol) for watch in watches)
            if content == self._shown.get(chat_id):
                self._turns.waive(chat_id)
            elif None not in content:
                due[chat_id] = watches
            if len(due) == EDITS_A_TURN:
                break
        return due

    def _quote(self, symbol: str) -> Quote | None:
        silence = self._board.silence(symbol)
        if silence is None:
            silence = timedelta(seconds=self._clock.monotonic() - self._started)
        return read_quote(
            self._board.latest(symbol), self._board.day(symbol), silence, is_live=self._feed.is_live(symbol)
        )
