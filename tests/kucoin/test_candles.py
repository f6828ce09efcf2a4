"""Candles in the making: one topic for all who need it, and nothing that has to be believed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.clock import START, a_moment
from tests.ids import CountingIds
from tests.kucoin.conftest import HurryClock
from tests.kucoin.patience import eventually, passing, running, without_pings
from tests.kucoin.sockets import Client, Sockets
from tgbot.core.market import Candle, Interval
from tgbot.kucoin.candles import CandleHub
from tgbot.kucoin.dialer import Dialer
from tgbot.kucoin.shards import TOPICS_A_SOCKET

BTC, MINUTE = "BTC-USDT", Interval.MINUTE_1
TOPIC = "/market/candles:BTC-USDT_1min"
NOW = int(START.timestamp())

Told = tuple[str, Interval, Candle]


@pytest.fixture
def told() -> "asyncio.Queue[Told]":
    return asyncio.Queue()


@pytest.fixture
def candles(dialer: Dialer, clock: HurryClock, ids: CountingIds, told: "asyncio.Queue[Told]") -> CandleHub:
    hub = CandleHub(without_pings(dialer.public), clock, ids)
    hub.listen(lambda *next_one: told.put_nowait(next_one))
    return hub


async def push(client: Client, second: object, close: object, topic: str = TOPIC) -> None:
    row = [str(second), "67000", close, "67200", "66900", "3.5", "234500"]
    frame = {"symbol": BTC, "candles": row, "time": NOW * 10**9}
    await client.push(topic, frame, subject="trade.candles.update")


def candle(minute: int, close: str) -> Candle:
    at = START + timedelta(minutes=minute)
    return Candle(at, Decimal(67_000), Decimal(67_200), Decimal(66_900), Decimal(close), Decimal("3.5"))


@asynccontextmanager
async def listening(candles: CandleHub, sockets: Sockets) -> AsyncIterator[Client]:
    candles.hold(BTC, MINUTE)
    async with running(candles.run()):
        yield await sockets.until_subscribed(TOPIC)


async def test_a_topic_is_asked_for_once_and_left_with_the_last_who_needs_it(
    candles: CandleHub, sockets: Sockets
) -> None:
    candles.hold(BTC, MINUTE)
    async with listening(candles, sockets) as client:
        candles.hold(BTC, Interval.HOUR_1)
        await sockets.until_subscribed(TOPIC, "/market/candles:BTC-USDT_1hour")
        candles.release(BTC, MINUTE)
        candles.release(BTC, Interval.HOUR_1)
        await sockets.until(lambda: client.topics == {TOPIC})
        candles.release(BTC, MINUTE)
        await sockets.until(lambda: not client.topics)
    assert [message["topic"] for message in client.saying("subscribe")].count(TOPIC) == 1
    assert candles.told(BTC, MINUTE) is None


async def test_a_candle_is_told_as_it_was_last_when_the_one_behind_it_begins(
    candles: CandleHub, sockets: Sockets, told: "asyncio.Queue[Told]"
) -> None:
    async with listening(candles, sockets) as client:
        for close in ("67010", "67020", "67030"):
            await push(client, NOW, close)
        await eventually(lambda: candles.told(BTC, MINUTE) == candle(0, "67030"))
        assert told.empty()
        await push(client, NOW + 60, "67040")
        await eventually(lambda: not told.empty())
        assert told.get_nowait() == (BTC, MINUTE, candle(0, "67030"))
        await push(client, NOW, "66000")  # comes late
        candles.hold(BTC, Interval.HOUR_1)
        await sockets.until_subscribed("/market/candles:BTC-USDT_1hour")
        await push(client, NOW, "67050", "/market/candles:BTC-USDT_1hour")
        await eventually(lambda: candles.told(BTC, Interval.HOUR_1) is not None)
    assert candles.told(BTC, MINUTE) == candle(1, "67040")
    assert told.empty()


@pytest.mark.parametrize("second", ["x", None, NOW + 3600, "1e999", []])
async def test_a_candle_that_cannot_be_is_dropped(
    candles: CandleHub, sockets: Sockets, told: "asyncio.Queue[Told]", second: object
) -> None:
    async with listening(candles, sockets) as client:
        await push(client, NOW, "67010")
        await push(client, second, "67020")
        await push(client, NOW + 60, "67030")
        await eventually(lambda: not told.empty())
    assert told.get_nowait() == (BTC, MINUTE, candle(0, "67010"))
    assert sockets.dials == 1


@pytest.mark.parametrize("close", ["NaN", "x", None, "1e999999", []])
async def test_of_a_candle_whose_last_frame_is_absurd_nothing_is_told(
    candles: CandleHub, sockets: Sockets, told: "asyncio.Queue[Told]", close: object
) -> None:
    async with listening(candles, sockets) as client:
        await push(client, NOW - 60, close)
        await push(client, NOW, "67030")
        await push(client, NOW + 60, "67040")
        await eventually(lambda: not told.empty())
    assert told.get_nowait() == (BTC, MINUTE, candle(0, "67030"))


async def test_after_a_reconnect_the_next_frame_goes_on(
    candles: CandleHub, sockets: Sockets, clock: HurryClock, told: "asyncio.Queue[Told]"
) -> None:
    async with listening(candles, sockets) as client:
        await push(client, NOW, "67010")
        await eventually(lambda: candles.told(BTC, MINUTE) is not None)
        await client.socket.close()
        await passing(clock, 10, lambda: len(sockets.clients) == 2 and sockets.client.topics == {TOPIC})
        await push(sockets.client, NOW, "67020")
        await push(sockets.client, NOW + 60, "67030")
        await eventually(lambda: not told.empty())
    assert told.get_nowait() == (BTC, MINUTE, candle(0, "67020"))


async def test_a_topic_that_tells_nothing_of_what_has_been_traded_is_asked_for_anew(
    candles: CandleHub, sockets: Sockets, clock: HurryClock
) -> None:
    async with listening(candles, sockets) as client:
        await push(client, NOW, "67010")
        await eventually(lambda: candles.told(BTC, MINUTE) is not None)
        clock.advance(60)
        await push(client, NOW + 60, "67020")
        await eventually(lambda: candles.told(BTC, MINUTE) == candle(1, "67020"))
        clock.advance(61)
        candles.compare(BTC, MINUTE, candle(1, "67030"))
        await a_moment()
        assert len(client.saying("subscribe")) == 1
        clock.advance(60)
        candles.compare(BTC, MINUTE, candle(2, "67030"))
        await sockets.until(lambda: len(client.saying("subscribe")) == 2)
        candles.compare(BTC, MINUTE, candle(2, "67030"))
        await a_moment()
    assert len(client.saying("subscribe")) == 2


async def test_a_topic_is_not_called_dead_for_what_was_traded_before_it_was_asked_for(
    candles: CandleHub, sockets: Sockets, clock: HurryClock
) -> None:
    clock.advance(90)
    async with listening(candles, sockets) as client:
        await push(client, NOW, "67010")
        await eventually(lambda: candles.told(BTC, MINUTE) is not None)
        clock.advance(40)
        candles.compare(BTC, MINUTE, candle(1, "67000"))
        await a_moment()
    assert len(client.saying("subscribe")) == 1


async def test_a_topic_that_kucoin_does_not_have_disturbs_no_other(candles: CandleHub, sockets: Sockets) -> None:
    sockets.unknown_topics.add("/market/candles:NO-PE_1min")
    candles.hold("NO-PE", MINUTE)
    async with listening(candles, sockets) as client:
        await push(client, NOW, "67010")
        await eventually(lambda: candles.told(BTC, MINUTE) == candle(0, "67010"))
        candles.compare("NO-PE", MINUTE, candle(0, "1"))
        candles.release("NO-PE", MINUTE)
    assert sockets.dials == 1


async def test_more_than_one_socket_bears_gets_a_second(
    candles: CandleHub, sockets: Sockets, clock: HurryClock
) -> None:
    for number in range(TOPICS_A_SOCKET + 1):
        candles.hold(f"C{number}-USDT", MINUTE)
    async with running(candles.run()):
        await passing(clock, 60, lambda: sum(len(client.topics) for client in sockets.clients) == TOPICS_A_SOCKET + 1)
    assert sockets.dials == 2
