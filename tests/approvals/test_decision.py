"""From a proposal to one order: what counts, what does not, and what nobody can make happen. Rows T7–T13, B1–B7."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from tests.approvals.group import BOB, CHAT, EVE, MALLORY, ZOE, Group
from tests.trading.conftest import on_both_databases
from tests.trading.desk import ANN, CARD, RENDERER, Killed, at_point, die, read
from tgbot.accounts.guards.rules import Limit
from tgbot.accounts.guards.service import Guards
from tgbot.accounts.guards.store import By
from tgbot.approvals.rules.policy import Policy, Tier
from tgbot.approvals.rules.votes import Choice, State
from tgbot.approvals.store.proposals import Proposal, ProposalRow
from tgbot.approvals.views import desks as desk_views
from tgbot.audit import store as audit
from tgbot.audit.rules import Head
from tgbot.core.errors import NotAllowed, NotFound, Refused, TooLate
from tgbot.core.orders import Side
from tgbot.core.people import Standing
from tgbot.delivery.codec import decode
from tgbot.delivery.store import OutboxRow
from tgbot.paper.faults import Mode
from tgbot.texts.markup import clean
from tgbot.texts.notation import Reader
from tgbot.trading import older_copy
from tgbot.trading.older_copy import Restored
from tgbot.trading.rules.settlement import Misses
from tgbot.trading.rules.settlement import State as IntentState
from tgbot.trading.store import Attempt, Intent, IntentRow, consume, exits_of

RULES_OF_A_WEEK = Policy(most_drift=None, per_order=None, per_day=None, lasts=timedelta(days=7))


@on_both_databases
async def test_enough_approvals_are_one_order_and_everybody_reads_of_it(group: Group) -> None:
    proposal = await group.propose()
    await group.vote(ANN, proposal)
    assert group.world.placed() == []
    await group.vote(BOB, proposal)
    assert len(group.world.placed()) == 1
    assert await group.state(proposal) is State.GRANTED
    await group.world.settle()
    told = [text.partition("\n")[0] for text in await group.world.told()]
    assert told[0].startswith("✎ Approved #")
    assert told[1].startswith("✎ Filled: buy BTC for 100 USDT")
    outcomes = ["outcome", "outcome"]  # placed, and filled
    assert (await group.acts())[2:] == ["Eve proposed", "Ann approve", "Bob approve", "granted", *outcomes]


async def test_card_says_what_is_sent_and_nothing_of_the_balance(group: Group) -> None:
    await group.propose("btc 0.01btc @ 66000 post")
    (card,) = await group.world.told()
    assert "Buy BTC-USDT, limit order" in card
    assert "Size: 0.01 BTC / ≈ 660 USDT" in card
    assert "Price: 66,000 USDT" in card
    assert "Approvals: 0 of 2" in card
    assert "5,000" not in card
    assert "Free" not in card


async def test_nobody_approves_their_own_and_nobody_twice(group: Group) -> None:
    proposal = await group.propose(person_id=ANN)
    with pytest.raises(NotAllowed, match=r"approvals\.own"):
        await group.vote(ANN, proposal)
    await group.vote(BOB, proposal)
    await group.vote(BOB, proposal)
    assert group.world.placed() == []
    await group.vote(ZOE, proposal)
    assert len(group.world.placed()) == 1


@pytest.mark.parametrize("person_id", [EVE, MALLORY])
@pytest.mark.parametrize("choice", list(Choice))
async def test_members_and_strangers_change_nothing(group: Group, person_id: int, choice: Choice) -> None:
    proposal = await group.propose(person_id=BOB)
    with pytest.raises(NotAllowed, match=r"approvals\.no_approver"):
        await group.vote(person_id, proposal, choice)
    assert await group.state(proposal) is State.OPEN
    assert group.world.placed() == []


async def test_strangers_propose_nothing(group: Group) -> None:
    with pytest.raises(NotAllowed, match=r"approvals\.no_proposer"):
        await group.propose(person_id=MALLORY)
    assert await group.all() == []


async def test_a_proposal_of_another_group_is_not_there(group: Group) -> None:
    proposal = await group.propose()
    other = await group.now.desks.set_up(group.person(BOB), CHAT - 1, None, "Other")
    with pytest.raises(NotFound):
        await group.now.proposals.find(other, proposal.short)


async def test_somebody_just_made_administrator_does_not_count_yet(group: Group) -> None:
    proposal = await group.propose()
    group.telegram.standings[EVE] = Standing.ADMIN
    with pytest.raises(NotAllowed, match=r"approvals\.settling"):
        await group.vote(EVE, proposal)
    group.wait(timedelta(hours=1))
    later = await group.propose(person_id=BOB)
    await group.vote(EVE, later)
    await group.vote(ANN, later)
    assert len(group.world.placed()) == 1


async def test_demoted_between_vote_and_count_the_vote_is_void(group: Group) -> None:
    proposal = await group.propose()
    await group.vote(ANN, proposal)
    group.telegram.standings[ANN] = Standing.MEMBER
    await group.world.told()
    await group.vote(BOB, proposal)
    assert group.world.placed() == []
    assert await group.state(proposal) is State.OPEN
    card, said = await group.world.told()
    assert "Approvals: 1 of 2 (Bob)" in card
    assert "Not approvers at this moment: Ann" in said
    await group.vote(ZOE, proposal)
    assert len(group.world.placed()) == 1


async def test_demoted_in_the_last_moment_counts_as_telegram_says_it_then(group: Group) -> None:
    """What Telegram says after it was asked for this execution cannot be known: one round trip, as the docs say."""
    proposal = await group.propose()
    await group.vote(ANN, proposal)

    def leave(person_id: int) -> None:
        if len(group.telegram.asked) > count and person_id == ANN:
            group.telegram.standings[ANN] = Standing.OUTSIDE

    count = len(group.telegram.asked) + 1  # Bob's own press is asked about first
    group.telegram.on_asked = leave
    await group.vote(BOB, proposal)
    assert group.world.placed() == []


@pytest.mark.parametrize("silent", [ANN, BOB])
async def test_when_telegram_does_not_tell_nothing_is_sent_and_it_is_said(group: Group, silent: int) -> None:
    proposal = await group.propose()
    await group.vote(ANN, proposal)
    asked = len(group.telegram.asked)

    def fall_silent(person_id: int) -> None:
        if len(group.telegram.asked) > asked + 1:
            group.telegram.standings[silent] = None

    group.telegram.on_asked = fall_silent
    await group.world.told()
    await group.vote(BOB, proposal)
    assert group.world.placed() == []
    assert "Telegram does not tell whether" in (await group.world.told())[-1]
    group.telegram.on_asked = lambda person_id: None
    group.telegram.standings |= {ANN: Standing.OWNER, BOB: Standing.ADMIN}
    await group.vote(BOB, proposal)
    assert len(group.world.placed()) == 1


async def test_whoever_presses_while_telegram_is_silent_is_told_so(group: Group) -> None:
    proposal = await group.propose()
    group.telegram.standings[BOB] = None
    with pytest.raises(NotAllowed, match=r"approvals\.telegram_silent"):
        await group.vote(BOB, proposal)


async def test_what_telegram_said_more_than_two_seconds_ago_does_not_count(group: Group) -> None:
    proposal = await group.propose()
    await group.vote(ANN, proposal)
    with at_point("C4", lambda: group.wait(timedelta(seconds=2.1))):
        await group.vote(BOB, proposal)
    assert group.world.placed() == []
    assert await group.state(proposal) is State.OPEN
    assert (await group.why())[-1] == "approvals.asked_too_long_ago"
    await group.vote(BOB, proposal)
    assert len(group.world.placed()) == 1


async def test_a_telegram_that_stays_slow_is_not_waited_for_much_longer_than_ten_seconds(group: Group) -> None:
    proposal = await group.propose()
    await group.vote(ANN, proposal)
    asked: list[float] = []

    def wait() -> None:
        asked.append(group.world.clock.monotonic())
        group.wait(timedelta(seconds=6))

    with at_point("C4", wait):
        await group.vote(BOB, proposal)
    assert len(asked) == 2
    assert group.world.placed() == []
    assert (await group.why())[-1] == "approvals.asked_too_long_ago"


@pytest.mark.parametrize(("then", "placed"), [(Standing.ADMIN, 1), (Standing.MEMBER, 0)])
async def test_where_the_database_was_slow_telegram_is_asked_once_more(
    group: Group, then: Standing, placed: int
) -> None:
    proposal = await group.propose()
    await group.vote(ANN, proposal)
    slow = iter([timedelta(seconds=2.1)])

    def wait() -> None:
        group.wait(next(slow, timedelta(0)))
        group.telegram.standings[BOB] = then

    with at_point("C4", wait):
        await group.vote(BOB, proposal)
    assert len(group.world.placed()) == placed
    assert await group.state(proposal) is (State.GRANTED if placed else State.OPEN)


async def test_a_rejection_ends_it_and_late_approvals_change_nothing(group: Group) -> None:
    proposal = await group.propose()
    await group.vote(ANN, proposal)
    await group.vote(BOB, proposal, Choice.REJECT)
    assert await group.state(proposal) is State.REJECTED
    with pytest.raises(TooLate):
        await group.vote(ZOE, proposal)
    assert group.world.placed() == []


async def test_without_veto_votes_change_until_there_are_enough(group: Group) -> None:
    await group.now.desks.withdraw(group.person(ANN), group.desk)
    await group.refresh()
    assert await group.rule(Policy(veto=False))
    await group.lend()
    proposal = await group.propose()
    await group.vote(ANN, proposal)
    await group.vote(ANN, proposal, Choice.REJECT)
    await group.vote(BOB, proposal)
    assert group.world.placed() == []
    await group.vote(ANN, proposal)
    assert len(group.world.placed()) == 1


async def test_whoever_proposed_it_withdraws_it(group: Group) -> None:
    proposal = await group.propose()
    await group.vote(EVE, proposal, Choice.REJECT)
    assert await group.state(proposal) is State.WITHDRAWN


@pytest.mark.parametrize("shift", [timedelta(minutes=30), timedelta(minutes=-1)])
async def test_after_its_time_or_before_it_nothing_can_be_approved(group: Group, shift: timedelta) -> None:
    proposal = await group.propose()
    await group.vote(ANN, proposal)
    group.world.wall.skew += shift
    with pytest.raises(TooLate, match=r"approvals\.is_expired"):
        await group.vote(BOB, proposal)
    assert group.world.placed() == []


async def test_it_expires_by_itself_and_everybody_reads_so_once(group: Group) -> None:
    proposal = await group.propose()
    group.wait(timedelta(minutes=25))
    await group.now.keeper.look()
    card, reminder = (await group.world.told())[-2:]
    assert "Until" in card
    assert "ends in 5 min: 0 of 2" in reminder
    await group.now.keeper.look()
    assert await group.world.told() == []
    group.wait(timedelta(minutes=5))
    await group.now.keeper.look()
    assert await group.state(proposal) is State.EXPIRED
    assert (await group.world.told())[0].startswith("✎ Expired #")
    await group.now.keeper.look()
    assert await group.world.told() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"spec": '"BTC-USDT"', "by": '"ETH-USDT"'},
        {"spec": '"buy"', "by": '"sell"'},
        {"spec": '"funds":"100"', "by": '"funds":"1000"'},
        {"spec": '"market"', "by": '"limit"'},
    ],
)
async def test_what_was_approved_is_what_is_sent_or_nothing(group: Group, changes: dict[str, str]) -> None:
    proposal = await group.propose()
    await group.vote(ANN, proposal)
    async with group.world.database.write() as session:
        spec = (await session.execute(select(IntentRow.spec).where(IntentRow.id == proposal.id))).scalar_one()
        changed = spec.replace(changes["spec"], changes["by"])
        assert changed != spec
        await session.execute(update(IntentRow).where(IntentRow.id == proposal.id).values(spec=changed))
    await group.vote(BOB, proposal)
    assert group.world.placed() == []
    assert await group.state(proposal) is State.VOID
    assert (await group.why())[-1] == "approvals.void_changed"


async def test_another_account_under_it_is_another_order(group: Group) -> None:
    proposal = await group.propose()
    await group.vote(ANN, proposal)
    async with group.world.database.write() as session:
        await session.execute(update(IntentRow).where(IntentRow.id == proposal.id).values(key_id="k" * 32))
    await group.world.link(BOB)
    await group.vote(BOB, proposal)
    assert group.world.placed() == []


async def test_the_owner_of_the_account_cannot_send_it_by_the_private_ticket(group: Group) -> None:
    proposal = await group.propose()
    intent = await group.world.now.tickets.find(group.person(ANN), proposal.short)
    assert intent.state is IntentState.PROPOSED
    with pytest.raises(TooLate):
        await group.world.now.sending.confirm(group.person(ANN), intent, 999, CARD)
    with pytest.raises(TooLate):
        await group.world.now.tickets.drop(intent)
    assert group.world.placed() == []
    assert await group.state(proposal) is State.OPEN


async def test_the_right_to_a_ticket_is_no_right_to_what_is_proposed(group: Group) -> None:
    """Not even where whoever asks has looked at nothing before."""
    proposal = await group.propose()
    intent = await group.world.now.tickets.find(group.person(ANN), proposal.short)
    now = group.world.wall.now()
    attempt = Attempt("tb1", intent.id, now, now, "", Misses(), now)
    async with group.world.database.write() as session:
        assert not await consume(session, intent, attempt, now)
        assert await consume(session, intent, attempt, now, IntentState.PROPOSED)


async def test_account_taken_back_voids_what_is_pending(group: Group) -> None:
    proposal = await group.propose()
    await group.vote(ANN, proposal)
    with pytest.raises(NotAllowed):
        await group.now.desks.withdraw(group.person(BOB), group.desk)
    await group.now.desks.withdraw(group.person(ANN), group.desk)
    assert await group.state(proposal) is State.VOID
    with pytest.raises(TooLate):
        await group.vote(BOB, proposal)
    await group.refresh()
    with pytest.raises(Refused, match=r"approvals\.no_account"):
        await group.propose()
    assert group.world.placed() == []


async def test_account_that_died_sends_nothing_and_it_is_said(group: Group) -> None:
    proposal = await group.propose()
    await group.vote(ANN, proposal)
    keys = group.world.now.keys
    (key,) = await keys.linked(group.person(ANN))
    await keys.disconnect(group.person(ANN), key)
    await group.world.told()
    await group.vote(BOB, proposal)
    assert group.world.placed() == []
    assert "account cannot be used now" in (await group.world.told())[-1]
    with pytest.raises(Refused, match=r"trading\.desk_unusable"):
        await group.propose()


@pytest.mark.parametrize("whom", [ANN, CHAT, 0])
async def test_frozen_account_group_or_everything_sends_nothing(group: Group, whom: int) -> None:
    proposal = await group.propose()
    await group.vote(ANN, proposal)
    guards = Guards(group.world.database, group.world.wall)
    by = By.SELF if whom == ANN else By.OPERATOR
    await guards.freeze(whom, by)
    await group.vote(BOB, proposal)
    assert group.world.placed() == []
    assert (await group.why())[-1] == "trading.desk_frozen"
    await guards.thaw(whom, by)
    await group.vote(BOB, proposal)
    assert len(group.world.placed()) == 1


async def test_an_account_that_is_searched_after_a_backup_was_put_back_sends_nothing_and_the_group_reads_why(
    group: Group,
) -> None:
    proposal = await group.propose()
    async with group.world.database.write() as session:
        await older_copy.note_restored(session, Restored(group.world.wall.now(), "tblost"))
    await group.vote(ANN, proposal)
    await group.vote(BOB, proposal)
    assert group.world.placed() == []
    assert (await group.why())[-1] == "trading.being_searched"
    with pytest.raises(Refused, match=r"trading\.being_searched"):
        await group.propose()
    await group.world.now.restoration.look()
    await group.vote(ZOE, proposal)
    assert len(group.world.placed()) == 1


async def test_price_that_ran_away_voids_it(group: Group) -> None:
    proposal = await group.propose()
    await group.vote(ANN, proposal)
    group.world.price("BTC-USDT", 68_400)
    await group.vote(BOB, proposal)
    assert group.world.placed() == []
    assert await group.state(proposal) is State.VOID
    assert (await group.why())[-1] == "approvals.drifted"


async def test_caps_hold_when_it_is_proposed_and_again_when_it_is_sent(group: Group) -> None:
    with pytest.raises(Refused, match=r"approvals\.order_too_large"):
        await group.propose("btc 1001")
    assert [row for row in await group.all() if row.state is State.OPEN] == []
    await group.rule(replace(Policy(), per_day=Decimal(150)))
    first, second = await group.propose("btc 100"), await group.propose("btc 90", ZOE)
    await group.vote(ANN, first)
    await group.vote(BOB, first)
    await group.vote(ANN, second)
    await group.vote(BOB, second)
    assert len(group.world.placed()) == 1
    assert (await group.why())[-1] == "approvals.day_used_up"
    with pytest.raises(Refused, match=r"approvals\.day_used_up"):
        await group.propose("btc 60")


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        (replace(RULES_OF_A_WEEK, per_order=Decimal(1000)), "approvals.order_too_large"),
        (replace(RULES_OF_A_WEEK, per_day=Decimal(1000)), "approvals.day_used_up"),
    ],
)
async def test_caps_hold_for_what_coins_have_come_to_be_worth(group: Group, policy: Policy, why: str) -> None:
    await group.rule_without_caps(policy)
    proposal = await group.propose("btc 0.014btc", side=Side.SELL)
    await group.vote(ANN, proposal)
    group.world.price("BTC-USDT", 80_000)
    await group.vote(BOB, proposal)
    assert group.world.placed() == []
    assert (await group.why())[-1] == why
    group.world.price("BTC-USDT", 67_000)
    await group.vote(BOB, proposal)
    assert len(group.world.placed()) == 1


@pytest.mark.parametrize("text", ["eth-btc 0.014btc", "eth-btc 0.3eth @ 0.0467"])
async def test_caps_hold_for_what_the_coins_of_a_price_have_come_to_be_worth(group: Group, text: str) -> None:
    await group.rule_without_caps(replace(RULES_OF_A_WEEK, per_order=Decimal(1000)))
    proposal = await group.propose(text)
    await group.vote(ANN, proposal)
    group.world.price("BTC-USDT", 80_000)
    await group.vote(BOB, proposal)
    assert group.world.placed() == []
    assert (await group.why())[-1] == "approvals.order_too_large"
    group.world.price("BTC-USDT", 67_000)
    await group.vote(BOB, proposal)
    assert len(group.world.placed()) == 1


async def test_limits_of_the_owner_hold_for_what_coins_have_come_to_be_worth(group: Group) -> None:
    await group.rule_without_caps(RULES_OF_A_WEEK)
    proposal = await group.propose("btc 0.014btc", side=Side.SELL)
    await group.vote(ANN, proposal)
    await Guards(group.world.database, group.world.wall).set_limit(group.person(ANN), Limit.ORDER, "1000")
    group.world.price("BTC-USDT", 80_000)
    await group.vote(BOB, proposal)
    assert group.world.placed() == []
    assert (await group.why())[-1] == "trading.desk_limited"


async def test_what_has_come_to_need_more_approvals_than_its_card_says_is_void(group: Group) -> None:
    await group.rule_without_caps(replace(RULES_OF_A_WEEK, tiers=(Tier(Decimal(1000), 3),)))
    proposal = await group.propose("btc 0.014btc", side=Side.SELL)
    await group.vote(ANN, proposal)
    group.world.price("BTC-USDT", 80_000)
    await group.vote(BOB, proposal)
    assert group.world.placed() == []
    assert await group.state(proposal) is State.VOID
    assert (await group.why())[-1] == "approvals.void_worth"


async def test_the_cap_of_a_day_counts_what_was_sent_as_it_was_worth_then(group: Group) -> None:
    await group.rule_without_caps(replace(RULES_OF_A_WEEK, per_day=Decimal(1200)))
    proposal = await group.propose("btc 0.014btc", side=Side.SELL)
    await group.vote(ANN, proposal)
    group.world.price("BTC-USDT", 80_000)
    await group.vote(BOB, proposal)
    assert len(group.world.placed()) == 1
    with pytest.raises(Refused, match=r"approvals\.day_used_up"):
        await group.propose("btc 100")


async def test_pairs_and_tiers(group: Group) -> None:
    await group.rule(replace(Policy(), pairs=("BTC-USDT",), tiers=(Tier(Decimal(500), 3),)))
    with pytest.raises(Refused, match=r"approvals\.pair_not_allowed"):
        await group.propose("eth 100")
    large = await group.propose("btc 600")
    await group.vote(ANN, large)
    await group.vote(BOB, large)
    assert group.world.placed() == []
    await group.vote(ZOE, large)
    assert len(group.world.placed()) == 1


async def test_balance_that_does_not_suffice_is_said_without_numbers(group: Group) -> None:
    await group.now.desks.withdraw(group.person(ANN), group.desk)
    await group.refresh()
    await group.rule(replace(Policy(), per_order=None, per_day=None))
    await group.lend()
    with pytest.raises(Refused) as refused:
        await group.propose("btc 6000")
    assert refused.value.text.key == "trading.desk_no_funds"
    assert refused.value.text.values == {}


async def test_unknown_outcome_is_said_in_the_group_and_followed_by_the_truth(group: Group) -> None:
    proposal = await group.propose()
    await group.vote(ANN, proposal)
    group.world.lose()
    await group.vote(BOB, proposal)
    assert any(text.startswith("✎ Unknown, checking") for text in await group.world.told())
    await group.world.settle()
    assert any(text.startswith("✎ Filled") for text in await group.world.told())
    assert len(group.world.placed()) == 1


async def test_killed_before_the_votes_are_counted_the_press_works_again(group: Group) -> None:
    proposal = await group.propose()
    await group.vote(ANN, proposal)
    for point in ("C3", "C3 voted", "C4", "C5"):
        with at_point(point, die), pytest.raises(Killed):
            await group.vote(BOB, proposal)
        assert group.world.placed() == []
        assert await group.state(proposal) is State.OPEN
    await group.vote(BOB, proposal)
    assert len(group.world.placed()) == 1


async def test_the_same_command_handled_again_proposes_once(group: Group) -> None:
    await group.propose()
    group.world.updates -= 1
    await group.propose()
    assert len(await group.all()) == 1


async def test_killed_between_freezing_and_filing_the_next_life_files_it(group: Group) -> None:
    with at_point("C3 filed", die), pytest.raises(Killed):
        await group.propose()
    assert await group.all() == []
    group.world.updates -= 1
    await group.propose()
    assert len(await group.all()) == 1


async def test_no_made_up_data_name_a_proposal_of_another_or_break_anything(group: Group) -> None:
    """Every character of an id replaced by others, and what no client of ours sends."""
    proposal = await group.propose()
    made_up = [
        proposal.short[:place] + letter + proposal.short[place + 1 :] for place in range(4) for letter in "Z*0é "
    ]
    odd = [
        "",
        "\0",
        "%",
        "____",
        "' OR 1=1",
        "9" * 500,
        proposal.short + "\0",
        proposal.short + "%",
        "＃" + proposal.short,
    ]
    for data in (*made_up, *odd):
        if data == proposal.short or data.strip() == proposal.short:
            continue
        try:
            found = await group.now.proposals.find(group.desk, data)
        except NotFound:
            continue
        assert proposal.short.startswith(data.strip())
        assert found.id == proposal.id


@pytest.mark.parametrize(
    "name", ["<b>Bob</b>", "[x](http://x)", "\u202ecba\u200b", "✅ Approved by all & more", "x" * 300]
)
async def test_names_full_of_tricks_are_shown_as_what_they_are(group: Group, name: str) -> None:
    proposal = await group.propose()
    await group.world.told()
    desk = await group.now.desks.at(CHAT)
    await group.now.proposals.vote(desk, replace(group.person(BOB), name=name), proposal, Choice.APPROVE)
    async with group.world.database.read() as session:
        row = (await session.scalars(select(OutboxRow).order_by(OutboxRow.id.desc()).limit(1))).one()
    rendered = RENDERER.render(decode(row.payload), Reader("en", "UTC"))
    assert "\u202e" not in rendered.html
    assert "\u200b" not in rendered.plain
    assert "<b>Bob" not in rendered.html
    assert rendered.plain.startswith("Proposal #")
    assert f"1 of 2 ({clean(name[:140])})" in rendered.plain
    assert "refused" not in await group.acts()


async def test_who_has_left_the_group_has_nothing_carried_out_there(group: Group) -> None:
    proposal = await group.propose()
    await group.vote(ANN, proposal)
    group.telegram.standings[EVE] = None
    await group.vote(BOB, proposal)
    assert await group.state(proposal) is State.OPEN
    group.telegram.standings[EVE] = Standing.OUTSIDE
    await group.vote(BOB, proposal)
    assert await group.state(proposal) is State.VOID
    assert (await group.why())[-1] == "approvals.void_proposer"
    assert group.world.placed() == []


@pytest.mark.parametrize(("text", "side"), [("btc 25%", Side.BUY), ("btc max", Side.BUY), ("btc 1 %", Side.SELL)])
async def test_no_member_measures_the_account_by_proposing_a_share_of_it(group: Group, text: str, side: Side) -> None:
    with pytest.raises(Refused, match=r"trading\.desk_no_share"):
        await group.propose(text, side=side)
    assert await group.all() == []


async def test_a_beginning_that_two_have_names_neither(group: Group) -> None:
    first, second = await group.propose(), await group.propose()
    async with group.world.database.write() as session:
        for proposal, short in ((first, "7F01"), (second, "7F02")):
            await session.execute(update(ProposalRow).where(ProposalRow.id == proposal.id).values(short=short))
    with pytest.raises(NotFound, match=r"approvals\.several_proposals"):
        await group.now.proposals.find(group.desk, "7f")
    assert (await group.now.proposals.find(group.desk, "7f02")).id == second.id


async def test_of_two_with_one_number_the_open_one_is_meant(group: Group) -> None:
    """One account after another: each numbers its own orders."""
    first = await group.propose()
    group.wait(timedelta(seconds=1))
    second = await group.propose()
    await group.vote(EVE, second, Choice.REJECT)
    async with group.world.database.write() as session:
        await session.execute(update(ProposalRow).values(short="7F01"))
    assert (await group.now.proposals.find(group.desk, "7F01")).id == first.id


async def test_the_card_counts_down_a_few_times_and_no_more(group: Group) -> None:
    await group.propose()
    await group.world.told()
    left = []
    for _ in range(2 * 30):
        await group.now.keeper.look()
        left += [text[text.index("(in") : -1] for text in await group.world.told() if "(in" in text]
        group.wait(timedelta(seconds=30))
    assert left == ["(in 15 min", "(in 7 min 30 s", "(in 5 min", "(in 1 min"]


async def granted(group: Group, text: str) -> Proposal:
    proposal = await group.propose(text)
    await group.vote(ANN, proposal)
    await group.vote(BOB, proposal)
    return proposal


async def test_exits_of_an_order_are_on_record_with_it(group: Group) -> None:
    await granted(group, "btc 0.01btc tp +4% sl -2%")
    await group.world.settle()
    await group.world.now.exits.look()
    async with group.world.database.read() as session:
        newest = await audit.latest(session, group.desk.id, 1)
    said = RENDERER.render(desk_views.record(newest, Head(group.desk.id, 1, "")), Reader("en", "UTC")).plain
    assert "placed it; it waits for its trigger (exit #" in said
    assert "tp 69680" in said


async def list_all(group: Group, intent: Intent) -> None:
    assert (await group.world.now.orders.open(group.person(ANN))).ours == []


async def show_it(group: Group, intent: Intent) -> None:
    await group.world.now.orders.current(intent)


async def cancel_it(group: Group, intent: Intent) -> None:
    await group.world.now.orders.cancel(intent)


async def cancel_all(group: Group, intent: Intent) -> None:
    await group.world.now.orders.cancel_many(group.person(ANN))


@pytest.mark.parametrize("ask", [list_all, show_it, cancel_it, cancel_all])
async def test_a_fill_that_its_treasurer_finds_in_private_is_told_to_the_group(
    group: Group, ask: Callable[[Group, Intent], Awaitable[None]]
) -> None:
    proposal = await granted(group, "btc 100 @ 60000")
    group.wait(timedelta(seconds=10))
    await group.world.told()
    group.world.price("BTC-USDT", 59_900)
    await ask(group, await group.world.now.tickets.find(group.person(ANN), proposal.short))
    assert await group.world.headlines() == ["✎ Filled", "↩ Filled"]


@pytest.mark.parametrize("text", ["btc 100 @ 60000", "btc 100 stop 70000"])
@pytest.mark.parametrize("cancel", [cancel_it, cancel_all])
async def test_an_end_that_its_treasurer_asks_for_in_private_is_told_to_the_group(
    group: Group, text: str, cancel: Callable[[Group, Intent], Awaitable[None]]
) -> None:
    proposal = await granted(group, text)
    group.wait(timedelta(seconds=10))
    await group.world.told()
    await cancel(group, await group.world.now.tickets.find(group.person(ANN), proposal.short))
    assert await group.world.headlines() == ["✎ Cancelled", "↩ Cancelled"]


async def test_an_end_that_the_group_asks_for_is_told_by_the_answer(group: Group) -> None:
    proposal = await granted(group, "btc 100 @ 60000")
    group.wait(timedelta(seconds=10))
    await group.world.told()
    await group.now.proposals.cancel(group.desk, group.person(BOB), proposal.short)
    assert await group.world.headlines() == ["✎ Cancelled"]


@pytest.mark.parametrize("person_id", [ZOE, ANN])
async def test_an_approver_calls_an_open_order_back(group: Group, person_id: int) -> None:
    proposal = await granted(group, "btc 100 @ 60000")
    await group.now.proposals.cancel(group.desk, group.person(person_id), f"#{proposal.short.lower()}")
    name = "Zoe" if person_id == ZOE else "Ann"
    assert (await group.acts())[-2:] == [f"{name} cancel", "outcome"]
    assert any(text.startswith("✎ Cancelled") for text in await group.world.told())


async def test_what_the_group_has_sent_is_called_back_with_the_next_key_of_the_account(group: Group) -> None:
    """Though nobody has lent that key, so that nothing new is sent with it."""
    resting, bought = await granted(group, "btc 100 @ 60000"), await granted(group, "btc 0.01btc tp +4% sl -2%")
    await group.world.settle()
    await group.world.relink()
    await group.world.rounds(31)
    async with group.world.database.read() as session:
        (exit_,) = await exits_of(session, bought.id)
    for short in (resting.short, exit_.short):
        await group.now.proposals.cancel(group.desk, group.person(BOB), short)
    assert not any(order.is_active for order in group.world.placed())
    assert group.world.exchange._store.waiting_stops() == []
    with pytest.raises(Refused, match=r"trading\.desk_unusable"):
        await group.propose()


async def test_an_exit_that_is_called_back_while_it_is_unknown_is_not_sent_again(group: Group) -> None:
    world = group.world
    bought = await granted(group, "btc 0.01btc tp +4% sl -2%")
    world.faults.add("POST", "/api/v3/oco/order", Mode.DROP)
    await world.now.reconciler.look()
    await world.now.exits.look()
    async with world.database.read() as session:
        (exit_,) = await exits_of(session, bought.id)
    said = read(await group.now.proposals.cancel(group.desk, group.person(BOB), exit_.short))
    assert f"#{bought.short}: the bot places no further exit" in said
    await world.settle()
    await world.rounds(31, 31)
    assert world.exchange._store.waiting_stops() == []


async def test_called_back_an_entry_that_has_filled_offers_its_exit_to_the_group(group: Group) -> None:
    bought = await granted(group, "btc 0.01btc tp +4% sl -2%")
    await group.world.settle()
    async with group.world.database.read() as session:
        (exit_,) = await exits_of(session, bought.id)
    reply = await group.now.proposals.cancel(group.desk, group.person(BOB), bought.short)
    assert "Its exit has been sent already. Cancel that order:" in read(reply)
    assert [button.data for row in reply.buttons for button in row] == [f"desk_cancel:{exit_.short}"]
    await group.now.proposals.cancel(group.desk, group.person(BOB), exit_.short)
    assert group.world.exchange._store.waiting_stops() == []


async def test_what_was_sent_with_another_account_is_not_the_groups_to_call_back(group: Group) -> None:
    sent = await granted(group, "btc 100 @ 60000")
    await group.now.desks.withdraw(group.person(ANN), group.desk)
    await group.refresh()
    other = await group.world.link()
    await group.lend(other)
    with pytest.raises(NotFound):
        await group.now.proposals.cancel(group.desk, group.person(BOB), sent.short)


async def test_who_may_not_approve_calls_nothing_back(group: Group) -> None:
    proposal = await granted(group, "btc 100 @ 60000")
    group.telegram.standings[BOB] = Standing.MEMBER
    for person_id in (EVE, MALLORY, BOB):
        with pytest.raises(NotAllowed, match=r"approvals\.no_approver"):
            await group.now.proposals.cancel(group.desk, group.person(person_id), proposal.short)
    group.telegram.standings[ZOE] = None
    with pytest.raises(NotAllowed, match=r"approvals\.telegram_silent"):
        await group.now.proposals.cancel(group.desk, group.person(ZOE), proposal.short)
    assert "cancel" not in " ".join(await group.acts())


async def test_what_the_treasurer_has_of_their_own_is_not_the_groups_to_call_back(group: Group) -> None:
    private = await group.world.send("btc 100 @ 60000")
    waiting = await group.propose()
    sent = await granted(group, "btc 100 @ 60000")
    for name in (private.short, waiting.short, "ZZZZ", "", "\0"):
        with pytest.raises(NotFound):
            await group.now.proposals.cancel(group.desk, group.person(BOB), name)
    await group.now.desks.withdraw(group.person(ANN), group.desk)
    with pytest.raises(NotFound):
        await group.now.proposals.cancel(group.desk, group.person(BOB), sent.short)
