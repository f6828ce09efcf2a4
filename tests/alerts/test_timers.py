"""Alerts with an end: what has run out says so once, and what was crossed before is told first."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.alerts.chat import Chat
from tests.alerts.desk import ANN, BORIS, BTC, Desk, heard, person, read
from tgbot.alerts import store
from tgbot.alerts.rules.request import read_request
from tgbot.alerts.store import State
from tgbot.core.errors import UsageError


async def test_what_has_run_out_says_so_once(desk: Desk) -> None:
    async with desk.life():
        alert = await desk.set(f"{BTC} > 70000 for 3d")
        desk.pass_time(days=2)
        assert await desk.said() == []
        desk.pass_time(days=1)
        [said] = await desk.said(1)
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
        [said] = await desk.said(1)
    assert "run out" in said.text
    assert (await desk.stored(alert)).state is State.ENDED


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


async def test_armed_again_it_has_no_end(desk: Desk) -> None:
    async with desk.life() as life:
        alert = await desk.set(f"{BTC} > 70000 for 1h")
        desk.pass_time(hours=1)
        await desk.said(1)
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
    assert "run out" in (await desk.said(1))[0].text


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
