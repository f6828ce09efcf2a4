"""Every crossing is told once: live, after gaps and restarts, whatever happens in between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.alerts.desk import ANN, BORIS, BTC, ETH, Desk, Life, Said
from tgbot.alerts import store
from tgbot.alerts.rules.crossing import Stance
from tgbot.alerts.store import Alert, State


async def test_an_alert_fires_once_and_is_done(desk: Desk) -> None:
    async with desk.life():
        alert = await desk.set(f"{BTC} > 70000")
        desk.price(BTC, 69_999)
        desk.price(BTC, 70_000)
        [said] = await desk.said(1)
        for price in (69_000, 71_000, 69_000, 71_000):
            desk.price(BTC, price)
    assert said == Said(ANN, f"🔔 BTC-USDT > 70,000: now 70,000\n#{alert.short}")
    assert await desk.said() == [said]
    assert (await desk.stored(alert)).state is State.FIRED


async def test_the_note_comes_first(desk: Desk) -> None:
    async with desk.life():
        await desk.set(f'{BTC} < 60000 note "buy the dip"')
        desk.price(BTC, 59_000)
        [said] = await desk.said(1)
    assert said.text.splitlines()[:2] == ["buy the dip", "🔔 BTC-USDT < 60,000: now 59,000"]


async def test_a_tick_fires_what_it_crosses_in_every_chat_and_nothing_else(desk: Desk) -> None:
    async with desk.life():
        await desk.set(f"{BTC} > 70000")
        await desk.set(f"{BTC} cross 68000", chat_id=BORIS)
        untouched = [await desk.set(f"{BTC} > 71000"), await desk.set(f"{ETH} > 3100")]
        desk.price(BTC, 70_500)
        desk.price(ETH, 3_050)
        said = await desk.said(2)
    assert sorted(said.chat_id for said in said) == [ANN, BORIS]
    assert [(await desk.stored(alert)).state for alert in untouched] == [State.ARMED] * 2


async def test_what_repeats_needs_a_new_crossing_after_its_rest(desk: Desk) -> None:
    async with desk.life():
        await desk.set(f"{BTC} > 70000 every 30m")
        desk.price(BTC, 70_100)
        await desk.said(1)
        desk.pass_time(minutes=10)
        for price in (69_000, 70_100):  # a crossing, but it rests
            desk.price(BTC, price)
        desk.pass_time(minutes=21)
        desk.price(BTC, 70_200)  # rested, but no crossing
        desk.price(BTC, 69_990)  # not far enough back
        desk.price(BTC, 70_200)
    assert len(await desk.said()) == 1
    async with desk.life():
        desk.price(BTC, 69_000)
        desk.price(BTC, 70_300)
        assert "now 70,300" in (await desk.said(2))[1].text
    assert len(await desk.said()) == 2


# --- The process ends ----------------------------------------------------------------------------------------------


async def test_killed_between_crossing_and_commit_it_fires_once_in_the_next_life(desk: Desk) -> None:
    async with desk.life() as life:
        alert = await desk.set(f"{BTC} > 70000")
        async with rows_held(desk, alert):
            await heard(desk, BTC, 70_100)
            await kill(desk, life)
    assert await desk.said() == []
    desk.pass_time(seconds=3)
    async with desk.life():
        [said] = await desk.said(1)
        desk.price(BTC, 70_200)
    assert "it was" not in said.text
    assert len(await desk.said()) == 1


async def test_told_to_stop_it_still_fires_what_is_due(desk: Desk) -> None:
    async with desk.life():
        await desk.set(f"{BTC} > 70000")
        await heard(desk, BTC, 68_000)
        desk.price(BTC, 70_100)
    assert len(await desk.said()) == 1
    async with desk.life():
        desk.price(BTC, 70_200)
    assert len(await desk.said()) == 1


async def test_a_crossing_while_the_bot_was_down_is_told_once_and_says_how_late(desk: Desk) -> None:
    async with desk.life():
        alert = await desk.set(f"{BTC} > 70000")
        await heard(desk, BTC, 67_100)
    desk.pass_time(minutes=5)
    desk.price(BTC, 70_500)
    desk.pass_time(minutes=3)
    desk.price(BTC, 66_000)
    desk.pass_time(minutes=2)
    async with desk.life():
        [said] = await desk.said(1)
        desk.price(BTC, 66_100)
    assert said.text.splitlines() == [
        "🔔 BTC-USDT > 70,000: it was 70,500",
        "Up to 5 min late: the crossing was missed live.",
        f"#{alert.short}",
    ]
    async with desk.life():
        desk.price(BTC, 66_200)
    assert len(await desk.said()) == 1


async def test_a_long_time_away_is_read_back_in_hours(desk: Desk) -> None:
    async with desk.life():
        await desk.set(f"{BTC} > 70000")
    for hours, price in ((30, 70_500), (20, 60_000)):
        desk.pass_time(hours=hours)
        desk.price(BTC, price)
    async with desk.life():
        [said] = await desk.said(1)
    assert "it was 70,500" in said.text
    assert "Up to 20 h late" in said.text


async def test_the_next_life_knows_on_which_side_the_price_was(desk: Desk) -> None:
    """Already true when set, then false, then a restart: the crossing after that counts."""
    async with desk.life():
        alert = await desk.set(f"{BTC} > 60000")
        await heard(desk, BTC, 59_000)
    assert (await desk.stored(alert)).stance is Stance.UNDER
    async with desk.life():
        assert await desk.said() == []
        desk.price(BTC, 60_000)
        assert len(await desk.said(1)) == 1


async def test_what_is_known_is_saved_every_minute(desk: Desk) -> None:
    async with desk.life():
        alert = await desk.set(f"{BTC} > 60000")
        await heard(desk, BTC, 59_000)
        desk.pass_time(minutes=1)
        async with asyncio.timeout(10):
            while (await desk.stored(alert)).stance is not Stance.UNDER:
                continue
    async with desk.database.read() as session:
        assert await store.judged(session) == {BTC: desk.exchange.trades[BTC][-1].at}


async def test_without_a_save_a_crash_costs_nothing(desk: Desk) -> None:
    async with desk.life() as life:
        alert = await desk.set(f"{BTC} > 60000")
        desk.pass_time(seconds=70)
        await heard(desk, BTC, 59_000)
        async with rows_held(desk, alert):
            await kill(desk, life)
    assert (await desk.stored(alert)).stance is Stance.NEW
    desk.pass_time(seconds=70)
    async with desk.life():
        desk.price(BTC, 60_000)
        assert len(await desk.said(1)) == 1


async def test_memory_is_rebuilt_from_what_is_armed_and_nothing_else(desk: Desk) -> None:
    async with desk.life() as life:
        kept = await desk.set(f"{BTC} > 70000")
        paused, deleted = await desk.set(f"{BTC} > 70100"), await desk.set(f"{ETH} > 3100")
        await life.alerts.pause(ANN, paused.short)
        await life.alerts.delete(ANN, deleted.short)
    async with desk.life() as life:
        assert life.feed.held == {BTC: 1}
        desk.price(BTC, 70_500)
        [said] = await desk.said(1)
    assert kept.short in said.text


# --- The stream is interrupted -------------------------------------------------------------------------------------


async def test_a_crossing_in_a_gap_of_the_stream_is_read_back(desk: Desk) -> None:
    async with desk.life() as life:
        await desk.set(f"{BTC} > 70000")
        await heard(desk, BTC, 67_100)
        desk.is_heard = False
        desk.pass_time(seconds=70)
        desk.price(BTC, 70_500)
        desk.price(BTC, 67_200)
        desk.pass_time(seconds=50)
        desk.is_heard = True
        life.board.on_gap(frozenset({BTC, "SOL-USDC"}))
        desk.price(BTC, 67_300)
        [said] = await desk.said(1)
    assert "it was 70,500" in said.text
    assert "Up to 1 min late" in said.text
    assert len(await desk.said()) == 1


async def test_a_short_gap_in_the_middle_of_a_minute_makes_nothing_late(desk: Desk) -> None:
    async with desk.life() as life:
        await desk.set(f"{BTC} > 70000")
        desk.pass_time(seconds=40)
        await heard(desk, BTC, 67_100)
        desk.is_heard = False
        desk.pass_time(seconds=2)
        desk.price(BTC, 70_500)
        desk.is_heard = True
        life.board.on_gap(frozenset({BTC}))
        assert "now 70,500" in (await desk.said(1))[0].text


async def test_while_missed_prices_cannot_be_had_nothing_is_judged_and_nothing_is_lost(desk: Desk) -> None:
    async with desk.life() as life:
        await desk.set(f"{BTC} cross 70000")
        await desk.set(f"{ETH} > 3100")
        await heard(desk, BTC, 67_100)
        await heard(desk, ETH, 3_010)
        life.board.on_gap(frozenset({BTC}))
        desk.exchange.is_down = True
        asked = len(desk.exchange.calls)
        await desk.until(lambda: len(desk.exchange.calls) > asked)
        desk.price(BTC, 70_100)
        desk.price(ETH, 3_110)
        [said] = await desk.said(1)
        assert "ETH-USDT" in said.text, "a gap of one symbol does not hold up another"
        desk.exchange.is_down = False
        await desk.clock.until_sleeping(2)
        desk.pass_time(seconds=2)
        assert "BTC-USDT" in (await desk.said(2))[1].text
    assert len(await desk.said()) == 2


async def test_a_price_that_came_before_the_feed_did_is_not_missed(desk: Desk) -> None:
    """Set, and while the topic is still being asked for the price is there and back."""
    async with desk.life():
        await desk.set(f"{BTC} > 70000")
        desk.is_heard = False
        desk.price(BTC, 70_500)
        desk.pass_time(seconds=1)
        desk.is_heard = True
        desk.price(BTC, 67_000)
        [said] = await desk.said(1)
    assert "70,500" in said.text


async def test_an_order_of_prices_that_was_read_back_is_not_turned_round(desk: Desk) -> None:
    """Above, then below, both while the candles were read: that is no crossing upwards."""
    async with desk.life() as life:
        alert = await desk.set(f"{BTC} > 60000")
        await desk.set(f"{ETH} > 3100")
        await heard(desk, BTC, 67_000)
        life.board.on_gap(frozenset({BTC}))
        desk.price(BTC, 67_100)
        desk.pass_time(seconds=1)
        desk.price(BTC, 59_000)
        desk.pass_time(seconds=1)
        desk.price(ETH, 3_110)
        [said] = await desk.said(1)
        assert "ETH-USDT" in said.text
        desk.price(BTC, 60_100)
        assert alert.short in (await desk.said(2))[1].text


# --- People change their minds while something is due --------------------------------------------------------------


@pytest.mark.parametrize("state", [State.PAUSED, State.DELETED])
async def test_paused_or_deleted_while_due_it_says_nothing(desk: Desk, state: State) -> None:
    async with desk.life():
        alert = await desk.set(f"{BTC} > 70000")
        await heard(desk, BTC, 67_100)
        async with desk.database.write() as session:
            found = await store.find(session, ANN, alert.short)
            assert found is not None
            desk.price(BTC, 70_100)
            await store.change(session, replace(found, state=state))
    assert await desk.said() == []
    assert (await desk.stored(alert)).state is state


async def test_moved_while_due_it_waits_for_its_new_level(desk: Desk) -> None:
    async with desk.life() as life:
        alert = await desk.set(f"{BTC} > 70000")
        await heard(desk, BTC, 67_100)
        async with desk.database.write() as session:
            found = await store.find(session, ANN, alert.short)
            assert found is not None
            desk.price(BTC, 70_100)
            moved = replace(found, level=Decimal(72_000))
            await store.change(session, moved)
        life.monitor.put(moved.armed(), desk.exchange.trades[BTC][-1])
        desk.price(BTC, 71_000)
        desk.price(BTC, 72_000)
        [said] = await desk.said(1)
    assert "72,000: now 72,000" in said.text
    assert len(await desk.said()) == 1


async def test_armed_anew_while_due_it_goes_on_firing(desk: Desk) -> None:
    async with desk.life() as life:
        alert = await desk.set(f"{BTC} > 70000 every 30m")
        await heard(desk, BTC, 67_100)
        async with rows_held(desk, alert):
            tick = desk.price(BTC, 70_100)
            life.monitor.put(alert.armed(), tick)
        await desk.said(1)
        desk.pass_time(minutes=31)
        for price in (69_000, 70_200):
            desk.price(BTC, price)
        assert "now 70,200" in (await desk.said(2))[1].text


# --- What is listened to -------------------------------------------------------------------------------------------


async def test_a_symbol_is_held_once_and_let_go_with_its_last_alert(desk: Desk) -> None:
    async with desk.life() as life:
        first, second = await desk.set(f"{BTC} > 70000"), await desk.set(f"{BTC} < 60000")
        third = await desk.set(f"{ETH} > 3100")
        assert life.feed.held == {BTC: 1, ETH: 1}
        await life.alerts.delete(ANN, first.short)
        await life.alerts.pause(ANN, third.short)
        assert life.feed.held == {BTC: 1}
        desk.price(BTC, 59_000)
        assert second.short in (await desk.said(1))[0].text
        await desk.until(lambda: not life.feed.held)
        await life.alerts.arm(ANN, third.short)
        assert life.feed.held == {ETH: 1}


async def test_whoever_is_not_fed_is_told_and_the_alerts_pause(desk: Desk) -> None:
    async with desk.life() as life:
        alerts = [await desk.set(f"{BTC} > 70000"), await desk.set(f"{BTC} < 60000")]
        alerts.append(await desk.set(f"{BTC} > 71000", chat_id=BORIS))
        fed = await desk.set(f"{ETH} > 3100")
        life.board.on_refused(BTC)
        life.board.on_refused(BTC)
        said = await desk.said(2)
        await desk.until(lambda: life.feed.held == {ETH: 1})
        desk.price(ETH, 3_200)
        assert fed.short in (await desk.said(3))[2].text
    assert sorted((said.chat_id, said.text.splitlines()[0]) for said in said) == [
        (ANN, "BTC-USDT: 2 alerts paused"),
        (BORIS, "BTC-USDT: 1 alert paused"),
    ]
    assert {(await desk.stored(alert)).state for alert in alerts} == {State.PAUSED}


async def test_a_chat_that_is_gone_hears_nothing_more(desk: Desk) -> None:
    async with desk.life() as life:
        gone, kept = await desk.set(f"{BTC} > 70000"), await desk.set(f"{BTC} > 70000", chat_id=BORIS)
        await desk.set(f"{ETH} > 3100")
        async with desk.database.write() as session:
            await life.monitor.lose(session, ANN)
        assert life.feed.held == {BTC: 1}
        desk.price(BTC, 70_100)
        assert [said.chat_id for said in await desk.said(1)] == [BORIS]
    assert len(await desk.said()) == 1
    assert (await desk.stored(gone)).state is State.PAUSED
    assert (await desk.stored(kept)).state is State.FIRED


async def heard(desk: Desk, symbol: str, price: int) -> None:
    """The first price that the feed brings: it is judged after the candles of the time before it."""
    asked = len(desk.exchange.calls)
    desk.price(symbol, price)
    await desk.until(lambda: len(desk.exchange.calls) > asked)


@asynccontextmanager
async def rows_held(desk: Desk, alert: Alert) -> AsyncIterator[None]:
    """Whoever wants to change the alert has to wait."""
    async with desk.database.write() as session:
        await store.find(session, alert.chat_id, alert.short)
        yield


async def kill(desk: Desk, life: Life) -> None:
    """Not even what it does when told to stop gets done, as long as the rows are held."""
    assert life.running is not None
    while not life.running.done():
        life.running.cancel()
        await desk.said()
