"""The message of a proposal in its group, and how a proposal ends other than by being granted."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from decimal import Decimal

from tgbot.approvals.record import DeskRecord
from tgbot.approvals.rules.votes import Kind, State
from tgbot.approvals.store import policies, proposals
from tgbot.approvals.store.desks import Desk
from tgbot.approvals.store.proposals import Proposal
from tgbot.approvals.subject import Subject
from tgbot.approvals.views import proposals as views
from tgbot.core.clock import Clock
from tgbot.core.desks import card_of
from tgbot.core.errors import ExchangeError
from tgbot.core.notices import Kind as NoticeKind
from tgbot.core.people import Person
from tgbot.core.reply import Reply, T
from tgbot.db.engine import WriteSession
from tgbot.delivery.outbox import Notice, Outbox, Priority

AskPrice = Callable[[str], Awaitable[Decimal]]


class Cards:
    """What a card says is read from the rows in the transaction that owes it."""

    def __init__(
        self,
        *,
        clock: Clock,
        outbox: Outbox,
        record: DeskRecord,
        subjects: Mapping[Kind, Subject],
        ask_price: AskPrice,
    ) -> None:
        self._clock = clock
        self._outbox = outbox
        self._record = record
        self._subjects = subjects
        self._ask_price = ask_price

    async def price(self, proposal: Proposal) -> Decimal | None:
        """Of the market now, to be shown; `None` where there is none or it cannot be had. Not for a transaction."""
        if not proposal.pair:
            return None
        try:
            return await self._ask_price(proposal.pair)
        except ExchangeError:
            return None

    async def show(
        self,
        session: WriteSession,
        desk: Desk,
        proposal: Proposal,
        *,
        price: Decimal | None = None,
        why: T | None = None,
    ) -> None:
        """Puts the proposal as it now is in place of what was said of it."""
        draft = await self._subjects[proposal.kind].draft(session, proposal.id)
        votes = await proposals.votes_on(session, proposal.id)
        version = await policies.find(session, desk.id, proposal.policy_version)
        lines = draft.lines if draft is not None else ()
        shown = views.Shown(proposal, lines, votes, version.policy, self._clock.now(), price, why)
        notice = Notice(
            desk.chat_id,
            views.card(shown),
            Priority.ANSWER,
            card=card_of(proposal.id),
            thread_id=desk.thread_id,
        )
        await self._outbox.put(session, notice)

    async def say(self, session: WriteSession, desk: Desk, proposal: Proposal, *lines: T) -> None:
        """In answer to the card."""
        notice = Notice(
            desk.chat_id,
            Reply(lines),
            Priority.ANSWER,
            reply_to_card=card_of(proposal.id),
            thread_id=desk.thread_id,
        )
        await self._outbox.put(session, notice)

    async def tell(self, session: WriteSession, desk: Desk, *lines: T) -> None:
        """The group, where its desk is."""
        await self._outbox.put(session, Notice(desk.chat_id, Reply(lines), Priority.ANSWER, thread_id=desk.thread_id))

    async def warn_treasurer(self, session: WriteSession, desk: Desk, change: Proposal) -> None:
        """In private: looser rules have been agreed to, and it is their money."""
        draft = await self._subjects[change.kind].draft(session, change.id)
        if desk.treasurer_id is None or draft is None:
            return
        lead = T.of("approvals.rules_loosen", title=desk.title)
        notice = Notice(desk.treasurer_id, Reply((lead, *draft.lines)), Priority.ANSWER, kind=NoticeKind.ACCOUNT)
        await self._outbox.put(session, notice)

    async def end(
        self,
        session: WriteSession,
        desk: Desk,
        proposal: Proposal,
        state: State,
        *,
        person: Person | None = None,
        why: T | None = None,
    ) -> bool:
        """Whether it was still open: then it has come to nothing, and everybody reads why."""
        if not await proposals.close(session, proposal.id, state):
            return False
        await self._subjects[proposal.kind].drop(session, proposal.id)
        reason = {"why": why.key} if why is not None else {}
        await self._record.note(session, desk, state, person, proposal, **reason)
        await self.show(session, desk, replace(proposal, state=state), why=why)
        return True

    def wake(self) -> None:
        """After the commit."""
        self._outbox.wake()
