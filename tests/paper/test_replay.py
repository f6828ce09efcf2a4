import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
import websockets

from tests.clock import START, JumpClock
from tests.ids import CountingIds
from tests.paper.conftest import NO_TLS
from tests.paper.reader import Reader
from tests.paper.trader import data_of
from tgbot.core.errors import ConfigError
from tgbot.core.market import Tick
from tgbot.paper.exchange import PaperExchange
from tgbot.paper.replay import Replay

CAPTURE = Path(__file__).parents[2] / "../shared/kucoin/captured/KUCOIN.ws.1.0"


def line(second: str, symbol: str, price: str, bid: str = "1", ask: str = "9.25") -> str:
    data = f'{{"sequence":"1","price":"{price}","size":"1","bestBid":"{bid}","bestAsk":"{ask}","time":1}}'
    return f'{second}: {{"type":"message","topic":"/market/ticker:{symbol}","subject":"trade.ticker","data":{data}}}'


RECORDING = [
    'wss://x/endpoint?token=T <- 99.5: {"id":1,"type":"subscribe","topic":"/market/ticker:A-USDT,B-BTC"}',
    '99.9: {"id":"1","type":"ack"}',
    line("100.5", "A-USDT", "2"),
    line("101.5", "B-BTC", "0.0005"),
    "wss://x/endpoint?token=T -> " + line("103.5", "A-USDT", "3.125"),
]
SYMBOLS = (
    'https://x/api/v1/symbols -> 99: {"code":"200000","data":[{"symbol":"A-USDT","name":"A-USDT","baseCurrency":"A",'
    '"quoteCurrency":"USDT","feeCurrency":"USDT","market":"USDS","baseMinSize":"0.5","quoteMinSize":"0.1",'
    '"baseMaxSize":"100","quoteMaxSize":"999","baseIncrement":"0.01","quoteIncrement":"0.001",'
    '"priceIncrement":"0.0001","priceLimitRate":"0.1","isMarginEnabled":false,"enableTrading":true}]}'
)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    file = tmp_path / "REC.ws.1.0"
    file.write_text("\n".join(RECORDING))
    return file


@asynccontextmanager
async def played(replay: Replay, clock: JumpClock) -> AsyncIterator[list[Tick]]:
    """The replay running, and what it has told so far."""
    ticks: list[Tick] = []
    replay.listen(ticks.append)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(replay.run())
        yield ticks
        running.cancel()


async def step(clock: JumpClock, seconds: float) -> None:
    await clock.until_sleeping()
    clock.advance(seconds)
    await clock.until_sleeping()


async def test_pairs_stand_at_their_first_price_until_somebody_subscribes(recording: Path, clock: JumpClock) -> None:
    replay = Replay(clock, recording)
    async with played(replay, clock) as ticks:
        assert [(tick.symbol, tick.price) for tick in ticks] == [("A-USDT", Decimal(2)), ("B-BTC", Decimal("0.0005"))]
        clock.advance(60)
        assert len(ticks) == 2
        replay.demand()
        await clock.until_sleeping()
        assert [tick.symbol for tick in ticks[2:]] == ["A-USDT"]


async def test_ticks_come_at_the_recorded_pace_with_todays_time_and_start_again(
    recording: Path, clock: JumpClock
) -> None:
    replay = Replay(clock, recording)
    async with played(replay, clock) as ticks:
        replay.demand()
        for seconds in (1, 2, 1, 1):
            await step(clock, seconds)
    moving = [(tick.symbol, (tick.at - START).total_seconds()) for tick in ticks[2:]]
    assert moving == [("A-USDT", 0), ("B-BTC", 1), ("A-USDT", 3), ("A-USDT", 4), ("B-BTC", 5)]
    assert [tick.sequence for tick in ticks] == [1, 2, 3, 4, 5, 6, 7]


async def test_rules_are_those_recorded_beside_it_or_else_as_fine_as_the_prices(
    recording: Path, clock: JumpClock
) -> None:
    recording.with_name("REC.0").write_text(SYMBOLS)
    rules = Replay(clock, recording).rules
    assert (rules["A-USDT"].price_increment, rules["A-USDT"].base_min) == (Decimal("0.0001"), Decimal("0.5"))
    assert rules["A-USDT"].min_funds == Decimal("0.1")
    assert (rules["B-BTC"].quote, rules["B-BTC"].price_increment) == ("BTC", Decimal("0.0001"))


async def test_first_subscription_to_the_exchange_starts_it(
    recording: Path, clock: JumpClock, ids: CountingIds
) -> None:
    exchange = PaperExchange(Replay(clock, recording), clock, ids)
    async with exchange.serve() as served, httpx.AsyncClient(base_url=served.url, verify=NO_TLS) as http:
        bullet = data_of(await http.post("/api/v1/bullet-public"))
        url = f"{bullet['instanceServers'][0]['endpoint']}?token={bullet['token']}"
        async with websockets.connect(url, ping_interval=None) as socket:
            reader = Reader(socket)
            assert (await reader.next())["type"] == "welcome"
            await reader.subscribe("/market/ticker:A-USDT")
            assert [(await reader.next())["data"]["price"] for _ in range(2)] == ["2", "2"]
            for seconds in (1, 2):
                await clock.until_sleeping(2)
                clock.advance(seconds)
            assert (await reader.next())["data"]["price"] == "3.125"


async def test_file_without_tickers_is_refused(tmp_path: Path, clock: JumpClock) -> None:
    file = tmp_path / "REC"
    file.write_text("nothing\n")
    with pytest.raises(ConfigError):
        Replay(clock, file)


@pytest.mark.rig
@pytest.mark.skipif(not CAPTURE.exists(), reason="../shared is not here")
async def test_recorded_kucoin_traffic_is_read(clock: JumpClock, ids: CountingIds) -> None:
    replay = Replay(clock, CAPTURE)
    exchange = PaperExchange(replay, clock, ids)
    assert len(replay.rules) == 9
    assert replay.rules["BCHSV-USDT"].price_increment == Decimal("0.001")
    tick = exchange.market.tick("BCHSV-USDT")
    assert (tick.price, tick.bid, tick.ask) == (Decimal("243.65"), Decimal("242.654"), Decimal("242.951"))
    exchange.close()
