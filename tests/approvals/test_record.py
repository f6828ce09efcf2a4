"""What a desk puts on record of those whom it refuses."""

from datetime import timedelta

from tests.approvals.group import EVE, MALLORY, Group
from tgbot.approvals.record import MOST_REFUSALS


async def test_who_keeps_pressing_does_not_fill_the_chain(group: Group) -> None:
    """Others are recorded meanwhile, and so is the same person an hour later; the last row says what is left out."""
    before = len(await group.acts())
    for _ in range(MOST_REFUSALS + 20):
        await refuse(group, EVE)
    assert len(await group.acts()) == before + MOST_REFUSALS
    assert (await group.details())[-1] == {
        "wanted": "approve",
        "why": "approvals.no_approver",
        "more": "not recorded for the rest of the hour",
    }
    await refuse(group, MALLORY)
    assert len(await group.acts()) == before + MOST_REFUSALS + 1
    group.wait(timedelta(hours=1))
    await refuse(group, EVE)
    assert len(await group.acts()) == before + MOST_REFUSALS + 2


async def test_a_row_that_was_rolled_back_is_not_counted_and_a_clock_gone_back_forgets(group: Group) -> None:
    before = len(await group.acts())
    async with group.world.database.write() as session:
        for _ in range(MOST_REFUSALS):
            await group.now.record._note_refusal(session, group.desk, EVE, "Eve", wanted="approve", why="x")
        await session.rollback()
    for _ in range(MOST_REFUSALS):
        await refuse(group, EVE)
    assert len(await group.acts()) == before + MOST_REFUSALS
    group.wait(-timedelta(hours=2))
    await refuse(group, EVE)
    assert len(await group.acts()) == before + MOST_REFUSALS + 1


async def refuse(group: Group, person_id: int) -> None:
    record = group.now.record
    await record.note_refused(group.desk, group.person(person_id), "approve", "approvals.no_approver")
