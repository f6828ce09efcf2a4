"""What a chat watches, and which message is its card."""

from decimal import Decimal

import pytest

from tests.alerts.watch_desk import ANN, BORIS, BTC, ETH, TWO, WatchDesk, moves
from tests.clock import JumpClock
from tests.markets.exchange import MemoryExchange
from tgbot.alerts.watches.service import MOST_WATCHES
from tgbot.core.errors import ExchangeUnavailable, Refused
from tgbot.db.engine import Database
from tgbot.delivery.outbox import Priority


async def test_the_first_watch_sends_a_card_with_price_and_change(watching: WatchDesk) -> None:
    async with watching.running():
        await watching.watch(BTC, ETH, move=TWO)
        (card,) = await watching.left()
    assert card.text.splitlines() == [
        "★ Watching 2 pairs",
        "BTC-USDT 100 -1.25%",
        "ETH-USDT 100 -1.25%",
        "A message at every move of 2%: BTC-USDT, ETH-USDT",
    ]
    assert (card.chat_id, card.priority) == (ANN, Priority.ANSWER)


async def test_shown_anew_the_card_is_another_message_and_the_old_one_says_so(watching: WatchDesk) -> None:
    async with watching.running():
        await watching.watch(BTC)
        (first,) = await watching.left()
        await watching.watches.show(watching.ask())
        old, new = await watching.left()
        assert (old.card, old.text) == (first.card, "★ The prices are now in a newer message, further down.")
        assert new.card != first.card
        assert new.text == first.text
        watching.trade("101")
        await watching.pass_time(5)
        (edit,) = await watching.left()
        assert edit.card == new.card


async def test_an_update_handled_twice_shows_one_card(watching: WatchDesk) -> None:
    async with watching.running():
        ask = watching.ask()
        await watching.watches.watch(ask, [BTC], TWO)
        (first,) = await watching.left()
        await watching.watches.watch(ask, [BTC], TWO)
        (second,) = await watching.left()
    assert first == second


async def test_asked_for_where_it_is_the_card_stays_the_same_message(watching: WatchDesk) -> None:
    async with watching.running():
        await watching.watches.show(watching.ask(is_anew=False))
        (offer,) = await watching.left()
        await watching.watches.watch(watching.ask(is_anew=False), [BTC], None)
        (card,) = await watching.left()
        await watching.watches.show(watching.ask(is_anew=False))
        (again,) = await watching.left()
    assert offer.text.startswith("You watch no pair.")
    assert offer.card == card.card
    assert again == card


async def test_unwatched_pairs_leave_the_card_and_the_last_one_offers_others(watching: WatchDesk) -> None:
    async with watching.running():
        await watching.watch(BTC, ETH)
        (card,) = await watching.left()
        await watching.watches.unwatch(watching.ask(is_anew=False), [BTC])
        (fewer,) = await watching.left()
        assert fewer.text.splitlines() == ["★ Watching 1 pair", "ETH-USDT 100 -1.25%"]
        await watching.watches.unwatch(watching.ask(is_anew=False), [BTC, ETH])
        (none,) = await watching.left()
        assert none.text.startswith("You watch no pair.")
        assert card.card == fewer.card == none.card
        watching.trade("101")
        watching.trade("101", ETH)
        await watching.pass_time(10)
        assert await watching.left() == []
    assert not watching.feed.held
    assert not watching.feed.held_stats


async def test_two_people_on_one_pair_are_fed_until_the_last_one_leaves(watching: WatchDesk) -> None:
    async with watching.running():
        await watching.watch(BTC)
        await watching.watch(BTC, chat_id=BORIS)
        await watching.watches.unwatch(watching.ask(is_anew=False), [BTC])
        await watching.left()
        assert (watching.feed.held[BTC], watching.feed.held_stats[BTC]) == (1, 1)
        watching.trade("101")
        await watching.pass_time(5)
        assert [left.chat_id for left in await watching.left()] == [BORIS]
        await watching.watches.unwatch(watching.ask(BORIS, is_anew=False), [BTC])
    assert not watching.feed.held


