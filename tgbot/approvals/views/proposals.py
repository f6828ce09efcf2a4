"""The card of a proposal, and the list of those that wait."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tgbot.approvals.rules.policy import Policy
from tgbot.approvals.rules.votes import Choice, Kind, State, Vote, standing_approvals
from tgbot.approvals.store.proposals import Proposal
from tgbot.core.desks import Draft
from tgbot.core.money import for_display
from tgbot.core.reply import Button, Reply, T

DIGITS = 6


@dataclass(frozen=True, slots=True)
class Shown:
    """A proposal and what is known of it. `price` is that of the market now, `why` the reason of its end."""

    proposal: Proposal
    lines: tuple[T, ...]
    votes: Sequence[Vote]
    policy: Policy
    now: datetime
    price: Decimal | None
    why: T | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A proposal that is still open, in the list of them."""

    proposal: Proposal
    draft: Draft | None
    approved: int
    needed: int


def card(shown: Shown) -> Reply:
    proposal = shown.proposal
    lines = [
        T.of(f"approvals.card_{proposal.state}", id=proposal.short),
        *shown.lines,
        *_prices(shown),
        T.of("approvals.by", name=proposal.proposer),
        *_votes(shown),
    ]
    if shown.why is not None:
        lines.append(shown.why)
    if proposal.state is not State.OPEN:
        return Reply(tuple(lines))
    left = max(proposal.expires_at - shown.now, shown.now - shown.now)
    lines.append(T.of("approvals.expires", at=proposal.expires_at, span=left))
    return Reply(tuple(lines), (_buttons(proposal),))


def waiting(listed: Sequence[Waiting]) -> Reply:
    if not listed:
        return Reply((T("approvals.none_open"),))
    lines = [
        T.of(
            "approvals.open_line",
            id=each.proposal.short,
            what=each.draft.lines[0] if each.draft is not None else T("approvals.change_of_rules"),
            name=each.proposal.proposer,
            approved=each.approved,
            needed=each.needed,
            at=each.proposal.expires_at,
        )
        for each in listed
    ]
    return Reply((T.of("approvals.open_title", count=len(listed)), *lines, T("approvals.open_how")))


def _prices(shown: Shown) -> list[T]:
    proposal = shown.proposal
    if proposal.kind is not Kind.ORDER:
        return []
    then = for_display(proposal.reference, DIGITS)
    if shown.price is None or proposal.state is not State.OPEN:
        return [T.of("approvals.price_then", then=then)]
    return [T.of("approvals.price_now", then=then, now=for_display(shown.price, DIGITS))]


def _votes(shown: Shown) -> list[T]:
    approvals = standing_approvals(shown.votes)
    needed = shown.policy.needed(shown.proposal.value)
    names = ", ".join(vote.name for vote in approvals)
    key = "approvals.approved_by" if approvals else "approvals.approved_none"
    lines = [T.of(key, count=len(approvals), needed=needed, names=names)]
    if rejecting := ", ".join(vote.name for vote in shown.votes if vote.choice is Choice.REJECT):
        lines.append(T.of("approvals.against", names=rejecting))
    return lines


def _buttons(proposal: Proposal) -> tuple[Button, ...]:
    return (
        Button(T("common.approve"), f"vote_yes:{proposal.short}"),
        Button(T("common.reject"), f"vote_no:{proposal.short}"),
    )
