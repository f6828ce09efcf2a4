"""What the stream of candles tells is not believed; it says what has to be read first."""

import json
import ssl
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from tests.alerts.desk import ANN, BORIS, BTC, ETH
from tests.alerts.street import MINUTE, Street, open_street
from tests.clock import JumpClock, a_moment
from tests.ids import CountingIds
from tests.kucoin.conftest import client, ssl_context
from tests.kucoin.patience import eventually, passing
from tests.markets.exchange import SYMBOLS
from tgbot.alerts.rules.request import read_request
from tgbot.db.engine import Database
from tgbot.kucoin.candles import topic_of
from tgbot.kucoin.operations import CANDLES
from tgbot.paper.faults import Mode

__all__ = ["client", "ssl_context"]

OTHERS = tuple(f"C{number}-USDT" for number in range(10))


@pytest.fixture
def ahead() -> timedelta:
    """By how much our clock is wrong."""
    return timedelta(0)


@pytest.fixture
async def street(
    sqlite_url: str,
    clock: JumpClock,
    ids: CountingIds,
    client: httpx.AsyncClient,
    ssl_context: ssl.SSLContext,
    ahead: timedelta,
) -> AsyncIterator[Street]:
    database, symbols = Database(sqlite_url), (*SYMBOLS, *OTHERS)
    async with open_street(database, clock, ids, client, ssl_context, symbols, ahead) as street:
        yield street
    await database.close()


async def rise(street: Street, symbol: str = BTC, price: int = 100_000) -> None:
    """By half: at the close of this minute its RSI is beyond 90."""
    street.price(symbol, price)
    await street.until_told(symbol)


async def test_a_topic_is_asked_for_once_and_left_with_its_last_alert(street: Street) -> None:
    async with street.life() as life:
        first = await street.set(f"{BTC} rsi 1m > 90", ANN)
        second = await street.set(f"{BTC} ma 5/10 1m and > 90000", BORIS)
        await street.set(f"{BTC} rsi 1h > 90", BORIS)
        await street.set(f"{ETH} > 1", BORIS)
        await eventually(lambda: street.topics == ["/market/candles:BTC-USDT_1hour", topic_of(BTC, MINUTE)])
        await life.alerts.delete(ANN, first.short)
        await a_moment()
        assert topic_of(BTC, MINUTE) in street.topics
        await life.alerts.delete(BORIS, second.short)
        await eventually(lambda: street.topics == ["/market/candles:BTC-USDT_1hour"])


async def test_a_topic_is_left_when_its_alert_is_changed_to_wait_for_a_price(street: Street) -> None:
    async with street.life() as life:
        alert = await street.set(f"{BTC} rsi 1m > 90")
        await eventually(lambda: street.topics == [topic_of(BTC, MINUTE)])
        wanted = read_request(f"{BTC} > 70000", ".")
        await life.alerts.change(ANN, alert.short, wanted, street.exchange.rules[BTC], "UTC")
        await eventually(lambda: street.topics == [])


async def test_what_rings_at_a_close_is_told_before_anything_else_is_read(street: Street) -> None:
    """And well before the three seconds after which all candles are read."""
    for symbol in OTHERS:
        street.exchange.trade(symbol, "100")
    async with street.life():
        for symbol in (*OTHERS, BTC):
            await street.set(f"{symbol} rsi 1m > 90")
        await street.followed(*OTHERS, BTC)
        await rise(street)
        await street.until_closed()
        street.exchange.calls.clear()
        street.pass_time(seconds=0.2)
        for symbol in (*OTHERS, BTC):
            street.price(symbol, street.exchange.trades[symbol][-1].price)
        [said] = await street.said(1)
        assert street.asked() == [BTC]
        assert street.since_close < timedelta(seconds=1)
        assert said.text.startswith("🔔 BTC-USDT RSI 1m > 90: now 100,000")
        street.pass_time(seconds=3)
        await street.until(lambda: sorted(street.asked()) == sorted([*OTHERS, BTC]))
        assert await street.said() == [said]


