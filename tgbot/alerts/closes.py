"""The role that reads every candle as it closes, once for all whose alerts need it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from tgbot.alerts.judging import Judging
from tgbot.core.clock import Clock
from tgbot.core.errors import ExchangeError
from tgbot.core.market import Interval

log = structlog.get_logger()

SETTLES_WITHIN = timedelta(seconds=3)  # after its close a candle is asked for
AGAIN_AFTER = timedelta(seconds=10)
EXPECTED_FOR = timedelta(minutes=1)  # a stretch without a trade never has a candle
READ_AT_ONCE = 8

Key = tuple[str, Interval]
Read = Callable[[str, Interval, datetime], Awaitable[None]]


class Closes:
    """`read` asks for the candles of a symbol and an interval from a moment on, and judges them; it may raise
    `ExchangeError`."""

    def __init__(self, clock: Clock, judging: Judging, read: Read) -> None:
        self._clock = clock
        self._judging = judging
        self._read = read
        self._not_before: dict[Key, datetime] = {}
        self._has_news = asyncio.Event()

    def notice(self) -> None:
        """There may be other candles to follow."""
        self._has_news.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._has_news.clear()
            turns = self._turns()
            due = [turn[1:] for turn in turns if turn[0] <= self._clock.now()]
            for start in range(0, len(due), READ_AT_ONCE):
                async with asyncio.TaskGroup() as group:
                    for symbol, interval, at in due[start : start + READ_AT_ONCE]:
                        group.create_task(self._ask(symbol, interval, at))
            await self._rest(min((turn for turn, *_ in self._turns()), default=None))

    def _turns(self) -> list[tuple[datetime, str, Interval, datetime]]:
        """When each candle that is followed has to be asked for."""
        known = [(symbol, interval, at) for symbol, interval, at in self._judging.closes() if at is not None]
        keys = {(symbol, interval) for symbol, interval, _ in known}
        self._not_before = {key: moment for key, moment in self._not_before.items() if key in keys}
        return [
            (max(_closes(at, interval), self._not_before.get((symbol, interval), at)), symbol, interval, at)
            for symbol, interval, at in known
        ]

    async def _ask(self, symbol: str, interval: Interval, at: datetime) -> None:
        now = self._clock.now()
        try:
            await self._read(symbol, interval, at)
        except ExchangeError as error:
            log.warning("candles_unavailable", symbol=symbol, interval=interval.value, code=error.code)
            self._not_before[symbol, interval] = now + AGAIN_AFTER
            return
        # If it is not there yet it is asked for again, and then with the next one.
        is_expected = now < _closes(at, interval) + EXPECTED_FOR
        next_close = at + ((now - at) // interval.length + 1) * interval.length + SETTLES_WITHIN
        self._not_before[symbol, interval] = now + AGAIN_AFTER if is_expected else next_close

    async def _rest(self, until: datetime | None) -> None:
        if until is None:
            await self._has_news.wait()
            return
        async with asyncio.TaskGroup() as tasks:
            news = tasks.create_task(self._has_news.wait())
            pause = max(0.0, (until - self._clock.now()).total_seconds())
            timer = tasks.create_task(self._clock.sleep(pause))
            await asyncio.wait({news, timer}, return_when=asyncio.FIRST_COMPLETED)
            news.cancel()
            timer.cancel()


def _closes(at: datetime, interval: Interval) -> datetime:
    """When the candle behind the one that began at `at` can be asked for."""
    return at + 2 * interval.length + SETTLES_WITHIN
