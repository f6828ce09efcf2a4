"""The moment in which a proposal is carried out or not: every approver is looked up anew, one transaction decides."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from tgbot.approvals.cards import Cards
from tgbot.approvals.record import DeskRecord
from tgbot.approvals.rules.policy import Policy, require_near, require_within
from tgbot.approvals.rules.votes import STANDING_LASTS, Count, Kind, State, Vote, count, standing_approvals
from tgbot.approvals.standings import Standings
from tgbot.approvals.store import desks, policies, proposals
from tgbot.approvals.store.desks import Desk
from tgbot.approvals.store.policies import Version
from tgbot.approvals.store.proposals import Proposal
from tgbot.approvals.subject import OrderSubject, Ready, Subject, Void
from tgbot.core.clock import Clock
from tgbot.core.crash import crash_point
from tgbot.core.errors import ExchangeError, LostRace, NotAllowed, Refused, UserError
from tgbot.core.people import Standing
from tgbot.core.reply import T
from tgbot.db.engine import Database, WriteSession

log = structlog.get_logger()

DAY = timedelta(hours=24)
TRIES = 5
PATIENCE = timedelta(seconds=10)  # with a Telegram that is slow; the group waits for an answer


class TooFew(NotAllowed):
    """Some approvals do not count."""

    def __init__(self, counted: Count, needed: int, standings: Mapping[int, Standing | None]) -> None:
        names = ", ".join(vote.name for vote in counted.void)
        super().__init__(T.of("approvals.too_few", names=names, counted=len(counted.counted), needed=needed))
        self.void = [vote.person_id for vote in counted.void]
        self.standings = standings


class _TooOld(LostRace):
    """What Telegram said has aged while the database was waited for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who has approved, and who has proposed, and what Telegram says they are; `at` is when it was asked, by the
    monotonic clock."""

    standings: Mapping[int, Standing | None]
    at: float


class Decision:
    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        standings: Standings,
        record: DeskRecord,
        cards: Cards,
        orders: OrderSubject,
        changes: Subject,
    ) -> None:
        self._database = database
        self._clock = clock
        self._standings = standings
        self._record = record
        self._cards = cards
        self._orders = orders
        self._subjects: Mapping[Kind, Subject] = {Kind.ORDER: orders, Kind.POLICY: changes}

    async def decide(self, desk: Desk, proposal: Proposal) -> None:
        """Carries it out if it has the approvals that it needs. Whatever keeps it from that is said in the group; votes
        that came meanwhile are looked at too, and whoever was asked for too long ago is asked for anew."""
        why, until = "", self._clock.monotonic() + PATIENCE.total_seconds()
        for _ in range(TRIES):
            try:
                await self._try(desk, proposal.id)
            except _TooOld:
                why = "approvals.asked_too_long_ago"
                if self._clock.monotonic() > until:
                    break
            except LostRace:
                why = "approvals.changed_meanwhile"
            else:
                return
        await self._hold(desk, proposal, NotAllowed(T(why)))

    async def _try(self, desk: Desk, proposal_id: str) -> None:
        async with self._database.read() as session:
            proposal = await proposals.find(session, proposal_id)
            approvals = standing_approvals(await proposals.votes_on(session, proposal_id))
            version = await policies.in_force(session, desk.id, self._clock.now())
        if proposal is None or not proposal.is_open_at(self._clock.now()):
            return
        if len(approvals) < version.policy.needed(proposal.value):
            return
        try:
            ready = await self._subjects[proposal.kind].make_ready(proposal.id)
            asked = await self._ask(desk, proposal, approvals)
            crash_point("C4")
            async with self._database.write() as session:
                await self._grant(session, desk, proposal.id, ready, asked)
        except Void as error:
            await self._end(desk, proposal, error)
        except UserError as error:
            await self._hold(desk, proposal, error)
        except ExchangeError as error:
            log.warning("proposal_held", proposal=proposal.id, code=error.code)
            await self._hold(desk, proposal, Refused(T.of("approvals.kucoin_silent", code=error.code)))
        else:
            self._cards.wake()
            await ready.carry_out()

    async def _ask(self, desk: Desk, proposal: Proposal, approvals: list[Vote]) -> Asked:
        at = self._clock.monotonic()
        return Asked(await self._standings.of_all(desk.chat_id, _concerned(proposal, approvals)), at)

    async def _grant(self, session: WriteSession, desk: Desk, proposal_id: str, ready: Ready, asked: Asked) -> None:
        """All or nothing, by what the rows say while nobody else can change them."""
        desk = await desks.lock(session, desk.id)
        proposal = await self._open(session, proposal_id)
        version = await self._unchanged(session, desk, proposal)
        votes = await proposals.votes_on(session, proposal_id)
        counted = await self._count(session, desk, proposal, version.policy, votes, asked)
        await self._require_allowed(session, desk, proposal, version.policy, ready)
        await ready.grant(session)
        await proposals.close(session, proposal.id, State.GRANTED)
        voters = ", ".join(f"{vote.name} ({vote.person_id})" for vote in counted.counted)
        await self._record.note(session, desk, State.GRANTED, None, proposal, voters=voters, policy=str(version.number))
        await self._cards.show(session, desk, replace(proposal, state=State.GRANTED))
        if proposal.kind is Kind.POLICY:
            await self._cards.warn_treasurer(session, desk, proposal)

    async def _open(self, session: WriteSession, proposal_id: str) -> Proposal:
        proposal = await proposals.find(session, proposal_id)
        if proposal is None or not proposal.is_open_at(self._clock.now()):
            raise LostRace(proposal_id)
        return proposal

    async def _unchanged(self, session: WriteSession, desk: Desk, proposal: Proposal) -> Version:
        """What is carried out is what was shown, under the rules under which it was proposed."""
        version = await policies.in_force(session, desk.id, self._clock.now())
        if version.number != proposal.policy_version:
            raise Void(T("approvals.void_policy"))
        draft = await self._subjects[proposal.kind].draft(session, proposal.id)
        if draft is None or draft.digest != proposal.digest:
            raise Void(T("approvals.void_changed"))
        return version

    async def _count(
        self,
        session: WriteSession,
        desk: Desk,
        proposal: Proposal,
        policy: Policy,
        votes: list[Vote],
        asked: Asked,
    ) -> Count:
        if _concerned(proposal, standing_approvals(votes)) != set(asked.standings):
            raise LostRace(proposal.id)
        if self._clock.monotonic() - asked.at > STANDING_LASTS.total_seconds():
            raise _TooOld(proposal.id)
        await self._standings.note(session, desk.id, asked.standings)
        self._require_here(proposal, asked.standings[proposal.proposer_id])
        since = await desks.admins_since(session, desk.id)
        counted = count(policy, proposal.kind, proposal.proposer_id, votes, asked.standings, since, self._clock.now())
        if counted.unknown:
            names = ", ".join(vote.name for vote in counted.unknown)
            raise NotAllowed(T.of("approvals.unknown_voters", names=names))
        needed = policy.needed(proposal.value)
        if len(counted.counted) < needed:
            raise TooFew(counted, needed, asked.standings)
        return counted

    def _require_here(self, proposal: Proposal, standing: Standing | None) -> None:
        """What somebody wanted who has left the group, or was sent away, is not carried out in its name."""
        if standing is None:
            raise NotAllowed(T.of("approvals.unknown_voters", names=proposal.proposer))
        if standing < Standing.MEMBER:
            raise Void(T.of("approvals.void_proposer", name=proposal.proposer))

    async def _require_allowed(
        self, session: WriteSession, desk: Desk, proposal: Proposal, policy: Policy, ready: Ready
    ) -> None:
        if proposal.kind is not Kind.ORDER:
            return
        if desk.lent is None:
            raise Void(T("approvals.void_account"))
        try:
            require_near(policy, ready.drift)
        except Refused as error:
            raise Void(error.text) from error
        # The card says how many approvals it needs; those who gave theirs did not mean a larger order.
        if (needed := policy.needed(ready.value)) > policy.needed(proposal.value):
            raise Void(T.of("approvals.void_worth", needed=needed))
        spent = await self._orders.spent(session, desk.chat_id, self._clock.now() - DAY)
        require_within(policy, proposal.pair, ready.value, spent)

    async def _hold(self, desk: Desk, proposal: Proposal, error: UserError) -> None:
        """Not carried out, and still open; the reason is everybody's."""
        price = await self._cards.price(proposal)
        async with self._database.write() as session:
            await desks.lock(session, desk.id)
            now = await proposals.find(session, proposal.id)
            if now is None or now.state is not State.OPEN:
                return
            if isinstance(error, TooFew):
                await proposals.void_votes(session, proposal.id, error.void)
                await self._standings.note(session, desk.id, error.standings)
            await self._record.note(session, desk, "held", None, proposal, why=error.text.key)
            await self._cards.show(session, desk, now, price=price)
            await self._cards.say(session, desk, proposal, T("approvals.held"), error.text)
        self._cards.wake()

    async def _end(self, desk: Desk, proposal: Proposal, error: Void) -> None:
        async with self._database.write() as session:
            await desks.lock(session, desk.id)
            await self._cards.end(session, desk, proposal, State.VOID, why=error.text)
        self._cards.wake()


def _concerned(proposal: Proposal, approvals: Iterable[Vote]) -> set[int]:
    return {proposal.proposer_id, *(vote.person_id for vote in approvals)}
