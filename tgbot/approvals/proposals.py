"""Proposing, voting, and what people see of it."""

from decimal import Decimal
from functools import partial

from tgbot.approvals.cards import Cards
from tgbot.approvals.decision import DAY, Decision
from tgbot.approvals.record import DeskRecord
from tgbot.approvals.rules.policy import Policy, require_within
from tgbot.approvals.rules.votes import Choice, Kind, State, Vote, is_approver, may_vote_for_own
from tgbot.approvals.standings import Standings
from tgbot.approvals.store import desks, policies
from tgbot.approvals.store import proposals as store
from tgbot.approvals.store.desks import Desk
from tgbot.approvals.store.policies import Version
from tgbot.approvals.store.proposals import Proposal
from tgbot.approvals.subject import OrderSubject
from tgbot.core.clock import Clock
from tgbot.core.crash import crash_point
from tgbot.core.desks import Draft, OrderAsked
from tgbot.core.errors import NotAllowed, NotFound, Refused, TooLate, UserError
from tgbot.core.ids import read_short, read_start
from tgbot.core.numbers import DecimalSign
from tgbot.core.orders import Side
from tgbot.core.people import Person, Standing
from tgbot.core.reply import Reply, T
from tgbot.db.engine import Database, ReadSession, WriteSession

MOST_OPEN = 20  # at one desk
SHORTEST = 2  # characters by which an open proposal may be named


