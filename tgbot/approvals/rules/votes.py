"""Counting votes: whose counts now, whose does not, and why not."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tgbot.approvals.rules.policy import Policy
from tgbot.core.people import Standing

STANDING_LASTS = timedelta(seconds=2)


class Kind(StrEnum):
    """What is decided on."""

    ORDER = "order"
    POLICY = "policy"


class State(StrEnum):
    """OPEN → one of the others, once and for ever."""

    OPEN = "open"
    GRANTED = "granted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    VOID = "void"


class Choice(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Vote:
    """`is_void`: when it was to count, its person was no approver."""

    person_id: int
    name: str
    choice: Choice
    is_void: bool = False


@dataclass(frozen=True, slots=True)
class Count:
    """Of the approvals: those that count, those of people who are no approvers (any more, or yet), and those of people
    of whom Telegram did not say what they are."""

    counted: Sequence[Vote]
    void: Sequence[Vote]
    unknown: Sequence[Vote]


def standing_approvals(votes: Iterable[Vote]) -> list[Vote]:
    """As far as the rows tell; who they are is asked when it comes to it."""
    return [vote for vote in votes if vote.choice is Choice.APPROVE and not vote.is_void]


def may_vote_for_own(policy: Policy, kind: Kind) -> bool:
    """The owner of a desk may consent to a change of its rules; whoever wants an order needs others."""
    return policy.self_approval or kind is Kind.POLICY


def count(
    policy: Policy,
    kind: Kind,
    proposer_id: int,
    votes: Iterable[Vote],
    standings: Mapping[int, Standing | None],
    admins_since: Mapping[int, datetime],
    now: datetime,
) -> Count:
    """`standings` are as Telegram has just told them, `None` where it did not; somebody who is missing is unknown."""
    counted: list[Vote] = []
    void: list[Vote] = []
    unknown: list[Vote] = []
    for vote in standing_approvals(votes):
        standing = standings.get(vote.person_id)
        if standing is None:
            unknown.append(vote)
        elif vote.person_id == proposer_id and not may_vote_for_own(policy, kind):
            void.append(vote)
        elif is_approver(policy, vote.person_id, standing, admins_since.get(vote.person_id), now):
            counted.append(vote)
        else:
            void.append(vote)
    return Count(counted, void, unknown)


def is_approver(
    policy: Policy, person_id: int, standing: Standing, admin_since: datetime | None, now: datetime
) -> bool:
    """At this moment. Whoever has only just been made an administrator is not one yet."""
    if not policy.may_approve(person_id, standing):
        return False
    if policy.is_listed(person_id):
        return True
    return admin_since is not None and admin_since + policy.settles_after <= now
