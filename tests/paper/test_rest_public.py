"""Market data over HTTP."""

from decimal import Decimal

import pytest

from tests.paper.conftest import Floor
from tests.paper.trader import data_of


async def test_time_is_the_clocks(floor: Floor) -> None:
    assert data_of(await floor.http.get("/api/v1/timestamp")) == int(floor.clock.now().timestamp() * 1000)


async def test_symbols_are_listed_and_found(floor: Floor) -> None:
    listed = data_of(await floor.http.get("/api/v2/symbols"))
    assert [rule["symbol"] for rule in listed] == ["BTC-USDT", "ETH-USDT", "PEPE-USDT", "ETH-BTC"]
    assert data_of(await floor.http.get("/api/v2/symbols/BTC-USDT")) == listed[0]
    assert [rule["symbol"] for rule in data_of(await floor.http.get("/api/v2/symbols?market=BTC"))] == ["ETH-BTC"]


async def test_best_quotes_are_the_same_everywhere(floor: Floor) -> None:
    level1 = data_of(await floor.http.get("/api/v1/market/orderbook/level1?symbol=BTC-USDT"))
    book = data_of(await floor.http.get("/api/v1/market/orderbook/level2_20?symbol=BTC-USDT"))
    stats = data_of(await floor.http.get("/api/v1/market/stats?symbol=BTC-USDT"))
    tickers = data_of(await floor.http.get("/api/v1/market/allTickers"))["ticker"]
    assert (level1["price"], level1["bestBid"], level1["bestAsk"]) == ("67000", "66999", "67001")
    assert book["bids"][0] == [level1["bestBid"], level1["bestBidSize"]]
    assert book["asks"][0] == [level1["bestAsk"], level1["bestAskSize"]]
    assert (stats["last"], stats["buy"], stats["sell"]) == ("67000", "66999", "67001")
    assert {ticker["symbol"]: ticker["last"] for ticker in tickers} == {"BTC-USDT": "67000", "ETH-USDT": "2480"}


async def test_book_is_as_deep_as_asked_and_sorted(floor: Floor) -> None:
    book = data_of(await floor.http.get("/api/v1/market/orderbook/level2_100?symbol=BTC-USDT"))
    bids, asks = [[Decimal(price) for price, _ in book[side]] for side in ("bids", "asks")]
    assert len(bids) == len(asks) == 100
    assert bids == sorted(set(bids), reverse=True)
    assert asks == sorted(set(asks))


async def test_candles_come_newest_first_and_end_at_the_price(floor: Floor) -> None:
    floor.quote("67100")
    candles = data_of(await floor.http.get("/api/v1/market/candles?symbol=BTC-USDT&type=1hour"))
    times = [int(candle[0]) for candle in candles]
    assert len(candles) == 1500
    assert times == list(range(times[0], times[0] - 1500 * 3600, -3600))
    opening, close, high, low = (Decimal(text) for text in candles[0][1:5])
    assert close == Decimal(67100)
    assert low <= min(opening, close) <= max(opening, close) <= high


async def test_candles_keep_to_the_range_asked_for(floor: Floor) -> None:
    now = int(floor.clock.now().timestamp())
    query = f"symbol=BTC-USDT&type=5min&startAt={now - 3600}&endAt={now - 600}"
    candles = data_of(await floor.http.get(f"/api/v1/market/candles?{query}"))
    assert [int(candle[0]) for candle in candles] == list(range(now - 600, now - 3601, -300))


async def test_trades_are_remembered_oldest_first(floor: Floor) -> None:
    floor.quote("67100")
    trades = data_of(await floor.http.get("/api/v1/market/histories?symbol=BTC-USDT"))
    assert [trade["price"] for trade in trades] == ["67000", "67100"]


async def test_coins_have_a_price_in_money(floor: Floor) -> None:
    prices = data_of(await floor.http.get("/api/v1/prices?base=EUR&currencies=BTC,USDT"))
    assert {coin: Decimal(price) for coin, price in prices.items()} == {"BTC": Decimal(58290), "USDT": Decimal("0.87")}


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/api/v1/market/orderbook/level1", "400100"),
        ("/api/v1/market/orderbook/level1?symbol=NO-PE", "900001"),
        ("/api/v1/market/orderbook/level1?symbol=PEPE-USDT", "400600"),
        ("/api/v1/market/orderbook/level2_50?symbol=BTC-USDT", "400100"),
        ("/api/v1/market/candles?symbol=BTC-USDT&type=7min", "400100"),
        ("/api/v1/market/candles?symbol=BTC-USDT&type=1min&startAt=then", "400100"),
        ("/api/v1/prices?base=XYZ", "400100"),
        ("/api/v3/currencies/NOPE", "400100"),
        ("/api/v1/nowhere", "404000"),
    ],
)
async def test_wrong_question_gets_kucoins_code(floor: Floor, path: str, code: str) -> None:
    assert (await floor.http.get(path)).json()["code"] == code


async def test_budget_is_told_and_ends_in_429_until_its_window_is_over(floor: Floor) -> None:
    first = await floor.http.get("/api/v1/market/stats?symbol=BTC-USDT")
    assert first.headers["gw-ratelimit-limit"] == "2000"
    assert first.headers["gw-ratelimit-remaining"] == "1985"
    assert first.headers["gw-ratelimit-reset"] == "30000"
    for _ in range(132):
        answer = await floor.http.get("/api/v1/market/stats?symbol=BTC-USDT")
    assert answer.headers["gw-ratelimit-remaining"] == "5"
    floor.clock.advance(29)
    refused = await floor.http.get("/api/v1/market/stats?symbol=BTC-USDT")
    assert (refused.status_code, refused.json()["code"]) == (429, "429000")
    assert refused.headers["gw-ratelimit-reset"] == "1000"
    floor.clock.advance(1)
    assert (await floor.http.get("/api/v1/market/stats?symbol=BTC-USDT")).status_code == 200
