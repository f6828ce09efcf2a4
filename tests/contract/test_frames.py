"""KuCoin's examples of pushed frames, and everything that it was once recorded to say, is read."""

import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.contract.catalogue import SHARED, Catalogue, needs_catalogue
from tests.contract.reference import PRIVATE_TOPICS, TOPICS
from tests.contract.understood import HEARD
from tests.ids import CountingIds
from tests.kucoin.conftest import HurryClock
from tests.kucoin.patience import eventually, running
from tests.kucoin.sockets import Sockets
from tgbot.core.market import Candle, Interval, Stats, Tick
from tgbot.kucoin.candles import CandleHub
from tgbot.kucoin.dialer import Dialer
from tgbot.kucoin.feed import (
    ALL_TICKERS,
    BALANCES,
    CANDLES,
    ORDERS,
    SNAPSHOT,
    STOPS,
    TICKER,
    Frame,
    Tickers,
    begun,
    read_balance_change,
    read_frame,
    read_order_change,
    read_stats,
    read_stop_change,
)
from tgbot.kucoin.hub import WIDE_ABOVE, TickerHub
from tgbot.kucoin.private import PrivateStream
from tgbot.kucoin.sign import Credentials
from tgbot.kucoin.wire import market as wire
from tgbot.kucoin.wire.market import told_candle
from tgbot.kucoin.wire.values import Envelope, decode

pytestmark = [pytest.mark.rig, needs_catalogue]

D = Decimal
CAPTURED = SHARED / "captured"
RECORDED = re.compile(r"[\d.]+: (\{.*\})")


def read_ticker(frame: Frame) -> object:
    return Tickers(lambda _: True).read(frame)


def read_candle(frame: Frame) -> object:
    candle = told_candle(bytes(frame.data))
    assert int(candle.at.timestamp()) == begun(frame)
    return candle


READERS: dict[str, Callable[[Frame], object]] = {
    TICKER + "{symbol}": read_ticker,
    ALL_TICKERS: read_ticker,
    SNAPSHOT + "{symbol}": read_stats,
    CANDLES + "{symbol}_{type}": read_candle,
    ORDERS: read_order_change,
    STOPS: read_stop_change,
    BALANCES: read_balance_change,
}


def test_every_topic_in_use_has_its_reader_here() -> None:
    assert READERS.keys() == HEARD.keys() == TOPICS.keys()


@pytest.mark.parametrize("topic", READERS)
def test_kucoins_example_is_read(topic: str, catalogue: Catalogue) -> None:
    entry = catalogue.topic(topic.format(symbol="BTC-USDT", type="1hour"))
    assert entry is not None
    result = READERS[topic](read_frame(json.dumps(entry["example"])))
    assert type(result) is type(HEARD[topic])
    assert result == HEARD[topic]


async def test_whatever_is_subscribed_to_is_in_the_catalogue_and_public_or_private_as_there(
    catalogue: Catalogue, hub: TickerHub, candles: CandleHub, private: PrivateStream, sockets: Sockets
) -> None:
    candles.hold("BTC-USDT", Interval.WEEK_1)
    hub.hold_stats("BTC-USDT")
    hub.hold("ETH-USDT")
    hub.hold("BTC-USDT")
    async with running(hub.run()), running(candles.run()), running(private.run()):
        await eventually(lambda: len(_subscriptions(sockets)) == len(TOPICS) - 1)
        for number in range(WIDE_ABOVE):
            hub.hold(f"C{number}-USDT")
        await eventually(lambda: len(_subscriptions(sockets)) == len(TOPICS))
    used = {}
    for message in _subscriptions(sockets):
        entry = catalogue.topic(message["topic"])
        assert entry is not None, message["topic"]
        assert message["privateChannel"] is entry["private"]
        used[entry["topic"].replace(",{symbol}", "")] = entry["private"]
    assert used == {topic: topic in PRIVATE_TOPICS for topic in TOPICS}


async def test_the_recorded_stream_is_read_frame_by_frame(hub: TickerHub, sockets: Sockets, ticks: list[Tick]) -> None:
    frames = [frame for frame in _recorded() if frame["type"] == "message"]
    tickers = [frame for frame in frames if frame["topic"].startswith(TICKER)]
    assert (len(frames), len(tickers)) == (4707, 830)
    for symbol in {frame["topic"].removeprefix(TICKER) for frame in tickers}:
        hub.hold(symbol)
    async with running(hub.run()):
        await sockets.until(lambda: bool(sockets.clients) and len(sockets.client.topics) > 0)
        for frame in frames:
            await sockets.client.socket.send(json.dumps(frame))
        news = _news(tickers)
        await eventually(lambda: len(ticks) == len(news))
    assert [(tick.symbol, tick.price, tick.sequence) for tick in ticks] == news


