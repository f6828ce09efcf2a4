"""Stops, OCOs, exits of buys and edits, each with a death in the middle: one exit for what has filled, in the end."""

import os
from itertools import product

import pytest

from tests.faults import oracle
from tests.faults.crashes import KILLED, PATIENCE, House, short_of
from tests.faults.scenes import (
    ENTRY_SIZE,
    OCOS,
    STOPS,
    confirm,
    edit,
    entry,
    fill,
    hold_post,
    lag,
    resting,
    take_profit,
    ticket,
)
from tgbot.paper.faults import Mode
from tgbot.playground.chats import Message

pytestmark = [pytest.mark.processes, pytest.mark.asyncio(loop_scope="module")]

IS_LONG = "FAULTS_LONG" in os.environ
KINDS = {
    "stop": ("/sell btc 0.0002 stop 60000", STOPS),
    "oco": ("/sell btc 0.0002 tp 72000 sl 60000", OCOS),
}
AT_THE_EXIT = ("C5", "C6", "C9", *(("C12", "C13") if IS_LONG else ()))
AT_THE_TAP = tuple(product(KINDS, ("C5", "C6", "C9", "C10"))) if IS_LONG else (("stop", "C6"), ("oco", "C9"))
ON_ITS_WAY = tuple(product((Mode.EDITED, Mode.DELAY), KINDS)) if IS_LONG else ((Mode.EDITED, "stop"),)
EDITED = ("limit", *KINDS, "exit")
AT_THE_EDIT = ("C14", "C14 asked", "C14 ended")
EDITS = tuple(product(EDITED, AT_THE_EDIT)) if IS_LONG else (("limit", "C14 ended"), ("exit", "C14 asked"))


async def one_exit(house: House, bought: Message) -> None:
    """Nothing more will be sent for it, and what the exchange has taken is once what was bought; then it sells that."""
    await house.stage.until(lambda: house.exit_of(bought).rule == "done", PATIENCE)
    found = house.exit_of(bought)
    assert found.landed == [ENTRY_SIZE]
    assert found.states[-1] == "waiting"
    take_profit(house)
    await house.stage.until(lambda: house.exit_of(bought).states[-1] == "filled", PATIENCE)


@pytest.mark.parametrize("point", AT_THE_EXIT)
async def test_killed_between_the_fill_and_its_exit_there_is_one_exit(house: House, point: str) -> None:
    bought = await entry(house)
    house.arm(point)
    await fill(house)
    assert await house.ended() == KILLED
    await house.begin()
    await one_exit(house, bought)


@pytest.mark.parametrize("mode", [Mode.EDITED, *([Mode.DELAY] if IS_LONG else [])])
async def test_killed_while_an_exit_is_on_its_way_there_is_one_exit(house: House, mode: Mode) -> None:
    """The exchange has it and nobody here knows; or has not got it, and never will."""
    bought = await entry(house)
    has_arrived, going_on = hold_post(house, mode, OCOS)
    await fill(house)
    await house.stage.until(has_arrived, PATIENCE)
    house.kill()
    assert await house.ended() == KILLED
    lag(house)
    await house.begin()
    await one_exit(house, bought)
    going_on.set()
    house.stage.faults.clear()


@pytest.mark.parametrize(("kind", "point"), AT_THE_TAP)
async def test_killed_between_the_tap_and_a_stop_the_next_life_tells_the_truth(
    house: House, kind: str, point: str
) -> None:
    shown = await ticket(house, KINDS[kind][0])
    house.arm(point)
    await confirm(house, shown)
    assert await house.ended() == KILLED
    await house.begin()
    truth = "Not placed" if point == "C6" else "Placed"
    await house.stage.until(lambda: shown.text.startswith(truth), PATIENCE)


@pytest.mark.parametrize(("mode", "kind"), ON_ITS_WAY)
async def test_killed_while_a_stop_is_on_its_way_the_next_life_asks(house: House, mode: Mode, kind: str) -> None:
    text, path = KINDS[kind]
    shown = await ticket(house, text)
    has_arrived, going_on = hold_post(house, mode, path)
    await confirm(house, shown)
    await house.stage.until(has_arrived, PATIENCE)
    house.kill()
    assert await house.ended() == KILLED
    await house.begin()
    truth = "Placed" if mode is Mode.EDITED else "Not placed"
    await house.stage.until(lambda: shown.text.startswith(truth), PATIENCE)
    going_on.set()


@pytest.mark.parametrize(("kind", "point"), EDITS)
async def test_killed_between_the_end_of_an_order_and_its_successor_never_both_are_alive(
    house: House, kind: str, point: str
) -> None:
    """The tap on Edit is taken up again: it is cancelled, and one ticket follows."""
    shown = await open_order(house, kind)
    before = live(house)
    house.arm(point)
    await edit(house, shown)
    assert await house.ended() == KILLED
    await house.begin()
    anew = await house.seat.hears(f"#{short_of(shown)} is cancelled", PATIENCE)
    assert shown.text.startswith("Cancelled")
    assert len(live(house)) == len(before) - 1
    await confirm(house, anew)
    await house.stage.until(lambda: anew.text.startswith("Placed"), PATIENCE)
    assert len(live(house)) == len(before)


async def open_order(house: House, kind: str) -> Message:
    if kind in KINDS:
        return await resting(house, KINDS[kind][0])
    if kind == "limit":
        return await resting(house)
    bought = await entry(house)
    await fill(house)
    await house.stage.until(lambda: house.exit_of(bought).rule == "done", PATIENCE)
    return await house.seat.hears(f"^Placed.*\n.*exit of #{short_of(bought)}", PATIENCE)


def live(house: House) -> set[str]:
    """What the exchange could still fill."""
    waits = {stop.client_oid for stop in house.stage.kucoin._store.waiting_stops()}
    return waits | {order.client_oid for order in oracle.orders_at(house.stage.kucoin) if order.is_active}
