"""A clock that several processes share and that runs faster than the real one."""

from datetime import datetime, timedelta

from tests.clock import START
from tests.flows.stage import ShiftedClock


class FastClock(ShiftedClock):
    def __init__(self, started: float, speed: int) -> None:
        """`started`: a moment of the machine's monotonic clock, which all its processes read alike."""
        super().__init__()
        self._started = started
        self._speed = speed

    def monotonic(self) -> float:
        return (super().monotonic() - self._started) * self._speed

    def now(self) -> datetime:
        return START + timedelta(seconds=self.monotonic())

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds / self._speed)
