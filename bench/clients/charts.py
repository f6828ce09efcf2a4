"""A chart of two hundred candles, drawn beside the event loop."""

import asyncio
import random
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from statistics import median

from bench.clients.notices import watch_gaps
from bench.meter import cpu, report
from tgbot.core.market import Candle, Interval
from tgbot.markets.charts.chart import Chart, Line, LineKind, Marks
from tgbot.markets.charts.drawing import draw

START = datetime(2026, 11, 22, tzinfo=UTC)
CANDLES = 200


async def drawn(_: str, times: int) -> None:
    """`stall_ms` is the longest time for which nobody else had his turn meanwhile."""
    chart = _chart()
    await asyncio.to_thread(draw, chart)  # loads the fonts
    gaps = [0.0]
    took: list[float] = []
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(watch_gaps(gaps))
        began = cpu()
        for _number in range(times):
            since = time.perf_counter()
            await asyncio.to_thread(draw, chart)
            took.append(time.perf_counter() - since)
        used = cpu() - began
        watching.cancel()
    report(ms=median(took) * 1e3, cpu_ms=used / times * 1e3, stall_ms=gaps[0] * 1e3)


def _chart() -> Chart:
    chance = random.Random(1)  # noqa: S311 - the same chart in every round
    price = 67_000
    candles: list[Candle] = []
    for number in range(CANDLES):
        end = price + chance.randint(-200, 200)
        high, low = max(price, end) + chance.randint(0, 90), min(price, end) - chance.randint(0, 90)
        prices = (Decimal(each) for each in (price, end, high, low))
        candles.append(_candle(START + timedelta(hours=number), *prices))
        price = end
    lines = Marks((Line(LineKind.ALERT, Decimal(price + 500)), Line(LineKind.ALERT, Decimal(price - 500))))
    return Chart("BTC-USDT", Interval.HOUR_1, tuple(candles), marks=lines)


def _candle(at: datetime, start: Decimal, end: Decimal, high: Decimal, low: Decimal) -> Candle:
    return Candle(at=at, open=start, close=end, high=high, low=low, volume=Decimal(12))
