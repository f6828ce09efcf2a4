import asyncio
from datetime import timedelta

from tests.clock import START, JumpClock
from tgbot.waiting import first_of, sleep_until


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


async def test_time_that_passes_before_a_sleep_has_begun_is_not_slept_again(clock: JumpClock) -> None:
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        tasks.create_task(sleep_until(clock, START + timedelta(minutes=30)))
        clock.advance(1800)


async def test_a_moment_that_has_passed_is_not_waited_for(clock: JumpClock) -> None:
    async with asyncio.timeout(5):
        await sleep_until(clock, START - timedelta(minutes=1))
    assert clock.now() == START


async def test_the_first_of_two_is_enough_and_the_other_is_given_up(clock: JumpClock) -> None:
    news = asyncio.Event()
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        by_time = tasks.create_task(first_of(news, clock.sleep(60)))
        await clock.until_sleeping()
        clock.advance(59)
        assert not by_time.done()
        clock.advance(1)
        await by_time
        by_news = tasks.create_task(first_of(news, clock.sleep(60)))
        await clock.until_sleeping()
        news.set()
        await by_news
    assert clock.sleeping == 0
