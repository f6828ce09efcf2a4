"""Our clock is wrong, or stood still while the machine slept: alerts go by the exchange's."""

from datetime import timedelta

import pytest

from tests.alerts.desk import ANN, BTC, heard
from tests.alerts.street import Street
from tests.alerts.test_monitor_foreseen import ahead, street
from tests.kucoin.conftest import client, ssl_context
from tests.kucoin.patience import eventually
from tgbot.alerts.closes import LOOK_EVERY

__all__ = ["ahead", "client", "ssl_context", "street"]

AHEAD, BEHIND = timedelta(seconds=30), -timedelta(seconds=30)


@pytest.mark.parametrize("ahead", [AHEAD, BEHIND])
async def test_what_is_heard_live_is_never_called_late(street: Street) -> None:
    async with street.life():
        alert = await street.set(f"{BTC} > 70000")
        await heard(street, BTC, 67_100)
        street.price(BTC, 70_000)
        [said] = await street.said(1)
    assert said.text == f"🔔 BTC-USDT > 70,000: now 70,000\n#{alert.short}"


@pytest.mark.parametrize("ahead", [AHEAD, BEHIND])
async def test_what_is_read_back_says_how_late_it_is(street: Street) -> None:
    async with street.life() as life:
        await street.set(f"{BTC} > 70000")
        await heard(street, BTC, 67_100)
        await street.until(lambda: not life.monitor._waiting)
        street.pass_time(seconds=70)
        street.price_unheard(BTC, 70_500)
        street.pass_time(seconds=35)
        life.board.on_gap({BTC})
        [said] = await street.said(1)
    assert "it was 70,500\nUp to 45 s late" in said.text


@pytest.mark.parametrize("ahead", [AHEAD, BEHIND])
async def test_what_begins_to_hold_just_after_it_was_set_rings_once(street: Street) -> None:
    async with street.life():
        alert = await street.set(f"{BTC} > 60000 and < 61000")
        await heard(street, BTC, 67_100)
        street.pass_time(seconds=10)
        street.price(BTC, 60_500)
        [said] = await street.said(1)
        street.pass_time(seconds=40)
        street.price(BTC, 60_600)
        assert await street.said() == [said]
    assert said.text == f"🔔 BTC-USDT > 60,000 and < 61,000: now 60,500\n#{alert.short}"


@pytest.mark.parametrize("ahead", [AHEAD, BEHIND])
async def test_what_holds_when_it_is_set_has_to_end_before_it_rings(street: Street) -> None:
    async with street.life() as life:
        await street.set(f"{BTC} > 60000 and < 69000")
        await heard(street, BTC, 67_100)
        for price in (67_200, 59_000):
            await street.until(lambda: not life.monitor._waiting)
            street.pass_time(seconds=10)
            street.price(BTC, price)
            assert await street.said() == []
        street.price(BTC, 60_500)
        assert len(await street.said(1)) == 1


@pytest.mark.parametrize("ahead", [AHEAD, BEHIND])
async def test_what_holds_when_it_wakes_is_not_late(street: Street) -> None:
    async with street.life() as life:
        alert = await street.set(f"{BTC} 5% 1h")
        await heard(street, BTC, 67_100)
        await life.alerts.snooze(ANN, alert.short, timedelta(hours=1))
        street.pass_time(minutes=30)
        for price in (67_000, 70_500):
            street.pass_time(minutes=10)
            street.price_unheard(BTC, price)
        street.pass_time(minutes=10)
        [said] = await street.said(1)
    assert said.text.splitlines()[:2] == ["🔔 BTC-USDT ±5% in 1 h: now 70,500", "+5.22% within 1 h"]


async def test_what_crossed_while_the_machine_slept_is_read_back(street: Street) -> None:
    """Hours of which its monotonic clock knows nothing."""
    async with street.life() as life:
        alert = await street.set(f"{BTC} > 70000")
        await heard(street, BTC, 67_100)
        await street.until(lambda: not life.monitor._waiting)
        for price in (70_500, 66_000):
            street.clock.suspend(timedelta(hours=2))
            street.price_unheard(BTC, price)
        life.board.on_gap({BTC})
        [said] = await street.said(1)
    assert said.text.splitlines() == [
        "🔔 BTC-USDT > 70,000: it was 70,500",
        "Up to 2 h late: the crossing was missed live.",
        f"#{alert.short}",
    ]


async def test_a_candle_that_closed_while_the_machine_slept_is_read_within_a_minute(street: Street) -> None:
    """By its monotonic clock that close is the better part of an hour away, and no stream tells of it: the connection
    has outlived the sleep, and nobody trades. Somebody has sent an order, for which the time is asked for."""
    async with street.life():
        await street.set(f"{BTC} rsi 1h > 90")
        await eventually(lambda: street.topics == ["/market/candles:BTC-USDT_1hour"])
        street.price(BTC, 67_100)
        await street.pass_seconds(20)
        street.price_unheard(BTC, 100_000)
        street.clock.suspend(timedelta(hours=2))
        await street.rest.sync_clock()
        street.pass_time(seconds=LOOK_EVERY.total_seconds())
        [said] = await street.said(1)
    assert said.text.startswith("🔔 BTC-USDT RSI 1h > 90")
