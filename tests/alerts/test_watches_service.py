"""Watching as a chat sees it: which cards and messages leave, and when."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import pairwise

import pytest
from sqlalchemy import select, update

from tests.alerts.feed import CountedFeed
from tests.clock import JumpClock
from tests.markets.exchange import MemoryExchange
from tgbot.alerts.rules.watch_cards import EDIT_EVERY
from tgbot.alerts.watches import store
from tgbot.alerts.watches.live import EDITS_A_TURN, LivePrices
from tgbot.alerts.watches.service import MOST_WATCHES, Ask, Watches
from tgbot.core.errors import ExchangeUnavailable, Refused
from tgbot.db.engine import Database
from tgbot.delivery.codec import decode
from tgbot.delivery.outbox import Outbox, Priority
from tgbot.delivery.store import OutboxRow, State
from tgbot.markets.prices import PriceBoard
from tgbot.packaged import folder
from tgbot.texts.catalogue import Catalogue
from tgbot.texts.notation import Reader
from tgbot.texts.renderer import Renderer

ANN, BORIS = 7, 8
BTC, ETH = "BTC-USDT", "ETH-USDT"
TWO = Decimal("0.02")
RENDERER = Renderer(Catalogue(folder("locales")))


@dataclass(frozen=True)
class Left:
    """A message that has left for a chat."""

    chat_id: int
    priority: int
    card: str | None
    message_id: int | None
    text: str


@dataclass
class Desk:
    """One life of the bot, as far as watches go. Whatever is in the outbox leaves at once when it is asked for."""

    database: Database
    clock: JumpClock
    exchange: MemoryExchange
    feed: CountedFeed = field(default_factory=CountedFeed)
    updates: int = 0

    def __post_init__(self) -> None:
        self.board = PriceBoard(self.clock)
        outbox = Outbox(self.clock)
        self.live = LivePrices(
            database=self.database, clock=self.clock, outbox=outbox, board=self.board, feed=self.feed
        )
        self.board.listen(self.live.on_tick)
        self.watches = Watches(
            database=self.database,
            clock=self.clock,
            outbox=outbox,
            board=self.board,
            source=self.exchange,
            live=self.live,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            role = tasks.create_task(self.live.run())
            await self.clock.until_sleeping()
            yield
            role.cancel()

    async def pass_time(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.advance(1)
            await self.clock.until_sleeping()

    def ask(self, chat_id: int = ANN, *, is_anew: bool = True, message_id: int | None = None) -> Ask:
        self.updates += 1
        return Ask(chat_id, self.updates, (BTC, ETH), is_anew, message_id)

    async def watch(self, *symbols: str, move: Decimal | None = None, chat_id: int = ANN) -> None:
        await self.watches.watch(self.ask(chat_id), symbols, move)

    def trade(self, price: str, symbol: str = BTC) -> None:
        self.board.on_tick(self.exchange.trade(symbol, price))

    async def left(self) -> Sequence[Left]:
        """What has left since the last time."""
        async with self.database.write() as session:
            rows = list(
                await session.scalars(select(OutboxRow).where(OutboxRow.state == State.NEW).order_by(OutboxRow.id))
            )
            await session.execute(update(OutboxRow).values(state=State.SENT))
        return [
            Left(
                row.chat_id,
                row.priority,
                row.card,
                row.message_id,
                RENDERER.render(decode(row.payload), Reader("en", "UTC")).plain,
            )
            for row in rows
        ]


@pytest.fixture
def exchange(clock: JumpClock) -> MemoryExchange:
    exchange = MemoryExchange(clock)
    for symbol in exchange.rules:
        exchange.trade(symbol, "100")
    return exchange


@pytest.fixture
def desk(database: Database, clock: JumpClock, exchange: MemoryExchange) -> Desk:
    return Desk(database, clock, exchange)


# --- The card ------------------------------------------------------------------------------------------------------


async def test_the_first_watch_sends_a_card_with_price_and_change(desk: Desk) -> None:
    async with desk.running():
        await desk.watch(BTC, ETH, move=TWO)
        (card,) = await desk.left()
    assert card.text.splitlines() == [
        "★ Watching 2 pairs",
        "BTC-USDT 100 -1.25%",
        "ETH-USDT 100 -1.25%",
        "A message at every move of 2%: BTC-USDT, ETH-USDT",
    ]
    assert (card.chat_id, card.priority, card.message_id) == (ANN, Priority.ANSWER, None)


async def test_the_card_is_edited_when_a_price_has_changed(desk: Desk) -> None:
    async with desk.running():
        await desk.watch(BTC, ETH)
        (card,) = await desk.left()
        desk.trade("101")
        await desk.pass_time(5)
        (edit,) = await desk.left()
    assert "BTC-USDT 101 -1.25%" in edit.text
    assert (edit.card, edit.priority) == (card.card, Priority.DIGEST)


async def test_an_unchanged_card_is_left_alone_and_costs_no_writing(desk: Desk, database: Database) -> None:
    async with desk.running():
        await desk.watch(BTC, move=TWO)
        await desk.left()
        rows = await count_rows(database)
        for price in ("100.00001", "99.99999", "100.00004", "100"):
            desk.trade(price)
            await desk.pass_time(5)
        desk.trade("101")
        desk.trade("100")
        await desk.pass_time(5)
        assert await count_rows(database) == rows, "what looks the same is not sent again"
        desk.trade("100.001")
        await desk.pass_time(5)
        assert len(await desk.left()) == 1


async def test_a_card_is_not_edited_more_often_than_telegram_bears(desk: Desk) -> None:
    async with desk.running():
        await desk.watch(BTC)
        await desk.left()
        moments = []
        for second in range(60):
            for tenth in range(10):
                desk.trade(f"1{second}.{tenth}")
            await desk.pass_time(1)
            if await desk.left():
                moments.append(second)
    gaps = {later - earlier for earlier, later in pairwise(moments)}
    assert gaps == {int(EDIT_EVERY)}


async def test_many_cards_take_turns_and_none_is_passed_over(desk: Desk) -> None:
    chats = range(1, 4 * EDITS_A_TURN + 6)
    async with desk.running():
        for chat_id in chats:
            await desk.watch(BTC, chat_id=chat_id)
        await desk.left()
        edited: dict[int, list[int]] = {chat_id: [] for chat_id in chats}
        for second in range(20):
            desk.trade(f"1{second}")
            await desk.pass_time(1)
            turn = await desk.left()
            assert len(turn) <= EDITS_A_TURN
            for left in turn:
                edited[left.chat_id].append(second)
    gaps = [later - earlier for moments in edited.values() for earlier, later in pairwise(moments)]
    # 45 cards need five turns; two that were edited in the same one may change places.
    assert max(gaps) <= 6
    assert min(map(len, edited.values())) >= 2


async def test_a_change_of_the_day_alone_is_shown_too(desk: Desk) -> None:
    async with desk.running():
        await desk.watch(BTC)
        await desk.left()
        desk.board.on_stats(replace(await desk.exchange.stats(BTC), change=Decimal("0.05")))
        await desk.pass_time(5)
        (edit,) = await desk.left()
    assert "BTC-USDT 100 +5%" in edit.text


async def test_a_pair_that_is_not_heard_of_is_marked_and_unmarked(desk: Desk) -> None:
    async with desk.running():
        await desk.watch(BTC, ETH)
        await desk.left()
        desk.feed.dead.add(BTC)
        await desk.pass_time(20)
        (edit,) = await desk.left()
        assert edit.text.splitlines()[1:] == ["BTC-USDT 100  stale", "ETH-USDT 100 -1.25%"]
        desk.feed.dead.clear()
        desk.trade("100")
        await desk.pass_time(5)
        (edit,) = await desk.left()
        assert edit.text.splitlines()[1] == "BTC-USDT 100 -1.25%"
        await desk.pass_time(301)
        assert (await desk.left())[-1].text.count("stale") == 2, "five minutes of silence are long even on a live line"


async def test_shown_anew_the_card_is_another_message_and_the_old_one_says_so(desk: Desk) -> None:
    async with desk.running():
        await desk.watch(BTC)
        (first,) = await desk.left()
        await desk.watches.show(desk.ask())
        old, new = await desk.left()
        assert (old.card, old.text) == (first.card, "★ Your prices are now in a newer message, further down.")
        assert new.card != first.card
        assert new.text == first.text
        desk.trade("101")
        await desk.pass_time(5)
        (edit,) = await desk.left()
        assert edit.card == new.card


async def test_an_update_handled_twice_shows_one_card(desk: Desk) -> None:
    async with desk.running():
        ask = desk.ask()
        await desk.watches.watch(ask, [BTC], TWO)
        (first,) = await desk.left()
        await desk.watches.watch(ask, [BTC], TWO)
        (second,) = await desk.left()
    assert first == second


async def test_a_pressed_message_becomes_the_card_or_stays_it(desk: Desk) -> None:
    async with desk.running():
        await desk.watches.watch(desk.ask(is_anew=False, message_id=55), [BTC], None)
        (card,) = await desk.left()
        await desk.watches.show(desk.ask(is_anew=False, message_id=55))
        (again,) = await desk.left()
    assert card.message_id == 55
    assert again == card


# --- What is watched -----------------------------------------------------------------------------------------------


async def test_unwatched_pairs_leave_the_card_and_the_last_one_offers_others(desk: Desk) -> None:
    async with desk.running():
        await desk.watch(BTC, ETH)
        (card,) = await desk.left()
        await desk.watches.unwatch(desk.ask(is_anew=False), [BTC])
        (fewer,) = await desk.left()
        assert fewer.text.splitlines() == ["★ Watching 1 pair", "ETH-USDT 100 -1.25%"]
        await desk.watches.unwatch(desk.ask(is_anew=False), [BTC, ETH])
        (none,) = await desk.left()
        assert none.text.startswith("You watch no pair.")
        assert card.card == fewer.card == none.card
        desk.trade("101")
        desk.trade("101", ETH)
        await desk.pass_time(10)
        assert await desk.left() == []
    assert not desk.feed.held
    assert not desk.feed.held_stats


async def test_two_people_on_one_pair_are_fed_until_the_last_one_leaves(desk: Desk) -> None:
    async with desk.running():
        await desk.watch(BTC)
        await desk.watch(BTC, chat_id=BORIS)
        await desk.watches.unwatch(desk.ask(is_anew=False), [BTC])
        await desk.left()
        assert (desk.feed.held[BTC], desk.feed.held_stats[BTC]) == (1, 1)
        desk.trade("101")
        await desk.pass_time(5)
        assert [left.chat_id for left in await desk.left()] == [BORIS]
        await desk.watches.unwatch(desk.ask(BORIS, is_anew=False), [BTC])
    assert not desk.feed.held


async def test_more_than_twenty_pairs_are_refused_and_nothing_changes(database: Database, clock: JumpClock) -> None:
    symbols = [f"C{number}-USDT" for number in range(MOST_WATCHES + 2)]
    exchange = MemoryExchange(clock, tuple(symbols))
    for symbol in symbols:
        exchange.trade(symbol, "1")
    desk = Desk(database, clock, exchange)
    async with desk.running():
        await desk.watch(*symbols[: MOST_WATCHES - 1])
        await desk.left()
        with pytest.raises(Refused) as refused:
            await desk.watch(*symbols[MOST_WATCHES - 1 : MOST_WATCHES + 1])
        assert refused.value.text.values == {"count": 21, "most": 20}
        with pytest.raises(Refused):
            await desk.watch(*symbols, chat_id=BORIS)
        assert await desk.left() == []
        assert len(await desk.watches.symbols(ANN)) == MOST_WATCHES - 1
        await desk.watch(symbols[-1])
        await desk.watch(symbols[-1], symbols[0])
        assert len(desk.feed.held) == MOST_WATCHES


async def test_without_a_price_to_start_from_nothing_is_watched(desk: Desk) -> None:
    async with desk.running():
        desk.exchange.is_down = True
        with pytest.raises(ExchangeUnavailable):
            await desk.watch(BTC)
        assert await desk.left() == []
    assert not desk.feed.held


# --- Moves ---------------------------------------------------------------------------------------------------------


async def test_a_move_is_told_and_the_next_is_counted_from_there(desk: Desk) -> None:
    async with desk.running():
        await desk.watch(BTC, move=TWO)
        await desk.left()
        desk.trade("101.9")
        await desk.pass_time(1)
        assert moves(await desk.left()) == []
        desk.trade("102.5")
        await desk.pass_time(1)
        assert moves(await desk.left()) == ["BTC-USDT 102.5, +2.5% since 100"]
        desk.trade("104")
        await desk.pass_time(1)
        assert moves(await desk.left()) == []
        desk.trade("100")
        await desk.pass_time(1)
        assert moves(await desk.left()) == ["BTC-USDT 100, -2.44% since 102.5"]


async def test_a_leap_and_a_return_within_a_second_are_both_told(desk: Desk) -> None:
    async with desk.running():
        await desk.watch(BTC, move=TWO)
        await desk.left()
        desk.trade("110")
        desk.trade("100")
        await desk.pass_time(2)
        assert moves(await desk.left()) == ["BTC-USDT 110, +10% since 100", "BTC-USDT 100, -9.09% since 110"]


async def test_a_move_counts_from_when_it_was_set_and_another_per_cent_counts_anew(desk: Desk) -> None:
    async with desk.running():
        await desk.watch(BTC, move=TWO)
        desk.trade("101.5")
        await desk.watch(BTC, move=Decimal("0.01"))
        await desk.pass_time(1)
        assert moves(await desk.left()) == []
        desk.trade("102.6")
        await desk.pass_time(1)
        assert moves(await desk.left()) == ["BTC-USDT 102.6, +1.08% since 101.5"]


async def test_named_again_without_a_per_cent_a_watch_keeps_its_own(desk: Desk) -> None:
    async with desk.running():
        await desk.watch(BTC, move=TWO)
        desk.trade("101.5")
        await desk.watch(BTC)
        desk.trade("102")
        await desk.pass_time(1)
        assert moves(await desk.left()) == ["BTC-USDT 102, +2% since 100"]


async def test_an_ended_watch_tells_no_more_moves(desk: Desk) -> None:
    async with desk.running():
        await desk.watch(BTC, move=TWO)
        await desk.watches.unwatch(desk.ask(is_anew=False), [BTC])
        desk.trade("110")
        await desk.pass_time(5)
        assert moves(await desk.left()) == []


# --- Restarts and chats that are gone ------------------------------------------------------------------------------


async def test_after_a_restart_watching_goes_on_where_it_was(
    desk: Desk, database: Database, clock: JumpClock, exchange: MemoryExchange
) -> None:
    async with desk.running():
        await desk.watch(BTC, move=TWO)
        await desk.watch(ETH, chat_id=BORIS)
        cards = {left.chat_id: left.card for left in await desk.left()}
        desk.trade("103")
        await desk.pass_time(1)
        assert moves(await desk.left()) == ["BTC-USDT 103, +3% since 100"]
    later = Desk(database, clock, exchange, updates=100)
    async with later.running():
        assert later.feed.held == {BTC: 1, ETH: 1}
        await later.pass_time(10)
        assert await later.left() == [], "before the first price there is nothing to say"
        later.trade("102")
        later.trade("50", ETH)
        await later.pass_time(1)
        assert {left.chat_id: left.card for left in await later.left()} == cards
        later.trade("106")
        await later.pass_time(1)
        assert moves(await later.left()) == ["BTC-USDT 106, +2.91% since 103"]


async def test_a_move_that_happened_while_we_were_away_is_told_at_the_first_price(
    desk: Desk, database: Database, clock: JumpClock, exchange: MemoryExchange
) -> None:
    async with desk.running():
        await desk.watch(BTC, move=TWO)
        await desk.left()
    later = Desk(database, clock, exchange, updates=100)
    async with later.running():
        later.trade("97")
        await later.pass_time(1)
        assert moves(await later.left()) == ["BTC-USDT 97, -3% since 100"]


async def test_a_feed_that_never_comes_back_is_said_after_a_restart(
    desk: Desk, database: Database, clock: JumpClock, exchange: MemoryExchange
) -> None:
    async with desk.running():
        await desk.watch(BTC)
        await desk.left()
    later = Desk(database, clock, exchange, updates=100)
    later.feed.dead.add(BTC)
    async with later.running():
        await later.pass_time(20)
        (edit,) = await later.left()
    assert edit.text.splitlines()[1] == "BTC-USDT – stale"


async def test_a_chat_that_is_gone_watches_nothing_any_more(desk: Desk, database: Database) -> None:
    async with desk.running():
        await desk.watch(BTC, move=TWO)
        await desk.watch(BTC, chat_id=BORIS)
        await desk.left()
        desk.trade("110")
        async with database.write() as session:
            await desk.watches.lose(session, ANN)
        await desk.pass_time(5)
        assert {left.chat_id for left in await desk.left()} == {BORIS}
        assert await desk.watches.symbols(ANN) == []
        async with database.write() as session:
            await desk.watches.lose(session, BORIS)
            assert await store.cards(session, [ANN, BORIS]) == {}
    assert not desk.feed.held


def moves(left: Sequence[Left]) -> list[str]:
    return [one.text for one in left if one.priority == Priority.ALERT]


async def count_rows(database: Database) -> int:
    async with database.read() as session:
        return len((await session.scalars(select(OutboxRow.id))).all())
