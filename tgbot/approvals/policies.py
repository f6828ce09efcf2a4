"""The policy of a desk: reading it, trying it out, changing it."""

from dataclasses import dataclass
from datetime import datetime

from tgbot.approvals.cards import Cards
from tgbot.approvals.changes import CONSENT_WITHIN, PolicyChanges
from tgbot.approvals.record import DeskRecord
from tgbot.approvals.rules.policy import Policy, is_looser
from tgbot.approvals.rules.votes import Kind, State, is_approver
from tgbot.approvals.standings import Standings
from tgbot.approvals.store import desks, proposals
from tgbot.approvals.store import policies as store
from tgbot.approvals.store.desks import Desk
from tgbot.approvals.store.policies import Change, Version
from tgbot.approvals.store.proposals import Proposal
from tgbot.core.clock import Clock
from tgbot.core.errors import NotAllowed, Refused
from tgbot.core.ids import Ids
from tgbot.core.money import ZERO
from tgbot.core.people import Person, Standing
from tgbot.core.reply import T
from tgbot.db.engine import Database, WriteSession


@dataclass(frozen=True, slots=True)
class InForce:
    """What holds now, and what will, if anything waits."""

    version: Version
    waiting: Version | None


class Policies:
    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        ids: Ids,
        standings: Standings,
        record: DeskRecord,
        cards: Cards,
        changes: PolicyChanges,
    ) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._standings = standings
        self._record = record
        self._cards = cards
        self._changes = changes

    async def of(self, desk: Desk) -> InForce:
        now = self._clock.now()
        async with self._database.read() as session:
            version = await store.in_force(session, desk.id, now)
            newest = await store.latest(session, desk.id)
        return InForce(version, newest if newest.number > version.number else None)

    async def approvers(self, desk: Desk, policy: Policy) -> list[int]:
        """Those whose approval would count now, as far as Telegram tells."""
        candidates = {*await self._standings.admins_of(desk.chat_id), *policy.approver_ids}
        standings = await self._standings.of_all(desk.chat_id, candidates)
        async with self._database.write() as session:
            await self._standings.note(session, desk.id, standings)
            since = await desks.admins_since(session, desk.id)
        return [
            person_id
            for person_id, standing in standings.items()
            if standing is not None
            and is_approver(policy, person_id, standing, since.get(person_id), self._clock.now())
        ]

    async def require_owner(self, desk: Desk, person: Person) -> None:
        """Raises `NotAllowed`: the rules are the business of whoever set the desk up, for as long as they are here, and
        of whoever owns the group."""
        standing = await self._standings.at(desk, person.id)
        least = Standing.MEMBER if person.id == desk.owner_id else Standing.OWNER
        if standing < least:
            raise NotAllowed(T.of("approvals.owner_only", owner=desk.owner))

    async def change(self, desk: Desk, person: Person, policy: Policy, base: int) -> datetime | None:
        """Since when it holds; `None` if the group is asked first. Tighter rules hold at once, and so do all while
        nobody lends an account: whoever lends one reads them then. Looser ones need the consent of as many approvers as
        the strictest order, and a day. Raises `NotAllowed`, and `Refused` if somebody else has changed them."""
        await self.require_owner(desk, person)
        async with self._database.write() as session:
            desk = await desks.lock(session, desk.id)
            version = await store.in_force(session, desk.id, self._clock.now())
            newest = await store.latest(session, desk.id)
            if version.number != base:
                raise Refused(T("approvals.changed_meanwhile"))
            if policy == version.policy and newest.number == version.number:
                raise Refused(T("approvals.same_policy"))
            needs_consent = desk.lent is not None and is_looser(version.policy, policy)
            if needs_consent:
                await self._ask_group(session, desk, person, policy, version, newest)
            else:
                await self._begin(session, desk, person, policy, newest)
        self._cards.wake()
        return None if needs_consent else self._clock.now()

    async def _begin(self, session: WriteSession, desk: Desk, person: Person, policy: Policy, newest: Version) -> None:
        now = self._clock.now()
        await store.add(session, desk.id, Version(newest.number + 1, policy, now), person.id)
        number = str(newest.number + 1)
        await self._record.note(session, desk, "policy", person, None, version=number, rules=store.written(policy))
        for proposal in await proposals.open_at(session, desk.id):
            await self._cards.end(session, desk, proposal, State.VOID, why=T("approvals.void_policy"))

    async def _ask_group(
        self, session: WriteSession, desk: Desk, person: Person, policy: Policy, version: Version, newest: Version
    ) -> None:
        now = self._clock.now()
        short = await proposals.free_short(session, self._ids, desk.id)
        change = Change(self._ids.unique(), desk.id, short, newest.number, policy, person.id)
        await store.add_change(session, change)
        draft = await self._changes.draft(session, change.id)
        proposal = Proposal(
            id=change.id,
            desk_id=desk.id,
            short=change.short,
            kind=Kind.POLICY,
            digest=draft.digest if draft is not None else "",
            pair="",
            value=None,
            reference=ZERO,
            policy_version=version.number,
            proposer_id=person.id,
            proposer=person.name,
            state=State.OPEN,
            is_reminded=False,
            created_at=now,
            expires_at=now + CONSENT_WITHIN,
        )
        await proposals.add(session, proposal)
        await self._record.note(session, desk, "proposed", person, proposal, rules=store.written(policy))
        await self._cards.show(session, desk, proposal)