async def test_more_than_twenty_pairs_are_refused_and_nothing_changes(database: Database, clock: JumpClock) -> None:
    symbols = [f"C{number}-USDT" for number in range(MOST_WATCHES + 2)]
    exchange = MemoryExchange(clock, tuple(symbols))
    for symbol in symbols:
        exchange.trade(symbol, "1")
    watching = WatchDesk(database, clock, exchange)
    async with watching.running():
        await watching.watch(*symbols[: MOST_WATCHES - 1])
        await watching.left()
        with pytest.raises(Refused) as refused:
            await watching.watch(*symbols[MOST_WATCHES - 1 : MOST_WATCHES + 1])
        assert refused.value.text.values == {"count": 21, "most": 20}
        with pytest.raises(Refused):
            await watching.watch(*symbols, chat_id=BORIS)
        assert await watching.left() == []
        assert len(await watching.watches.symbols(ANN)) == MOST_WATCHES - 1
        await watching.watch(symbols[-1])
        await watching.watch(symbols[-1], symbols[0])
        assert len(watching.feed.held) == MOST_WATCHES


async def test_without_a_price_to_start_from_nothing_is_watched(watching: WatchDesk) -> None:
    async with watching.running():
        watching.exchange.is_down = True
        with pytest.raises(ExchangeUnavailable):
            await watching.watch(BTC)
        assert await watching.left() == []
    assert not watching.feed.held


async def test_a_move_counts_from_when_it_was_set_and_another_per_cent_counts_anew(watching: WatchDesk) -> None:
    async with watching.running():
        await watching.watch(BTC, move=TWO)
        watching.trade("101.5")
        await watching.watch(BTC, move=Decimal("0.01"))
        await watching.pass_time(1)
        assert moves(await watching.left()) == []
        watching.trade("102.6")
        await watching.pass_time(1)
        assert moves(await watching.left()) == ["BTC-USDT 102.6, +1.08% since 101.5"]


async def test_named_again_without_a_per_cent_a_watch_keeps_its_own(watching: WatchDesk) -> None:
    async with watching.running():
        await watching.watch(BTC, move=TWO)
        watching.trade("101.5")
        await watching.watch(BTC)
        watching.trade("102")
        await watching.pass_time(1)
        assert moves(await watching.left()) == ["BTC-USDT 102, +2% since 100"]


async def test_an_ended_watch_tells_no_more_moves(watching: WatchDesk) -> None:
    async with watching.running():
        await watching.watch(BTC, move=TWO)
        await watching.watches.unwatch(watching.ask(is_anew=False), [BTC])
        watching.trade("110")
        await watching.pass_time(5)
        assert moves(await watching.left()) == []


async def test_a_chat_that_is_gone_hears_nothing_until_it_is_back(watching: WatchDesk, database: Database) -> None:
    async with watching.running():
        await watching.watch(BTC, move=TWO)
        await watching.watch(BTC, chat_id=BORIS)
        await watching.left()
        watching.trade("110")
        async with database.write() as session:
            await watching.watches.lose(session, ANN)
        await watching.pass_time(5)
        assert {left.chat_id for left in await watching.left()} == {BORIS}
        async with database.write() as session:
            await watching.watches.lose(session, BORIS)
        assert not watching.feed.held
        async with database.write() as session:
            await watching.watches.regain(session, ANN)
        assert {left.text for left in await watching.left()} == {"👁 Watched again: BTC-USDT"}
        watching.trade("110")
        await watching.pass_time(5)
        assert {left.chat_id for left in await watching.left()} == {ANN}


async def test_a_group_that_became_a_supergroup_watches_on(watching: WatchDesk, database: Database) -> None:
    async with watching.running():
        await watching.watch(BTC, move=TWO, chat_id=-5)
        async with database.write() as session:
            await watching.watches.move(session, -5, -1005)
        await watching.left()
        watching.trade("110")
        await watching.pass_time(5)
        assert {left.chat_id for left in await watching.left()} == {-1005}
