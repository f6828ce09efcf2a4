"""Any sequence of proposals, votes, promotions, silences and waits ends as a model of a few lines says it must."""

import asyncio
import os
import shutil
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from tests.approvals.group import BOB, CHAT, EVE, NAMES, STANDINGS, ZOE, Telegram
from tests.clock import JumpClock
from tests.ids import CountingIds
from tests.trading.desk import ANN
from tgbot.approvals.building import build_approvals
from tgbot.approvals.proposals import MOST_OPEN
from tgbot.approvals.rules.policy import Policy
from tgbot.approvals.rules.votes import Choice, State
from tgbot.approvals.standings import LONG_AGO
from tgbot.approvals.store import proposals as store
from tgbot.audit.verification import verify
from tgbot.core.desks import Draft, Judge, Lent, OrderAsked
from tgbot.core.errors import UserError
from tgbot.core.orders import Side
from tgbot.core.people import Mode, Person, Standing
from tgbot.core.reply import Reply
from tgbot.db.engine import Database, ReadSession, WriteSession
from tgbot.delivery.outbox import Outbox

Result = TypeVar("Result")

LONG = "FAULTS_LONG" in os.environ
PEOPLE = (ANN, BOB, ZOE, EVE)
POLICY = Policy()


class Orders:
    """A subject that notes what was carried out, and has no guard of its own against doing so twice."""

    def __init__(self) -> None:
        self.drafts: dict[str, Draft] = {}
        self.carried_out: list[str] = []

    async def prepare(self, asked: OrderAsked, judge: Judge) -> Draft | Reply:
        number = f"{asked.update_id:04}"
        draft = Draft(number, number, number, "BTC-USDT", Decimal(1), Decimal(1), asked.until, ())
        self.drafts[number] = draft
        return draft

    async def draft(self, session: ReadSession, subject_id: str) -> Draft | None:
        return self.drafts.get(subject_id)

    async def find_order(self, session: ReadSession, lent: Lent, short: str) -> str | None:
        return None

    async def cancel(self, subject_id: str) -> Reply:
        raise AssertionError(subject_id)

    async def spent(self, session: ReadSession, chat_id: int, since: datetime) -> Decimal:
        return Decimal(0)

    async def make_ready(self, subject_id: str) -> "Ready":
        return Ready(self, subject_id)

    async def drop(self, session: WriteSession, subject_id: str) -> None:
        assert subject_id not in self.carried_out

    async def move(self, session: WriteSession, old_chat_id: int, new_chat_id: int) -> None:
        raise NotImplementedError


@dataclass
class Ready:
    orders: Orders
    subject_id: str
    drift: Decimal = Decimal(0)
    value: Decimal | None = Decimal(1)

    async def grant(self, session: WriteSession) -> None:
        """Nothing of it is stored."""

    async def carry_out(self) -> None:
        self.orders.carried_out.append(self.subject_id)


@dataclass
class Wanted:
    """The model of one proposal."""

    proposer: int
    until: datetime
    state: State = State.OPEN
    approvals: set[int] = field(default_factory=set)


class Model:
    """What must come of it: the reference that the real thing is held against."""

    def __init__(self, telegram: Telegram, clock: JumpClock) -> None:
        self.telegram = telegram
        self.clock = clock
        self.since: dict[int, datetime] = {
            person: LONG_AGO for person, standing in STANDINGS.items() if standing >= Standing.ADMIN
        }
        self.wanted: dict[str, Wanted] = {}

    def propose(self, person: int, name: str) -> None:
        waiting = sum(wanted.state is State.OPEN for wanted in self.wanted.values())
        if (self.sees(person) or Standing.OUTSIDE) >= Standing.MEMBER and waiting < MOST_OPEN:
            self.wanted[name] = Wanted(person, self.clock.now() + POLICY.lasts)

    def vote(self, person: int, name: str, choice: Choice) -> None:
        wanted = self.wanted[name]
        if wanted.state is not State.OPEN or self.clock.now() >= wanted.until:
            return
        if choice is Choice.REJECT and person == wanted.proposer:
            wanted.state = State.WITHDRAWN
        elif self.sees(person) is None or not self.approves(person) or person == wanted.proposer:
            return
        elif choice is Choice.REJECT:
            wanted.state = State.REJECTED
        else:
            wanted.approvals.add(person)
            self.decide(wanted)

    def decide(self, wanted: Wanted) -> None:
        if len(wanted.approvals) < POLICY.quorum or any(self.standing(each) is None for each in wanted.approvals):
            return
        seen = set(wanted.approvals)
        for person in seen:
            self.sees(person)
        wanted.approvals = {person for person in seen if self.approves(person)}
        if len(wanted.approvals) >= POLICY.quorum:
            wanted.state = State.GRANTED
            wanted.approvals = seen

    def look(self) -> None:
        for wanted in self.wanted.values():
            if wanted.state is State.OPEN and self.clock.now() >= wanted.until:
                wanted.state = State.EXPIRED

    def standing(self, person: int) -> Standing | None:
        return self.telegram.standings[person]

    def sees(self, person: int) -> Standing | None:
        """As Telegram tells it; since when somebody administers the group is noted."""
        standing = self.standing(person)
        if standing is not None and standing >= Standing.ADMIN:
            self.since.setdefault(person, self.clock.now())
        elif standing is not None:
            self.since.pop(person, None)
        return standing

    def approves(self, person: int) -> bool:
        since = self.since.get(person)
        standing = self.standing(person) or Standing.OUTSIDE
        return standing >= Standing.ADMIN and since is not None and since + POLICY.settles_after <= self.clock.now()


