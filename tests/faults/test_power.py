"""Row D4: the power is cut at any moment of an order's life, and of its exit's."""

import os
import sqlite3
from contextlib import closing

import pytest

from tests.faults.power import Recording, contents_of, cuts, replay
from tests.trading.desk import Desk, at_point
from tgbot.db.engine import Database
from tgbot.trading.rules.settlement import State

SEEDS = range(40 if "FAULTS_LONG" in os.environ else 1)


@pytest.fixture
async def recording(desk: Desk) -> Recording:
    """A buy with an exit, from the ticket until it has filled and its exit is at the exchange."""
    await desk.database.close()
    desk.database = Database(desk.database.url.render_as_string())
    recording = Recording(desk.database)
    desk.restart()
    with at_point("C6", recording.posted):
        entry = await desk.send("btc 0.01btc tp +4% sl -2%")
        await desk.rounds(0, 2)
    assert (await desk.intent(entry)).state is State.FILLED
    return recording


@pytest.mark.parametrize("checkpoint_every", [1000, 6])
async def test_a_power_cut_at_any_moment_loses_nothing_that_was_committed(
    desk: Desk, recording: Recording, tmp_path_factory: pytest.TempPathFactory, checkpoint_every: int
) -> None:
    life = replay(recording, checkpoint_every=checkpoint_every)
    with closing(sqlite3.connect(desk.database.url.database or "")) as real:
        assert life.commits[-1].contents == contents_of(real.execute), "what is replayed is what was done"
    assert len(life.posts) == 2
    assert list(cuts(life, tmp_path_factory.mktemp("cut"), [None, *SEEDS])) == []


@pytest.mark.parametrize("level", ["NORMAL", "OFF"])
async def test_synced_any_less_an_order_that_has_left_is_forgotten(
    recording: Recording, tmp_path_factory: pytest.TempPathFactory, level: str
) -> None:
    life = replay(recording, checkpoint_every=1000, synchronous=level)
    found = {breach.split(": ")[1] for breach in cuts(life, tmp_path_factory.mktemp("cut"), [None])}
    assert found >= {"forgotten", "lost"}