async def test_a_candle_that_is_not_there_yet_is_asked_for_again_a_moment_later(street: Street) -> None:
    """The stream is ahead: what the first answer has of this candle may still change."""

    def earlier(body: bytes) -> bytes:
        answer = json.loads(body)
        return json.dumps(answer | {"data": answer["data"][1:]}).encode()

    async with street.life():
        await street.set(f"{BTC} rsi 1m > 90")
        await street.followed(BTC)
        await rise(street)
        await street.until_closed()
        street.faults.add("GET", CANDLES.path, Mode.EDITED, edit=earlier)
        before = len(street.asked())
        street.price(BTC, 100_000)
        await street.until(lambda: len(street.asked()) == before + 1)
        await a_moment()
        assert await street.said() == []
        await passing(street.clock, 1, lambda: len(street.asked()) == before + 2)
        assert len(await street.said(1)) == 1
        assert street.since_close <= timedelta(seconds=1)


@pytest.mark.parametrize("why", ["another alert is set", "the price stream was cut"])
async def test_a_candle_that_has_closed_but_may_change_is_not_taken_for_whole_by_who_reads_back(
    street: Street, why: str
) -> None:
    """KuCoin's candles may be behind its trades: right behind the close the last trade is not in the answer yet."""

    def behind(body: bytes) -> bytes:
        return body.replace(b"100000", b"67000")

    async with street.life() as life:
        await street.set(f"{BTC} rsi 1m > 90")
        await street.followed(BTC)
        await rise(street)
        await street.until_closed()
        street.pass_time(seconds=0.2)
        before = len(street.asked())
        street.faults.add("GET", CANDLES.path, Mode.EDITED, 10, edit=behind)
        if why == "another alert is set":
            await street.set(f"{BTC} rsi 1m < 10", BORIS)
        else:
            life.monitor.on_gap([BTC])
        await street.until(lambda: len(street.asked()) > before and not life.monitor._waiting)
        street.faults.clear()
        assert await street.said() == []
        await street.pass_seconds(4)
        assert len(await street.said(1)) == 1


async def test_without_a_trade_behind_it_no_candle_is_taken_for_whole_before_its_time(street: Street) -> None:
    """The stream says that the next one has begun, and the exchange has a row for it in which nothing was traded."""
    async with street.life():
        await street.set(f"{BTC} rsi 1m > 90")
        await street.followed(BTC)
        await rise(street)
        await street.until_closed()
        before = len(street.asked())
        row = [str(int(street.clock.now().timestamp())), "1", "1", "1", "1", "0", "0"]
        street.paper.streams.publish(topic_of(BTC, MINUTE), "trade.candles.add", {"candles": row})
        await passing(street.clock, 2, lambda: len(street.asked()) >= before + 2)
        assert await street.said() == []
        await street.pass_seconds(2)
        assert len(await street.said(1)) == 1


@pytest.mark.parametrize("begins", ["the next minute", "an hour ahead"])
async def test_a_stream_that_lies_makes_nothing_ring(street: Street, begins: str) -> None:
    async with street.life():
        await street.set(f"{BTC} rsi 1m > 90")
        await street.followed(BTC)
        told = street.now.candles.told(BTC, MINUTE)
        assert told is not None
        start = int(told.at.timestamp())
        for second, close in ((start, "999999"), (start + (60 if begins == "the next minute" else 3_600), "1")):
            row = [str(second), close, close, close, close, "1", "1"]
            street.paper.streams.publish(topic_of(BTC, MINUTE), "trade.candles.update", {"candles": row})
        before = len(street.asked())
        if begins == "the next minute":
            await street.until(lambda: len(street.asked()) > before)
        await street.pass_seconds(8)
        assert len(street.asked()) <= before + 5
        await street.until_closed()
        street.price(BTC, 67_000)
        await street.pass_seconds(4)
        await street.until(lambda: street.now.monitor._judging.last_closed(BTC, MINUTE) == told.at)
        assert await street.said() == []
        await rise(street)
        await street.until_closed()
        street.price(BTC, 100_000)
        assert len(await street.said(1)) == 1
        assert street.since_close < timedelta(seconds=1)


