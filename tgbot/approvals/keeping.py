"""The role `desks`: what time brings to proposals, and the head of each record, told once a day."""

from datetime import datetime, timedelta

from tgbot.approvals.cards import Cards
from tgbot.approvals.rules.votes import State, standing_approvals
from tgbot.approvals.store import desks, policies, proposals
from tgbot.approvals.store.desks import Desk
from tgbot.approvals.store.proposals import Proposal
from tgbot.audit import store as audit
from tgbot.audit.rules import SHOWN
from tgbot.core.clock import Clock
from tgbot.core.reply import Code, Reply, T
from tgbot.db.engine import Database, WriteSession
from tgbot.delivery.outbox import Notice, Outbox, Priority

LOOK_EVERY = timedelta(seconds=5)
HEAD_EVERY = timedelta(hours=24)
REMINDED_AT = 4  # when a quarter of the time is left
LONGEST_NOTICE = timedelta(minutes=10)
# The card tells anew how much time is left: at half of it, and this long before the end.
COUNTED_DOWN = (timedelta(minutes=5), timedelta(minutes=1))


class Keeper:
    def __init__(self, database: Database, clock: Clock, outbox: Outbox, cards: Cards) -> None:
        self._database = database
        self._clock = clock
        self._outbox = outbox
        self._cards = cards
        self._looked_at: datetime | None = None

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.look()
            await self._clock.sleep(LOOK_EVERY.total_seconds())

    async def look(self) -> None:
        """One round over everything that is due."""
        now = self._clock.now()
        since, self._looked_at = self._looked_at or now, now
        async with self._database.read() as session:
            pending = await proposals.all_open(session)
        for proposal in pending:
            if proposal.expires_at <= now:
                await self._expire(proposal)
            elif not proposal.is_reminded and now >= reminder_at(proposal):
                await self._remind(proposal)
            elif any(since < mark <= now for mark in marks(proposal)):
                await self._count_down(proposal)
        await self._tell_heads(now)
        self._outbox.wake()

    async def _expire(self, proposal: Proposal) -> None:
        async with self._database.write() as session:
            desk = await desks.lock(session, proposal.desk_id)
            await self._cards.end(session, desk, proposal, State.EXPIRED)

    async def _remind(self, proposal: Proposal) -> None:
        """Once, in answer to the card, which then also shows the price of now and the time that is left."""
        price = await self._cards.price(proposal)
        async with self._database.write() as session:
            desk = await desks.lock(session, proposal.desk_id)
            if not await proposals.note_reminded(session, proposal.id):
                return
            version = await policies.find(session, desk.id, proposal.policy_version)
            approvals = standing_approvals(await proposals.votes_on(session, proposal.id))
            text = T.of(
                "approvals.reminder",
                id=proposal.short,
                span=proposal.expires_at - self._clock.now(),
                approved=len(approvals),
                needed=version.policy.needed(proposal.value),
            )
            await self._cards.show(session, desk, proposal, price=price)
            await self._cards.say(session, desk, proposal, text)

    async def _count_down(self, proposal: Proposal) -> None:
        """Edits are scarce in a group, so it is done a few times only."""
        price = await self._cards.price(proposal)
        async with self._database.write() as session:
            desk = await desks.lock(session, proposal.desk_id)
            current = await proposals.find(session, proposal.id)
            if current is not None and current.is_open_at(self._clock.now()):
                await self._cards.show(session, desk, current, price=price)

    async def _tell_heads(self, now: datetime) -> None:
        async with self._database.write() as session:
            for desk in await desks.claim_head(session, now - HEAD_EVERY, now):
                await self._tell_head(session, desk)

    async def _tell_head(self, session: WriteSession, desk: Desk) -> None:
        """Outside of the database: whoever changes the record there cannot change what its owner was told."""
        head = await audit.head(session, desk.id)
        if head is None:
            return
        text = T.of("approvals.head", title=desk.title, number=head.number, seal=Code(head.seal[:SHOWN]))
        await self._outbox.put(session, Notice(desk.owner_id, Reply((text,)), Priority.DIGEST))


def reminder_at(proposal: Proposal) -> datetime:
    left = (proposal.expires_at - proposal.created_at) / REMINDED_AT
    return proposal.expires_at - min(left, LONGEST_NOTICE)


def marks(proposal: Proposal) -> set[datetime]:
    """The moments at which its card is brought up to date by itself."""
    half = proposal.created_at + (proposal.expires_at - proposal.created_at) / 2
    before_the_end = {proposal.expires_at - left for left in COUNTED_DOWN}
    return {half, *(mark for mark in before_the_end if mark > proposal.created_at)}
