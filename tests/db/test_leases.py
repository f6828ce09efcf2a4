"""A job that only one process may do."""

import asyncio
from datetime import timedelta

import pytest

from tests.clock import JumpClock
from tgbot.core.errors import LostRace
from tgbot.db.engine import Database
from tgbot.db.leases import Lease, find_holder

LENGTH = timedelta(seconds=10)


def lease(database: Database, clock: JumpClock, holder: str, name: str = "poller of @bot") -> Lease:
    return Lease(database, clock, name, holder, LENGTH)


async def test_the_second_is_refused_and_told_who_has_it(database: Database, clock: JumpClock) -> None:
    await lease(database, clock, "host, process 1").take()
    with pytest.raises(LostRace, match="poller of @bot is held by host, process 1"):
        await lease(database, clock, "host, process 2").take()


async def test_jobs_of_different_names_are_independent(database: Database, clock: JumpClock) -> None:
    await lease(database, clock, "one").take()
    await lease(database, clock, "two", "poller of @another").take()


async def test_the_holder_may_take_it_again_and_so_keep_it(database: Database, clock: JumpClock) -> None:
    mine = lease(database, clock, "one")
    for _ in range(10):
        await mine.take()
        clock.advance(6)
    with pytest.raises(LostRace):
        await lease(database, clock, "two").take()


async def test_what_a_dead_process_held_runs_out(database: Database, clock: JumpClock) -> None:
    await lease(database, clock, "dead").take()
    clock.advance(LENGTH.total_seconds() - 0.001)
    with pytest.raises(LostRace):
        await lease(database, clock, "next").take()
    clock.advance(0.001)
    await lease(database, clock, "next").take()
    with pytest.raises(LostRace, match="next"):
        await lease(database, clock, "dead").take()


async def test_what_was_given_back_is_free_at_once(database: Database, clock: JumpClock) -> None:
    first, second = lease(database, clock, "one"), lease(database, clock, "two")
    await first.take()
    await second.release()
    with pytest.raises(LostRace):
        await second.take()
    await first.release()
    await second.take()


async def test_since_when_it_is_free_is_known(database: Database, clock: JumpClock) -> None:
    """Also of a holder that died, whose lease ran out."""
    first = lease(database, clock, "one")
    assert await first.free_since() is None
    await first.take()
    assert await first.free_since() is None
    clock.advance(3)
    await first.release()
    released = clock.now()
    clock.advance(3600)
    assert await lease(database, clock, "two").free_since() == released
    await lease(database, clock, "two").take()
    run_out = clock.now() + LENGTH
    clock.advance(3600)
    assert await lease(database, clock, "three").free_since() == run_out


async def test_what_was_given_back_is_free_also_if_the_clock_has_gone_back(database: Database) -> None:
    await (first := lease(database, JumpClock(), "one")).take()
    await first.release()
    earlier = JumpClock(JumpClock().now() - timedelta(days=1))
    async with database.read() as session:
        assert await find_holder(session, earlier.now()) is None
    assert await lease(database, earlier, "two").free_since() is None
    await lease(database, earlier, "two").take()


async def test_keeping_it_renews_it_in_time_and_ends_when_it_is_lost(database: Database, clock: JumpClock) -> None:
    mine = lease(database, clock, "one")
    await mine.take()
    keeping = asyncio.ensure_future(mine.keep())
    for _ in range(9):
        await clock.until_sleeping()
        clock.advance(4)
    await clock.until_sleeping()
    with pytest.raises(LostRace):
        await lease(database, clock, "two").take()
    # Frozen, as a stopped virtual machine is: another takes over, and the first finds out when it goes on.
    awake = JumpClock(clock.now() + 2 * LENGTH)
    await lease(database, awake, "two").take()
    clock.advance(4)
    with pytest.raises(LostRace, match="two"):
        await keeping


async def test_whoever_stood_still_finds_out_whether_it_is_still_theirs(database: Database, clock: JumpClock) -> None:
    mine = lease(database, clock, "one")
    await mine.take()
    clock.advance(9)
    await mine.require()
    clock.advance(9)
    await mine.require()  # nobody else wanted it
    clock.advance(9)
    with pytest.raises(LostRace):
        await lease(database, clock, "two").take()
    clock.advance(2)
    await lease(database, clock, "two").take()
    with pytest.raises(LostRace, match="is held by two"):
        await mine.require()


async def test_of_many_at_once_one_gets_it(database: Database, clock: JumpClock, database_url: str) -> None:
    elsewhere = Database(database_url)

    async def try_it(number: int) -> bool:
        try:
            await lease((database, elsewhere)[number % 2], clock, f"process {number}").take()
        except LostRace:
            return False
        return True

    assert sum(await asyncio.gather(*(try_it(number) for number in range(40)))) == 1
    await elsewhere.close()


async def test_somebody_at_work_can_be_found(database: Database, clock: JumpClock) -> None:
    async with database.read() as session:
        assert await find_holder(session, clock.now()) is None
    await lease(database, clock, "one").take()
    async with database.read() as session:
        assert await find_holder(session, clock.now()) == "one"
        assert await find_holder(session, clock.now() + LENGTH) is None
