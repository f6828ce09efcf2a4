"""The rules of a desk as data: who may do what, and what a change of them needs."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from tgbot.core.errors import Refused
from tgbot.core.money import ZERO
from tgbot.core.people import Standing
from tgbot.core.reply import T

CENT = Decimal("0.01")
LONGEST = 20  # digits before the point


class Proposers(StrEnum):
    MEMBERS = "members"
    LIST = "list"


class Approvers(StrEnum):
    """`BOTH`: whoever administers the group, and whoever is on the list."""

    ADMINS = "admins"
    LIST = "list"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Tier:
    """Above so many USDT so many approvals."""

    above: Decimal
    quorum: int


@dataclass(frozen=True, slots=True)
class Policy:
    """Amounts are USDT, `most_drift` is per cent, `None` is no limit and no `pairs` are all pairs. `settles_after` is
    how long somebody must have been an administrator before their vote counts."""

    proposers: Proposers = Proposers.MEMBERS
    proposer_ids: tuple[int, ...] = ()
    approvers: Approvers = Approvers.ADMINS
    approver_ids: tuple[int, ...] = ()
    quorum: int = 2
    self_approval: bool = False
    veto: bool = True
    lasts: timedelta = timedelta(minutes=30)
    most_drift: Decimal | None = Decimal(2)
    per_order: Decimal | None = Decimal(1000)
    per_day: Decimal | None = Decimal(5000)
    pairs: tuple[str, ...] = ()
    tiers: tuple[Tier, ...] = ()
    settles_after: timedelta = timedelta(hours=1)

    def needed(self, value: Decimal | None) -> int:
        """How many approvals. What nobody knows the worth of needs as many as anything does."""
        tiers = [tier.quorum for tier in self.tiers if value is None or value > tier.above]
        return max([self.quorum, *tiers])

    def may_propose(self, person_id: int, standing: Standing) -> bool:
        if standing < Standing.MEMBER:
            return False
        return self.proposers is Proposers.MEMBERS or person_id in self.proposer_ids

    def may_approve(self, person_id: int, standing: Standing) -> bool:
        if standing < Standing.MEMBER:
            return False
        is_admin = self.approvers is not Approvers.LIST and standing >= Standing.ADMIN
        return is_admin or self.is_listed(person_id)

    def is_listed(self, person_id: int) -> bool:
        """Approves whether or not Telegram calls them an administrator."""
        return self.approvers is not Approvers.ADMINS and person_id in self.approver_ids


def require_within(policy: Policy, pair: str, value: Decimal | None, spent: Decimal) -> None:
    """Raises `Refused`. `spent` is what the desk's other orders of 24 hours are worth, USDT as everything here."""
    if policy.pairs and pair not in policy.pairs:
        raise Refused(T.of("approvals.pair_not_allowed", pair=pair, pairs=", ".join(policy.pairs)))
    if policy.per_order is None and policy.per_day is None:
        return
    if value is None:
        raise Refused(T.of("approvals.worth_unknown", pair=pair))
    if policy.per_order is not None and value > policy.per_order:
        raise Refused(T.of("approvals.order_too_large", value=_cents(value), most=policy.per_order))
    if policy.per_day is not None and spent + value > policy.per_day:
        left = max(policy.per_day - spent, ZERO)
        raise Refused(T.of("approvals.day_used_up", value=_cents(value), left=_cents(left), most=policy.per_day))


def require_near(policy: Policy, drift: Decimal) -> None:
    """Raises `Refused` where the market has moved too far, in per cent, since the order was proposed."""
    if policy.most_drift is not None and drift > policy.most_drift:
        raise Refused(T.of("approvals.drifted", drift=_cents(drift), most=policy.most_drift))


def is_looser(old: Policy, new: Policy) -> bool:
    """Whether `new` allows anything that `old` does not."""
    return any(
        (
            _admits_more_proposers(old, new),
            _admits_more_approvers(old, new),
            _needs_fewer(old, new),
            new.self_approval and not old.self_approval,
            old.veto and not new.veto,
            new.lasts > old.lasts,
            new.settles_after < old.settles_after,
            _is_above(new.most_drift, old.most_drift),
            _is_above(new.per_order, old.per_order),
            _is_above(new.per_day, old.per_day),
            bool(old.pairs) and not (new.pairs and set(new.pairs) <= set(old.pairs)),
        )
    )


def _admits_more_proposers(old: Policy, new: Policy) -> bool:
    if old.proposers is Proposers.MEMBERS:
        return False
    return new.proposers is Proposers.MEMBERS or not set(new.proposer_ids) <= set(old.proposer_ids)


def _admits_more_approvers(old: Policy, new: Policy) -> bool:
    admins = {Approvers.ADMINS, Approvers.BOTH}
    before = set(old.approver_ids) if old.approvers is not Approvers.ADMINS else set()
    after = set(new.approver_ids) if new.approvers is not Approvers.ADMINS else set()
    return (new.approvers in admins and old.approvers not in admins) or not after <= before


def _needs_fewer(old: Policy, new: Policy) -> bool:
    """For any size: the number changes only just above a tier."""
    steps = {tier.above for tier in (*old.tiers, *new.tiers)} | {ZERO}
    return any(_above(new, step) < _above(old, step) for step in steps) or new.quorum < old.quorum


def _above(policy: Policy, step: Decimal) -> int:
    return max([policy.quorum, *(tier.quorum for tier in policy.tiers if tier.above <= step)])


def _is_above(new: Decimal | None, old: Decimal | None) -> bool:
    return old is not None and (new is None or new > old)


def _cents(value: Decimal) -> Decimal:
    """For display. A number with more digits than arithmetic carries stays as it is."""
    return value.quantize(CENT) if value.adjusted() < LONGEST else value
