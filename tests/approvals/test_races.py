"""One order whatever the race: of approvers, presses, processes. `FAULTS_LONG` makes 1,000 rounds."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest

from tests.approvals.group import BOB, STANDINGS, ZOE, Group, Telegram, approvals_of
from tests.approvals.racer import vote_as_told
from tests.ids import CountingIds
from tests.trading.conftest import on_both_databases, open_desk
from tests.trading.desk import ANN, Desk
from tests.trading.races import Racer, two_racers
from tgbot.approvals.rules.votes import Choice, State
from tgbot.core.errors import UserError
from tgbot.db.engine import Database
from tgbot.paper import gateway
from tgbot.paper.budget import Budget, Pool
from tgbot.system import SystemClock

pytestmark = pytest.mark.processes

ROUNDS = 1000 if "FAULTS_LONG" in os.environ else 3
PRESSES = 200 if "FAULTS_LONG" in os.environ else 40


class NoEnd(Budget):
    """Who is counted is the question here, and not how often KuCoin may be asked in half a minute."""

    def spend(self, pool: Pool, owner: str, weight: int) -> bool:
        return True

    def headers(self, pool: Pool, owner: str) -> dict[str, str]:
        plenty = str(10**9)
        return {"gw-ratelimit-limit": plenty, "gw-ratelimit-remaining": plenty, "gw-ratelimit-reset": "30000"}


@pytest.fixture(autouse=True)
def nobody_is_throttled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "Budget", NoEnd)


@on_both_databases
async def test_many_presses_of_many_approvers_at_once_are_one_order(group: Group) -> None:
    """Over two connections to the database, as two processes have them."""
    other = Database(group.world.database.url.render_as_string(hide_password=False))
    second = group.process(other)
    proposal = await group.propose()

    async def press(number: int) -> None:
        try:
            await group.vote([ANN, BOB, ZOE][number % 3], proposal, process=[group.now, second][number % 2])
        except UserError:
            return  # decided already

    await asyncio.gather(*(press(number) for number in range(PRESSES)))
    await other.close()
    assert len(group.world.placed()) == 1
    assert await group.state(proposal) is State.GRANTED
    assert (await group.acts()).count("granted") == 1


@pytest.mark.timeout(3600 if "FAULTS_LONG" in os.environ else 60)
@on_both_databases
async def test_it_expires_or_is_sent_in_the_same_moment_and_never_both(group: Group) -> None:
    for _ in range(ROUNDS):
        before = len(group.world.placed())
        proposal = await group.propose("btc 1")
        await group.vote(ANN, proposal)
        group.wait(timedelta(minutes=30) - timedelta(microseconds=1))

        async def press() -> None:
            try:
                await group.vote(BOB, proposal)  # noqa: B023 - awaited in this very round
            except UserError:
                return

        async def run_out() -> None:
            group.wait(timedelta(microseconds=1))
            await group.now.keeper.look()

        await asyncio.gather(press(), run_out())
        state = await group.state(proposal)
        assert (state, len(group.world.placed()) - before) in {(State.GRANTED, 1), (State.EXPIRED, 0), (State.OPEN, 0)}
        await group.now.keeper.look()


def tell(racer: Racer, person_id: int, choice: Choice, *shorts: str) -> None:
    racer.tell(f"{person_id} {choice} {' '.join(shorts)}")


@asynccontextmanager
async def three_processes(database_url: str, client: httpx.AsyncClient) -> AsyncIterator[tuple[Group, Racer, Racer]]:
    """By the real clock. What is proposed here is voted on by two others."""
    clock, ids = SystemClock(), CountingIds()
    async with (
        open_desk(database_url, clock, ids, client) as desk,  # type: ignore[arg-type]  # nobody moves this one
        two_racers(vote_as_told, database_url, desk.rest._base_url) as (first, second),
    ):
        yield await opened(desk), first, second


async def opened(desk: Desk) -> Group:
    telegram = Telegram(dict(STANDINGS))
    group = Group(desk, telegram, approvals_of(desk, desk.now, telegram))
    await group.set_up()
    return group


@pytest.mark.timeout(3600 if "FAULTS_LONG" in os.environ else 60)
@on_both_databases
async def test_approvers_in_two_processes_at_once_give_one_order_or_none(
    desk_url: str, client: httpx.AsyncClient
) -> None:
    async with three_processes(desk_url, client) as (group, first, second):
        await group.rule_without_caps()
        for done in range(ROUNDS):
            await both_approve(group, first, second)
            assert len(group.world.placed()) == done + 1
        for _ in range(ROUNDS):
            await one_approves_and_one_rejects(group, first, second)
        assert (await group.acts()).count("granted") == len(group.world.placed())


async def both_approve(group: Group, first: Racer, second: Racer) -> None:
    proposal = await group.propose("btc 1")
    tell(first, ANN, Choice.APPROVE, *[proposal.short] * 3)
    tell(second, BOB, Choice.APPROVE, *[proposal.short] * 3)
    assert [await first.answer(), await second.answer()] == ["done", "done"]
    assert await group.state(proposal) is State.GRANTED


async def one_approves_and_one_rejects(group: Group, first: Racer, second: Racer) -> None:
    before = len(group.world.placed())
    proposal = await group.propose("btc 1")
    await group.vote(ANN, proposal)
    tell(first, BOB, Choice.APPROVE, proposal.short)
    tell(second, ZOE, Choice.REJECT, proposal.short)
    assert [await first.answer(), await second.answer()] == ["done", "done"]
    state = await group.state(proposal)
    assert (state, len(group.world.placed()) - before) in {(State.GRANTED, 1), (State.REJECTED, 0)}
