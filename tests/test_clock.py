import asyncio

from tests.clock import START, JumpClock


async def test_sleepers_wake_in_the_order_of_their_moments(clock: JumpClock) -> None:
    woken: list[float] = []

    async def sleep(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(seconds)

    async with asyncio.TaskGroup() as tasks:
        for seconds in (3, 1, 2):
            tasks.create_task(sleep(seconds))
        await clock.until_sleeping(3)
        clock.advance(2)
        assert clock.sleeping == 1
        assert (clock.now() - START).total_seconds() == clock.monotonic() == 2
        clock.advance(1)
    assert woken == [1, 2, 3]


async def test_sleeping_for_no_time_gives_way_and_returns(clock: JumpClock) -> None:
    async with asyncio.timeout(5):
        await clock.sleep(0)
    assert clock.now() == START


async def test_cancelled_sleeper_is_forgotten(clock: JumpClock) -> None:
    async with asyncio.TaskGroup() as tasks:
        sleeper = tasks.create_task(clock.sleep(60))
        await clock.until_sleeping()
        sleeper.cancel()
    assert clock.sleeping == 0
