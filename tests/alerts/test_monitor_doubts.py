"""The first price behind a gap, or after a start, that cannot be believed: it rings nothing unless it was one."""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from tests.alerts.desk import BTC, Desk, Life, heard
from tgbot.core.market import Tick


@pytest.fixture(params=["first", "first of the next life", "after a gap"])
async def quiet(request: pytest.FixtureRequest, desk: Desk) -> AsyncIterator[Life]:
    """Alerts are set far away on both sides, and the next price that is heard is the first behind a gap."""
    async with desk.life() as life:
        for text in ("> 140000", "< 30000", "50% 1h"):
            await desk.set(f"{BTC} {text}")
        desk.pass_time(seconds=70)
        if request.param != "first":
            await heard(desk, BTC, 67_100)
            await settled(desk)
            desk.pass_time(seconds=70)
        if request.param == "after a gap":
            life.board.on_gap({BTC})
            await settled(desk)
        if request.param != "first of the next life":
            yield life
            return
    async with desk.life() as life:
        await settled(desk)
        yield life


@pytest.mark.parametrize("absurd", ["0.1", "1000000000"])
async def test_an_absurd_first_price_rings_nothing(quiet: Life, desk: Desk, absurd: str) -> None:
    wrong = desk.price_unheard(BTC, 67_150)._replace(price=Decimal(absurd))
    for tick in (wrong, wrong):  # once more, that is no confirmation
        quiet.board.on_tick(tick)
    await settled(desk)
    desk.price(BTC, 67_200)
    await settled(desk)
    desk.price(BTC, 67_300)
    desk.price(BTC, 67_400)
    await settled(desk)
    assert await desk.said() == []
    desk.price(BTC, 130_000)
    desk.price(BTC, 140_000)
    assert any("> 140,000: now 140,000" in said.text for said in await desk.said(2))


async def leapt(quiet: Life, desk: Desk) -> Tick:
    """A first price far away, of which the candles do not know yet; nobody has been told of it."""
    tick = desk.price_unheard(BTC, 150_000)
    desk.exchange.trades[BTC].remove(tick)
    quiet.board.on_tick(tick)
    await settled(desk, seconds=0)
    assert await desk.said() == []
    return tick


@pytest.mark.parametrize("then", [151_000, 67_200])
async def test_a_first_price_that_has_leapt_rings_when_its_candle_is_there_or_the_next_one_confirms_it(
    quiet: Life, desk: Desk, then: int
) -> None:
    """The candles are late: they know of it when the next price has come."""
    tick = await leapt(quiet, desk)
    desk.exchange.trades[BTC].append(tick)
    desk.price(BTC, then)
    await settled(desk)
    [rang] = [said for said in await desk.said(2) if "140,000" in said.text]
    assert " 15" in rang.text.splitlines()[0]


async def test_a_first_price_that_has_leapt_and_is_the_last_for_long_rings_from_its_candle(
    quiet: Life, desk: Desk
) -> None:
    tick = await leapt(quiet, desk)
    desk.exchange.trades[BTC].append(tick)
    await settled(desk)
    [rang] = [said for said in await desk.said(2) if "140,000" in said.text]
    assert " 150,000" in rang.text.splitlines()[0]


async def test_a_crash_in_the_minute_of_the_first_price_is_believed_by_its_candle(desk: Desk) -> None:
    async with desk.life() as life:
        await desk.set(f"{BTC} < 30000")
        desk.pass_time(seconds=70)
        crash = desk.price_unheard(BTC, 20_000)
        desk.price_unheard(BTC, 67_000)
        life.board.on_tick(crash)
        assert "< 30,000: now 20,000" in (await desk.said(1))[0].text
        assert life.board.latest(BTC) == crash


async def test_a_second_absurd_price_is_not_believed_for_being_another_one(desk: Desk) -> None:
    async with desk.life() as life:
        await desk.set(f"{BTC} > 140000")
        desk.pass_time(seconds=70)
        for absurd in ("0.1", "1000000000"):
            life.board.on_tick(desk.price_unheard(BTC, 67_150)._replace(price=Decimal(absurd)))
            await settled(desk, seconds=0)
        desk.price(BTC, 67_200)
        await settled(desk)
        assert await desk.said() == []
        desk.price(BTC, 130_000)
        desk.price(BTC, 140_000)
        assert "now 140,000" in (await desk.said(1))[0].text


async def test_a_leap_that_its_candle_did_not_show_yet_is_read_back_in_the_next_life(desk: Desk) -> None:
    async with desk.life() as life:
        await desk.set(f"{BTC} < 30000")
        await heard(desk, BTC, 67_100)
        await settled(desk, seconds=0)
        desk.pass_time(seconds=119)
        crash = desk.price_unheard(BTC, 20_000)
        desk.exchange.trades[BTC].remove(crash)
        life.board.on_tick(crash)
        await settled(desk, seconds=0)
        desk.exchange.trades[BTC].append(crash)
        desk.pass_time(seconds=1)
        desk.price(BTC, 67_200)
    assert await desk.said() == []
    async with desk.life():
        [said] = await desk.said(1)
    assert "< 30,000: it was 20,000" in said.text or "< 30,000: now 20,000" in said.text


async def settled(desk: Desk, seconds: int = 5) -> None:
    """All that was heard has been judged, and candles that came late have been read."""
    for _ in range(2):
        for _ in range(10):
            await desk.said()
        desk.pass_time(seconds=seconds)
    await desk.until(lambda: not (desk.now.monitor._gaps or desk.now.monitor._reading))
