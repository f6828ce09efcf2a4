"""The desk itself, lending it an account, and its record."""

from collections.abc import Sequence

from tgbot.approvals.desks import Offer
from tgbot.approvals.store.desks import Desk
from tgbot.approvals.views.policies import later, sentences
from tgbot.audit.rules import SHOWN, Event, Head, Record
from tgbot.core.people import Mode
from tgbot.core.reply import Button, Code, Reply, T

MOST_ACCOUNTS = 8


def none_yet() -> Reply:
    return Reply((T("approvals.set_up_how"),), ((Button(T("approvals.set_up"), "desk_make"),),))


def desk(desk: Desk, count_open: int) -> Reply:
    lines = [T.of("approvals.desk_title", title=desk.title)]
    if desk.lent is None:
        lines.append(T("approvals.account_none"))
        button = Button(T("approvals.lend"), "desk_lend")
    else:
        lines.append(T.of(f"approvals.account_{desk.mode}", name=desk.treasurer))
        button = Button(T("approvals.withdraw"), "desk_withdraw")
    lines += [T.of("approvals.desk_owner", name=desk.owner), T.of("approvals.desk_open", count=count_open)]
    return Reply((*lines, T("approvals.desk_how")), ((button,),))


def offer(offer: Offer, accounts: Sequence[tuple[str, str, Mode]]) -> Reply:
    """`accounts`: short id, label and mode of each that could be lent."""
    rows = [
        (Button(T.of(f"approvals.lend_{mode}", label=label), f"desk_lend_ok:{offer.link.id} {short} {offer.newest}"),)
        for short, label, mode in accounts[:MOST_ACCOUNTS]
    ]
    lines = [
        T.of("approvals.lend_title", title=offer.desk.title),
        T("approvals.lend_means" if accounts else "approvals.lend_nothing"),
        *sentences(offer.policy),
        *(later(offer.policy, offer.waiting) if offer.waiting is not None else ()),
    ]
    return Reply(tuple(lines), (*rows, (Button(T("common.cancel"), "close"),)))


def lent(desk: Desk) -> Reply:
    return Reply((T.of("approvals.lent_to", title=desk.title), T("approvals.lent_how")), (_back(desk),))


def loans(desks: Sequence[Desk]) -> Reply:
    """In the private chat: the groups that trade with my accounts."""
    if not desks:
        return Reply((T("approvals.no_loans"),))
    lines = [T.of("approvals.loan_line", title=each.title) for each in desks]
    return Reply((T("approvals.loans_title"), *lines), tuple(_back(each) for each in desks))


def taken_back(desk: Desk) -> Reply:
    return Reply((T.of("approvals.taken_back_from", title=desk.title),))


def record(records: Sequence[Record], head: Head | None) -> Reply:
    """The newest first."""
    if head is None or not records:
        return Reply((T("approvals.record_empty"),))
    lines = [
        T.of(
            "approvals.record_line",
            number=each.number,
            at=each.at,
            who=each.event.actor or T("approvals.the_bot"),
            what=_act(each.event),
            about=f"#{each.event.subject}" if each.event.subject else "",
        )
        for each in records
    ]
    seal = Code(head.seal[:SHOWN])
    return Reply((T.of("approvals.record_title", count=head.number, seal=seal), *lines))


def _act(event: Event) -> T:
    if outcome := event.detail.get("outcome"):
        came = T(f"approvals.outcome_{outcome}")
        sold = event.detail.get("exit")
        return T.of("approvals.of_exit", what=came, exit=sold) if sold else came
    return T(f"approvals.act_{event.act}")


def _back(desk: Desk) -> tuple[Button, ...]:
    return (Button(T.of("approvals.withdraw_from", title=desk.title), f"desk_back:{desk.id}"),)
