"""The bot dies at one point, and at another in the life after; the third tells the truth."""

import os
from collections.abc import Callable
from itertools import product
from random import Random  # noqa: TID251 - seeded: everybody tries the same pairs

import pytest

from tests.faults.crashes import KILLED, PATIENCE, House
from tests.faults.pairs import MENDING, NEXT, PAGE
from tests.faults.points import POINTS, Point
from tgbot.playground.chats import Message

# `dev.py faults --long` takes every ordered pair, otherwise these are drawn from them. A test is named after its pair,
# and with `FAULTS_LONG` set, `-k C8-C6` tries that one.
SEED, FEW = 20, 20
EVERY = tuple(product(POINTS, POINTS))
PAIRS = EVERY if "FAULTS_LONG" in os.environ else Random(SEED).sample(EVERY, FEW)  # noqa: S311 - no secret comes of it


@pytest.mark.processes
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.timeout(240)
@pytest.mark.parametrize(("first", "second"), PAIRS)
async def test_killed_again_in_the_life_after_the_truth_is_told_in_the_third(
    house: House, first: str, second: str, record_property: Callable[[str, object], None]
) -> None:
    """The second point is met while the first is mended, or else by the next order."""
    record_property("pair", (first, second))
    one, other = POINTS[first], POINTS[second]
    shown = await killed_at(house, one)
    scenes = [(one, shown)]
    await house.begin(second if other.is_armed else "")
    if other.is_armed and await house.dies_before(lambda: one.has_ended(house, shown)):
        record_property("met", MENDING)
    else:
        record_property("met", NEXT)
        house.arm("")
        await house.quiet()
        scenes.append((other, await killed_at(house, other)))
    await house.begin()
    await house.stage.until(lambda: all(point.has_ended(house, shown) for point, shown in scenes), PATIENCE)


async def killed_at(house: House, point: Point) -> Message:
    """What it was about."""
    shown = await point.prepare(house)
    house.arm(point.name)
    await point.act(house, shown)
    assert await house.ended() == KILLED, "a point that is never reached shows nothing"
    house.arm("")
    return shown


def test_table_has_every_pair_and_each_ended_well() -> None:
    """It is written by a long run."""
    rows = [line.strip("| ").split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| C")]
    outcomes = {row[0]: row[1:] for row in rows if len(row) > 2}
    assert list(outcomes) == list(POINTS), "python3 dev.py faults --long writes it anew"
    assert all(len(row) == len(POINTS) and set(row) <= {MENDING, NEXT} for row in outcomes.values())
