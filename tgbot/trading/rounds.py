"""Work on many things of many accounts, round after round, such that what is slow keeps nothing else waiting."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from weakref import WeakValueDictionary

from tgbot.core.clock import Clock

# Of the hundred connections of the process, which people's taps need too. Half of each is kept for what is hinted at.
OF_ONE_ACCOUNT = 4
OF_ALL = 32


@dataclass(frozen=True, slots=True)
class Piece:
    """What is to be done about the thing `name` of one account. `is_hinted`: because something has happened to it."""

    name: str
    key_id: str
    work: Callable[[], Awaitable[None]]
    is_hinted: bool = False


# What is due now: of the hinted names, and in a round of all others.
Due = Callable[[Collection[str], bool], Awaitable[Sequence[Piece]]]


class Rounds:
    """A round begins every so often and does not wait for the one before; a hint does not wait for a round. At one
    thing there is one piece of work at a time, and one more after it if something happened meanwhile. `of_all` are at
    work at a time, and as many hinted ones."""

    def __init__(self, clock: Clock, every: timedelta, due: Due, *, of_all: int = OF_ALL) -> None:
        self._clock = clock
        self._every = every
        self._due = due
        self._hints: set[str] = set()
        self._news = asyncio.Event()
        self._queued: set[tuple[str, bool]] = set()
        self._busy: set[str] = set()
        self._usual, self._urgent = _Places(of_all), _Places(of_all)

    def hint(self, name: str) -> None:
        """Something has happened to this one."""
        self._hints.add(name)
        self._news.set()

    def wake(self) -> None:
        """Something has happened, and `due` knows to what."""
        self._news.set()

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._begin(tasks, is_round=True)
                await self._rest(tasks)

    async def once(self) -> None:
        """One round, and what is hinted at meanwhile; returns when all of that is done."""
        async with asyncio.TaskGroup() as tasks:
            going = await self._begin(tasks, is_round=True)
            while going:
                news = tasks.create_task(self._news.wait())
                done, _ = await asyncio.wait({news, *going}, return_when=asyncio.FIRST_COMPLETED)
                news.cancel()
                going -= done
                if self._news.is_set():
                    going |= await self._begin(tasks, is_round=False)

    async def _rest(self, tasks: asyncio.TaskGroup) -> None:
        """Until the next round; what is hinted at begins at once."""
        pause = tasks.create_task(self._clock.sleep(self._every.total_seconds()))
        while not pause.done():
            news = tasks.create_task(self._news.wait())
            await asyncio.wait({news, pause}, return_when=asyncio.FIRST_COMPLETED)
            news.cancel()
            if self._news.is_set() and not pause.done():
                await self._begin(tasks, is_round=False)

    async def _begin(self, tasks: asyncio.TaskGroup, *, is_round: bool) -> set[asyncio.Task[None]]:
        hints, self._hints = self._hints, set()
        self._news.clear()
        pieces = await self._due(hints, is_round)
        return {task for task in (self._start(tasks, piece) for piece in pieces) if task is not None}

    def _start(self, tasks: asyncio.TaskGroup, piece: Piece) -> asyncio.Task[None] | None:
        line = (piece.name, piece.is_hinted)
        if line in self._queued or self._is_busy(piece):
            return None
        self._queued.add(line)
        task = tasks.create_task(self._do(piece))
        task.add_done_callback(lambda _: self._queued.discard(line))
        return task

    async def _do(self, piece: Piece) -> None:
        places = self._urgent if piece.is_hinted else self._usual
        async with places.of(piece.key_id), places.all:
            self._queued.discard((piece.name, piece.is_hinted))
            if self._is_busy(piece):
                return
            self._busy.add(piece.name)
            try:
                await piece.work()
            finally:
                self._busy.discard(piece.name)
                if piece.name in self._hints:
                    self._news.set()

    def _is_busy(self, piece: Piece) -> bool:
        """Whether somebody is at it; then a hint is kept until that is done."""
        is_busy = piece.name in self._busy
        if is_busy and piece.is_hinted:
            self._hints.add(piece.name)
        return is_busy


class _Places:
    """For so many at a time in all, and so many of them of one account."""

    def __init__(self, of_all: int) -> None:
        self.all = asyncio.Semaphore(of_all)
        self._of: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    def of(self, key_id: str) -> asyncio.Semaphore:
        return self._of.setdefault(key_id, asyncio.Semaphore(OF_ONE_ACCOUNT))
