"""Setting up a desk, lending it an account, and a group that moves."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.approvals.group import BOB, CHAT, EVE, MALLORY, ZOE, Group
from tests.trading.conftest import on_both_databases
from tests.trading.desk import ANN, RENDERER
from tgbot.accounts.guards.service import Guards
from tgbot.accounts.guards.store import By, frozen_by
from tgbot.accounts.guards.store import move as move_freezes
from tgbot.approvals.rules.policy import Policy
from tgbot.approvals.rules.votes import State
from tgbot.approvals.views import desks as views
from tgbot.core.errors import NotAllowed, Refused, TooLate
from tgbot.core.people import Mode, Standing
from tgbot.texts.notation import Reader
from tgbot.trading.store import IntentRow

NEW = -1002003004


@pytest.mark.parametrize("person_id", [EVE, MALLORY])
async def test_only_an_administrator_sets_a_desk_up(group: Group, person_id: int) -> None:
    with pytest.raises(NotAllowed, match=r"approvals\.admins_only"):
        await group.now.desks.set_up(group.person(person_id), CHAT - 1, None, "Other")
    assert await group.now.desks.find(CHAT - 1) is None


async def test_nobody_sets_up_what_telegram_is_silent_about(group: Group) -> None:
    group.telegram.standings[BOB] = None
    with pytest.raises(NotAllowed, match=r"approvals\.telegram_silent"):
        await group.now.desks.set_up(group.person(BOB), CHAT - 1, None, "Other")


async def test_set_up_twice_it_stays_the_first(group: Group) -> None:
    again = await group.now.desks.set_up(group.person(BOB), CHAT, 5, "Mine")
    assert (again.id, again.owner_id, again.thread_id) == (group.desk.id, ANN, None)


async def test_a_link_works_for_one_person_once_and_for_ten_minutes(group: Group) -> None:
    await group.now.desks.withdraw(group.person(ANN), group.desk)
    await group.refresh()
    desks = group.now.desks
    token = await desks.offer(group.desk, group.person(ANN))
    for person_id in (BOB, MALLORY):
        with pytest.raises(TooLate):
            await desks.open_link(group.person(person_id), token)
    with pytest.raises(TooLate):
        await desks.open_link(group.person(ANN), token + "x")
    offer = await desks.open_link(group.person(ANN), token)
    with pytest.raises(TooLate):
        await desks.lend(group.person(BOB), offer.link.id, "k" * 32, Mode.PAPER, offer.newest)
    await desks.lend(group.person(ANN), offer.link.id, "k" * 32, Mode.PAPER, offer.newest)
    with pytest.raises(TooLate):
        await desks.open_link(group.person(ANN), token)
    await desks.withdraw(group.person(ANN), group.desk)
    with pytest.raises(TooLate):
        await desks.lend(group.person(ANN), offer.link.id, "k" * 32, Mode.PAPER, offer.newest)
    await group.refresh()
    late = await desks.offer(group.desk, group.person(ANN))
    group.wait(timedelta(minutes=10))
    with pytest.raises(TooLate):
        await desks.open_link(group.person(ANN), late)


async def test_who_left_after_taking_the_link_lends_nothing(group: Group) -> None:
    await group.now.desks.withdraw(group.person(ANN), group.desk)
    await group.refresh()
    token = await group.now.desks.offer(group.desk, group.person(EVE))
    offer = await group.now.desks.open_link(group.person(EVE), token)
    group.telegram.standings[EVE] = Standing.OUTSIDE
    with pytest.raises(TooLate):
        await group.now.desks.lend(group.person(EVE), offer.link.id, "k" * 32, Mode.PAPER, offer.newest)


async def test_a_desk_has_one_account_at_a_time(group: Group) -> None:
    with pytest.raises(Refused, match=r"approvals\.lent_already"):
        await group.now.desks.offer(group.desk, group.person(BOB))


async def test_no_stranger_lends(group: Group) -> None:
    await group.now.desks.withdraw(group.person(ANN), group.desk)
    await group.refresh()
    with pytest.raises(NotAllowed, match=r"approvals\.members_only"):
        await group.now.desks.offer(group.desk, group.person(MALLORY))


async def test_a_group_that_moves_keeps_desk_proposals_and_votes(group: Group) -> None:
    proposal = await group.propose()
    await group.vote(ANN, proposal)
    for _ in range(2):  # Telegram tells of it in two ways
        async with group.world.database.write() as session:
            await group.now.desks.move(session, CHAT, NEW)
    assert await group.now.desks.find(CHAT) is None
    group.here = await group.now.desks.at(NEW)
    await group.vote(BOB, proposal)
    assert await group.state(proposal) is State.GRANTED
    assert len(group.world.placed()) == 1
    async with group.world.database.read() as session:
        assert set(await session.scalars(select(IntentRow.chat_id))) == {NEW}
    assert (await group.acts()).count("moved") == 1


async def test_a_kill_switch_on_a_group_moves_with_it(group: Group) -> None:
    await Guards(group.world.database, group.world.wall).freeze(CHAT, By.OPERATOR)
    for _ in range(2):
        async with group.world.database.write() as session:
            await move_freezes(session, CHAT, NEW)
    async with group.world.database.read() as session:
        assert (NEW, By.OPERATOR) in await frozen_by(session, NEW)


async def test_its_owner_hears_every_day_how_far_the_record_goes(group: Group) -> None:
    await group.now.keeper.look()
    assert await group.world.told() == []
    group.wait(timedelta(days=1))
    await group.now.keeper.look()
    (told,) = await group.world.told()
    assert "Record of Club: 2 rows, seal" in told
    await group.now.keeper.look()
    assert await group.world.told() == []


async def test_two_groups_have_two_desks_that_know_nothing_of_each_other(group: Group) -> None:
    other = await group.now.desks.set_up(group.person(ZOE), CHAT - 1, 7, "Other")
    assert (other.thread_id, other.lent) == (7, None)
    assert group.desk.lent is not None
    await group.propose()
    assert await group.now.proposals.open(other) == []


async def test_nobody_lends_an_account_under_rules_that_they_have_not_read(group: Group) -> None:
    """While nobody lends one every change holds at once: also between the link and the tap."""
    desks = group.now.desks
    await desks.withdraw(group.person(ANN), group.desk)
    await group.refresh()
    offer = await desks.open_link(group.person(EVE), await desks.offer(group.desk, group.person(EVE)))
    await group.rule(Policy(quorum=1, per_order=None, per_day=None))
    with pytest.raises(Refused, match=r"approvals\.lend_other_rules"):
        await desks.lend(group.person(EVE), offer.link.id, "k" * 32, Mode.PAPER, offer.newest)


async def test_who_lends_an_account_reads_what_the_group_has_agreed_to_for_tomorrow(group: Group) -> None:
    await group.rule(Policy(quorum=1))
    (change,) = await group.all()
    await group.world.told()
    await group.vote(BOB, change)
    await group.vote(ZOE, change)
    assert any("Looser rules for the desk of Club" in text for text in await group.world.told())
    desks = group.now.desks
    await desks.withdraw(group.person(ANN), group.desk)
    await group.refresh()
    offer = await desks.open_link(group.person(EVE), await desks.offer(group.desk, group.person(EVE)))
    assert offer.waiting is not None
    assert offer.waiting.policy.quorum == 1
    said = RENDERER.render(views.offer(offer, []), Reader("en", "UTC")).plain
    assert "→ An order needs 1 approval." in said


@on_both_databases
async def test_a_desk_set_up_in_the_new_group_before_we_hear_of_the_move_gives_way(group: Group) -> None:
    proposal = await group.propose()
    group.wait(timedelta(seconds=1))
    hasty = await group.now.desks.set_up(group.person(BOB), NEW, None, "New")
    for _ in range(2):
        async with group.world.database.write() as session:
            await group.now.desks.move(session, CHAT, NEW)
    assert (await group.now.desks.at(NEW)).id == group.desk.id
    assert (await group.now.desks.at(CHAT)).id == hasty.id
    await group.refresh()
    group.here = await group.now.desks.at(NEW)
    await group.vote(ANN, proposal)
    await group.vote(BOB, proposal)
    assert await group.state(proposal) is State.GRANTED
