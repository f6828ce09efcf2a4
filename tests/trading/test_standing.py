"""Standing exits as rows: one right to send for each state in which they were read."""

import asyncio
import os

from tests.trading.conftest import on_both_databases
from tests.trading.desk import Desk
from tgbot.db.engine import Database
from tgbot.trading import standing, store
from tgbot.trading.standing import Standing

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
async def test_what_has_ended_sends_nothing_and_ends_once(desk: Desk) -> None:
    entry = await desk.send("btc 0.01btc tp +4% sl -2%")
    await desk.now.reconciler.look()
    async with desk.database.read() as session:
        (read,) = await standing.with_fills(session)
    async with desk.database.write() as session:
        assert await standing.end(session, entry, Standing.DROPPED)
        assert not await standing.end(session, entry, Standing.DONE)
        assert not await standing.advance(session, read)


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
