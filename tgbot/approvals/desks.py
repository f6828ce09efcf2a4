"""Setting a desk up, lending it an account, and taking the account back."""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from tgbot.approvals.cards import Cards
from tgbot.approvals.record import DeskRecord
from tgbot.approvals.rules.policy import Policy
from tgbot.approvals.rules.votes import Kind, State
from tgbot.approvals.standings import Standings
from tgbot.approvals.store import desks as store
from tgbot.approvals.store import policies, proposals
from tgbot.approvals.store.desks import Desk, LoanLink
from tgbot.approvals.store.policies import Version
from tgbot.approvals.subject import OrderSubject
from tgbot.core.clock import Clock
from tgbot.core.errors import NotAllowed, NotFound, Refused, TooLate
from tgbot.core.ids import Ids
from tgbot.core.people import Mode, Person, Standing
from tgbot.core.reply import T
from tgbot.db.engine import Database, WriteSession

LINK_LASTS = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Offer:
    """A link that was opened by the person for whom it was made, and the rules that the account would be lent under:
    those of now, and those that the group has already agreed to for later, if any."""

    link: LoanLink
    desk: Desk
    policy: Policy
    waiting: Version | None
    newest: int


class LinkGone(TooLate):
    """Of a link to this desk that is another person's, or used, or old."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(T("approvals.link_gone"))
        self.desk = desk


class Desks:
    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        ids: Ids,
        standings: Standings,
        record: DeskRecord,
        cards: Cards,
        orders: OrderSubject,
    ) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._standings = standings
        self._record = record
        self._cards = cards
        self._orders = orders

    async def find(self, chat_id: int) -> Desk | None:
        async with self._database.read() as session:
            return await store.of_chat(session, chat_id)

    async def at(self, chat_id: int) -> Desk:
        """Raises `NotFound` where the group has none."""
        desk = await self.find(chat_id)
        if desk is None:
            raise NotFound(T("approvals.no_desk"))
        return desk

    async def set_up(self, person: Person, chat_id: int, thread_id: int | None, title: str) -> Desk:
        """The group's desk from now on, in this topic. Raises `NotAllowed` for everybody but its administrators."""
        await self._standings.require_admin(chat_id, person.id, T("approvals.admins_only"))
        admins = {*await self._standings.admins_of(chat_id), person.id}
        now = self._clock.now()
        desk = Desk(
            id=self._ids.unique(),
            chat_id=chat_id,
            thread_id=thread_id,
            title=title,
            owner_id=person.id,
            owner=person.name,
            treasurer_id=None,
            treasurer="",
            key_id=None,
            mode=None,
            created_at=now,
        )
        async with self._database.write() as session:
            if await store.add(session, desk):
                await policies.add(session, desk.id, Version(1, Policy(), now), person.id)
                await self._standings.note_first(session, desk.id, admins)
                await self._record.note(session, desk, "set_up", person, title=title)
        return await self.at(chat_id)

    async def offer(self, desk: Desk, person: Person) -> str:
        """A token with which this person, within ten minutes, once, may lend this desk an account."""
        if await self._standings.at(desk, person.id) < Standing.MEMBER:
            raise NotAllowed(T("approvals.members_only"))
        if desk.lent is not None:
            raise Refused(T.of("approvals.lent_already", name=desk.treasurer))
        token = self._ids.secret()
        async with self._database.write() as session:
            await store.add_link(session, _digest(token), desk.id, person.id, self._clock.now() + LINK_LASTS)
        return token

    async def open_link(self, person: Person, token: str) -> Offer:
        """Changes nothing. Raises `TooLate`, also to anybody else than the one for whom it was made."""
        async with self._database.read() as session:
            link = await store.link_of(session, _digest(token))
            desk = await store.find(session, link.desk_id) if link is not None else None
            if link is None or desk is None:
                raise TooLate(T("approvals.link_gone"))
            if link.person_id != person.id or link.is_used or link.expires_at <= self._clock.now():
                raise LinkGone(desk)
            version = await policies.in_force(session, desk.id, self._clock.now())
            newest = await policies.latest(session, desk.id)
        waiting = newest if newest.number > version.number else None
        return Offer(link, desk, version.policy, waiting, newest.number)

    async def lend(self, person: Person, link_id: int, key_id: str, mode: Mode, read: int) -> Desk:
        """From now on the group's approved orders use this account. `read` is the newest version of the rules that the
        person has read: without an account others begin at once, and nobody lends one under rules that they have not
        seen. Raises `TooLate`, `Refused` and `NotAllowed`."""
        async with self._database.read() as session:
            link = await store.link_by_id(session, link_id)
            desk = await store.find(session, link.desk_id) if link is not None else None
        if desk is None or await self._standings.at(desk, person.id) < Standing.MEMBER:
            raise TooLate(T("approvals.link_gone"))
        async with self._database.write() as session:
            desk = await store.lock(session, desk.id)
            if not await store.use_link(session, link_id, person.id, self._clock.now()):
                raise TooLate(T("approvals.link_gone"))
            if desk.lent is not None:
                raise Refused(T.of("approvals.lent_already", name=desk.treasurer))
            if (await policies.latest(session, desk.id)).number != read:
                raise Refused(T("approvals.lend_other_rules"))
            await store.set_account(session, desk.id, person.id, person.name, key_id, mode)
            await self._record.note(session, desk, "lent", person, account=key_id, mode=mode)
            await self._cards.tell(session, desk, T.of(f"approvals.lent_{mode}", name=person.name))
        self._cards.wake()
        return desk

    async def withdraw(self, person: Person, desk: Desk) -> None:
        """The account is the person's own again, and what was pending is void. Raises `NotAllowed`."""
        async with self._database.write() as session:
            desk = await store.lock(session, desk.id)
            if desk.treasurer_id != person.id:
                raise NotAllowed(T("approvals.not_your_account"))
            await store.clear_account(session, desk.id)
            await self._record.note(session, desk, "withdrawn_account", person, account=desk.key_id or "")
            for proposal in await proposals.open_at(session, desk.id):
                if proposal.kind is Kind.ORDER:
                    await self._cards.end(session, desk, proposal, State.VOID, why=T("approvals.void_account"))
            await self._cards.tell(session, desk, T.of("approvals.taken_back", name=person.name))
        self._cards.wake()

    async def lent_by(self, person: Person) -> list[Desk]:
        async with self._database.read() as session:
            return await store.lent_by(session, person.id)

    async def count_open(self, desk: Desk) -> int:
        async with self._database.read() as session:
            return await proposals.count_open(session, desk.id)

    async def move(self, session: WriteSession, old_chat_id: int, new_chat_id: int) -> None:
        """The group became a supergroup: desk, proposals and votes go with it."""
        await self._orders.move(session, old_chat_id, new_chat_id)
        desk_id = await store.move(session, old_chat_id, new_chat_id)
        if desk_id is None:
            return
        desk = await store.lock(session, desk_id)
        await self._record.note(session, desk, "moved", None, None, chat=str(new_chat_id))
        for proposal in await proposals.open_at(session, desk_id):
            await self._cards.show(session, desk, proposal)


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
