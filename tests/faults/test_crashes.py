"""The bot dies at every point that has a name, and the next life brings everything to its end. Rows X1, X2 and C0–C17.

C15 and C16 belong to rotation and migrations; the last has tests/test_schema.py."""

import os
import resource
from pathlib import Path
from signal import SIGTERM

import pytest

from tests.faults.crashes import KILLED, PATIENCE, House
from tests.faults.scenes import PLACE, answers, approve, cancel, confirm, hold_post, proposal, resting, ticket
from tests.faults.tracing import calls_in, traced
from tgbot.paper.faults import Mode

pytestmark = [pytest.mark.processes, pytest.mark.asyncio(loop_scope="module")]

AT_THE_TAP = ("C0", "C1", "C2", "C5", "C6", "C9", "C10", "C11", "C12", "C13")
AT_THE_VOTE = ("C3", "C3 voted", "C4", "C6", *(("C5", "C9") if "FAULTS_LONG" in os.environ else ()))
AT_THE_CANCEL = ("C14", "C14 asked")


@pytest.mark.parametrize("point", AT_THE_TAP)
async def test_killed_between_tap_and_fill_the_next_life_tells_the_truth(house: House, point: str) -> None:
    shown = await ticket(house)
    house.arm(point)
    await confirm(house, shown)
    assert await house.ended() == KILLED, "a point that is never reached shows nothing"
    await house.begin()
    truth = "Not placed" if point == "C6" else "Filled"
    await house.stage.until(lambda: shown.text.startswith(truth), 30)


@pytest.mark.parametrize("point", AT_THE_VOTE)
async def test_killed_between_the_last_vote_and_the_fill_the_next_life_tells_the_truth(
    house: House, point: str
) -> None:
    """Before the votes are counted the press is taken up again; afterwards there is one order or none."""
    card = await proposal(house)
    house.arm(point)
    await approve(house, card)
    assert await house.ended() == KILLED
    await house.begin()
    truth = "^Not placed" if point == "C6" else "^Filled"
    await house.stage.playground.wait_for(house.stage.playground.desk, answers(card, truth), 50)
    assert card.text.startswith("Approved")


@pytest.mark.parametrize("point", AT_THE_CANCEL)
async def test_killed_around_a_cancel_the_next_life_ends_it(house: House, point: str) -> None:
    shown = await resting(house)
    house.arm(point)
    await cancel(house, shown)
    assert await house.ended() == KILLED
    await house.begin()
    await house.stage.until(lambda: shown.text.startswith("Cancelled"), 30)


@pytest.mark.parametrize(("mode", "truth"), [(Mode.DELAY, "Not placed"), (Mode.EDITED, "Filled")], ids=["C7", "C8"])
async def test_killed_while_the_post_is_on_its_way_the_next_life_asks(house: House, mode: Mode, truth: str) -> None:
    shown = await ticket(house)
    has_arrived, going_on = hold_post(house, mode)
    await confirm(house, shown)
    await house.stage.until(has_arrived)
    house.kill()
    assert await house.ended() == KILLED
    await house.begin()
    await house.stage.until(lambda: shown.text.startswith(truth), 30)
    going_on.set()


async def test_disk_that_takes_no_more_ends_the_process_and_the_next_life_goes_on(house: House) -> None:
    shown = await ticket(house)
    resource.prlimit(house.pid, resource.RLIMIT_FSIZE, (8192, 8192))
    await confirm(house, shown)
    assert await house.ended() not in {0, KILLED}
    await house.begin()
    await house.stage.until(lambda: shown.text.startswith("Filled"), 30)


async def test_told_to_stop_in_the_middle_of_an_order_it_finishes_what_it_began(house: House) -> None:
    shown = await ticket(house)
    has_arrived, going_on = hold_post(house)
    await confirm(house, shown)
    await house.stage.until(has_arrived)
    house.kill(SIGTERM)
    going_on.set()
    assert await house.ended() == 0
    assert house.in_doubt() == 0, "its outcome is on disk; what was not told any more is told next"
    await house.begin()
    await house.stage.until(lambda: shown.text.startswith("Filled"), 30)


async def test_killed_while_it_stops_the_next_life_finishes(house: House) -> None:
    shown = await ticket(house)
    has_arrived, going_on = hold_post(house)
    house.arm("C17")
    await confirm(house, shown)
    await house.stage.until(has_arrived)
    house.kill(SIGTERM)
    going_on.set()
    assert await house.ended() == KILLED
    await house.begin()
    await house.stage.until(lambda: shown.text.startswith("Filled"), 30)


# --- What the kernel is asked for ------------------------------------------------------------------------------------


async def test_the_right_to_send_is_on_disk_before_the_first_byte_of_the_post_leaves(
    house: House, tmp_path: Path
) -> None:
    """By what the kernel was asked for: the log of the database holds the clientOid, is synced, and then it is sent."""
    shown = await ticket(house)
    async with traced(house.pid, tmp_path / "trace"):
        await confirm(house, shown)
        await house.stage.until(lambda: shown.text.startswith("Filled"), PATIENCE)
    calls = list(calls_in(tmp_path / "trace"))
    (post,) = [call for call in calls if call.name.startswith("send") and f"POST {PLACE}" in call.text]
    client_oid = house.last_client_oid()
    log = [call for call in calls if f"{house.file.name}-wal>" in call.text]
    written = next(call for call in log if call.name == "pwrite64" and client_oid in call.text)
    synced = next(call for call in log if call.name == "fdatasync" and call.begun > written.done)
    assert synced.text.endswith(" = 0")
    assert synced.done < post.begun


async def test_disk_that_fails_to_sync_ends_the_process_at_once_and_nothing_is_synced_again(
    house: House, tmp_path: Path
) -> None:
    """It is the commit of the right to send, in the middle of what a person has asked for."""
    shown = await ticket(house)
    fails = ("-P", f"{house.file}-wal", "-e", "inject=fdatasync:error=EIO:when=2")
    async with traced(house.pid, tmp_path / "trace", *fails):
        await confirm(house, shown)
        assert await house.ended() == os.EX_IOERR
    synced = [call.text for call in calls_in(tmp_path / "trace") if call.name == "fdatasync"]
    assert [" = 0" in text for text in synced] == [True, False]
    await house.begin()
    await house.stage.until(lambda: shown.text.startswith(("Filled", "Not placed")), 30)
