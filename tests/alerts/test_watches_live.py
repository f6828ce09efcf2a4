"""What the chats are told while prices move."""

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from tests.alerts.watch_desk import BORIS, BTC, ETH, TWO, WatchDesk, count_rows, moves
from tests.clock import JumpClock
from tgbot.alerts.rules.watch_cards import EDIT_EVERY
from tgbot.alerts.watches.live import EDITS_A_TURN
from tgbot.db.engine import Database
from tgbot.delivery.outbox import Priority


async def test_the_card_is_edited_when_a_price_has_changed(watching: WatchDesk) -> None:
    async with watching.running():
        await watching.watch(BTC, ETH)
        (card,) = await watching.left()
        watching.trade("101")
        await watching.pass_time(5)
        (edit,) = await watching.left()
    assert "BTC-USDT 101 -1.25%" in edit.text
    assert (edit.card, edit.priority) == (card.card, Priority.DIGEST)


async def test_an_unchanged_card_is_left_alone_and_costs_no_writing(watching: WatchDesk, database: Database) -> None:
    async with watching.running():
        await watching.watch(BTC, move=TWO)
        await watching.left()
        rows = await count_rows(database)
        for price in ("100.00001", "99.99999", "100.00004", "100"):
            watching.trade(price)
            await watching.pass_time(5)
        watching.trade("101")
        watching.trade("100")
        await watching.pass_time(5)
        assert await count_rows(database) == rows, "what looks the same is not sent again"
        watching.trade("100.001")
        await watching.pass_time(5)
        assert len(await watching.left()) == 1


async def test_a_card_is_not_edited_more_often_than_telegram_bears(watching: WatchDesk) -> None:
    async with watching.running():
        await watching.watch(BTC)
        await watching.left()
        moments = []
        for second in range(60):
            for tenth in range(10):
                watching.trade(f"1{second}.{tenth}")
            await watching.pass_time(1)
            if await watching.left():
                moments.append(second)
    gaps = {later - earlier for earlier, later in pairwise(moments)}
    assert gaps == {int(EDIT_EVERY)}


async def test_many_cards_take_turns_and_none_is_passed_over(watching: WatchDesk) -> None:
    chats = range(1, 4 * EDITS_A_TURN + 6)
    async with watching.running():
        for chat_id in chats:
            await watching.watch(BTC, chat_id=chat_id)
        await watching.left()
        edited: dict[int, list[int]] = {chat_id: [] for chat_id in chats}
        for second in range(20):
            watching.trade(f"1{second}")
            await watching.pass_time(1)
            turn = await watching.left()
            assert len(turn) <= EDITS_A_TURN
            for left in turn:
                edited[left.chat_id].append(second)
    gaps = [later - earlier for moments in edited.values() for earlier, later in pairwise(moments)]
    # 45 cards need five turns; two that were edited in the same one may change places.
    assert max(gaps) <= 6
    assert min(map(len, edited.values())) >= 2


async def test_a_change_of_the_day_alone_is_shown_too(watching: WatchDesk) -> None:
    async with watching.running():
        await watching.watch(BTC)
        await watching.left()
        watching.board.on_stats(replace(await watching.exchange.stats(BTC), change=Decimal("0.05")))
        await watching.pass_time(5)
        (edit,) = await watching.left()
    assert "BTC-USDT 100 +5%" in edit.text


async def test_a_pair_that_is_not_heard_of_is_marked_and_unmarked(watching: WatchDesk) -> None:
    async with watching.running():
        await watching.watch(BTC, ETH)
        await watching.left()
        watching.feed.dead.add(BTC)
        await watching.pass_time(20)
        (edit,) = await watching.left()
        assert edit.text.splitlines()[1:] == ["BTC-USDT 100  stale", "ETH-USDT 100 -1.25%"]
        watching.feed.dead.clear()
        watching.trade("100")
        await watching.pass_time(5)
        (edit,) = await watching.left()
        assert edit.text.splitlines()[1] == "BTC-USDT 100 -1.25%"
        await watching.pass_time(301)
        assert (await watching.left())[-1].text.count("stale") == 2, (
            "five minutes of silence are long even on a live line"
        )


