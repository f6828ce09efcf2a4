"""What a desk writes into its chain."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from tgbot.approvals.store import desks, proposals
from tgbot.approvals.store.desks import Desk
from tgbot.approvals.store.proposals import Proposal
from tgbot.audit import store
from tgbot.audit.rules import Event
from tgbot.core.clock import Clock
from tgbot.core.errors import UserError
from tgbot.core.people import Person
from tgbot.core.routing import Incoming
from tgbot.db.engine import Database, WriteSession

MOST_REFUSALS = 30
PER = timedelta(hours=1)


class DeskRecord:
    """Each desk has a chain of its own, named by its id, which no change of the group's id touches."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        # Since when and how often somebody was refused at a desk, for this hour of theirs.
        self._refusals: dict[tuple[str, int], tuple[datetime, int]] = {}

    async def note(
        self,
        session: WriteSession,
        desk: Desk,
        act: str,
        person: Person | None = None,
        proposal: Proposal | None = None,
        short: str = "",
        **detail: str,
    ) -> None:
        """In the transaction of the fact. Without `person` it was the bot. `short` names what is no proposal."""
        event = Event(
            act,
            person.id if person else 0,
            person.name if person else "",
            proposal.short if proposal else short,
            proposal.digest if proposal else "",
            detail,
        )
        await store.append(session, desk.id, event, self._clock.now())

    async def note_outcome(self, session: WriteSession, subject_id: str, said: Mapping[str, str]) -> None:
        """What has come of something that a desk has decided."""
        proposal = await proposals.find(session, subject_id)
        desk = await desks.find(session, proposal.desk_id) if proposal is not None else None
        if desk is not None:
            await self.note(session, desk, "outcome", None, proposal, **said)

    async def note_turned_away(self, incoming: Incoming, why: str) -> None:
        """Somebody was not even heard: unknown to the bot, anonymous, forwarded, too old."""
        async with self._database.write() as session:
            desk = await desks.of_chat(session, incoming.chat_id)
            if desk is None:
                return
            wanted = incoming.command or incoming.verb
            await self._note_refusal(session, desk, incoming.user_id, incoming.name, wanted=wanted, why=why)

    @asynccontextmanager
    async def recorded(self, desk: Desk, person: Person, wanted: str) -> AsyncIterator[None]:
        """What is refused within is on record too."""
        try:
            yield
        except UserError as error:
            await self.note_refused(desk, person, wanted, error.text.key)
            raise

    async def note_refused(self, desk: Desk, person: Person, wanted: str, why: str) -> None:
        """Somebody wanted what they may not, or what cannot be; nothing else has changed."""
        async with self._database.write() as session:
            await self._note_refusal(session, desk, person.id, person.name, wanted=wanted, why=why)

    async def _note_refusal(self, session: WriteSession, desk: Desk, person_id: int, name: str, **detail: str) -> None:
        """So many an hour of each person, for whoever keeps pressing must not fill the chain. The last says so."""
        now = self._clock.now()
        self._forget_those_before(now)
        since, count = self._refusals.get((desk.id, person_id), (now, 0))
        if count >= MOST_REFUSALS:
            return
        if count + 1 == MOST_REFUSALS:
            detail["more"] = "not recorded for the rest of the hour"
        await store.append(session, desk.id, Event("refused", person_id, name, detail=detail), now)
        session.after_commit(lambda: self._refusals.update({(desk.id, person_id): (since, count + 1)}))

    def _forget_those_before(self, now: datetime) -> None:
        """Those whose hour began first stand first; one that would begin later than now is of a clock gone back."""
        for key, (since, _) in list(self._refusals.items()):
            if now - PER < since <= now:
                return
            del self._refusals[key]
