"""A group without a chat: real database, real order path to a real exchange, every message that would be sent; only
Telegram's word on who is who is given by the test."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import select

from tests.trading.desk import ANN, Desk, Process
from tgbot.approvals.building import Approvals, build_approvals
from tgbot.approvals.rules.policy import Policy
from tgbot.approvals.rules.votes import Choice, State
from tgbot.approvals.store import proposals as store
from tgbot.approvals.store.desks import Desk as GroupDesk
from tgbot.approvals.store.proposals import Proposal, ProposalRow
from tgbot.audit import store as audit
from tgbot.audit.verification import verify
from tgbot.core.errors import DeliveryUnknown
from tgbot.core.orders import Side
from tgbot.core.people import Mode, Person, Standing
from tgbot.core.reply import Reply
from tgbot.credentials.store import LinkedKey
from tgbot.db.engine import Database
from tgbot.trading.proposed import ProposedOrders

CHAT = -1001
BOB, EVE, ZOE, MALLORY = 8, 9, 10, 66
NAMES = {ANN: "Ann", BOB: "Bob", EVE: "Eve", ZOE: "Zoe", MALLORY: "Mallory"}
STANDINGS = {ANN: Standing.OWNER, BOB: Standing.ADMIN, ZOE: Standing.ADMIN, EVE: Standing.MEMBER}


@dataclass
class Telegram:
    """Who is what in the group. Of somebody who is `None` here it does not tell."""

    standings: dict[int, Standing | None] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)
    on_asked: Callable[[int], None] = lambda person_id: None

    async def standing(self, chat_id: int, person_id: int) -> Standing:
        self.asked.append(person_id)
        self.on_asked(person_id)
        standing = self.standings.get(person_id, Standing.OUTSIDE)
        if standing is None:
            raise DeliveryUnknown("silent")
        return standing

    async def admins(self, chat_id: int) -> list[int]:
        return [person_id for person_id, standing in self.standings.items() if standing and standing >= Standing.ADMIN]


@dataclass
class Group:
    """Ann owns it and lends the account, Bob and Zoe are administrators, Eve a member, Mallory is not in it."""

    world: Desk
    telegram: Telegram
    now: Approvals
    here: GroupDesk | None = None

    @property
    def desk(self) -> GroupDesk:
        assert self.here is not None
        return self.here

    def person(self, person_id: int) -> Person:
        return replace(self.world.person(person_id), name=NAMES[person_id])

    def process(self, database: Database) -> Approvals:
        """Another process on that database."""
        return approvals_of(self.world, self.world.process(database), self.telegram)

    async def set_up(self) -> None:
        self.here = await self.now.desks.set_up(self.person(ANN), CHAT, None, "Club")
        await self.lend()

    async def lend(self, key: LinkedKey | None = None) -> None:
        """The first of Ann's, unless it is said which."""
        token = await self.now.desks.offer(self.desk, self.person(ANN))
        offer = await self.now.desks.open_link(self.person(ANN), token)
        key = key or (await self.world.now.keys.linked(self.person(ANN)))[0]
        self.here = await self.now.desks.lend(self.person(ANN), offer.link.id, key.id, Mode.LIVE, offer.newest)
        await self.refresh()

    async def refresh(self) -> None:
        self.here = await self.now.desks.at(self.desk.chat_id)

    async def rule(self, policy: Policy) -> bool:
        """Whether it holds at once."""
        base = (await self.now.policies.of(self.desk)).version.number
        return await self.now.policies.change(self.desk, self.person(ANN), policy, base) is not None

    async def rule_without_caps(self, policy: Policy | None = None) -> None:
        """Or by looser rules of any kind: while nobody lends an account every change holds at once."""
        await self.now.desks.withdraw(self.person(ANN), self.desk)
        await self.refresh()
        await self.rule(policy or Policy(per_order=None, per_day=None))
        await self.lend()

    async def propose(self, text: str = "btc 100", person_id: int = EVE, side: Side = Side.BUY) -> Proposal:
        known = set(await self._ids())
        self.world.updates += 1
        update_id = self.world.updates
        question = await self.now.proposals.propose(self.desk, self.person(person_id), side, text, ".", update_id)
        assert not isinstance(question, Reply)
        ids = await self._ids()
        async with self.world.database.read() as session:
            proposal = await store.find(session, next((one for one in ids if one not in known), ids[-1]))
        assert proposal is not None
        return proposal

    async def vote(
        self,
        person_id: int,
        proposal: Proposal,
        choice: Choice = Choice.APPROVE,
        process: Approvals | None = None,
    ) -> None:
        """As a press does it: the proposal is looked up first."""
        process = process or self.now
        desk = await process.desks.at(self.desk.chat_id)
        found = await process.proposals.find(desk, proposal.short)
        await process.proposals.vote(desk, self.person(person_id), found, choice)

    async def all(self) -> list[Proposal]:
        """The oldest first."""
        ids = await self._ids()
        async with self.world.database.read() as session:
            found = [await store.find(session, proposal_id) for proposal_id in ids]
        return [proposal for proposal in found if proposal is not None]

    async def _ids(self) -> list[str]:
        async with self.world.database.read() as session:
            ids = await session.scalars(select(ProposalRow.id).order_by(ProposalRow.created_at, ProposalRow.id))
            return list(ids)

    async def state(self, proposal: Proposal) -> State:
        async with self.world.database.read() as session:
            found = await store.find(session, proposal.id)
        assert found is not None
        return found.state

    async def acts(self) -> list[str]:
        """What is on record, the oldest first; the record is whole."""
        async with self.world.database.read() as session:
            assert [flaw for verdict in await verify(session) for flaw in verdict.flaws] == []
            records = await audit.latest(session, self.desk.id, 1_000_000)
        return [f"{record.event.actor} {record.event.act}".strip() for record in reversed(records)]

    async def why(self) -> list[str]:
        """The reasons on record of what was refused, held or void."""
        return [detail["why"] for detail in await self.details() if detail.get("why")]

    async def details(self) -> list[Mapping[str, str]]:
        """Of what is on record, the oldest first."""
        async with self.world.database.read() as session:
            records = await audit.latest(session, self.desk.id, 1_000_000)
        return [record.event.detail for record in reversed(records)]

    def wait(self, span: timedelta) -> None:
        self.world.clock.advance(span.total_seconds())


def approvals_of(world: Desk, process: Process, telegram: Telegram) -> Approvals:
    prices = process.sending._prices
    orders = ProposedOrders(
        database=process.database,
        clock=world.wall,
        ids=world.ids,
        keys=process.keys,
        symbols=world.symbols,
        prices=prices,
        tickets=process.tickets,
        sending=process.sending,
        sent=process.orders,
    )

    async def last_price(symbol: str) -> Decimal:
        return (await prices.price(symbol)).price

    built = build_approvals(
        database=process.database,
        clock=world.wall,
        ids=world.ids,
        outbox=world.outbox,
        orders=orders,
        ask_standing=telegram.standing,
        ask_admins=telegram.admins,
        ask_price=last_price,
    )
    process.reconciler.listen_to_groups(built.record.note_outcome)
    return built