async def test_a_move_is_told_and_the_next_is_counted_from_there(watching: WatchDesk) -> None:
    async with watching.running():
        await watching.watch(BTC, move=TWO)
        await watching.left()
        watching.trade("101.9")
        await watching.pass_time(1)
        assert moves(await watching.left()) == []
        watching.trade("102.5")
        await watching.pass_time(1)
        assert moves(await watching.left()) == ["BTC-USDT 102.5, +2.5% since 100"]
        watching.trade("104")
        await watching.pass_time(1)
        assert moves(await watching.left()) == []
        watching.trade("100")
        await watching.pass_time(1)
        assert moves(await watching.left()) == ["BTC-USDT 100, -2.44% since 102.5"]


async def test_a_leap_and_a_return_within_a_second_are_both_told(watching: WatchDesk) -> None:
    async with watching.running():
        await watching.watch(BTC, move=TWO)
        await watching.left()
        watching.trade("110")
        watching.trade("100")
        await watching.pass_time(2)
        assert moves(await watching.left()) == ["BTC-USDT 110, +10% since 100", "BTC-USDT 100, -9.09% since 110"]


async def test_after_a_restart_watching_goes_on_where_it_was(
    watching: WatchDesk, database: Database, clock: JumpClock
) -> None:
    async with watching.running():
        await watching.watch(BTC, move=TWO)
        await watching.watch(ETH, chat_id=BORIS)
        cards = {left.chat_id: left.card for left in await watching.left()}
        watching.trade("103")
        await watching.pass_time(1)
        assert moves(await watching.left()) == ["BTC-USDT 103, +3% since 100"]
    later = WatchDesk(database, clock, watching.exchange, updates=100)
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


async def test_after_a_restart_a_card_is_edited_once_when_all_of_it_is_known(
    watching: WatchDesk, database: Database, clock: JumpClock
) -> None:
    async with watching.running():
        await watching.watch(BTC, ETH)
        await watching.left()
    later = WatchDesk(database, clock, watching.exchange, updates=100)
    async with later.running():
        later.trade("102")
        later.board.on_stats(await later.exchange.stats(BTC))
        await later.pass_time(6)
        assert await later.left() == []
        later.trade("50", ETH)
        later.board.on_stats(await later.exchange.stats(ETH))
        await later.pass_time(1)
        (edit,) = await later.left()
        assert edit.text.splitlines()[1:] == ["BTC-USDT 102 -1.25%", "ETH-USDT  50 -1.25%"]


async def test_after_a_restart_the_first_figures_are_waited_for(
    watching: WatchDesk, database: Database, clock: JumpClock
) -> None:
    async with watching.running():
        await watching.watch(BTC)
        await watching.left()
    later = WatchDesk(database, clock, watching.exchange, updates=100)
    async with later.running():
        later.trade("102")
        await later.pass_time(2)
        assert await later.left() == []
        later.board.on_stats(await later.exchange.stats(BTC))
        await later.pass_time(10)
        (edit,) = await later.left()
        assert edit.text.splitlines()[1] == "BTC-USDT 102 -1.25%"


async def test_a_move_that_happened_while_we_were_away_is_told_at_the_first_price(
    watching: WatchDesk, database: Database, clock: JumpClock
) -> None:
    async with watching.running():
        await watching.watch(BTC, move=TWO)
        await watching.left()
    later = WatchDesk(database, clock, watching.exchange, updates=100)
    async with later.running():
        later.trade("97")
        await later.pass_time(1)
        assert moves(await later.left()) == ["BTC-USDT 97, -3% since 100"]


async def test_a_feed_that_never_comes_back_is_said_after_a_restart(
    watching: WatchDesk, database: Database, clock: JumpClock
) -> None:
    async with watching.running():
        await watching.watch(BTC)
        await watching.left()
    later = WatchDesk(database, clock, watching.exchange, updates=100)
    later.feed.dead.add(BTC)
    async with later.running():
        await later.pass_time(20)
        (edit,) = await later.left()
    assert edit.text.splitlines()[1] == "BTC-USDT – stale"
