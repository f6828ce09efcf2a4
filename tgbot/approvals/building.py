"""The parts of approvals, connected: for the bot, and for tests that need no chat."""

from dataclasses import dataclass

from tgbot.approvals.cards import AskPrice, Cards
from tgbot.approvals.changes import PolicyChanges
from tgbot.approvals.decision import Decision
from tgbot.approvals.desks import Desks
from tgbot.approvals.keeping import Keeper
from tgbot.approvals.policies import Policies
from tgbot.approvals.proposals import Proposals
from tgbot.approvals.record import DeskRecord
from tgbot.approvals.rules.votes import Kind
from tgbot.approvals.standings import AskAdmins, AskStanding, Standings
from tgbot.approvals.subject import OrderSubject
from tgbot.core.clock import Clock
from tgbot.core.ids import Ids
from tgbot.db.engine import Database
from tgbot.delivery.outbox import Outbox


@dataclass(frozen=True, slots=True)
class Approvals:
    standings: Standings
    record: DeskRecord
    desks: Desks
    policies: Policies
    proposals: Proposals
    keeper: Keeper


def build_approvals(
    *,
    database: Database,
    clock: Clock,
    ids: Ids,
    outbox: Outbox,
    orders: OrderSubject,
    ask_standing: AskStanding,
    ask_admins: AskAdmins,
    ask_price: AskPrice,
) -> Approvals:
    standings = Standings(database, clock, ask_standing, ask_admins)
    record = DeskRecord(database, clock)
    changes = PolicyChanges(database, clock)
    cards = Cards(
        clock=clock,
        outbox=outbox,
        record=record,
        subjects={Kind.ORDER: orders, Kind.POLICY: changes},
        ask_price=ask_price,
    )
    decision = Decision(
        database=database,
        clock=clock,
        standings=standings,
        record=record,
        cards=cards,
        orders=orders,
        changes=changes,
    )
    return Approvals(
        standings=standings,
        record=record,
        desks=Desks(
            database=database, clock=clock, ids=ids, standings=standings, record=record, cards=cards, orders=orders
        ),
        policies=Policies(
            database=database, clock=clock, ids=ids, standings=standings, record=record, cards=cards, changes=changes
        ),
        proposals=Proposals(
            database=database,
            clock=clock,
            standings=standings,
            record=record,
            cards=cards,
            orders=orders,
            decision=decision,
        ),
        keeper=Keeper(database, clock, outbox, cards),
    )
