"""The role that has candles read once more where a price was not believed: its own may come late."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from tgbot.alerts.closes import SETTLES_WITHIN
from tgbot.core.clock import Clock


class Doubts:
    """`ask` has the candles of a symbol read from a moment on."""

    def __init__(self, clock: Clock, ask: Callable[[str, datetime], None]) -> None:
        self._clock = clock
        self._ask = ask
        self._noted: dict[str, datetime] = {}
        self._settling: dict[str, datetime] = {}
        self._has_news = asyncio.Event()

    def note(self, symbol: str, since: datetime) -> None:
        """A price was not believed that would be in the candles of `since` or later."""
        self._noted[symbol] = min(since, self._noted.get(symbol, since))
        self._has_news.set()

    def has(self, symbol: str) -> bool:
        """Whether its candles have still to be read once more."""
        return symbol in self._noted or symbol in self._settling

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._has_news.wait()
            self._has_news.clear()
            self._settling, self._noted = self._noted, {}
            await self._clock.sleep(SETTLES_WITHIN.total_seconds())
            settled, self._settling = self._settling, {}
            for symbol, since in settled.items():
                self._ask(symbol, since)
