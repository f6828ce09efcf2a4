"""Standing exits as rows: one right to send for each state in which they were read."""

import asyncio
import os
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update

from tests.trading.conftest import on_both_databases
from tests.trading.desk import Desk
from tgbot.core.errors import LONGEST_MESSAGE
from tgbot.db.engine import Database
from tgbot.paper.faults import Mode
from tgbot.trading import standing, store
from tgbot.trading.rules.settlement import State
from tgbot.trading.standing import Standing
from tgbot.trading.store import IntentRow

LOOKS = 200 if "FAULTS_LONG" in os.environ else 60


@on_both_databases
async def test_of_two_that_have_read_the_same_one_may_send(desk: Desk) -> None:
    await desk.send("btc 0.01btc tp +4% sl -2%")
    await desk.now.reconciler.look()
    async with desk.database.read() as session:
        (first,), (second,) = await standing.with_fills(session), await standing.with_fills(session)
    async with desk.database.write() as session:
        assert await standing.advance(session, first)
        assert not await standing.advance(session, second)
    async with desk.database.read() as session:
        (fresh,) = await standing.with_fills(session)
    async with desk.database.write() as session:
        assert await standing.advance(session, fresh)


@on_both_databases
@pytest.mark.parametrize(
    ("before", "goes_on"), [("", True), ("x" * LONGEST_MESSAGE, False), ("x" * (LONGEST_MESSAGE - 4), False)]
)
async def test_what_is_told_of_a_refused_exit_is_what_becomes_of_it(desk: Desk, before: str, goes_on: bool) -> None:
    """However late in its words KuCoin says why: coins that are not credited yet are waited for."""
    words = f"{before} Balance insufficient!"
    desk.faults.add("POST", "/api/v1/stop-order", Mode.ERROR, code="400100", message=words)
    entry = await desk.send("btc 0.01btc sl -2%")
    await desk.rounds(0, *[5] * 6)
    told = await desk.told()
    assert any("The bot goes on with this exit by itself" in text for text in told) is goes_on
    async with desk.database.read() as session:
        exits = await store.exits_of(session, entry.id)
    assert (State.WAITING in [one.state for one in exits]) is goes_on


@on_both_databases
async def test_what_has_ended_sends_nothing_and_ends_once(desk: Desk) -> None:
    entry = await desk.send("btc 0.01btc tp +4% sl -2%")
    await desk.now.reconciler.look()
    async with desk.database.read() as session:
        (read,) = await standing.with_fills(session)
    async with desk.database.write() as session:
        assert await standing.drop(session, entry)
        assert not await standing.end(session, read, Standing.DONE)
        assert not await standing.drop(session, entry)
        assert not await standing.advance(session, read)


@on_both_databases
@pytest.mark.parametrize("change", [{"state": State.PARTIAL}, {"filled_size": Decimal("0.004")}, {"revision": 7}])
async def test_only_who_has_seen_the_entry_and_its_exits_as_they_are_may_end_it(
    desk: Desk, change: dict[str, Any]
) -> None:
    await desk.send("btc 0.01btc tp +4% sl -2%")
    await desk.now.reconciler.look()
    async with desk.database.read() as session:
        (read,) = await standing.with_fills(session)
    old = replace(read, **change) if "revision" in change else replace(read, entry=replace(read.entry, **change))
    async with desk.database.write() as session:
        assert not await standing.end(session, old, Standing.GIVEN_UP)
        assert await standing.end(session, read, Standing.GIVEN_UP)


@on_both_databases
async def test_an_end_waits_for_who_is_taking_a_fill_over(desk: Desk) -> None:
    """On PostgreSQL both may write at a time; the fill is not committed when the end is tried."""
    await desk.send("btc 0.01btc tp +4% sl -2%")
    await desk.now.reconciler.look()
    async with desk.database.read() as session:
        (read,) = await standing.with_fills(session)

    async def end() -> bool:
        async with desk.database.write() as session:
            return await standing.end(session, read, Standing.DONE)

    more = update(IntentRow).where(IntentRow.id == read.entry.id).values(filled_size=read.entry.filled_size * 2)
    async with asyncio.TaskGroup() as tasks, desk.database.write() as session:
        await session.execute(more)
        ending = tasks.create_task(end())
        await asyncio.wait({ending}, timeout=0.05)
    assert not ending.result()


@on_both_databases
async def test_many_looks_at_once_in_two_processes_place_one_exit(desk: Desk, desk_url: str) -> None:
    entry = await desk.send("btc 0.01btc tp +4% sl -2%")
    await desk.now.reconciler.look()
    other = Database(desk_url)
    processes = [desk.now, desk.process(other)]
    await asyncio.gather(*(processes[number % 2].exits.look() for number in range(LOOKS)))
    await other.close()
    async with desk.database.read() as session:
        (exit_,) = await store.exits_of(session, entry.id)
    assert exit_.spec.size == (await desk.intent(entry)).filled_size
    assert len(desk.exchange._store.waiting_stops()) == 2, "the two legs of one OCO"
