"""Changing the rules of a desk: who may, when it holds, and what it does to what is pending."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.approvals.group import BOB, EVE, ZOE, Group
from tests.trading.desk import ANN
from tgbot.approvals.rules.policy import Policy
from tgbot.approvals.rules.votes import Choice, Kind, State
from tgbot.approvals.store.proposals import Proposal
from tgbot.core.errors import NotAllowed, Refused
from tgbot.core.people import Standing

TIGHT = replace(Policy(), per_order=Decimal(200))
LOOSE = replace(Policy(), per_order=Decimal(3000))


async def in_force(group: Group) -> Policy:
    return (await group.now.policies.of(group.desk)).version.policy


async def asked_for(group: Group) -> Proposal:
    return next(proposal for proposal in reversed(await group.all()) if proposal.kind is Kind.POLICY)


@pytest.mark.parametrize("person_id", [BOB, EVE])
async def test_only_who_set_it_up_changes_the_rules(group: Group, person_id: int) -> None:
    with pytest.raises(NotAllowed, match=r"approvals\.owner_only"):
        await group.now.policies.change(group.desk, group.person(person_id), TIGHT, 1)
    assert await in_force(group) == Policy()


async def test_who_has_left_changes_nothing_and_the_owner_of_the_group_may(group: Group) -> None:
    group.telegram.standings |= {ANN: Standing.OUTSIDE, BOB: Standing.OWNER}
    with pytest.raises(NotAllowed):
        await group.rule(TIGHT)
    await group.now.policies.change(group.desk, group.person(BOB), TIGHT, 1)
    assert await in_force(group) == TIGHT


async def test_tighter_holds_at_once_and_voids_what_was_proposed_before(group: Group) -> None:
    proposal = await group.propose("btc 500")
    assert await group.rule(TIGHT)
    assert await in_force(group) == TIGHT
    assert await group.state(proposal) is State.VOID
    with pytest.raises(Refused):
        await group.propose("btc 500")
    assert "Ann policy" in await group.acts()


async def test_looser_needs_the_group_and_then_a_day(group: Group) -> None:
    assert not await group.rule(LOOSE)
    change = await asked_for(group)
    await group.vote(BOB, change)
    assert await in_force(group) == Policy()
    await group.vote(ZOE, change)
    assert await group.state(change) is State.GRANTED
    assert await in_force(group) == Policy()
    assert (await group.now.policies.of(group.desk)).waiting is not None
    group.wait(timedelta(hours=23, minutes=59))
    assert await in_force(group) == Policy()
    group.wait(timedelta(minutes=1))
    assert await in_force(group) == LOOSE


async def test_proposed_under_old_rules_it_is_not_decided_under_new_ones(group: Group) -> None:
    await group.rule(replace(Policy(), lasts=timedelta(hours=1)))
    change = await asked_for(group)
    await group.vote(BOB, change)
    await group.vote(ZOE, change)
    group.wait(timedelta(hours=23, minutes=50))
    proposal = await group.propose()
    await group.vote(ANN, proposal)
    group.wait(timedelta(minutes=11))
    await group.vote(BOB, proposal)
    assert group.world.placed() == []
    assert await group.state(proposal) is State.VOID
    assert (await group.why())[-1] == "approvals.void_policy"


async def test_consent_of_those_who_do_not_count_loosens_nothing(group: Group) -> None:
    await group.rule(LOOSE)
    change = await asked_for(group)
    with pytest.raises(NotAllowed):
        await group.vote(EVE, change)
    await group.vote(BOB, change)
    group.telegram.standings[BOB] = Standing.MEMBER
    await group.vote(ZOE, change)
    assert await group.state(change) is State.OPEN


async def test_its_owner_may_consent_so_that_two_are_enough(group: Group) -> None:
    await group.rule(LOOSE)
    change = await asked_for(group)
    await group.vote(ANN, change)
    await group.vote(BOB, change)
    assert await group.state(change) is State.GRANTED


async def test_rejected_it_stays_as_it_was(group: Group) -> None:
    await group.rule(LOOSE)
    change = await asked_for(group)
    await group.vote(BOB, change, Choice.REJECT)
    assert await group.state(change) is State.REJECTED
    group.wait(timedelta(days=2))
    assert await in_force(group) == Policy()


async def test_tighter_rules_replace_looser_ones_that_wait(group: Group) -> None:
    await group.rule(LOOSE)
    change = await asked_for(group)
    await group.vote(BOB, change)
    await group.vote(ZOE, change)
    assert await group.rule(TIGHT)
    group.wait(timedelta(days=2))
    assert await in_force(group) == TIGHT


async def test_two_looser_changes_on_one_base_cannot_both_begin(group: Group) -> None:
    await group.rule(LOOSE)
    first = await asked_for(group)
    await group.rule(replace(Policy(), per_order=None))
    second = next(each for each in await group.all() if each.kind is Kind.POLICY and each.id != first.id)
    for change in (first, second):
        await group.vote(BOB, change)
        await group.vote(ZOE, change)
    group.wait(timedelta(days=2))
    assert await in_force(group) == LOOSE
    assert await group.state(second) is State.VOID


async def test_without_an_account_every_change_holds_at_once(group: Group) -> None:
    await group.now.desks.withdraw(group.person(ANN), group.desk)
    await group.refresh()
    assert await group.rule(LOOSE)
    assert await in_force(group) == LOOSE


async def test_the_same_rules_and_rules_of_yesterday_are_refused(group: Group) -> None:
    with pytest.raises(Refused, match=r"approvals\.same_policy"):
        await group.rule(Policy())
    await group.rule(TIGHT)
    with pytest.raises(Refused, match=r"approvals\.changed_meanwhile"):
        await group.now.policies.change(group.desk, group.person(ANN), TIGHT, 1)


async def test_who_would_have_to_approve_is_asked_of_telegram(group: Group) -> None:
    listed = replace(Policy(), approver_ids=(EVE,))
    assert sorted(await group.now.policies.approvers(group.desk, Policy())) == [ANN, BOB, ZOE]
    group.telegram.standings[ZOE] = Standing.OUTSIDE
    assert sorted(await group.now.policies.approvers(group.desk, listed)) == [ANN, BOB]


async def test_who_has_only_just_been_made_administrator_is_not_named(group: Group) -> None:
    group.telegram.standings[EVE] = Standing.ADMIN
    assert sorted(await group.now.policies.approvers(group.desk, Policy())) == [ANN, BOB, ZOE]
    group.wait(timedelta(hours=1))
    assert sorted(await group.now.policies.approvers(group.desk, Policy())) == [ANN, BOB, EVE, ZOE]
