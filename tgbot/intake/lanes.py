"""One thing at a time for each person, in order; people side by side."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Lanes(Generic[Item]):
    def __init__(self, handle: Callable[[Item], Awaitable[None]], side_by_side: int = 64) -> None:
        self._handle = handle
        self._waiting: dict[int, deque[Item]] = {}
        self._room = asyncio.Semaphore(side_by_side)
        self._tasks: asyncio.TaskGroup | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    def put(self, lane: int, item: Item) -> None:
        """Never waits: the item is in the inbox already, so a long queue costs memory only."""
        self._idle.clear()
        if lane in self._waiting:
            self._waiting[lane].append(item)
            return
        self._waiting[lane] = deque([item])
        if self._tasks is not None:
            self._tasks.create_task(self._drain(lane), name=f"lane {lane}")

    async def run(self) -> None:
        """Until cancelled, or until `handle` raises."""
        async with asyncio.TaskGroup() as self._tasks:
            for lane in self._waiting:
                self._tasks.create_task(self._drain(lane), name=f"lane {lane}")
            await asyncio.get_running_loop().create_future()

    async def idle(self) -> None:
        """Returns when nothing is waiting or running."""
        await self._idle.wait()

    async def _drain(self, lane: int) -> None:
        queue = self._waiting[lane]
        while queue:
            async with self._room:
                await self._handle(queue[0])
            queue.popleft()
        del self._waiting[lane]
        if not self._waiting:
            self._idle.set()
