"""Starting and ending to watch, and showing the card."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol

from tgbot.alerts.rules.watch_cards import Quote
from tgbot.alerts.rules.watching import Watch
from tgbot.alerts.watches import store, views
from tgbot.alerts.watches.live import LivePrices
from tgbot.alerts.watches.store import Card
from tgbot.core.clock import Clock
from tgbot.core.errors import Refused
from tgbot.core.market import Stats
from tgbot.core.reply import T
from tgbot.db.engine import Database, WriteSession
from tgbot.delivery.outbox import Notice, Outbox, Priority
from tgbot.markets.prices import PriceBoard

MOST_WATCHES = 20  # in one chat


class StatsSource(Protocol):
    async def stats(self, symbol: str) -> Stats: ...


@dataclass(frozen=True, slots=True)
class Ask:
    """Which chat wants to see its card: where it is, or anew at the bottom, in this topic. `offered` are pairs to offer
    if nothing is watched."""

    chat_id: int
    thread_id: int | None
    update_id: int
    offered: Sequence[str]
    is_anew: bool


class Watches:
    """Every change is told by the card, in the transaction that makes it."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        outbox: Outbox,
        board: PriceBoard,
        source: StatsSource,
        live: LivePrices,
    ) -> None:
        self._database = database
        self._clock = clock
        self._outbox = outbox
        self._board = board
        self._source = source
        self._live = live

    async def watch(self, ask: Ask, symbols: Sequence[str], move: Decimal | None) -> None:
        """With a `move` (a fraction) the chat is told whenever the price has come that far, counted from now. What is
        watched already keeps its move if none is given.

        Raises `Refused` when the chat would watch too many, `ExchangeError` when there is no price to start from.
        """
        _require_room((), symbols)
        days = await asyncio.gather(*(self._source.stats(symbol) for symbol in symbols))
        for day in days:
            self._board.on_stats(day)
        async with self._live.lock:
            async with self._database.write() as session:
                known = {watch.symbol: watch for watch in await store.of_chat(session, ask.chat_id)}
                _require_room(known.keys(), symbols)
                made = [await self._set(session, ask, known.get(day.symbol), day, move) for day in days]
                watches, quotes = await self._tell(session, ask)
            for watch in made:
                self._live.put(watch)
            self._live.note_shown(ask.chat_id, watches, quotes)
        self._outbox.wake()

    async def unwatch(self, ask: Ask, symbols: Collection[str]) -> None:
        """What is not watched stays so."""
        async with self._live.lock:
            async with self._database.write() as session:
                await store.drop(session, ask.chat_id, symbols)
                watches, quotes = await self._tell(session, ask)
            for symbol in symbols:
                self._live.drop(ask.chat_id, symbol)
            self._live.note_shown(ask.chat_id, watches, quotes)
        self._outbox.wake()

    async def show(self, ask: Ask) -> None:
        await self.unwatch(ask, ())

    async def symbols(self, chat_id: int) -> list[str]:
        async with self._database.read() as session:
            return [watch.symbol for watch in await store.of_chat(session, chat_id)]

    async def lose(self, session: WriteSession, chat_id: int) -> None:
        """Telegram says that nobody reads this chat any more. Should the transaction fail, the next start finds the
        rows as they were."""
        await store.lose_chat(session, chat_id)
        self._live.forget(chat_id)

    async def regain(self, session: WriteSession, chat_id: int) -> None:
        """Somebody reads this chat again: what was watched there is watched again."""
        regained = await store.regain_chat(session, chat_id)
        if regained:
            session.after_commit(lambda: self._put_all(regained))
            await self._outbox.put(session, Notice(chat_id, views.regained(regained), Priority.ANSWER))

    async def move(self, session: WriteSession, chat_id: int, new_chat_id: int) -> None:
        """A group became a supergroup. Its card stays behind, and is made anew when somebody asks for it."""
        moved = await store.move_chat(session, chat_id, new_chat_id)
        if moved:
            session.after_commit(lambda: self._live.forget(chat_id))
            session.after_commit(lambda: self._put_all(moved))

    def _put_all(self, watches: Sequence[Watch]) -> None:
        for watch in watches:
            self._live.put(watch)

    async def _set(
        self, session: WriteSession, ask: Ask, known: Watch | None, day: Stats, move: Decimal | None
    ) -> Watch:
        if known is None:
            wanted = Watch(0, ask.chat_id, day.symbol, move, day.last, ask.thread_id)
            return await store.add(session, wanted, self._clock.now())
        if move is None:
            return known
        changed = replace(known, move=move, reference=day.last, thread_id=ask.thread_id)
        await store.change(session, changed)
        return changed

    async def _tell(self, session: WriteSession, ask: Ask) -> tuple[list[Watch], dict[str, Quote | None]]:
        """Puts the card into the outbox; returns what it shows."""
        watches = await store.of_chat(session, ask.chat_id)
        quotes = self._live.quotes(watches)
        reply = views.card(watches, quotes) if watches else views.nothing_watched(ask.offered)
        card = await self._card(session, ask)
        await self._outbox.put(
            session, Notice(ask.chat_id, reply, Priority.ANSWER, card.name, thread_id=card.thread_id)
        )
        return watches, quotes

    async def _card(self, session: WriteSession, ask: Ask) -> Card:
        """Shown anew it gets another name, for what is still on its way may edit the old message only."""
        current = (await store.cards(session, [ask.chat_id])).get(ask.chat_id)
        if current is not None and not ask.is_anew:
            return current
        card = Card(f"watch:{ask.update_id}", ask.thread_id)
        if current is not None and current != card:
            await self._outbox.put(session, Notice(ask.chat_id, views.card_moved(), Priority.DIGEST, current.name))
        await store.set_card(session, ask.chat_id, card)
        return card


def _require_room(known: Collection[str], wanted: Collection[str]) -> None:
    count = len({*known, *wanted})
    if count > MOST_WATCHES:
        raise Refused(T.of("watches.too_many", count=count, most=MOST_WATCHES), views.SHOW)
