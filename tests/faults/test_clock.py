"""Rows K: the machine's clock is wrong, jumps, or stands still while the machine sleeps."""

from datetime import timedelta

import pytest

from tests.trading.desk import PLACE, Desk, at_point
from tgbot.paper.faults import Mode
from tgbot.trading.rules.settlement import State


@pytest.mark.parametrize("skew", [timedelta(seconds=30), -timedelta(seconds=30), timedelta(hours=5)])
async def test_a_wrong_clock_costs_no_order_and_no_look(desk: Desk, skew: timedelta) -> None:
    desk.wall.skew = skew
    desk.rest.server_clock.forget()
    desk.lose()
    intent = await desk.send("btc 100")
    await desk.settle()
    assert (await desk.intent(intent)).state is State.FILLED


@pytest.mark.parametrize("jump", [timedelta(hours=1), -timedelta(hours=1)])
async def test_a_clock_that_jumps_while_an_order_is_in_doubt_decides_nothing_early(desk: Desk, jump: timedelta) -> None:
    """Waits run on the monotonic clock, deadlines on the exchange's."""
    desk.faults.add("POST", PLACE, Mode.DROP)
    intent = await desk.send("btc 100")
    desk.wall.skew = jump
    await desk.rounds(0, *[2] * 7)
    assert (await desk.intent(intent)).state is State.UNKNOWN
    await desk.rounds(2)
    assert (await desk.intent(intent)).state is State.NOT_PLACED


async def test_a_clock_that_jumps_while_the_order_is_hidden_never_calls_it_not_placed(desk: Desk) -> None:
    desk.lose()
    desk.hide(6)
    intent = await desk.send("btc 100")
    desk.wall.skew = timedelta(hours=1)
    await desk.settle()
    assert (await desk.intent(intent)).state is State.FILLED


async def test_a_machine_frozen_between_signature_and_post_sends_nothing(desk: Desk) -> None:
    shown = await desk.ticket("btc 100")
    with at_point("C6", lambda: desk.clock.advance(600)):
        await desk.confirm(shown.intent)
    assert await desk.headlines() == ["✎ Not sent"]
    assert desk.placed() == []


async def test_a_machine_that_has_slept_signs_the_next_order_with_the_time_of_now(desk: Desk) -> None:
    shown = await desk.ticket("btc 100")
    desk.clock.suspend(timedelta(seconds=40))
    await desk.confirm(shown.intent)
    await desk.settle()
    assert (await desk.intent(shown.intent)).state is State.FILLED


async def test_a_machine_that_has_slept_cancels_with_the_time_of_now(desk: Desk) -> None:
    resting = await desk.send("btc 100 @ 60000")
    desk.clock.suspend(timedelta(seconds=40))
    await desk.now.orders.cancel(resting)
    await desk.settle()
    assert (await desk.intent(resting)).state is State.CANCELLED


async def test_bytes_that_were_held_up_on_the_way_are_refused_by_the_exchange(desk: Desk) -> None:
    """Frozen after the bytes had left: the gateway gets them ten minutes late, and the truth is that nothing landed."""
    desk.faults.add("POST", PLACE, Mode.DELAY, seconds=600)
    intent = await desk.send("btc 100")
    assert intent.state in {State.NOT_SENT, State.REJECTED, State.UNKNOWN}
    await desk.settle()
    assert desk.placed() == []
