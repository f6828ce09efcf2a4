"""Charts are made of what the exchange and a person's own tables say, off the event loop, once."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.clock import START, JumpClock
from tests.markets.exchange import MemoryExchange
from tests.markets.test_charts_drawing import candle, chart_of
from tgbot.core.errors import ExchangeUnavailable
from tgbot.core.market import Interval
from tgbot.core.people import Person
from tgbot.markets.charts import service
from tgbot.markets.charts.chart import Chart, Line, LineKind, Marks, Theme
from tgbot.markets.charts.service import CANDLES, Charts

ANNA = Person(1, "Anna", "en", "Asia/Kolkata", "USDT", "USDT", None, is_operator=False)
ALERT, ORDER = Line(LineKind.ALERT, Decimal(70_000)), Line(LineKind.BUY, Decimal(60_000))


@pytest.fixture
def exchange(clock: JumpClock) -> MemoryExchange:
    return MemoryExchange(clock)


async def make(charts: Charts, *, with_marks: bool = True) -> Chart | None:
    return await charts.chart(ANNA, "BTC-USDT", Interval.HOUR_1, Theme.LIGHT, with_marks=with_marks)


async def test_the_latest_candles_are_shown_in_the_persons_zone(clock: JumpClock, exchange: MemoryExchange) -> None:
    for price in range(200):
        exchange.trade("BTC-USDT", str(67_000 + price))
        clock.advance(3600)
    chart = await make(Charts(exchange, clock))
    assert chart is not None
    assert len(chart.candles) == CANDLES
    assert chart.candles[-1].close == 67_199
    assert (chart.zone, chart.language) == ("Asia/Kolkata", "en")
    assert (chart.theme, chart.interval) == (Theme.LIGHT, Interval.HOUR_1)


async def test_a_chart_is_written_in_the_persons_language(clock: JumpClock, exchange: MemoryExchange) -> None:
    exchange.trade("BTC-USDT", "67000")
    charts, boris = Charts(exchange, clock), replace(ANNA, language="ru")
    hers, his = [
        await charts.chart(person, "BTC-USDT", Interval.HOUR_1, Theme.LIGHT, with_marks=False)
        for person in (ANNA, boris)
    ]
    assert hers is not None
    assert his is not None
    assert await charts.picture(hers) != await charts.picture(his)


async def test_without_a_trade_there_is_no_chart(clock: JumpClock, exchange: MemoryExchange) -> None:
    exchange.trade("BTC-USDT", "67000")
    clock.advance((CANDLES + 1) * 3600)
    assert await make(Charts(exchange, clock)) is None
    exchange.trade("BTC-USDT", "0")
    assert await make(Charts(exchange, clock)) is None, "a price of nothing is no price"
    exchange.is_down = True
    with pytest.raises(ExchangeUnavailable):
        await make(Charts(exchange, clock))


async def test_marks_of_all_sources_are_shown_to_their_owner_only(clock: JumpClock, exchange: MemoryExchange) -> None:
    async def alerts(person: Person, symbol: str) -> Marks:
        return Marks((ALERT,)) if (person, symbol) == (ANNA, "BTC-USDT") else Marks()

    async def orders(person: Person, symbol: str) -> Marks:
        return Marks((ORDER,))

    exchange.trade("BTC-USDT", "67000")
    charts = Charts(exchange, clock, (alerts, orders))
    own, shared = await make(charts), await make(charts, with_marks=False)
    assert own is not None
    assert shared is not None
    assert (own.marks, shared.marks) == (Marks((ALERT, ORDER)), Marks())


async def test_the_loop_goes_on_while_a_picture_is_drawn(clock: JumpClock, exchange: MemoryExchange) -> None:
    charts = Charts(exchange, clock)
    chart = chart_of(*(candle(place, 100 + place % 7, 101 + place % 5) for place in range(200)))
    turns = 0
    async with asyncio.TaskGroup() as group:
        drawing = group.create_task(charts.picture(chart))
        while not drawing.done():
            await asyncio.wait([drawing], timeout=0.001)
            turns += 1
    assert turns > 3
    assert drawing.result().startswith(b"\x89PNG")


async def test_many_who_ask_for_the_same_get_the_same_picture(clock: JumpClock, exchange: MemoryExchange) -> None:
    charts = Charts(exchange, clock)
    chart = chart_of(candle(0, 100, 101))
    pictures = await asyncio.gather(*(charts.picture(chart) for _ in range(20)))
    assert all(picture is pictures[0] for picture in pictures)
    assert await charts.picture(chart_of(candle(0, 100, 102))) != pictures[0]


async def test_what_nobody_has_asked_for_lately_is_forgotten(
    clock: JumpClock, exchange: MemoryExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "KEPT", 2)
    charts = Charts(exchange, clock)
    one, two, three = (chart_of(candle(0, 100, 101), candle(1, 100, 100 + end)) for end in range(3))
    first, second = await charts.picture(one), await charts.picture(two)
    assert await charts.picture(one) is first
    await charts.picture(three)
    assert await charts.picture(one) is first
    assert await charts.picture(two) is not second


async def test_a_chart_of_a_new_pair_begins_with_its_first_trade(clock: JumpClock, exchange: MemoryExchange) -> None:
    clock.advance(timedelta(days=30).total_seconds())
    exchange.trade("BTC-USDT", "67000")
    chart = await make(Charts(exchange, clock))
    assert chart is not None
    assert [each.at for each in chart.candles] == [START + timedelta(days=30)]
