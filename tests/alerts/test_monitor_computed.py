"""Moves, indicators and two conditions at once: from being set to the message, through gaps and restarts."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.alerts.chat import Chat
from tests.alerts.desk import ANN, BORIS, BTC, ETH, Desk, heard, read
from tests.clock import a_moment
from tgbot.alerts import store
from tgbot.alerts.rules.crossing import Stance
from tgbot.alerts.store import Alert, State


def at_once() -> asyncio.Event:
    """An answer that nobody has to wait for."""
    answered = asyncio.Event()
    answered.set()
    return answered


async def followed(desk: Desk, price: int) -> None:
    """Live from now on."""
    await heard(desk, BTC, price)
    await desk.until(lambda: BTC not in desk.now.monitor._waiting)


async def asleep_for_now(desk: Desk) -> set["asyncio.Future[None]"]:
    """Once nobody has woken for a while."""
    before, asleep = None, set(desk.clock.asleep())
    while before != asleep:
        for _ in range(10):
            await a_moment()
        before, asleep = asleep, set(desk.clock.asleep())
    return asleep


def hours(desk: Desk, *closes: int) -> None:
    """One trade an hour, half past."""
    for close in closes:
        desk.pass_time(minutes=30)
        desk.price(BTC, close)
        desk.pass_time(minutes=30)


# --- Moves ---------------------------------------------------------------------------------------------------------


async def test_a_move_within_the_window_rings_with_its_figure(desk: Desk) -> None:
    async with desk.life():
        alert = await desk.set(f"{BTC} 5% 1h")
        await followed(desk, 67_000)
        for price in (66_000, 64_000, 67_199):
            desk.pass_time(minutes=1)
            desk.price(BTC, price)
        assert await desk.said() == []
        desk.price(BTC, 67_200)
        [said] = await desk.said(1)
    assert said.text.splitlines() == [
        "🔔 BTC-USDT ±5% in 1 h: now 67,200",
        "+5% within 1 h",
        f"#{alert.short}",
    ]
    assert (await desk.stored(alert)).state is State.FIRED


async def test_what_left_the_window_counts_no_more(desk: Desk) -> None:
    async with desk.life():
        await desk.set(f"{BTC} 5% 1h")
        await followed(desk, 64_000)
        desk.price(BTC, 66_000)
        desk.pass_time(minutes=61)
        desk.price(BTC, 67_250)
        assert await desk.said() == []
        desk.price(BTC, 62_600)
        assert "-6.91% within 1 h" in (await desk.said(1))[0].text


async def test_the_window_is_known_when_it_is_set(chat: Chat, desk: Desk) -> None:
    """Prices from before count: it is so already, and the next time is what rings."""
    desk.price(BTC, 63_000)
    desk.pass_time(minutes=5)
    desk.price(BTC, 67_000)
    desk.pass_time(minutes=5)
    assert "Already so: it waits for the next time." in read(await chat.say("/alert btc 5% 1h"))
    await followed(desk, 67_100)
    desk.pass_time(minutes=70)
    for price in (67_000, 64_000, 63_600):
        desk.price(BTC, price)
    assert "-5.22% within 1 h" in (await desk.said(1))[0].text, "67,100 was the price until a moment ago"


async def test_a_move_while_the_bot_was_down_is_told_late_and_once(desk: Desk) -> None:
    async with desk.life():
        alert = await desk.set(f"{BTC} 5% 1h")
        await followed(desk, 67_000)
    desk.pass_time(minutes=10)
    desk.price(BTC, 63_600)
    desk.price(BTC, 66_900)
    desk.pass_time(minutes=30)
    async with desk.life():
        [said] = await desk.said(1)
        desk.price(BTC, 63_600)
        assert await desk.said() == [said]
    assert said.text.splitlines()[:2] == ["🔔 BTC-USDT ±5% in 1 h: it was 63,600", "-5.07% within 1 h"]
    assert "late" in said.text
    assert (await desk.stored(alert)).state is State.FIRED


async def test_a_small_wobble_in_a_gap_is_no_move(desk: Desk) -> None:
    async with desk.life():
        await desk.set(f"{BTC} 5% 1h")
        await followed(desk, 67_000)
    for price in (66_000, 67_000, 65_900, 67_100):
        desk.pass_time(minutes=20)
        desk.price(BTC, price)
    async with desk.life():
        await desk.until(lambda: not desk.now.monitor._gaps)
        assert await desk.said() == []


# --- Indicators ----------------------------------------------------------------------------------------------------


async def test_an_rsi_is_judged_when_its_candle_closes_and_not_before(desk: Desk) -> None:
    hours(desk, *range(67_000, 69_000, 100))
    async with desk.life():
        alert = await desk.set(f"{BTC} rsi 1h < 30")
        desk.price(BTC, 60_000)
        desk.pass_time(minutes=59)
        assert await desk.said() == []
        desk.pass_time(minutes=1, seconds=3)
        [said] = await desk.said(1)
    lines = said.text.splitlines()
    assert lines[0] == "🔔 BTC-USDT RSI 1h < 30: now 60,000"
    assert lines[1].startswith("RSI ")
    assert lines[1].endswith(" at the close")
    assert lines[-1] == f"#{alert.short}"


async def test_averages_ring_each_time_they_cross(desk: Desk) -> None:
    hours(desk, *[67_000] * 5)
    async with desk.life():
        await desk.set(f"{BTC} ma 1/3 1h every 1m")
        told = 0
        for close, rings in ((68_000, 0), (66_000, 1), (69_000, 1), (69_500, 0), (60_000, 1)):
            desk.price(BTC, close)
            desk.pass_time(hours=1, seconds=3)
            told += rings
            said = await desk.said(told)
            await desk.clock.until_sleeping(3)
            assert len(said) == told, close
            desk.pass_time(minutes=-1, seconds=57)
    assert "fallen below" in said[-1].text
    assert "risen above" in said[1].text


async def test_a_crossing_of_averages_is_told_once_however_often_its_candle_is_read(desk: Desk) -> None:
    hours(desk, *[67_000] * 5)
    async with desk.life() as life:
        await desk.set(f"{BTC} ma 1/3 1h every 1m")
        for close in (68_000, 66_000):
            desk.price(BTC, close)
            desk.pass_time(hours=1, seconds=3)
            await desk.clock.until_sleeping(3)
        [said] = await desk.said(1)
        for _ in range(3):
            desk.pass_time(minutes=2)
            desk.price(BTC, 66_000)
            asked = len(desk.exchange.calls)
            life.board.on_gap([BTC])
            await desk.until(lambda: len(desk.exchange.calls) > asked + 1)  # noqa: B023 - it is awaited here
            await desk.until(lambda: BTC not in life.monitor._waiting)
        assert await desk.said() == [said]


async def test_a_close_while_the_bot_was_down_is_told_late(desk: Desk) -> None:
    hours(desk, *range(67_000, 69_000, 100))
    async with desk.life():
        await desk.set(f"{BTC} rsi 1h < 30")
    hours(desk, 60_000)
    hours(desk, 60_100)
    desk.pass_time(minutes=5)
    async with desk.life():
        [said] = await desk.said(1)
    assert "RSI 1h < 30: it was 60,000" in said.text
    assert "1 h" in said.text.splitlines()[2]


async def test_indicators_share_one_reading_of_a_candle(desk: Desk) -> None:
    hours(desk, *range(67_000, 69_000, 100))
    async with desk.life():
        for text in ("rsi 1h < 30", "rsi 1h > 99", "volume 3x 1h", "ma 5/10 1h"):
            await desk.set(f"{BTC} {text}")
        await followed(desk, 68_900)
        before = len(desk.exchange.calls)
        desk.pass_time(hours=1, seconds=3)
        await desk.until(lambda: len(desk.exchange.calls) > before)
        await desk.clock.until_sleeping(3)
        assert desk.exchange.calls[before:] == [f"candles {BTC}"]


async def test_a_price_that_rings_wakes_nobody_who_waits_for_a_close(desk: Desk) -> None:
    """With thousands of pairs followed, finding out whose close is next holds up all prices for ten milliseconds."""
    hours(desk, *range(67_000, 69_000, 100))
    async with desk.life():
        await desk.set(f"{BTC} rsi 1h < 30")
        await desk.set(f"{BTC} > 70000", BORIS)
        await followed(desk, 69_000)
        asleep = await asleep_for_now(desk)
        desk.price(BTC, 70_000)
        await desk.said(1)
        await desk.until(lambda: desk.now.monitor.is_up_to_date(BTC))
        assert asleep <= set(desk.clock.asleep())


async def test_what_has_been_judged_is_remembered(desk: Desk) -> None:
    hours(desk, *range(67_000, 69_000, 100))
    desk.pass_time(seconds=3)
    async with desk.life():
        alert = await desk.set(f"{BTC} rsi 1h < 30")
    assert (await desk.stored(alert)).stance is Stance.UNDER
    async with desk.database.read() as session:
        judged = await store.judged(session)
    now = desk.clock.now()
    assert judged[f"{BTC} 1hour"] == now.replace(minute=0, second=0)


async def test_without_an_exchange_it_is_set_and_catches_up(desk: Desk) -> None:
    hours(desk, *range(67_000, 69_000, 100))
    async with desk.life():
        await followed_by_another_alert(desk)
        desk.exchange.is_down = True
        alert = await desk.set(f"{BTC} rsi 1h < 30")
        assert desk.now.alerts.holds(alert) is None
        desk.exchange.is_down = False
        desk.pass_time(seconds=2)
        await desk.until(lambda: desk.now.alerts.holds(alert) is False)
        desk.price(BTC, 50_000)
        desk.pass_time(hours=1, seconds=3)
        assert "RSI" in (await desk.said(1))[0].text


async def followed_by_another_alert(desk: Desk) -> None:
    await desk.set(f"{BTC} > 99999")
    await followed(desk, 68_900)


async def test_a_close_is_read_in_its_time_if_the_one_before_it_could_be_read_only_just_before(desk: Desk) -> None:
    hours(desk, *range(67_000, 69_000, 100))
    desk.pass_time(seconds=5)
    async with desk.life():
        await desk.set(f"{BTC} rsi 1h < 30")
        await followed(desk, 68_900)
        desk.exchange.is_down = True
        desk.pass_time(hours=1)
        await asleep_for_now(desk)
        desk.price(BTC, 60_000)
        desk.exchange.is_down = False
        desk.pass_time(minutes=59, seconds=56)
        await asleep_for_now(desk)
        assert await desk.said() == []
        desk.pass_time(seconds=2)
        [said] = await desk.said(1)
    assert said.text.startswith("🔔 BTC-USDT RSI 1h < 30: now 60,000")


# --- The last close before an end ------------------------------------------------------------------------------------


async def ending_behind_a_close(desk: Desk) -> Alert:
    """It lasts until two seconds after the full hour, and a candle is read after three."""
    hours(desk, *range(67_000, 69_000, 100))
    desk.pass_time(seconds=2)
    return await desk.set(f"{BTC} rsi 1h < 30 for 1h")


async def test_an_alert_does_not_end_before_the_last_close_of_its_time_is_read(desk: Desk) -> None:
    async with desk.life():
        alert = await ending_behind_a_close(desk)
        desk.price(BTC, 60_000)
        desk.pass_time(hours=1)
        await asleep_for_now(desk)
        assert await desk.said() == []
        desk.pass_time(seconds=1)
        [said] = await desk.said(1)
    assert said.text.startswith("🔔 BTC-USDT RSI 1h < 30: now 60,000")
    assert (await desk.stored(alert)).state is State.FIRED


async def test_nor_if_that_close_cannot_be_read_for_a_while(desk: Desk) -> None:
    async with desk.life():
        await ending_behind_a_close(desk)
        await followed(desk, 60_000)
        desk.exchange.is_down = True
        desk.pass_time(hours=1)
        for _ in range(8):
            desk.pass_time(seconds=10)
            await asleep_for_now(desk)
        assert await desk.said() == []
        desk.exchange.is_down = False
        desk.pass_time(seconds=10)
        [said] = await desk.said(1)
    assert said.text.startswith("🔔 BTC-USDT RSI 1h < 30: it was 60,000")


async def test_a_late_candle_is_waited_for_before_an_end(desk: Desk) -> None:
    async with desk.life():
        await ending_behind_a_close(desk)
        desk.pass_time(hours=1)
        await seconds_pass(desk, 10)
        late = desk.price(BTC, 60_000)
        desk.exchange.trades[BTC][-1] = late._replace(at=late.at - timedelta(minutes=10))
        await seconds_pass(desk, 5)
        [said] = await desk.said(1)
    assert said.text.startswith("🔔 BTC-USDT RSI 1h < 30: it was 60,000")


async def test_a_candle_that_never_comes_is_not_waited_for(desk: Desk) -> None:
    """There was no trade in its hour."""
    async with desk.life():
        alert = await ending_behind_a_close(desk)
        desk.pass_time(hours=1)
        await seconds_pass(desk, 75)
        [said] = await desk.said(1)
    assert "run out" in said.text
    assert (await desk.stored(alert)).state is State.ENDED


async def seconds_pass(desk: Desk, count: int) -> None:
    for _ in range(count):
        desk.pass_time(seconds=1)
        await asleep_for_now(desk)


# --- Nothing has closed yet ------------------------------------------------------------------------------------------


async def test_what_is_set_before_the_first_candle_has_closed_is_judged_when_candles_close(desk: Desk) -> None:
    """A new listing."""
    desk.exchange.trades[BTC].clear()
    desk.pass_time(seconds=5)
    desk.price(BTC, 67_000)
    async with desk.life():
        alert = await desk.set(f"{BTC} rsi 1m > 50")
        await followed(desk, 67_000)
        for price in range(67_000, 65_400, -100):
            desk.price(BTC, price)
            desk.pass_time(minutes=1)
            await asleep_for_now(desk)
        assert desk.now.alerts.holds(alert) is False
        desk.price(BTC, 70_000)
        desk.pass_time(minutes=1)
        [said] = await desk.said(1)
        desk.price(BTC, 71_000)
        desk.pass_time(minutes=1)
        await asleep_for_now(desk)
    assert said.text.startswith("🔔 BTC-USDT RSI 1m > 50: now 70,000")
    assert await desk.said() == [said]


@pytest.mark.parametrize("is_so", [True, False])
async def test_where_no_candles_were_told_at_first_what_closed_before_it_was_set_does_not_ring(
    desk: Desk, is_so: bool
) -> None:
    """Nor does what was so already."""
    hours(desk, *range(67_000, 69_000, 100), 60_000, 69_000 if is_so else 61_000)
    async with desk.life():
        await followed_by_another_alert(desk)
        told, desk.exchange.trades[BTC] = desk.exchange.trades[BTC], []
        alert = await desk.set(f"{BTC} rsi 1h > 50")
        assert desk.now.alerts.holds(alert) is None
        await asleep_for_now(desk)
        desk.exchange.trades[BTC] = told
        desk.pass_time(minutes=1, seconds=5)
        await desk.until(lambda: desk.now.alerts.holds(alert) is is_so)
        desk.price(BTC, 70_000)
        desk.pass_time(hours=1)
        await asleep_for_now(desk)
        said = await desk.said(0 if is_so else 1)
    assert [one.text.split(":")[0] for one in said] == ([] if is_so else ["🔔 BTC-USDT RSI 1h > 50"])


async def test_without_any_candle_an_alert_ends_all_the_same(desk: Desk) -> None:
    """Each minute it is asked for the first one, and there is none."""
    desk.exchange.trades[BTC].clear()
    desk.pass_time(seconds=1)
    desk.price(BTC, 67_000)
    async with desk.life():
        await desk.set(f"{BTC} rsi 1h < 30 for 5m")
        await seconds_pass(desk, 1)
        desk.pass_time(minutes=4, seconds=59)
        [said] = await desk.said_within_seconds(1)
    assert "run out" in said.text


# --- Two at once ---------------------------------------------------------------------------------------------------


async def test_two_conditions_ring_when_both_hold_and_did_not_before(desk: Desk) -> None:
    async with desk.life():
        await desk.set(f"{BTC} > 60000 and < 61000 every 1m")
        await followed(desk, 67_000)
        for price in (62_000, 61_001):
            desk.price(BTC, price)
        assert await desk.said() == []
        desk.price(BTC, 60_900)
        [said] = await desk.said(1)
        assert said.text.splitlines()[0] == "🔔 BTC-USDT > 60,000 and < 61,000: now 60,900"
        desk.pass_time(minutes=2)
        for price in (60_500, 60_000, 59_990, 60_100):  # 0.05 % below 60,000 would be far enough
            desk.price(BTC, price)
        assert len(await desk.said()) == 1
        for price in (59_000, 60_100):
            desk.price(BTC, price)
        assert len(await desk.said(2)) == 2


async def test_a_price_and_an_indicator(desk: Desk) -> None:
    hours(desk, *range(67_000, 69_000, 100))
    async with desk.life():
        await desk.set(f"{BTC} rsi 1h > 60 and > 70000")
        await followed(desk, 68_900)
        desk.price(BTC, 69_999)
        assert await desk.said() == []
        desk.price(BTC, 70_000)
        [said] = await desk.said(1)
    assert said.text.splitlines()[0] == "🔔 BTC-USDT RSI 1h > 60 and > 70,000: now 70,000"


# --- In the chat ---------------------------------------------------------------------------------------------------


async def test_a_computed_alert_is_shown_listed_snoozed_and_edited(chat: Chat, desk: Desk) -> None:
    hours(desk, *range(67_000, 69_000, 100))
    card = await chat.say("/alert btc rsi 1h < 30 every 1h for 3d")
    assert read(card).splitlines()[:2] == ["🔔 Alert set: BTC-USDT RSI 1h < 30", "Judged each time a candle closes."]
    [alert] = await desk.alerts()
    assert f"#{alert.short} RSI 1h < 30 · every 1 h" in read(await chat.say("/alerts"))
    edited = await chat.press_data(f"alert_change:{alert.short} 5% 1h and rsi 1h < 40")
    assert "BTC-USDT ±5% in 1 h and RSI 1h < 40" in read(edited)
    await chat.press_data(f"alert_snooze:{alert.short} 15m")
    assert (await desk.stored(alert)).state is State.SNOOZED
    back = await chat.press_data(f"alert_change:{alert.short} > 80000")
    assert read(back).startswith("🔔 Alert set: BTC-USDT > 80,000")
    assert (await desk.stored(alert)).condition == ""
    desk.price(BTC, 80_000)
    assert "now 80,000" in (await desk.said(1))[0].text


@pytest.mark.parametrize("is_so", [True, False])
async def test_a_snoozed_one_rings_when_it_wakes_if_it_is_so(desk: Desk, is_so: bool) -> None:
    async with desk.life() as life:
        alert = await desk.set(f"{BTC} 5% 1h")
        await life.alerts.snooze(ANN, alert.short, timedelta(hours=1))
        desk.price(BTC, 67_000)
        desk.pass_time(minutes=59)
        desk.price(BTC, 70_500 if is_so else 68_000)
        desk.pass_time(minutes=1)
        await desk.until(lambda: BTC in desk.now.feed.held or is_so)
        if is_so:
            assert "+5.22% within 1 h" in (await desk.said(1))[0].text
        else:
            assert await desk.said() == []


async def test_an_indicator_that_is_so_when_it_wakes_is_told_with_the_price_of_now(desk: Desk) -> None:
    hours(desk, *range(69_000, 67_000, -100))
    async with desk.life() as life:
        alert = await desk.set(f"{BTC} rsi 1h < 30")
        await life.alerts.snooze(ANN, alert.short, timedelta(minutes=5))
        desk.price(BTC, 66_950)
        desk.pass_time(minutes=5)
        assert "now 66,950" in (await desk.said(1))[0].text


async def test_what_is_set_again_after_a_start_is_judged_by_the_candles_of_now(desk: Desk) -> None:
    """The process began with others of its kind, when what it waits for was not so; they are gone."""
    hours(desk, *range(67_000, 69_000, 100))
    async with desk.life():
        await desk.set(f"{BTC} rsi 1h < 30")
        await followed(desk, 69_000)
    async with desk.life() as life:
        await followed(desk, 69_000)
        [known] = await desk.alerts()
        await life.alerts.delete(ANN, known.short)
        hours(desk, *range(69_000, 67_000, -100))
        alert = await desk.set(f"{BTC} rsi 1h < 30")
        assert life.alerts.holds(alert) is True
        assert await desk.said() == []


@pytest.mark.parametrize("earlier", range(3))
async def test_one_that_is_deleted_while_its_candles_are_read_leaves_the_others_in_peace(
    desk: Desk, earlier: int
) -> None:
    hours(desk, *range(67_000, 69_000, 100))
    async with desk.life() as life, asyncio.TaskGroup() as group:
        await desk.set(f"{BTC} 5% 1h")
        await followed(desk, 69_000)
        held = asyncio.Event()
        desk.exchange.delays += [at_once() for _ in range(earlier)] + [held]
        setting = group.create_task(desk.set(f"{BTC} rsi 1h < 30"))
        await desk.until(lambda: not desk.exchange.delays or setting.done())
        [_, alert] = await desk.alerts()
        await life.alerts.delete(ANN, alert.short)
        held.set()
        await setting
        desk.exchange.delays.clear()
        desk.price(BTC, 73_000)
        assert "within 1 h" in (await desk.said(1))[0].text


async def test_other_pairs_are_not_touched(desk: Desk) -> None:
    async with desk.life() as life:
        alert = await desk.set(f"{ETH} 5% 1h")
        desk.price(BTC, 1)
        assert life.alerts.holds(alert) is False
        await life.alerts.delete(ANN, alert.short)
        assert not life.feed.held
        assert Decimal(0) == alert.level
