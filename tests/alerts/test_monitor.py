"""Every crossing is told once, whatever people change meanwhile; what was not heard live is in test_monitor_missed."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.alerts.desk import ANN, BORIS, BTC, ETH, Desk, Said, heard, rows_held
from tgbot.alerts import store
from tgbot.alerts.rules.request import read_request
from tgbot.alerts.store import State


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
        life.monitor.put(moved.armed(), desk.exchange.trades[BTC][-1], instead_of=alert.armed())
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


# --- What cannot be believed ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("absurd", ["0.1", "1000000000"])
async def test_an_absurd_price_rings_nothing(desk: Desk, absurd: str) -> None:
    """The stream says so and the exchange's candles do not."""
    async with desk.life() as life:
        for text in ("> 70000", "< 60000", "50% 1h"):
            await desk.set(f"{BTC} {text}")
        await heard(desk, BTC, 67_100)
        tick = desk.price(BTC, 67_200)
        life.board.on_tick(tick._replace(price=Decimal(absurd), sequence=tick.sequence + 1))
        await desk.until(lambda: not life.monitor._waiting)
        desk.price(BTC, 67_300)
        desk.price(BTC, 67_400)
        assert await desk.said() == []
        desk.price(BTC, 70_000)
        assert "now 70,000" in (await desk.said(1))[0].text
    assert len(await desk.said()) == 1


async def test_a_crash_that_was_one_trade_long_rings_from_the_candles(desk: Desk) -> None:
    async with desk.life() as life:
        await desk.set(f"{BTC} < 30000")
        await heard(desk, BTC, 67_100)
        await desk.until(lambda: not life.monitor._waiting)
        desk.price(BTC, 20_000)
        assert "< 30,000: now 20,000" in (await desk.said(1))[0].text


async def test_what_is_changed_while_the_table_is_read_is_newer_than_what_is_read(desk: Desk) -> None:
    deleted, moved = await desk.set(f"{BTC} > 70000"), await desk.set(f"{BTC} > 71000")
    life = desk.now = desk._make()
    await life.alerts.delete(ANN, deleted.short)
    request = read_request(f"{BTC} > 72000", ".")
    await life.alerts.change(ANN, moved.short, request, desk.exchange.rules[BTC], "UTC")
    await desk.set(f"{ETH} > 3100")
    async with asyncio.TaskGroup() as group:
        running = group.create_task(life.monitor.run())
        await desk.clock.until_sleeping()
        assert life.feed.held == {BTC: 1, ETH: 1}
        for symbol, price in ((BTC, 71_500), (ETH, 3_100), (BTC, 72_000)):
            desk.price(symbol, price)
        said = await desk.said(2)
        running.cancel()
    assert sorted(message.text.partition(":")[0] for message in said) == ["🔔 BTC-USDT > 72,000", "🔔 ETH-USDT > 3,100"]
    assert await desk.said() == said


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
    assert (await desk.stored(gone)).state is State.LOST
    assert (await desk.stored(kept)).state is State.FIRED
