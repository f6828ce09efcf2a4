"""Time comes through this door, so that a test can move it."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The wall clock, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; for deadlines and ages within this process."""
        ...

    async def sleep(self, seconds: float) -> None: ...
