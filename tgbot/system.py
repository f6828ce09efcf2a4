"""The real clock and the real dice; every other module is handed these."""

import asyncio
import faulthandler
import gc
import secrets
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from uuid import uuid4

from tgbot.core.ids import CROCKFORD, Ids

LONGEST_STANDSTILL = 8  # seconds


def spare_collector() -> None:
    """For a process that has loaded what it is made of: that stays, and looking through it again and again, the garbage
    collector would stop the event loop for 70 ms each time."""
    gc.collect()
    gc.freeze()


@asynccontextmanager
async def ended_at_standstill() -> AsyncIterator[None]:
    """An event loop that stands still for too long hears no price and no stop any more: the process ends, with status 1
    and the stacks of its threads on stderr (places, no values), for its supervisor to start it anew. Where nobody reads
    stderr, and so even that stands still, an alarm of the kernel ends it two seconds later."""
    watching = asyncio.get_running_loop().create_task(_put_off())
    try:
        yield
    finally:
        watching.cancel()
        faulthandler.cancel_dump_traceback_later()
        signal.setitimer(signal.ITIMER_REAL, 0)


async def _put_off() -> None:
    while True:
        signal.setitimer(signal.ITIMER_REAL, LONGEST_STANDSTILL + 2)
        with suppress(RuntimeError, ValueError):  # there is no stderr
            faulthandler.dump_traceback_later(LONGEST_STANDSTILL, exit=True)
        await asyncio.sleep(1)


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class SystemIds:
    def unique(self) -> str:
        return uuid4().hex

    def short(self, length: int = 4) -> str:
        return "".join(secrets.choice(CROCKFORD) for _ in range(length))

    def client_oid(self) -> str:
        return f"tb{uuid4().hex}"

    def secret(self) -> str:
        return secrets.token_urlsafe(32)

    def fraction(self) -> float:
        return secrets.randbelow(2**53) / 2**53


class MarkedIds:
    """The dice of one installation: its orders begin with its mark."""

    def __init__(self, dice: Ids, mark: str) -> None:
        self._dice = dice
        self._mark = mark

    def unique(self) -> str:
        return self._dice.unique()

    def short(self, length: int = 4) -> str:
        return self._dice.short(length)

    def client_oid(self) -> str:
        return self._mark + self._dice.unique()

    def secret(self) -> str:
        return self._dice.secret()

    def fraction(self) -> float:
        return self._dice.fraction()