class Proposals:
    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        standings: Standings,
        record: DeskRecord,
        cards: Cards,
        orders: OrderSubject,
        decision: Decision,
    ) -> None:
        self._database = database
        self._clock = clock
        self._standings = standings
        self._record = record
        self._cards = cards
        self._orders = orders
        self._decision = decision

    async def propose(
        self, desk: Desk, person: Person, side: Side, text: str, sign: DecimalSign, update_id: int
    ) -> Reply | None:
        """Its card is owed to the group when this returns; a question where a part is missing. Raises `UserError`."""
        lent = desk.lent
        if lent is None:
            raise Refused(T("approvals.no_account"))
        standing = await self._standings.at(desk, person.id)
        now = self._clock.now()
        async with self._database.read() as session:
            version = await policies.in_force(session, desk.id, now)
            count_open = await store.count_open(session, desk.id)
        if not version.policy.may_propose(person.id, standing):
            raise NotAllowed(T("approvals.no_proposer"))
        if count_open >= MOST_OPEN:
            raise Refused(T.of("approvals.too_many_open", count=count_open))
        asked = OrderAsked(lent, person, side, text, sign, update_id, now + version.policy.lasts)
        draft = await self._orders.prepare(asked, partial(self._judge, desk, version.policy))
        if isinstance(draft, Reply):
            return draft
        await self._file(desk, person, draft, version, asked)
        return None

    async def vote(self, desk: Desk, person: Person, proposal: Proposal, choice: Choice) -> None:
        """The say of somebody who may say it; what follows from it has happened when this returns. Raises
        `NotAllowed`, `TooLate`."""
        self._require_open(proposal)
        if choice is Choice.REJECT and person.id == proposal.proposer_id:
            await self._withdraw(desk, person, proposal)
            return
        standing = await self._standings.at(desk, person.id)
        price = await self._cards.price(proposal)
        async with self._database.write() as session:
            crash_point("C3")
            desk = await desks.lock(session, desk.id)
            current = await store.find(session, proposal.id)
            self._require_open(current)
            version = await policies.in_force(session, desk.id, self._clock.now())
            since = await desks.admins_since(session, desk.id)
            if not is_approver(version.policy, person.id, standing, since.get(person.id), self._clock.now()):
                raise NotAllowed(_why_not(version.policy, person.id, standing))
            if person.id == proposal.proposer_id and not may_vote_for_own(version.policy, proposal.kind):
                raise NotAllowed(T("approvals.own"))
            await store.put_vote(session, proposal.id, Vote(person.id, person.name, choice), self._clock.now())
            await self._record.note(session, desk, choice, person, proposal)
            crash_point("C3 voted")
            if choice is Choice.REJECT and version.policy.veto:
                why = T.of("approvals.rejected_by", name=person.name)
                await self._cards.end(session, desk, proposal, State.REJECTED, person=person, why=why)
            else:
                await self._cards.show(session, desk, proposal, price=price)
        self._cards.wake()
        if choice is Choice.APPROVE:
            await self._decision.decide(desk, proposal)

    async def cancel(self, desk: Desk, person: Person, name: str) -> Reply:
        """Calls back an order that has been sent: any approver may, and whose account it is. Raises `NotAllowed`,
        `NotFound` and `ExchangeError`."""
        standing = await self._standings.at(desk, person.id)
        short = read_short(name)
        async with self._database.write() as session:
            desk = await desks.lock(session, desk.id)
            version = await policies.in_force(session, desk.id, self._clock.now())
            since = await desks.admins_since(session, desk.id)
            may = is_approver(version.policy, person.id, standing, since.get(person.id), self._clock.now())
            if not may and person.id != desk.treasurer_id:
                raise NotAllowed(_why_not(version.policy, person.id, standing))
            order = await self._orders.find_order(session, desk.lent, short) if desk.lent and short else None
            if order is None or short is None:
                raise NotFound(T.of("approvals.no_such_order", id=name[:12]))
            await self._record.note(session, desk, "cancel", person, short=short)
        return await self._orders.cancel(order)

    async def find(self, desk: Desk, name: str) -> Proposal:
        """By its id or, if it is open, by a beginning that no other has. Raises `NotFound`, also for one of
        another desk."""
        start = read_start(name)
        if start is None or len(start) < SHORTEST:
            raise NotFound(T.of("approvals.no_such_proposal", id=name[:12]))
        async with self._database.read() as session:
            found = await store.named(session, desk.id, start)
        whole = [proposal for proposal in found if proposal.short == start]
        still_open = [proposal for proposal in found if proposal.state is State.OPEN]
        wanted = [proposal for proposal in whole if proposal.state is State.OPEN] or whole or still_open
        if not wanted:
            raise NotFound(T.of("approvals.no_such_proposal", id=name[:12]))
        if len(wanted) > 1 and not whole:
            ids = ", ".join(f"#{proposal.short}" for proposal in wanted)
            raise NotFound(T.of("approvals.several_proposals", id=name[:12], ids=ids))
        return wanted[0]

    async def open(self, desk: Desk) -> list[tuple[Proposal, Draft | None, list[Vote], int]]:
        """What the group can decide on now, each with its votes and how many approvals it needs."""
        now = self._clock.now()
        async with self._database.read() as session:
            listed = []
            for proposal in await store.open_at(session, desk.id):
                version = await policies.find(session, desk.id, proposal.policy_version)
                votes = await store.votes_on(session, proposal.id)
                draft = await self._orders.draft(session, proposal.id) if proposal.kind is Kind.ORDER else None
                if proposal.is_open_at(now):
                    listed.append((proposal, draft, votes, version.policy.needed(proposal.value)))
        return listed

    async def _judge(self, desk: Desk, policy: Policy, pair: str, value: Decimal | None) -> None:
        async with self._database.read() as session:
            await self._require_within(session, desk, policy, pair, value)

    async def _require_within(
        self, session: ReadSession, desk: Desk, policy: Policy, pair: str, value: Decimal | None
    ) -> None:
        spent = await self._orders.spent(session, desk.chat_id, self._clock.now() - DAY)
        require_within(policy, pair, value, spent)

    async def _file(self, desk: Desk, person: Person, draft: Draft, version: Version, asked: OrderAsked) -> None:
        """Unless desk or rules are others by now; then it is dropped as if it had never been."""
        proposal = Proposal(
            id=draft.subject_id,
            desk_id=desk.id,
            short=draft.short,
            kind=Kind.ORDER,
            digest=draft.digest,
            pair=draft.pair,
            value=draft.value,
            reference=draft.reference,
            policy_version=version.number,
            proposer_id=person.id,
            proposer=person.name,
            state=State.OPEN,
            is_reminded=False,
            created_at=self._clock.now(),
            expires_at=draft.until,
        )
        crash_point("C3 filed")
        try:
            async with self._database.write() as session:
                await self._add(session, desk, person, proposal, asked)
        except UserError:
            async with self._database.write() as session:
                await self._orders.drop(session, draft.subject_id)
            raise
        self._cards.wake()

    async def _add(
        self, session: WriteSession, desk: Desk, person: Person, proposal: Proposal, asked: OrderAsked
    ) -> None:
        desk = await desks.lock(session, desk.id)
        if desk.lent != asked.lent:
            raise Refused(T("approvals.no_account"))
        version = await policies.in_force(session, desk.id, self._clock.now())
        if version.number != proposal.policy_version:
            raise Refused(T("approvals.changed_meanwhile"))
        await self._require_within(session, desk, version.policy, proposal.pair, proposal.value)
        if not await store.add(session, proposal):
            return
        await self._record.note(session, desk, "proposed", person, proposal)
        await self._cards.show(session, desk, proposal, price=proposal.reference)

    async def _withdraw(self, desk: Desk, person: Person, proposal: Proposal) -> None:
        async with self._database.write() as session:
            await desks.lock(session, desk.id)
            why = T.of("approvals.withdrawn_by", name=person.name)
            if not await self._cards.end(session, desk, proposal, State.WITHDRAWN, person=person, why=why):
                raise TooLate(T.of("approvals.is_over", id=proposal.short))
        self._cards.wake()

    def _require_open(self, proposal: Proposal | None) -> None:
        if proposal is None or proposal.state is not State.OPEN:
            short = proposal.short if proposal is not None else ""
            raise TooLate(T.of("approvals.is_over", id=short))
        if not proposal.is_open_at(self._clock.now()):
            raise TooLate(T.of("approvals.is_expired", id=proposal.short))


def _why_not(policy: Policy, person_id: int, standing: Standing) -> T:
    if policy.may_approve(person_id, standing):
        return T.of("approvals.settling", span=policy.settles_after)
    return T("approvals.no_approver")