@pytest.mark.parametrize("ahead", [timedelta(seconds=30)])
async def test_what_is_still_being_made_is_not_judged_by_a_clock_that_is_fast(street: Street) -> None:
    """By KuCoin's clock the minute is half over."""
    async with street.life():
        await street.set(f"{BTC} rsi 1m > 90")
        await street.followed(BTC)
        await street.until_closed()
        await rise(street)
        await street.pass_seconds(45)
        street.price(BTC, 67_000)
        await street.until_told(BTC)
        await street.pass_seconds(20)
        assert street.asked() != []
        assert await street.said() == []


@pytest.mark.parametrize("ahead", [timedelta(seconds=-90)])
async def test_with_a_clock_that_is_slow_it_rings_in_time(street: Street) -> None:
    async with street.life():
        await street.set(f"{BTC} rsi 1m > 90")
        await street.followed(BTC)
        await rise(street)
        await street.until_closed()
        street.price(BTC, 100_000)
        assert len(await street.said(1)) == 1
        assert street.since_close < timedelta(seconds=1)


async def test_a_right_one_is_not_hidden_by_a_frame_that_is_lost(street: Street) -> None:
    """It rings when all are read, as if nobody had told of candles."""
    async with street.life():
        await street.set(f"{BTC} rsi 1m > 90")
        await street.followed(BTC)
        street.paper.streams.mute()
        street.price(BTC, 100_000)
        street.paper.streams.mute(False)
        await street.until_closed()
        before = len(street.asked())
        street.price(BTC, 100_000)
        await street.until_told(BTC)
        await street.pass_seconds(2)
        assert len(street.asked()) == before
        assert await street.said() == []
        street.pass_time(seconds=1)
        assert len(await street.said(1)) == 1


async def test_a_dead_topic_costs_three_seconds_and_is_asked_for_anew(street: Street) -> None:
    async with street.life():
        await street.set(f"{BTC} rsi 1m > 90")
        await street.set(f"{BTC} rsi 1m < 10")
        await street.followed(BTC)
        await street.until_closed()
        street.paper.streams.lose(topic_of(BTC, MINUTE))
        street.price(BTC, 100_000)
        await street.until_closed()
        street.price(BTC, 100_000)
        await street.pass_seconds(2)
        assert await street.said() == []
        assert street.topics == []
        street.pass_time(seconds=1)
        assert len(await street.said(1)) == 1
        await eventually(lambda: street.topics == [topic_of(BTC, MINUTE)])


async def test_after_a_reconnect_it_is_on_time_again(street: Street) -> None:
    async with street.life():
        await street.set(f"{BTC} rsi 1m > 90")
        await street.followed(BTC)
        street.paper.streams.cut()
        await eventually(lambda: street.topics == [])
        await passing(street.clock, 10, lambda: street.topics == [topic_of(BTC, MINUTE)])
        await rise(street)
        await street.until_closed()
        street.price(BTC, 100_000)
        assert len(await street.said(1)) == 1
        assert street.since_close < timedelta(seconds=1)


async def test_what_rings_goes_first_when_quota_gets_scarce_also_without_a_trade_behind_it(street: Street) -> None:
    """Until there is one nobody can know that the candle came whole: it has its three seconds, but no more."""
    async with street.life():
        await street.set(f"{BTC} rsi 1m > 90")
        await street.followed(BTC)
        await rise(street)
        await street.until_closed()
        await street.pass_seconds(2)
        street.rest.budget.learn(CANDLES, "", {"gw-ratelimit-remaining": "400", "gw-ratelimit-reset": "20000"})
        assert await street.said() == []
        street.pass_time(seconds=1)
        assert len(await street.said(1)) == 1
