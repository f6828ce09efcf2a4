"""What a policy allows, and that a change which is not called looser allows nothing more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.clock import START
from tgbot.approvals.rules.edits import edited
from tgbot.approvals.rules.policy import Approvers, Policy, Proposers, Tier, is_looser, require_near, require_within
from tgbot.approvals.rules.votes import Choice, Kind, Vote, count
from tgbot.approvals.store.policies import read, written
from tgbot.core.errors import Refused, UsageError
from tgbot.core.people import Standing

PEOPLE = (1, 2, 3, 4)
PAIRS = ("BTC-USDT", "ETH-USDT")
AMOUNTS = (Decimal(50), Decimal(100), Decimal(500), Decimal(1000))

amounts = st.sampled_from([None, *AMOUNTS])
ids = st.lists(st.sampled_from(PEOPLE), unique=True, max_size=3).map(tuple)
tiers = st.lists(st.builds(Tier, st.sampled_from(AMOUNTS), st.integers(1, 4)), max_size=2).map(tuple)
policies = st.builds(
    Policy,
    proposers=st.sampled_from(Proposers),
    proposer_ids=ids,
    approvers=st.sampled_from(Approvers),
    approver_ids=ids,
    quorum=st.integers(1, 3),
    self_approval=st.booleans(),
    veto=st.booleans(),
    lasts=st.sampled_from([timedelta(minutes=10), timedelta(minutes=30)]),
    most_drift=st.sampled_from([None, Decimal(1), Decimal(2)]),
    per_order=amounts,
    per_day=amounts,
    pairs=st.sampled_from([(), PAIRS[:1], PAIRS]),
    tiers=tiers,
    settles_after=st.sampled_from([timedelta(0), timedelta(hours=1)]),
)


@dataclass(frozen=True)
class Case:
    """One proposal at one moment, with everything that a policy can ask about it."""

    proposer: int
    standings: Sequence[Standing]
    admin_for: Sequence[timedelta]
    voters: Sequence[int]
    is_rejected: bool
    pair: str
    value: Decimal | None
    spent: Decimal
    drift: Decimal
    age: timedelta


cases = st.builds(
    Case,
    proposer=st.sampled_from(PEOPLE),
    standings=st.tuples(*[st.sampled_from(Standing)] * len(PEOPLE)),
    admin_for=st.tuples(*[st.sampled_from([timedelta(0), timedelta(minutes=30), timedelta(hours=1)])] * len(PEOPLE)),
    voters=st.lists(st.sampled_from(PEOPLE), unique=True),
    is_rejected=st.booleans(),
    pair=st.sampled_from(PAIRS),
    value=st.sampled_from([None, *AMOUNTS, Decimal("500.01")]),
    spent=st.sampled_from([Decimal(0), *AMOUNTS]),
    drift=st.sampled_from([Decimal(0), Decimal("1.5"), Decimal(3)]),
    age=st.sampled_from([timedelta(minutes=5), timedelta(minutes=20)]),
)


def permits(policy: Policy, case: Case) -> bool:
    standings = dict(zip(PEOPLE, case.standings, strict=True))
    since = {person: START - span for person, span in zip(PEOPLE, case.admin_for, strict=True)}
    votes = [Vote(person, str(person), Choice.APPROVE) for person in case.voters]
    counted = count(policy, Kind.ORDER, case.proposer, votes, standings, since, START).counted
    try:
        require_within(policy, case.pair, case.value, case.spent)
        require_near(policy, case.drift)
    except Refused:
        return False
    return (
        policy.may_propose(case.proposer, standings[case.proposer])
        and len(counted) >= policy.needed(case.value)
        and case.age < policy.lasts
        and not (policy.veto and case.is_rejected)
    )


@settings(max_examples=500)
@given(policies, policies, cases)
def test_what_is_not_called_looser_permits_nothing_more(old: Policy, new: Policy, case: Case) -> None:
    if not is_looser(old, new):
        assert permits(old, case) or not permits(new, case)


@given(policies)
def test_the_same_is_not_looser_and_is_kept_as_it_is(policy: Policy) -> None:
    assert not is_looser(policy, policy)
    assert read(written(policy)) == policy


@pytest.mark.parametrize(
    ("words", "is_loose"),
    [
        ("quorum 1", True),
        ("quorum 3", False),
        ("own yes", True),
        ("veto no", True),
        ("time 1h", True),
        ("time 10m", False),
        ("drift 5", True),
        ("drift none", True),
        ("drift 0.5%", False),
        ("order none", True),
        ("order 2k", True),
        ("order 500", False),
        ("day 6000", True),
        ("day 100", False),
        ("pairs btc eth", False),
        ("tier 500 3", False),
        ("settle none", True),
        ("settle 1d", False),
        ("approvers list 5 6", True),
        ("approvers both 5", True),
        ("proposers list 5", False),
    ],
)
def test_each_rule_can_be_changed_and_is_judged(words: str, is_loose: bool) -> None:
    rule, *rest = words.split()
    changed = edited(Policy(), rule, rest, ".", lambda word: f"{word.upper()}-USDT")
    assert changed != Policy()
    assert is_looser(Policy(), changed) is is_loose


def test_fewer_pairs_and_a_shorter_list_are_tighter() -> None:
    both = Policy(pairs=PAIRS, approvers=Approvers.LIST, approver_ids=(1, 2))
    assert is_looser(both, Policy(pairs=(), approvers=Approvers.LIST, approver_ids=(1, 2)))
    assert not is_looser(both, Policy(pairs=PAIRS[:1], approvers=Approvers.LIST, approver_ids=(1,)))


@pytest.mark.parametrize(
    "words",
    ["", "quorum", "quorum 0", "quorum two", "quorum ²", "own maybe", "time soon", "time 8d", "order 1,500", "order -1",
     "drift x", "tier 500", "tier x 2", "approvers", "approvers everybody", "approvers list bob", "proposers none",
     "moon 1", "settle x", "approvers list " + "9" * 17],
)  # fmt: skip
def test_what_is_no_rule_is_refused(words: str) -> None:
    rule, *rest = words.split() or [""]
    with pytest.raises(UsageError):
        edited(Policy(), rule, rest, ".", str.upper)


def test_sizes_replace_each_other_and_are_few() -> None:
    policy = Policy()
    for words in (["500", "2"], ["500", "3"], ["100", "2"]):
        policy = edited(policy, "tier", words, ".", str.upper)
    assert policy.tiers == (Tier(Decimal(100), 2), Tier(Decimal(500), 3))
    assert edited(policy, "tier", ["none"], ".", str.upper).tiers == ()
    for above in ("1", "2", "3"):
        policy = edited(policy, "tier", [above, "2"], ".", str.upper)
    with pytest.raises(UsageError):
        edited(policy, "tier", ["4", "2"], ".", str.upper)


def test_the_more_an_order_is_worth_the_more_approvals_and_the_unknown_needs_most() -> None:
    policy = Policy(quorum=1, tiers=(Tier(Decimal(100), 2), Tier(Decimal(1000), 3)))
    assert [policy.needed(Decimal(value)) for value in (100, 101, 1000, 1001)] == [1, 2, 2, 3]
    assert policy.needed(None) == 3


def test_what_nobody_knows_the_worth_of_passes_no_cap() -> None:
    with pytest.raises(Refused):
        require_within(Policy(), "BTC-USDT", None, Decimal(0))
    require_within(Policy(per_order=None, per_day=None), "BTC-USDT", None, Decimal(0))


@pytest.mark.parametrize(
    "typed", ["quorum 000199", "quorum 00019999", "approvers list", "approvers both", "proposers list"]
)
def test_rules_under_which_nobody_could_decide_any_more_are_refused(typed: str) -> None:
    rule, *rest = typed.split()
    with pytest.raises(UsageError):
        edited(Policy(), rule, rest, ".", str.upper)


def test_an_amount_with_more_digits_than_arithmetic_carries_is_refused_like_any_other() -> None:
    """As `/policy test buy btc 9999999999999999999999999999m` asks."""
    with pytest.raises(Refused, match=r"approvals\.order_too_large"):
        require_within(Policy(), "BTC-USDT", Decimal("9" * 28 + "000000"), Decimal(0))
    with pytest.raises(Refused, match=r"approvals\.day_used_up"):
        require_within(Policy(per_order=None), "BTC-USDT", Decimal("9" * 28 + "000000"), Decimal(0))
