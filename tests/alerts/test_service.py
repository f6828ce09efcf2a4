"""Setting alerts and changing one's mind, as the table and the next prices see it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.alerts.desk import ANN, BORIS, BTC, ETH, Desk, Life
from tests.clock import JumpClock
from tests.ids import CountingIds
from tests.markets.exchange import MemoryExchange
from tgbot.alerts.rules.crossing import Kind, Stance
from tgbot.alerts.rules.request import read_request
from tgbot.alerts.store import State
from tgbot.core.errors import ExchangeUnavailable, NotFound, Refused
from tgbot.db.engine import Database


@pytest.fixture
def life(desk: Desk) -> Life:
    """Without the role: what is set is followed, and nothing is judged."""
    return desk.now


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    """So many alerts are the most in a chat."""
    monkeypatch.setattr("tgbot.alerts.service.MOST_ALERTS", 3)
    return 3


class RepeatingIds(CountingIds):
    """Names everything twice."""

    def __init__(self) -> None:
        super().__init__()
        self._names = (f"AAA{number // 2}" for number in range(10))

    def short(self, length: int = 4) -> str:
        return next(self._names)


async def test_an_alert_starts_from_the_side_on_which_the_price_is(desk: Desk, life: Life) -> None:
    waiting, already = await desk.set(f"{BTC} > 70000"), await desk.set(f"{BTC} > 60000")
    below, either = await desk.set(f"{BTC} < 60000"), await desk.set(f"{BTC} cross 70000")
    assert [alert.stance for alert in (waiting, already, below, either)] == [
        Stance.UNDER,
        Stance.NEW,
        Stance.OVER,
        Stance.UNDER,
    ]
    assert await desk.alerts() == [waiting, already, below, either]


async def test_a_distance_becomes_a_level_away_from_the_price(desk: Desk, life: Life) -> None:
    desk.price(ETH, "3000.3")
    up, down = await desk.set(f"{ETH} +2%"), await desk.set(f"{ETH} -2%")
    assert (up.kind, up.level) == (Kind.ABOVE, Decimal("3060.4"))
    assert (down.kind, down.level) == (Kind.BELOW, Decimal("2940.2"))


async def test_one_update_makes_one_alert(desk: Desk, life: Life) -> None:
    first = await desk.set(f"{BTC} > 70000")
    desk.updates -= 1
    desk.price(BTC, 68_000)
    assert await desk.set(f"{BTC} > 70000") == first
    assert await desk.alerts() == [first]


async def test_a_name_that_is_taken_in_the_chat_is_not_given_again(database: Database, clock: JumpClock) -> None:
    desk = Desk(database, clock, MemoryExchange(clock), RepeatingIds())
    names = [(await desk.set(f"{BTC} > 70000", chat_id)).short for chat_id in (ANN, ANN, BORIS, ANN)]
    assert names == ["AAA0", "AAA1", "AAA1", "AAA2"]


async def test_a_chat_has_room_for_so_many_and_others_have_their_own(desk: Desk, life: Life, few: int) -> None:
    alerts = [await desk.set(f"{BTC} > {70_000 + number}") for number in range(few)]
    with pytest.raises(Refused):
        await desk.set(f"{BTC} > 69000")
    assert len(await desk.alerts()) == few
    await desk.set(f"{BTC} > 70000", chat_id=BORIS)
    await life.alerts.delete(ANN, alerts[0].short)
    await desk.set(f"{BTC} > 69000")


async def test_arming_again_needs_room_too(desk: Desk, few: int) -> None:
    async with desk.life() as life:
        done = await desk.set(f"{BTC} > 68000")
        desk.price(BTC, 68_100)
        await desk.said(1)
        for number in range(few):
            await desk.set(f"{BTC} > {70_000 + number}")
        with pytest.raises(Refused):
            await life.alerts.arm(ANN, done.short)
        with pytest.raises(Refused):
            await life.alerts.change(ANN, done.short, read_request(f"{BTC} +1%", "."), desk.exchange.rules[BTC], "UTC")


async def test_without_a_price_nothing_is_set(desk: Desk, life: Life) -> None:
    desk.exchange.is_down = True
    with pytest.raises(ExchangeUnavailable):
        await desk.set(f"{BTC} > 70000")
    assert await desk.alerts() == []
    assert not life.feed.held


async def test_the_minute_in_which_it_is_set_counts_from_its_start_unless_it_was_touched(
    desk: Desk, life: Life
) -> None:
    minute = desk.clock.now()
    desk.pass_time(seconds=20)
    desk.price(BTC, 69_000)
    desk.pass_time(seconds=20)
    desk.price(BTC, 67_500)
    desk.pass_time(seconds=5)
    assert (await desk.set(f"{BTC} > 70000")).since == minute
    assert (await desk.set(f"{BTC} > 69000")).since == desk.clock.now(), "that may have been before it was set"


async def test_paused_it_hears_nothing_and_armed_again_it_starts_anew(desk: Desk) -> None:
    async with desk.life() as life:
        alert = await desk.set(f"{BTC} > 70000")
        paused = await life.alerts.pause(ANN, alert.short)
        assert paused == replace(alert, state=State.PAUSED)
        assert await life.alerts.pause(ANN, f"#{alert.short.lower()}") == paused, "a second tap changes nothing"
        desk.price(BTC, 70_100)
        armed, tick = await life.alerts.arm(ANN, alert.short)
        assert (armed.state, armed.stance, tick.price) == (State.ARMED, Stance.NEW, Decimal(70_100))
        assert await desk.stored(alert) == armed
        assert (await life.alerts.arm(ANN, alert.short))[0] == armed
        desk.price(BTC, 70_200)
        desk.price(BTC, 69_000)
        desk.price(BTC, 70_300)
        assert "now 70,300" in (await desk.said(1))[0].text


async def test_moved_it_waits_at_its_new_level_with_all_its_options(desk: Desk) -> None:
    async with desk.life() as life:
        alert = await desk.set(f'{BTC} < 60000 every 30m note "dip"')
        rule = desk.exchange.rules[BTC]
        moved, _ = await life.alerts.change(ANN, alert.short, read_request(f"{BTC} +1%", "."), rule, "UTC")
        assert (moved.kind, moved.level, moved.note, moved.cooldown) == (
            Kind.ABOVE,
            Decimal(67_670),
            "dip",
            alert.cooldown,
        )
        assert await desk.stored(alert) == moved
        desk.price(BTC, 59_000)
        desk.price(BTC, 67_700)
        [said] = await desk.said(1)
    assert "> 67,670: now 67,700" in said.text


async def test_a_fired_one_can_be_armed_and_fires_again(desk: Desk) -> None:
    async with desk.life() as life:
        alert = await desk.set(f"{BTC} > 70000")
        desk.price(BTC, 70_100)
        await desk.said(1)
        desk.price(BTC, 69_000)
        await life.alerts.arm(ANN, alert.short)
        desk.price(BTC, 70_200)
        assert "now 70,200" in (await desk.said(2))[1].text


async def test_a_deleted_one_is_gone_for_good(desk: Desk, life: Life) -> None:
    alert = await desk.set(f"{BTC} > 70000")
    assert (await life.alerts.delete(ANN, alert.short)).state is State.DELETED
    for change in (life.alerts.find, life.alerts.pause, life.alerts.arm, life.alerts.delete):
        with pytest.raises(NotFound):
            await change(ANN, alert.short)
    assert (await desk.stored(alert)).state is State.DELETED


@pytest.mark.parametrize("short", ["", "no such id at all", "ZZZZ"])
async def test_no_such_alert_is_said(desk: Desk, life: Life, short: str) -> None:
    await desk.set(f"{BTC} > 70000")
    with pytest.raises(NotFound):
        await life.alerts.pause(ANN, short)


async def test_nobody_touches_the_alerts_of_another_chat(desk: Desk, life: Life) -> None:
    alert = await desk.set(f"{BTC} > 70000")
    for change in (life.alerts.find, life.alerts.pause, life.alerts.arm, life.alerts.delete):
        with pytest.raises(NotFound):
            await change(BORIS, alert.short)
    assert await desk.alerts() == [alert]
    assert await life.alerts.listed(BORIS) == ([], {})


async def test_the_list_has_the_prices_that_can_be_had(desk: Desk, life: Life) -> None:
    alerts = [await desk.set(f"{BTC} > 70000"), await desk.set(f"{ETH} > 3100")]
    assert await life.alerts.listed(ANN) == (alerts, {BTC: Decimal(67_000), ETH: Decimal(3_000)})
    life.board.on_tick(desk.exchange.trades[BTC][-1])
    desk.exchange.is_down = True
    assert await life.alerts.listed(ANN) == (alerts, {BTC: Decimal(67_000)})
