"""Waiting for sockets without sleeping, and letting the jumping clock tick while they talk."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.clock import JumpClock, a_moment
from tgbot.kucoin.dialer import Dial, Line


@asynccontextmanager
async def running(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(work)
        yield
        task.cancel()


async def passing(clock: JumpClock, seconds: int, until: Callable[[], bool]) -> int:
    """Lets seconds go by one at a time, with the sockets having their say in between; how many it took."""
    for second in range(seconds + 1):
        for _ in range(10):
            if until():
                return second
            await a_moment()
        clock.advance(1)
    raise AssertionError(f"nothing happened within {seconds} s")


async def eventually(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not is_so():
            await a_moment()


def without_pings(dial: Dial) -> Dial:
    """For tests in which minutes pass at once, and no pong could be in time."""

    async def silently() -> Line:
        return replace(await dial(), ping_every=timedelta(days=1))

    return silently
