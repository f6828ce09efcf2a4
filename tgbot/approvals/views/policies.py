"""A policy as sentences, one for each rule, and the buttons that change it."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from tgbot.approvals.rules.policy import Approvers, Policy, Proposers
from tgbot.approvals.store.policies import Version
from tgbot.core.reply import Button, Percent, Reply, T

# What the buttons offer; anything else can be typed.
CHOICES: dict[str, tuple[str, ...]] = {
    "proposers": ("members", "list"),
    "approvers": ("admins", "list", "both"),
    "quorum": ("1", "2", "3", "4"),
    "own": ("no", "yes"),
    "veto": ("yes", "no"),
    "time": ("10m", "30m", "1h", "4h"),
    "drift": ("0.5", "1", "2", "5", "none"),
    "order": ("100", "500", "1000", "5000", "none"),
    "day": ("500", "2000", "5000", "20000", "none"),
    "pairs": ("all",),
    "tier": ("1000 2", "1000 3", "5000 3", "none"),
    "settle": ("10m", "1h", "1d", "none"),
}
A_ROW = 3


def policy(rules: Policy, number: int, *, is_owner: bool, waiting: Version | None = None) -> Reply:
    lines = [T.of("approvals.policy_title", number=number), *sentences(rules)]
    if waiting is not None:
        lines += later(rules, waiting)
    buttons = ((Button(T("approvals.change_rules"), "policy_edit"),),) if is_owner else ()
    return Reply(tuple(lines), buttons)


def choose_rule() -> Reply:
    buttons = [Button(T(f"approvals.rule_{name}"), f"policy_edit:{name}") for name in CHOICES]
    return Reply((T("approvals.which_rule"),), _rows([*buttons, Button(T("accounts.back"), "policy")]))


def choose_value(rule: str) -> Reply:
    buttons = [Button(_value(value), f"policy_set:{rule} {value}") for value in CHOICES[rule]]
    return Reply((T(f"approvals.how_{rule}"),), (*_rows(buttons), (Button(T("accounts.back"), "policy_edit"),)))


def asked() -> Reply:
    return Reply((T("approvals.consent_asked"),))


def preview(rules: Policy, pair: str, value: Decimal | None, names: Sequence[str], why: T | None) -> Reply:
    """Who would have to approve."""
    needed = rules.needed(value)
    lines = [T.of("approvals.test_needs", pair=pair, value=value or Decimal(0), needed=needed)]
    if why is not None:
        lines = [T.of("approvals.test_refused", pair=pair), why]
    elif names:
        lines.append(T.of("approvals.test_who", names=", ".join(names)))
    if why is None and len(names) < needed:
        lines.append(T("approvals.test_nobody"))
    return Reply(tuple(lines))


def sentences(rules: Policy) -> tuple[T, ...]:
    """Each is of one rule, and all are there."""
    return (
        _proposers(rules),
        _approvers(rules),
        T.of("approvals.says_quorum", count=rules.quorum),
        *(T.of("approvals.says_tier", above=tier.above, count=tier.quorum) for tier in rules.tiers),
        T("approvals.says_own_yes" if rules.self_approval else "approvals.says_own_no"),
        T("approvals.says_veto_yes" if rules.veto else "approvals.says_veto_no"),
        T.of("approvals.says_time", span=rules.lasts),
        _limit("drift", rules.most_drift),
        _limit("order", rules.per_order),
        _limit("day", rules.per_day),
        T.of("approvals.says_pairs", pairs=", ".join(rules.pairs)) if rules.pairs else T("approvals.says_pairs_all"),
        _settle(rules.settles_after),
    )


def later(now: Policy, waiting: Version) -> tuple[T, ...]:
    """What the group has agreed to, and from when on it holds."""
    return (T.of("approvals.policy_waits", at=waiting.effective_at), *_changed(now, waiting.policy))


def difference(old: Policy, new: Policy, after: timedelta) -> tuple[T, ...]:
    """What would change, as what it would be."""
    return (T("approvals.change_title"), *_changed(old, new), T.of("approvals.change_begins", span=after))


def _changed(old: Policy, new: Policy) -> list[T]:
    before = sentences(old)
    return [T.of("approvals.change_line", rule=line) for line in sentences(new) if line not in before]


def _proposers(rules: Policy) -> T:
    if rules.proposers is Proposers.MEMBERS:
        return T("approvals.says_proposers_members")
    return T.of("approvals.says_proposers_list", ids=_ids(rules.proposer_ids))


def _approvers(rules: Policy) -> T:
    match rules.approvers:
        case Approvers.ADMINS:
            return T("approvals.says_approvers_admins")
        case Approvers.LIST:
            return T.of("approvals.says_approvers_list", ids=_ids(rules.approver_ids))
        case Approvers.BOTH:
            return T.of("approvals.says_approvers_both", ids=_ids(rules.approver_ids))


def _limit(rule: str, most: Decimal | None) -> T:
    if most is None:
        return T(f"approvals.says_{rule}_none")
    return T.of(f"approvals.says_{rule}", most=Percent(most) if rule == "drift" else most)


def _settle(span: timedelta) -> T:
    return T.of("approvals.says_settle", span=span) if span else T("approvals.says_settle_none")


def _ids(ids: Sequence[int]) -> str:
    return ", ".join(map(str, ids)) or "–"


def _value(value: str) -> T:
    words = {"none", "all", "yes", "no", "members", "list", "admins", "both"}
    return T(f"approvals.value_{value}") if value in words else T.of("approvals.value", value=value)


def _rows(buttons: Sequence[Button]) -> tuple[tuple[Button, ...], ...]:
    return tuple(tuple(buttons[i : i + A_ROW]) for i in range(0, len(buttons), A_ROW))