class Machine(RuleBasedStateMachine):
    blank: Path
    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock, self.ids, self.telegram, self.orders = (
            JumpClock(),
            CountingIds(),
            Telegram(dict(STANDINGS)),
            Orders(),
        )
        self.database = Database(f"sqlite+aiosqlite:///{shutil.copy(self.blank, self.folder / 'machine.db')}")
        for left in self.folder.glob("machine.db-*"):
            left.unlink()
        self.model = Model(self.telegram, self.clock)
        self.real = build_approvals(
            database=self.database,
            clock=self.clock,
            ids=self.ids,
            outbox=Outbox(self.clock),
            orders=self.orders,
            ask_standing=self.telegram.standing,
            ask_admins=self.telegram.admins,
            ask_price=self.price,
        )
        self.number = 0
        self.run(self.set_up())

    def run(self, work: Awaitable[Result]) -> Result | None:
        """What a person was refused is no news to the model."""

        async def quietly() -> Result | None:
            try:
                return await work
            except UserError:
                return None

        return self.runner.run(quietly())

    async def price(self, symbol: str) -> Decimal:
        return Decimal(1)

    async def set_up(self) -> None:
        desk = await self.real.desks.set_up(person(ANN), CHAT, None, "Club")
        offer = await self.real.desks.open_link(person(ANN), await self.real.desks.offer(desk, person(ANN)))
        await self.real.desks.lend(person(ANN), offer.link.id, "k" * 32, Mode.PAPER, offer.newest)

    @rule(who=st.sampled_from(PEOPLE))
    def propose(self, who: int) -> None:
        self.number += 1
        self.run(self._propose(who, self.number))
        self.model.propose(who, f"{self.number:04}")

    async def _propose(self, who: int, number: int) -> None:
        await self.real.proposals.propose(await self.real.desks.at(CHAT), person(who), Side.BUY, "", ".", number)

    @precondition(lambda self: self.model.wanted)
    @rule(who=st.sampled_from(PEOPLE), choice=st.sampled_from([Choice.APPROVE] * 3 + [Choice.REJECT]), data=st.data())
    def vote(self, who: int, choice: Choice, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(list(self.model.wanted)[-3:]))
        self.run(self._vote(who, name, choice))
        self.model.vote(who, name, choice)

    async def _vote(self, who: int, name: str, choice: Choice) -> None:
        desk = await self.real.desks.at(CHAT)
        await self.real.proposals.vote(desk, person(who), await self.real.proposals.find(desk, name), choice)

    @rule(who=st.sampled_from(PEOPLE), standing=st.sampled_from([None, *Standing, Standing.ADMIN, Standing.ADMIN]))
    def change_standing(self, who: int, standing: Standing | None) -> None:
        self.telegram.standings[who] = standing

    @rule(minutes=st.sampled_from([1, 10, 29, 31, 61]))
    def wait(self, minutes: int) -> None:
        self.clock.advance(timedelta(minutes=minutes).total_seconds())

    @rule()
    def look(self) -> None:
        self.run(self.real.keeper.look())
        self.model.look()

    @invariant()
    def is_as_the_model_says(self) -> None:
        assert self.run(self.states()) == {name: wanted.state for name, wanted in self.model.wanted.items()}
        granted = [name for name, wanted in self.model.wanted.items() if wanted.state is State.GRANTED]
        assert sorted(self.orders.carried_out) == sorted(granted)

    async def states(self) -> dict[str, State]:
        async with self.database.read() as session:
            found = [await store.find(session, f"{number:04}") for number in range(1, self.number + 1)]
        return {proposal.id: proposal.state for proposal in found if proposal is not None}

    def teardown(self) -> None:
        self.run(self.close())
        self.runner.close()

    async def close(self) -> None:
        async with self.database.read() as session:
            flaws = [flaw for verdict in await verify(session) for flaw in verdict.flaws]
        await self.database.close()
        assert flaws == []


def person(person_id: int) -> Person:
    return Person(person_id, NAMES[person_id], "en", "UTC", "USDT", "USDT", None, is_operator=False)


@pytest.mark.timeout(1200 if LONG else 60)
def test_whatever_happens_it_ends_as_the_model_says(blank_sqlite: Path, tmp_path: Path) -> None:
    class Here(Machine):
        blank, folder = blank_sqlite, tmp_path

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=300 if LONG else 12,
            stateful_step_count=30,
            deadline=None,
            phases=[Phase.generate, Phase.shrink] if LONG else [Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
