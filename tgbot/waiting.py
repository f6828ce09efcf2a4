"""How a task rests: until a moment, or until something happens before it."""

import asyncio
from collections.abc import Coroutine
from datetime import datetime

from tgbot.core.clock import Clock


async def sleep_until(clock: Clock, moment: datetime) -> None:
    """Not at all where it has passed. What is left is reckoned as the sleep begins: time that passes between a plan and
    its sleep is not slept again."""
    await clock.sleep(max(0.0, (moment - clock.now()).total_seconds()))


async def first_of(event: asyncio.Event, pause: Coroutine[None, None, None]) -> None:
    """Until the event is set or the pause is over, whichever comes first; the other is given up."""
    async with asyncio.TaskGroup() as tasks:
        news, timer = tasks.create_task(event.wait()), tasks.create_task(pause)
        await asyncio.wait({news, timer}, return_when=asyncio.FIRST_COMPLETED)
        news.cancel()
        timer.cancel()