async def test_the_recorded_candles_are_read_and_told_when_the_next_one_begins(
    candles: CandleHub, sockets: Sockets, clock: HurryClock
) -> None:
    """The clock stands later than they were recorded."""
    told: list[tuple[str, Candle]] = []
    candles.listen(lambda symbol, _, candle: told.append((symbol, candle)))
    frames = [frame for frame in _recorded() if frame.get("topic", "").startswith(CANDLES)]
    assert len(frames) == 6
    symbols = {frame["data"]["symbol"] for frame in frames}
    for symbol in symbols:
        candles.hold(symbol, Interval.MINUTE_1)
    async with running(candles.run()):
        await sockets.until(lambda: bool(sockets.clients) and len(sockets.client.topics) == len(symbols))
        for frame in frames:
            await sockets.client.socket.send(json.dumps(frame))
        await eventually(lambda: candles.told("BCHSV-USDT", Interval.MINUTE_1) is not None and len(told) == 2)
        last = candles.told("DAPPT-BTC", Interval.MINUTE_1)
    (still, first), (moving, second) = told
    assert (still, first.close, first.volume) == ("DAPPT-BTC", D("0.0000001116"), D(0))
    assert (moving, second.close, second.volume) == ("BCHSV-USDT", D("242.781"), D("0.14324938"))
    assert last is not None
    assert (last.close, last.high, last.volume) == (D("0.0000001126"), D("0.0000001126"), D("3799.1984"))


def test_what_was_recorded_of_the_session_itself_is_read() -> None:
    said = [read_frame(json.dumps(frame)).type for frame in _recorded() if frame["type"] != "message"]
    assert said[0] == "welcome"
    assert set(said[1:]) == {"ack"}


def test_recorded_trading_rules_are_read() -> None:
    (line,) = [line for line in (CAPTURED / "KUCOIN.0").read_text().splitlines() if "/api/v1/symbols -> " in line]
    answer = line.split(": ", 1)[1].encode()
    rules = wire.symbols(bytes(decode(Envelope, answer).data))
    assert len(rules) == len(json.loads(answer)["data"])


def test_recorded_books_are_read() -> None:
    for line in filter(None, (CAPTURED / "KUCOIN.http.0.0").read_text().splitlines()):
        answer = line.split(": ", 1)[1].encode()
        book = wire.book("BCHSV-USDT", bytes(decode(Envelope, answer).data))
        assert book.bids[0].price < book.asks[0].price


@pytest.fixture
def ticks() -> list[Tick]:
    return []


@pytest.fixture
def hub(dialer: Dialer, clock: HurryClock, ids: CountingIds, ticks: list[Tick]) -> TickerHub:
    async def no_stats() -> list[Stats]:
        return []

    return TickerHub(dialer.public, no_stats, clock, ids, ticks.append, lambda _: None, lambda _: None, lambda _: None)


@pytest.fixture
def candles(dialer: Dialer, clock: HurryClock, ids: CountingIds) -> CandleHub:
    return CandleHub(dialer.public, clock, ids)


@pytest.fixture
def private(dialer: Dialer, credentials: Credentials, clock: HurryClock, ids: CountingIds) -> PrivateStream:
    async def nothing(*_: object) -> None:
        return None

    return PrivateStream(dialer, credentials, clock, ids, nothing, nothing, nothing, on_stop=nothing)


def _subscriptions(sockets: Sockets) -> list[dict[str, Any]]:
    return [message for client in sockets.clients for message in client.saying("subscribe")]


def _recorded() -> Iterator[dict[str, Any]]:
    for line in (CAPTURED / "KUCOIN.ws.1.0").read_text().splitlines():
        if frame := RECORDED.fullmatch(line):
            yield json.loads(frame[1])


def _news(tickers: list[dict[str, Any]]) -> list[tuple[str, Decimal, int]]:
    """Those whose sequence is higher than any before of their symbol."""
    last: dict[str, int] = {}
    news = []
    for frame in tickers:
        symbol, data = frame["topic"].removeprefix(TICKER), frame["data"]
        sequence = int(data["sequence"])
        if sequence > last.get(symbol, -1):
            last[symbol] = sequence
            news.append((symbol, Decimal(data["price"]), sequence))
    return news
