"""One rule of a policy, as somebody types or taps it. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from tgbot.approvals.rules.policy import Approvers, Policy, Proposers, Tier
from tgbot.core.errors import UsageError
from tgbot.core.numbers import Ambiguous, DecimalSign, NotANumber, read_number
from tgbot.core.periods import NotAPeriod, read_period
from tgbot.core.reply import T

NONE = frozenset({"none", "all", "0", "off"})
MOST_QUORUM = 20
MOST_LISTED = 50
MOST_TIERS = 5
MOST_PAIRS = 30
LONGEST = timedelta(days=7)

ReadPair = Callable[[str], str]


def edited(policy: Policy, rule: str, words: Sequence[str], sign: DecimalSign, read_pair: ReadPair) -> Policy:
    """`policy` with that one rule changed. Raises `UsageError`, and whatever `read_pair` raises."""
    if rule == "pairs" and words:
        return replace(policy, pairs=_pairs(words, read_pair))
    if rule not in _EDITS:
        raise UsageError(T.of("approvals.no_such_rule", rule=rule[:20]))
    if not words:
        raise UsageError(T.of("approvals.rule_incomplete", rule=rule[:20]))
    return _EDITS[rule](policy, [word.lower() for word in words], sign)


def _proposers(policy: Policy, words: Sequence[str], sign: DecimalSign) -> Policy:
    if words[0] not in set(Proposers):
        raise UsageError(T.of("approvals.rule_incomplete", rule="proposers"))
    return replace(policy, proposers=Proposers(words[0]), proposer_ids=_listed(words, Proposers.LIST))


def _approvers(policy: Policy, words: Sequence[str], sign: DecimalSign) -> Policy:
    if words[0] not in set(Approvers):
        raise UsageError(T.of("approvals.rule_incomplete", rule="approvers"))
    ids = _listed(words, Approvers.LIST, Approvers.BOTH)
    return replace(policy, approvers=Approvers(words[0]), approver_ids=ids)


def _settle(policy: Policy, words: Sequence[str], sign: DecimalSign) -> Policy:
    return replace(policy, settles_after=timedelta(0) if words[0] in NONE else _span(words[0]))


_EDITS: Mapping[str, Callable[[Policy, Sequence[str], DecimalSign], Policy]] = {
    "proposers": _proposers,
    "approvers": _approvers,
    "quorum": lambda policy, words, sign: replace(policy, quorum=_quorum(words[0])),
    "own": lambda policy, words, sign: replace(policy, self_approval=_yes(words[0])),
    "veto": lambda policy, words, sign: replace(policy, veto=_yes(words[0])),
    "time": lambda policy, words, sign: replace(policy, lasts=_span(words[0])),
    "settle": _settle,
    "drift": lambda policy, words, sign: replace(policy, most_drift=_amount(words[0].removesuffix("%"), sign)),
    "order": lambda policy, words, sign: replace(policy, per_order=_amount(words[0], sign)),
    "day": lambda policy, words, sign: replace(policy, per_day=_amount(words[0], sign)),
    "tier": lambda policy, words, sign: replace(policy, tiers=_tiers(policy, words, sign)),
}


def _listed(words: Sequence[str], *lists: str) -> tuple[int, ...]:
    """The user ids behind the word that asks for a list. A list of nobody would hold at once, and nobody could undo
    it."""
    if words[0] not in lists:
        return ()
    ids = words[1:]
    if not ids:
        raise UsageError(T.of("approvals.list_of_nobody", most=MOST_LISTED))
    if len(ids) > MOST_LISTED or not all(word.isascii() and word.isdigit() and len(word) <= 16 for word in ids):
        raise UsageError(T.of("approvals.bad_ids", most=MOST_LISTED))
    return tuple(sorted({int(word) for word in ids}))


def _quorum(word: str) -> int:
    if not (word.isascii() and word.isdigit() and len(word) <= 2 and 1 <= int(word) <= MOST_QUORUM):
        raise UsageError(T.of("approvals.bad_quorum", text=word[:20], most=MOST_QUORUM))
    return int(word)


def _yes(word: str) -> bool:
    if word not in {"yes", "no"}:
        raise UsageError(T.of("approvals.bad_yes", text=word[:20]))
    return word == "yes"


def _span(word: str) -> timedelta:
    try:
        span = read_period(word)
    except NotAPeriod:
        raise UsageError(T.of("approvals.bad_span", text=word[:20])) from None
    if span > LONGEST:
        raise UsageError(T.of("approvals.bad_span", text=word[:20]))
    return span


def _amount(word: str, sign: DecimalSign) -> Decimal | None:
    if word in NONE:
        return None
    try:
        value = read_number(word, sign)
    except (Ambiguous, NotANumber):
        raise UsageError(T.of("approvals.bad_amount", text=word[:20])) from None
    if value <= 0:
        raise UsageError(T.of("approvals.bad_amount", text=word[:20]))
    return value


def _pairs(words: Sequence[str], read_pair: ReadPair) -> tuple[str, ...]:
    if words[0].lower() in NONE:
        return ()
    if len(words) > MOST_PAIRS:
        raise UsageError(T.of("approvals.too_many_pairs", most=MOST_PAIRS))
    return tuple(sorted({read_pair(word) for word in words}))


def _tiers(policy: Policy, words: Sequence[str], sign: DecimalSign) -> tuple[Tier, ...]:
    """`none` takes all of them away; another number for the same amount replaces what was there."""
    if words[0] in NONE:
        return ()
    above = _amount(words[0], sign)
    if above is None or len(words) < 2:
        raise UsageError(T.of("approvals.rule_incomplete", rule="tier"))
    kept = {tier.above: tier for tier in policy.tiers} | {above: Tier(above, _quorum(words[1]))}
    if len(kept) > MOST_TIERS:
        raise UsageError(T.of("approvals.too_many_tiers", most=MOST_TIERS))
    return tuple(kept[each] for each in sorted(kept))
