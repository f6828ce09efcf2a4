"""/propose, /buy and /sell in groups, votes by tap and typed."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from tgbot.approvals.desks import Desks
from tgbot.approvals.proposals import Proposals
from tgbot.approvals.record import DeskRecord
from tgbot.approvals.rules.votes import Choice, standing_approvals
from tgbot.approvals.views import proposals as views
from tgbot.core.desks import trade_link
from tgbot.core.errors import UsageError
from tgbot.core.numbers import DecimalSign, decimal_sign_of
from tgbot.core.orders import Side
from tgbot.core.people import Person
from tgbot.core.reply import T
from tgbot.core.routing import Answer, Command, Incoming, Place, Press, Route, Toast


class ProposalHandlers:
    """Everything is looked up by the chat in which it was said or pressed: an id of another group names nothing here,
    whatever a client sends."""

    def __init__(
        self, desks: Desks, proposals: Proposals, record: DeskRecord, start_link: Callable[[str], str]
    ) -> None:
        self._desks = desks
        self._proposals = proposals
        self._record = record
        self._start_link = start_link

    def routes(self) -> Sequence[Route]:
        return (
            Command("buy", self.buy, ("b",), Place.GROUP, trades=True),
            Command("sell", self.sell, ("s",), Place.GROUP, trades=True),
            Command("propose", self.propose, (), Place.GROUP, trades=True),
            Command("proposals", self.list_open, (), Place.GROUP),
            Command("approve", self.approve, (), Place.GROUP, trades=True),
            Command("reject", self.reject, (), Place.GROUP),
            Command("cancel", self.cancel, (), Place.GROUP),
            Press("buy", self.tap_buy, Place.GROUP),
            Press("sell", self.tap_sell, Place.GROUP),
            Press("vote_yes", self.approve, Place.GROUP),
            Press("vote_no", self.reject, Place.GROUP),
            Press("desk_cancel", self.cancel, Place.GROUP),
        )

    async def buy(self, person: Person, incoming: Incoming) -> Answer:
        return await self._propose(person, incoming, Side.BUY, incoming.args)

    async def sell(self, person: Person, incoming: Incoming) -> Answer:
        return await self._propose(person, incoming, Side.SELL, incoming.args)

    async def tap_buy(self, person: Person, incoming: Incoming) -> Answer:
        return await self._tap(person, incoming, Side.BUY)

    async def tap_sell(self, person: Person, incoming: Incoming) -> Answer:
        return await self._tap(person, incoming, Side.SELL)

    async def propose(self, person: Person, incoming: Incoming) -> Answer:
        side, _, rest = incoming.args.partition(" ")
        if side.lower() not in set(Side):
            raise UsageError(T("approvals.propose_what"))
        return await self._propose(person, incoming, Side(side.lower()), rest)

    async def approve(self, person: Person, incoming: Incoming) -> Answer:
        return await self._vote(person, incoming, Choice.APPROVE)

    async def reject(self, person: Person, incoming: Incoming) -> Answer:
        return await self._vote(person, incoming, Choice.REJECT)

    async def cancel(self, person: Person, incoming: Incoming) -> Answer:
        """An order that was sent; a proposal is withdrawn or turned down."""
        desk = await self._desks.at(incoming.chat_id)
        async with self._record.recorded(desk, person, "cancel"):
            if not incoming.args:
                raise UsageError(T("approvals.cancel_what"))
            return await self._proposals.cancel(desk, person, incoming.args)

    async def list_open(self, person: Person, incoming: Incoming) -> Answer:
        desk = await self._desks.at(incoming.chat_id)
        listed = await self._proposals.open(desk)
        return views.waiting(
            [
                views.Waiting(proposal, draft, len(standing_approvals(votes)), needed)
                for proposal, draft, votes, needed in listed
            ]
        )

    async def _tap(self, person: Person, incoming: Incoming, side: Side) -> Answer:
        """Under a price or an alert. Where no desk is, whoever taps goes on alone: that opens their private chat."""
        if await self._desks.find(incoming.chat_id) is None:
            link = self._start_link(trade_link(side, incoming.args))
            return Toast(T("approvals.trade_privately"), url=link)
        return await self._propose(person, incoming, side, incoming.args)

    async def _propose(self, person: Person, incoming: Incoming, side: Side, text: str) -> Answer:
        desk = await self._desks.at(incoming.chat_id)
        sign: DecimalSign = "." if incoming.press_id else decimal_sign_of(person.language)
        async with self._record.recorded(desk, person, "propose"):
            question = await self._proposals.propose(desk, person, side, text, sign, incoming.update_id)
        # What a member taps takes nothing away that the group was told.
        return replace(question, is_new=True) if question is not None else None

    async def _vote(self, person: Person, incoming: Incoming, choice: Choice) -> Answer:
        """The card is the answer."""
        desk = await self._desks.at(incoming.chat_id)
        async with self._record.recorded(desk, person, choice):
            if not incoming.args:
                raise UsageError(T("approvals.vote_on_what"))
            proposal = await self._proposals.find(desk, incoming.args)
            await self._proposals.vote(desk, person, proposal, choice)
        return None
