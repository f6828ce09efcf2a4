"""A clock that stands still until a test moves it."""

import asyncio
from datetime import UTC, datetime, timedelta
from operator import itemgetter

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class JumpClock:
    """Implements `core.clock.Clock`. Sleepers wake only when `advance` has carried the time past their moment."""

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self._elapsed = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []
        self._someone_slept = asyncio.Event()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        sleeper = (self._elapsed + seconds, loop.create_future())
        self._sleepers.append(sleeper)
        self._someone_slept.set()
        if seconds <= 0:
            loop.call_soon(self.advance, 0)
        try:
            await sleeper[1]
        finally:
            self._sleepers.remove(sleeper)

    def advance(self, seconds: float) -> None:
        """Moves the time at once and wakes whoever is due, the earliest first; they run when the caller next awaits."""
        self._elapsed += seconds
        for at, future in sorted(self._sleepers, key=itemgetter(0)):
            if at <= self._elapsed and not future.done():
                future.set_result(None)

    def suspend(self, span: timedelta) -> None:
        """The machine sleeps for so long: the time goes on, its monotonic clock does not, and nobody is woken."""
        self._start += span

    def advance_to_next(self) -> None:
        """To the moment for which the next of the sleepers waits."""
        self.advance(max(0.0, min(at for at, future in self._sleepers if not future.done()) - self._elapsed))

    @property
    def sleeping(self) -> int:
        """How many sleep at this moment."""
        return len(self.asleep())

    def asleep(self) -> list["asyncio.Future[None]"]:
        """What each waits for who sleeps at this moment."""
        return [future for _, future in self._sleepers if not future.done()]

    async def until_sleeping(self, count: int = 1, deadline: float = 5.0) -> None:
        """Waits, in real time, until at least `count` sleep: the tasks under test have then come to rest."""
        async with asyncio.timeout(deadline):
            while self.sleeping < count:
                self._someone_slept.clear()
                await self._someone_slept.wait()


async def a_moment(seconds: float = 0.001) -> None:
    """Of real time, in which threads, sockets and databases get on."""
    await asyncio.sleep(seconds)  # noqa: TID251 - real time is what it is for


class OwnClock:
    """The bot's: by so much ahead of the exchange's, or behind it."""

    def __init__(self, clock: JumpClock, skew: timedelta) -> None:
        self._clock = clock
        self._skew = skew

    def now(self) -> datetime:
        return self._clock.now() + self._skew

    def monotonic(self) -> float:
        return self._clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)
