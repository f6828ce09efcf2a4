"""Alerts with an end: what has run out says so once, and what was crossed before is told first."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.alerts.chat import Chat
from tests.alerts.desk import ANN, BORIS, BTC, ETH, Desk, Said, heard, person, read
from tests.clock import a_moment
from tgbot.alerts import store, timers
from tgbot.alerts.rules.request import read_request
from tgbot.alerts.store import Alert, State
from tgbot.core.errors import ExchangeRejected, ExchangeUnavailable, UsageError


async def test_what_has_run_out_says_so_once(desk: Desk) -> None:
    async with desk.life():
        alert = await desk.set(f"{BTC} > 70000 for 3d")
        desk.pass_time(days=2)
        assert await desk.said() == []
        desk.pass_time(days=1)
        [said] = await desk.said_within_seconds(1)
        await desk.until(lambda: not desk.now.feed.held)
        desk.price(BTC, 70_100)
        desk.pass_time(days=1)
    assert said.text.splitlines() == [
        "⌛ BTC-USDT > 70,000: its time has run out",
        "It rang 0 times. Arm it again, and it stays until it rings.",
        f"#{alert.short}",
    ]
    assert await desk.said() == [said]
    assert (await desk.stored(alert)).state is State.ENDED


async def test_a_crossing_before_the_end_is_read_back_and_told(desk: Desk) -> None:
    async with desk.life():
        alert = await desk.set(f"{BTC} > 70000 for 1h")
        await heard(desk, BTC, 67_100)
    desk.pass_time(minutes=30)
    desk.price(BTC, 70_500)
    desk.pass_time(minutes=60)
    async with desk.life():
        [said] = await desk.said(1)
        desk.pass_time(minutes=1)
    assert "it was 70,500" in said.text
    assert await desk.said() == [said]
    assert (await desk.stored(alert)).state is State.FIRED


async def test_a_crossing_after_the_end_is_none(desk: Desk) -> None:
    async with desk.life():
        alert = await desk.set(f"{BTC} > 70000 for 1h")
        await heard(desk, BTC, 67_100)
    desk.pass_time(minutes=90)
    desk.price(BTC, 70_500)
    desk.pass_time(minutes=5)
    async with desk.life():
        await desk.until(lambda: not desk.now.monitor._gaps)
        desk.pass_time(minutes=1)
        [said] = await desk.said_within_seconds(1)
    assert "run out" in said.text
    assert (await desk.stored(alert)).state is State.ENDED


async def test_what_was_crossed_before_its_end_is_told_though_a_dead_stream_passes_for_a_quiet_one(desk: Desk) -> None:
    """KuCoin pings every 18 seconds: for so long nobody notices that a connection is gone."""
    async with desk.life():
        alert = await desk.set(f"{BTC} > 70000 for 1h")
        await heard(desk, BTC, 67_100)
        desk.pass_time(minutes=59, seconds=50)
        desk.price_unheard(BTC, 70_500)
        desk.pass_time(seconds=10)
        [said] = await desk.said_within_seconds(1)
    assert "it was 70,500" in said.text
    assert (await desk.stored(alert)).state is State.FIRED


async def test_what_was_crossed_while_older_candles_were_read_slowly_is_told_though_it_ends_by_then(desk: Desk) -> None:
    async with desk.life() as life:
        alert = await desk.set(f"{BTC} > 70000 for 1h")
        await desk.set(f"{BTC} rsi 1h < 30")
        await heard(desk, BTC, 67_100)
        await desk.until(lambda: life.monitor.is_up_to_date(BTC))
        desk.pass_time(minutes=59, seconds=50)
        prices, closed = asyncio.Event(), asyncio.Event()
        desk.exchange.delays += [prices, closed]
        life.board.on_gap({BTC})
        prices.set()
        await desk.until(lambda: not desk.exchange.delays)
        desk.price_unheard(BTC, 70_500)
        desk.pass_time(seconds=20)
        closed.set()
        [said] = await desk.said_within_seconds(1)
    assert "it was 70,500" in said.text
    assert (await desk.stored(alert)).state is State.FIRED


async def test_what_was_crossed_before_its_end_is_told_though_the_stream_is_down_at_its_end(desk: Desk) -> None:
    async with desk.life() as life:
        alert = await desk.set(f"{BTC} > 70000 for 1h")
        await without_stream(desk)
        desk.pass_time(minutes=30)
        desk.price(BTC, 70_500)
        desk.pass_time(minutes=31)
        [said] = await desk.said(1)
        life.feed.dead.clear()
        life.board.on_gap({BTC})
        desk.pass_time(minutes=5)
        assert await desk.said() == [said]
    assert "it was 70,500" in said.text
    assert (await desk.stored(alert)).state is State.FIRED


async def test_without_a_stream_the_last_trade_before_the_end_has_the_time_to_get_into_a_candle(desk: Desk) -> None:
    async with desk.life():
        await desk.set(f"{BTC} > 70000 for 1h")
        await without_stream(desk)
        desk.pass_time(hours=1)
        assert await desk.said() == []
        desk.pass_time(seconds=2)
        assert await desk.said() == []
        late = desk.price(BTC, 70_500)
        desk.exchange.trades[BTC][-1] = late._replace(at=late.at - timedelta(seconds=3))
        [said] = await said_by_and_by(desk, 1)
    assert "it was 70,500" in said.text


async def test_what_has_run_out_says_so_though_the_stream_never_comes_back(desk: Desk) -> None:
    """As soon as candles tell that it was not crossed, or that there are none."""
    async with desk.life():
        await desk.set(f"{BTC} > 70000 for 1h")
        await without_stream(desk)
        desk.exchange.is_down = True
        desk.pass_time(hours=2)
        await desk.until(lambda: not desk.now.monitor.is_up_to_date(BTC))
        assert await desk.said() == []
        desk.exchange.is_down = False
        [said] = await said_by_and_by(desk, 1)
    assert "run out" in said.text


async def without_stream(desk: Desk) -> None:
    """Its price is heard once more, and then no longer."""
    await heard(desk, BTC, 67_100)
    await desk.until(lambda: desk.now.monitor.is_up_to_date(BTC))
    desk.is_heard = False
    desk.now.feed.dead.add(BTC)


async def said_by_and_by(desk: Desk, count: int) -> list[Said]:
    async with asyncio.timeout(10):
        while len(said := await desk.said()) < count:
            desk.pass_time(seconds=1)
            await a_moment(0.001)
    return said


async def test_until_is_a_moment_of_the_persons_own_time_zone(desk: Desk) -> None:
    rule = desk.exchange.rules[BTC]
    async with desk.life() as life:
        request = read_request(f"{BTC} > 70000 until 14:00", ".")
        boris = person(ANN, time_zone="Europe/Berlin")
        alert, _ = await life.alerts.set(
            update_id=1, chat_id=ANN, thread_id=None, person=boris, rule=rule, request=request
        )
        assert alert.ends_at == desk.clock.now() + timedelta(hours=1)
        past = read_request(f"{BTC} > 70000 until 1.1.2026", ".")
        with pytest.raises(UsageError):
            await life.alerts.set(update_id=2, chat_id=ANN, thread_id=None, person=boris, rule=rule, request=past)
    assert await desk.alerts() == [alert]


@pytest.mark.parametrize("until", ["31.12.9999", "2099-01-01", "29.2."])
async def test_an_end_beyond_a_year_is_refused(chat: Chat, desk: Desk, until: str) -> None:
    """West of UTC the last evening of the calendar is over only after its end."""
    chat.chosen = {"time_zone": "America/New_York"}
    with pytest.raises(UsageError):
        await chat.say(f"/alert btc > 70000 until {until}")
    await chat.say("/alert btc > 70000")
    [alert] = await desk.alerts()
    with pytest.raises(UsageError):
        await chat.press_data(f"alert_change:{alert.short} until {until}")
    assert await desk.alerts() == [alert]


async def test_armed_again_it_has_no_end(desk: Desk) -> None:
    async with desk.life() as life:
        alert = await desk.set(f"{BTC} > 70000 for 1h")
        desk.pass_time(hours=1)
        await desk.said_within_seconds(1)
        armed, _ = await life.alerts.arm(ANN, alert.short)
        assert (armed.state, armed.ends_at) == (State.ARMED, None)
        desk.price(BTC, 70_100)
        assert "now 70,100" in (await desk.said(2))[1].text


async def test_the_end_is_shown_and_can_be_changed(chat: Chat, desk: Desk) -> None:
    card = await chat.say("/alert btc > 70000 for 2h")
    assert "Until 22 Nov 14:00." in read(card)
    assert "until 22 Nov 14:00" in read(await chat.say("/alerts"))
    [alert] = await desk.alerts()
    await chat.press_data(f"alert_change:{alert.short} for 3h")
    desk.pass_time(hours=2, minutes=30)
    assert await desk.said() == []
    desk.pass_time(minutes=30)
    assert "run out" in (await desk.said_within_seconds(1))[0].text


async def test_the_step_back_is_the_persons_own(chat: Chat, desk: Desk) -> None:
    """With a whole per cent of it 0.1 % back is not far enough; with none any step back is."""
    for step, rings in (("0.01", 1), ("0", 2)):
        chat.chosen = {"step_back": Decimal(step)}
        before = len(await desk.said())
        await chat.say("/alert btc > 70000 every 1m")
        desk.price(BTC, 70_000)
        await desk.said(before + 1)
        desk.pass_time(minutes=2)
        desk.price(BTC, 69_930)
        desk.price(BTC, 70_000)
        assert len(await desk.said(before + rings)) == before + rings
        await chat.press_data(f"alert_mute:{BTC}")
        desk.price(BTC, 67_000)


async def test_alerts_of_a_chat_that_is_gone_rest_until_it_is_back(desk: Desk) -> None:
    async with desk.life() as life:
        alert = await desk.set(f"{BTC} > 70000")
        asleep = await desk.set(f"{BTC} > 80000")
        await life.alerts.snooze(ANN, asleep.short, timedelta(hours=9))
        async with desk.database.write() as session:
            await life.monitor.lose(session, ANN)
        await desk.until(lambda: not desk.now.feed.held)
        desk.price(BTC, 70_100)
        desk.price(BTC, 67_000)
        desk.pass_time(hours=1)
        assert await desk.said() == []
        async with desk.database.write() as session:
            await life.timers.regain(session, ANN)
            await life.timers.regain(session, BORIS)
        await desk.until(lambda: bool(desk.now.feed.held))
        await heard(desk, BTC, 67_100)
        desk.price(BTC, 70_100)
        told, rang = await desk.said(2)
    assert told.text == "🔔 2 alerts wait for their prices again"
    assert rang.text.startswith("🔔 BTC-USDT > 70,000: now 70,100")
    assert [(await desk.stored(one)).state for one in (alert, asleep)] == [State.FIRED, State.SNOOZED]


async def test_alerts_move_with_their_group(desk: Desk) -> None:
    async with desk.life():
        await desk.set(f"{BTC} > 70000", chat_id=-5)
        async with desk.database.write() as session:
            await store.move_chat(session, -5, -1005)
        await heard(desk, BTC, 67_100)
        desk.price(BTC, 70_100)
        [rang] = await desk.said(1)
    assert rang.chat_id == -1005


# --- Both at once: what sleeps has an end, or cannot be woken -------------------------------------------------------


async def test_what_has_run_out_asleep_says_so_and_does_not_ring(desk: Desk) -> None:
    """It would be true, and its snooze was over before its time was."""
    async with desk.life() as life:
        alert = await desk.set(f"{BTC} > 60000 for 1h")
        await life.alerts.snooze(ANN, alert.short, timedelta(minutes=50))
    desk.pass_time(days=3)
    async with desk.life():
        [said] = await desk.said(1)
    assert "run out" in said.text
    assert (await desk.stored(alert)).state is State.ENDED


async def test_what_has_run_out_while_its_chat_was_gone_says_so_and_does_not_ring(desk: Desk) -> None:
    async with desk.life() as life:
        alert = await desk.set(f"{BTC} > 60000 for 1h")
        async with desk.database.write() as session:
            await life.monitor.lose(session, ANN)
        desk.pass_time(days=3)
        async with desk.database.write() as session:
            await life.timers.regain(session, ANN)
        [said] = await desk.said(1)
        desk.pass_time(minutes=5)
    assert "run out" in said.text
    assert await desk.said() == [said]
    assert (await desk.stored(alert)).state is State.ENDED


async def test_what_sleeps_on_a_pair_that_is_gone_is_paused_and_its_owner_told(desk: Desk) -> None:
    async with desk.life():
        gone = [await snoozed(desk, f"{ETH} > {9_000 + number}") for number in range(timers.AT_ONCE)]
        other_place = await snoozed(desk, f"{ETH} > 9000", thread_id=5)
        later = await snoozed(desk, f"{ETH} > 9000", minutes=300)
        await desk.set(f"{BTC} > 70000 for 1h", chat_id=BORIS)
        await snoozed(desk, f"{BTC} > 60000", chat_id=BORIS, minutes=30)
        unprice(desk, ETH, ExchangeRejected("900001", "symbol not exists"))
        await desk.clock.until_sleeping(2)
        desk.pass_time(minutes=70)
        said = await desk.said_within_seconds(4)
    assert sorted((one.chat_id, one.thread_id or 0, one.text.splitlines()[0]) for one in said) == [
        (ANN, 0, f"ETH-USDT: {timers.AT_ONCE} alerts paused"),
        (ANN, 5, "ETH-USDT: 1 alert paused"),
        (BORIS, 0, "⌛ BTC-USDT > 70,000: its time has run out"),
        (BORIS, 0, "⏰ BTC-USDT > 60,000: still so at 67,000"),
    ]
    assert {(await desk.stored(alert)).state for alert in (*gone, other_place)} == {State.PAUSED}
    assert (await desk.stored(later)).state is State.SNOOZED


async def test_what_has_no_price_for_now_keeps_nobody_else_asleep_and_wakes_when_there_is_one(desk: Desk) -> None:
    async with desk.life():
        for number in range(timers.AT_ONCE):
            await snoozed(desk, f"{ETH} > {2_000 + number}")
        await desk.set(f"{BTC} > 70000 for 1h", chat_id=BORIS)
        await snoozed(desk, f"{BTC} > 60000", chat_id=BORIS, minutes=30)
        await heard(desk, BTC, 67_000)
        unprice(desk, ETH, ExchangeUnavailable("connection", "no answer"))
        await desk.clock.until_sleeping(2)
        desk.pass_time(minutes=70)
        desk.price(BTC, 67_000)
        said = await desk.said(2)
        assert [one.chat_id for one in said] == [BORIS, BORIS]
        assert desk.exchange.calls.count(f"ticker {ETH}") == timers.AT_ONCE + 1, (
            "once each when set, and once for all of them"
        )
        unprice(desk, ETH, None)
        await desk.clock.until_sleeping(2)
        desk.pass_time(seconds=timers.RETRY_AFTER.total_seconds())
        assert len(await desk.said(2 + timers.AT_ONCE)) == 2 + timers.AT_ONCE


async def test_what_is_not_judged_to_its_end_keeps_nobody_else_from_ending(desk: Desk) -> None:
    async with desk.life() as life:
        for number in range(timers.AT_ONCE):
            await desk.set(f"{ETH} > {9_000 + number} for 1h")
        await desk.set(f"{BTC} > 70000 for 2h", chat_id=BORIS)
        await heard(desk, BTC, 67_000)
        await desk.until(lambda: life.monitor.is_up_to_date(BTC))
        desk.exchange.is_down = True
        life.board.on_gap({ETH})
        await desk.clock.until_sleeping(2)
        desk.pass_time(hours=3)
        desk.price(BTC, 67_000)
        [said] = await desk.said(1)
    assert said.chat_id == BORIS


async def snoozed(
    desk: Desk, text: str, *, chat_id: int = ANN, thread_id: int | None = None, minutes: int = 15
) -> Alert:
    alert = await desk.set(text, chat_id, thread_id)
    return await desk.now.alerts.snooze(chat_id, alert.short, timedelta(minutes=minutes))


def unprice(desk: Desk, symbol: str, error: Exception | None) -> None:
    """From now on the exchange has no price of it but this answer."""
    desk.exchange.failures = {symbol: error} if error is not None else {}
