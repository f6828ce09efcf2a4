"""Charts made and kept."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Protocol

from tgbot.core.clock import Clock
from tgbot.core.market import Candle, Interval
from tgbot.core.money import ZERO
from tgbot.core.people import Person
from tgbot.markets.charts.chart import Chart, Marks, Theme
from tgbot.markets.charts.drawing import draw

CANDLES = 120  # as many as a phone held upright can tell apart
KEPT = 100  # pictures of some 20 kB

# What a person has in a pair, by its symbol.
MarkSource = Callable[[Person, str], Awaitable[Marks]]


class CandleSource(Protocol):
    async def candles(self, symbol: str, interval: Interval, start: datetime, end: datetime) -> list[Candle]: ...


class Charts:
    """Pictures are drawn in a thread, one at a time: drawing takes the interpreter's lock in turns, so that two at once
    would only make each other and everybody else late."""

    def __init__(self, source: CandleSource, clock: Clock, marks: Sequence[MarkSource] = ()) -> None:
        self._source = source
        self._clock = clock
        self._marks = marks
        self._drawing = asyncio.Semaphore(1)
        self._kept: dict[Chart, bytes] = {}

    async def chart(
        self, person: Person, symbol: str, interval: Interval, theme: Theme, *, with_marks: bool
    ) -> Chart | None:
        """The latest candles; `None` if nothing was traded in all that time. A candle that reaches down to nothing is
        no price. Raises `ExchangeError`."""
        now = self._clock.now()
        found = await self._source.candles(symbol, interval, now - CANDLES * interval.length, now)
        candles = tuple(candle for candle in found if candle.low > ZERO)
        if not candles:
            return None
        marks = Marks()
        if with_marks:
            for part in await asyncio.gather(*(source(person, symbol) for source in self._marks)):
                marks += part
        return Chart(symbol, interval, candles, person.time_zone, person.language, theme, marks)

    async def picture(self, chart: Chart) -> bytes:
        """A PNG."""
        async with self._drawing:
            picture = self._kept.pop(chart, None)
            if picture is None:
                picture = await asyncio.to_thread(draw, chart)
            self._kept[chart] = picture
            if len(self._kept) > KEPT:
                del self._kept[next(iter(self._kept))]
        return picture
