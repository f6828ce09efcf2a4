"""Whose votes count at the moment in which they are counted."""

from datetime import datetime, timedelta

import pytest

from tests.clock import START
from tgbot.approvals.rules.policy import Policy
from tgbot.approvals.rules.votes import Choice, Kind, Vote, count
from tgbot.core.people import Standing

ANN, BOB, EVE = Vote(1, "Ann", Choice.APPROVE), Vote(2, "Bob", Choice.APPROVE), Vote(3, "Eve", Choice.APPROVE)
LONG_AGO = START - timedelta(days=1)


def counted(policy: Policy, kind: Kind = Kind.ORDER, *, proposer: int = 1, since: datetime = LONG_AGO) -> list[str]:
    """Everybody is an administrator but Eve, who has left."""
    standings = {1: Standing.OWNER, 2: Standing.ADMIN, 3: Standing.OUTSIDE}
    admins_since = dict.fromkeys(standings, since)
    result = count(policy, kind, proposer, [ANN, BOB, EVE], standings, admins_since, START)
    assert len(result.counted) + len(result.void) + len(result.unknown) == 3
    return [vote.name for vote in result.counted]


@pytest.mark.parametrize(
    ("policy", "kind", "names"),
    [
        (Policy(), Kind.ORDER, ["Bob"]),
        (Policy(self_approval=True), Kind.ORDER, ["Ann", "Bob"]),
        (Policy(), Kind.POLICY, ["Ann", "Bob"]),
    ],
)
def test_whoever_wants_an_order_needs_others(policy: Policy, kind: Kind, names: list[str]) -> None:
    assert counted(policy, kind) == names


def test_whoever_has_only_just_become_an_administrator_does_not_count_yet() -> None:
    settled = Policy(settles_after=timedelta(hours=1))
    assert counted(settled, proposer=9, since=START - timedelta(minutes=59)) == []
    assert counted(settled, proposer=9, since=START - timedelta(hours=1)) == ["Ann", "Bob"]


def test_of_whom_telegram_says_nothing_is_unknown_and_does_not_count() -> None:
    result = count(Policy(), Kind.ORDER, 9, [ANN, BOB], {1: None}, {1: LONG_AGO, 2: LONG_AGO}, START)
    assert (result.counted, result.unknown) == ([], [ANN, BOB])
