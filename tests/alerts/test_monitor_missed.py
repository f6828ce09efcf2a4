"""Prices that were not heard live: the process was down, or the stream was."""

import asyncio

from tests.alerts.desk import ANN, BTC, ETH, Desk, heard, kill, rows_held
from tests.clock import a_moment
from tgbot.alerts import store
from tgbot.alerts.rules.crossing import Stance
from tgbot.alerts.rules.request import read_request
from tgbot.alerts.store import Alert

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
        desk.pass_time(seconds=5)  # else the minute's opening price would be as new as this one
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
                await a_moment(0.003)
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


async def test_a_symbol_that_was_never_heard_is_read_back_from_when_it_was_followed(desk: Desk) -> None:
    """Its topic is dead from the first; whoever looks after the feed finds out."""
    async with desk.life() as life:
        desk.is_heard = False
        await desk.set(f"{BTC} > 70000")
        desk.pass_time(seconds=70)
        desk.price(BTC, 70_500)
        desk.pass_time(seconds=70)
        desk.price(BTC, 67_200)
        desk.pass_time(seconds=20)
        life.board.on_gap(frozenset({BTC}))
        [said] = await desk.said(1)
    assert "it was 70,500" in said.text


async def test_what_was_read_back_of_a_symbol_never_heard_is_not_read_again(desk: Desk) -> None:
    async with desk.life() as life:
        desk.is_heard = False
        await desk.set(f"{BTC} > 70000")
        for _ in range(2):
            desk.pass_time(hours=20)
            asked = len(desk.exchange.calls)
            life.board.on_gap(frozenset({BTC}))
            await desk.until(lambda: len(desk.exchange.calls) > asked)  # noqa: B023 - it is awaited here
            await desk.until(lambda: life.monitor.is_up_to_date(BTC))
        read = desk.exchange.calls[asked:]
    assert read == [f"candles {BTC}"], "forty hours would take two: of a minute, and of an hour"


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


async def test_what_is_set_while_missed_prices_are_read_does_not_turn_their_order_round(desk: Desk) -> None:
    """Below, missed, then above, heard: that is a crossing."""
    async with desk.life() as life:
        alert = await desk.set(f"{BTC} > 60000")
        await heard(desk, BTC, 67_000)
        await desk.until(lambda: not life.monitor._waiting)
        desk.pass_time(seconds=70)
        desk.price_unheard(BTC, 59_000)
        answer = asyncio.Event()
        desk.exchange.delays.append(answer)
        life.board.on_gap(frozenset({BTC}))
        await desk.until(lambda: not desk.exchange.delays)
        desk.pass_time(seconds=60)
        desk.price(BTC, 60_100)
        await desk.set(f"{BTC} 50% 1h")
        assert not life.monitor.is_up_to_date(BTC)
        answer.set()
        assert alert.short in (await desk.said(1))[0].text


# --- Edited shortly before -------------------------------------------------------------------------------------------


async def test_edited_right_after_it_rang_it_waits_through_a_gap_for_its_new_level(desk: Desk) -> None:
    async with desk.life() as life:
        alert = await desk.set(f"{BTC} > 70000 every 1m")
        desk.pass_time(seconds=2)
        await heard(desk, BTC, 67_000)
        await desk.until(lambda: not life.monitor._waiting)
        desk.pass_time(seconds=2)
        desk.price(BTC, 70_000)
        await desk.said(1)
        desk.pass_time(seconds=5)
        await edit(desk, alert, "> 72000")
        desk.pass_time(seconds=5)
        desk.is_heard = False
        desk.price(BTC, 72_500)
        desk.pass_time(seconds=2)
        desk.is_heard = True
        life.board.on_gap(frozenset({BTC}))
        desk.price(BTC, 71_000)
        await desk.until(lambda: not life.monitor._waiting)
        desk.pass_time(minutes=3)
        desk.price(BTC, 72_600)
        rang = (await desk.said(2))[1]
    assert "> 72,000: now 72,600" in rang.text


async def test_turned_round_right_after_it_moved_it_does_not_ring_the_other_way_in_the_next_life(desk: Desk) -> None:
    async with desk.life() as life:
        alert = await desk.set(f"{BTC} > 60000")
        desk.pass_time(seconds=5)
        await heard(desk, BTC, 59_000)
        await desk.until(lambda: not life.monitor._waiting)
        desk.pass_time(seconds=5)
        await edit(desk, alert, "< 60000")
    assert (await desk.stored(alert)).stance is Stance.NEW
    desk.pass_time(minutes=2)
    async with desk.life() as life:
        await heard(desk, BTC, 59_500)
        await desk.until(lambda: not life.monitor._waiting)
        desk.price(BTC, 60_100)
        desk.price(BTC, 60_000)
        [said] = await desk.said(1)
    assert "< 60,000: now 60,000" in said.text


async def edit(desk: Desk, alert: Alert, condition: str) -> None:
    request = read_request(f"{alert.symbol} {condition}", ".")
    await desk.now.alerts.change(ANN, alert.short, request, desk.exchange.rules[alert.symbol], "UTC")
