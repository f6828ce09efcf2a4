"""So many calls, so many at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import repeat

from bench.meter import CALLS_TO_WARM_UP, CallMeter


async def fly(call: Callable[[], Awaitable[object]], calls: int, in_flight: int) -> None:
    """Reports what one of them took."""
    meter = CallMeter()
    await _all(meter, call, CALLS_TO_WARM_UP, in_flight)
    meter.begin()
    await _all(meter, call, calls, in_flight)
    meter.end()


async def _all(meter: CallMeter, call: Callable[[], Awaitable[object]], calls: int, in_flight: int) -> None:
    waiting = repeat(call, calls)

    async def one_after_the_other() -> None:
        for each in waiting:
            await meter.awaiting(each)

    async with asyncio.TaskGroup() as group:
        for _ in range(in_flight):
            group.create_task(one_after_the_other())
