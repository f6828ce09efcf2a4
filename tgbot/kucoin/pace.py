"""At most so many in so many seconds."""

import asyncio
from collections import deque

from tgbot.core.clock import Clock


class Pace:
    def __init__(self, clock: Clock, limit: int, seconds: float) -> None:
        self._clock = clock
        self._limit = limit
        self._seconds = seconds
        self._taken: deque[float] = deque()
        self._queue = asyncio.Lock()

    async def turn(self) -> None:
        """Waits, in order of arrival, until one more fits into any stretch of that length."""
        async with self._queue:
            while (wait := self._wait()) > 0:
                await self._clock.sleep(wait)
            self._taken.append(self._clock.monotonic())

    def _wait(self) -> float:
        now = self._clock.monotonic()
        while self._taken and self._taken[0] <= now - self._seconds:
            self._taken.popleft()
        if len(self._taken) < self._limit:
            return 0.0
        return self._taken[0] + self._seconds - now
