import gzip
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.kucoin.conftest import HurryClock
from tests.kucoin.host import Answer, Host, Manner, Request, html, refusal, success
from tgbot.core.errors import ExchangeRejected, ExchangeUnavailable, Reason
from tgbot.core.market import Interval, Level, ServiceStatus, SymbolRule, Tick
from tgbot.kucoin.budget import Patience
from tgbot.kucoin.market import SpotMarket
from tgbot.kucoin.operations import CANDLES
from tgbot.kucoin.rest import Rest

SYMBOL: dict[str, Any] = {
    "symbol": "BTC-USDT",
    "name": "BTC-USDT",
    "baseCurrency": "BTC",
    "quoteCurrency": "USDT",
    "feeCurrency": "USDT",
    "baseMinSize": "0.00001",
    "quoteMinSize": "0.1",
    "baseMaxSize": "10000000000",
    "quoteMaxSize": "99999999",
    "baseIncrement": "0.00000001",
    "quoteIncrement": "0.000001",
    "priceIncrement": "0.1",
    "priceLimitRate": "0.1",
    "minFunds": None,
    "enableTrading": True,
    "makerFeeCoefficient": "1.00",
    "takerFeeCoefficient": "1.00",
    "tradingStartTime": None,
}
TICKER: dict[str, Any] = {
    "time": 1729172965609,
    "sequence": "14609309753",
    "price": "67269",
    "size": "0.000025",
    "bestBid": "67267.5",
    "bestBidSize": "0.000025",
    "bestAsk": "67267.6",
    "bestAskSize": "1.24808993",
}
LEVEL1 = ("GET", "/api/v1/market/orderbook/level1")


@pytest.fixture
def market(rest: Rest) -> SpotMarket:
    return SpotMarket(rest)


async def test_rules_of_pairs_with_unreadable_ones_left_out(market: SpotMarket, host: Host) -> None:
    rows = [SYMBOL, {**SYMBOL, "symbol": "X-Y", "priceIncrement": "NaN"}, {**SYMBOL, "baseIncrement": "0"}, {}]
    host.on("GET", "/api/v2/symbols", success(rows))
    (rule,) = await market.symbols()
    assert (rule.symbol, rule.base, rule.quote) == ("BTC-USDT", "BTC", "USDT")
    assert (rule.price_increment, rule.min_funds, rule.is_trading) == (Decimal("0.1"), Decimal("0.1"), True)


async def test_every_figure_of_a_rule_is_read_from_its_own_field(market: SpotMarket, host: Host) -> None:
    row = {
        **SYMBOL,
        "feeCurrency": "KCS",
        "baseMinSize": "1",
        "baseMaxSize": "2",
        "baseIncrement": "3",
        "quoteMinSize": "4",
        "quoteMaxSize": "5",
        "quoteIncrement": "6",
        "priceIncrement": "7",
        "priceLimitRate": "8",
        "minFunds": "9",
        "enableTrading": False,
        "makerFeeCoefficient": "10",
        "takerFeeCoefficient": "11",
    }
    host.on("GET", "/api/v2/symbols", success([row]))
    expected = SymbolRule(
        symbol="BTC-USDT",
        base="BTC",
        quote="USDT",
        fee_currency="KCS",
        base_min=Decimal(1),
        base_max=Decimal(2),
        base_increment=Decimal(3),
        quote_min=Decimal(4),
        quote_max=Decimal(5),
        quote_increment=Decimal(6),
        price_increment=Decimal(7),
        price_limit_rate=Decimal(8),
        min_funds=Decimal(9),
        is_trading=False,
        maker_coefficient=Decimal(10),
        taker_coefficient=Decimal(11),
    )
    assert await market.symbols() == [expected]


async def test_a_ticker(market: SpotMarket, host: Host) -> None:
    host.on(*LEVEL1, success(TICKER))
    at = datetime(2024, 10, 17, 13, 49, 25, 609000, UTC)
    expected = Tick("BTC-USDT", Decimal(67269), Decimal("67267.5"), Decimal("67267.6"), 14609309753, at)
    assert await market.ticker("BTC-USDT") == expected
    assert host.requests[0].target.endswith("?symbol=BTC-USDT")


@pytest.mark.parametrize("price", ["0", "-1", "NaN", "Infinity", "1e99", "1e999999999", "", None, []])
async def test_an_absurd_price_is_no_price(price: object, market: SpotMarket, host: Host, clock: HurryClock) -> None:
    clock.hurries = True
    host.on(*LEVEL1, success({**TICKER, "price": price}))
    with pytest.raises(ExchangeUnavailable):
        await market.ticker("BTC-USDT")


async def test_all_tickers_leave_out_what_never_traded(market: SpotMarket, host: Host) -> None:
    row = {"symbol": "BTC-USDT", "buy": "1", "sell": "2", "last": "1.5", "changeRate": "-0.0014", "vol": "3"}
    dead = {"symbol": "NEW-USDT", "buy": None, "sell": None, "last": None, "changeRate": None, "vol": "0"}
    host.on("GET", "/api/v1/market/allTickers", success({"time": 1729173207043, "ticker": [row, dead]}))
    (stats,) = await market.all_tickers()
    assert (stats.symbol, stats.last, stats.change) == ("BTC-USDT", Decimal("1.5"), Decimal("-0.0014"))


async def test_candles_come_oldest_first_and_in_as_many_calls_as_it_takes(market: SpotMarket, host: Host) -> None:
    end = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    start = end - timedelta(minutes=2000)

    def page(request: Request) -> Answer:
        first, last = int(request.query["startAt"]), int(request.query["endAt"])
        return success([[str(t), "1", "2", "4", "0.5", "9", "9"] for t in range(last, first - 1, -60)])

    host.on("GET", "/api/v1/market/candles", page)
    candles = await market.candles("BTC-USDT", Interval.MINUTE_1, start, end)
    assert [candle.at for candle in candles] == [start + timedelta(minutes=n) for n in range(2001)]
    first = candles[0]
    assert [first.open, first.close, first.high, first.low] == [Decimal(1), Decimal(2), Decimal(4), Decimal("0.5")]
    assert len(host.seen("GET", "/candles")) == 2


async def test_with_candles_kucoins_clock_is_known(rest: Rest, host: Host) -> None:
    """For whoever asks whether the last of them has closed."""
    end = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    host.on("GET", "/api/v1/market/candles", success([]))
    host.on("GET", "/api/v1/timestamp", success(1_700_000_000_000))
    await SpotMarket(rest).candles("BTC-USDT", Interval.MINUTE_1, end - timedelta(hours=1), end)
    assert rest.server_clock.now() == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


async def test_history_is_read_back_when_nobody_is_in_a_greater_hurry(rest: Rest, host: Host) -> None:
    """After a reconnect thousands of candles may be due; the clock that orders are signed by is of the same quota."""
    host.on("GET", "/api/v1/market/candles", success([]))
    host.on("GET", "/api/v1/timestamp", success(1_700_000_000_000))
    rest.budget.learn(CANDLES, "", {"gw-ratelimit-remaining": "502", "gw-ratelimit-reset": "20000"})
    end = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    span = ("BTC-USDT", Interval.MINUTE_1, end - timedelta(hours=1), end)
    with pytest.raises(ExchangeUnavailable, match="quota"):
        await SpotMarket(rest, Patience.MUCH).candles(*span)
    assert host.seen("GET", "/candles") == []
    await SpotMarket(rest).candles(*span)
    await rest.sync_clock()


async def test_the_book_is_best_first(market: SpotMarket, host: Host) -> None:
    sides = {"bids": [["66976.4", "0.7"], ["66976.3", "0.1"]], "asks": [["66976.5", "0.05"]]}
    host.on("GET", "/api/v1/market/orderbook/level2_20", success({"time": 1729176273859, "sequence": "1", **sides}))
    book = await market.book("BTC-USDT")
    assert book.bids[0] == Level(Decimal("66976.4"), Decimal("0.7"))
    assert len(book.asks) == 1


@pytest.mark.parametrize(
    ("word", "status"),
    [("open", ServiceStatus.OPEN), ("close", ServiceStatus.CLOSED), ("cancelonly", ServiceStatus.CANCEL_ONLY)],
)
async def test_whether_kucoin_is_open(word: str, status: ServiceStatus, market: SpotMarket, host: Host) -> None:
    host.on("GET", "/api/v1/status", success({"status": word, "msg": ""}))
    assert await market.status() is status


FAILURES = {
    "bad gateway": html(502),
    "hung up": Answer(manner=Manner.HANG_UP),
    "reset": Answer(manner=Manner.RESET),
    "half json": Answer(b'{"code":"200000","data":{"pri'),
    "gzip garbage": Answer(b"garbage", headers=(("Content-Encoding", "gzip"),)),
    "gzip beyond all measure": Answer(gzip.compress(b" " * 2**25), headers=(("Content-Encoding", "gzip"),)),
    "too large": Answer(b" " * (2 * 1024 * 1024 + 1)),
    "cut": Answer(b'{"code":"200000","data":{}}', manner=Manner.CUT),
    "server error": refusal("500000", "internal"),
    "overload with quota left": Answer(b'{"code":"429000"}', 429, (("gw-ratelimit-remaining", "1000"),)),
    "no data": Answer(b'{"code":"200000"}'),
    "null": success(None),
}


@pytest.mark.parametrize("name", FAILURES)
async def test_a_read_is_tried_three_times(name: str, market: SpotMarket, host: Host, clock: HurryClock) -> None:
    clock.hurries = True
    host.on(*LEVEL1, FAILURES[name], FAILURES[name], success(TICKER))
    assert (await market.ticker("BTC-USDT")).price == 67269
    host.on(*LEVEL1, FAILURES[name])
    host.requests.clear()
    with pytest.raises(ExchangeUnavailable):
        await market.ticker("BTC-USDT")
    assert len(host.requests) == 3


async def test_a_definite_no_is_not_asked_again(market: SpotMarket, host: Host) -> None:
    host.on(*LEVEL1, refusal("900001", "symbol not exists"))
    with pytest.raises(ExchangeRejected) as refused:
        await market.ticker("NO-PE")
    assert refused.value.reason is Reason.SYMBOL
    assert len(host.requests) == 1


async def test_a_blocked_address_is_silent_for_half_a_minute(market: SpotMarket, host: Host, clock: HurryClock) -> None:
    host.on(*LEVEL1, html(403, "<title>error code: 1015</title>"))
    with pytest.raises(ExchangeUnavailable):
        await _impatient(market, clock)
    with pytest.raises(ExchangeUnavailable):
        await _impatient(market, clock)
    assert len(host.requests) == 1
    clock.advance(30)
    host.on(*LEVEL1, success(TICKER))
    await market.ticker("BTC-USDT")


async def test_a_read_waits_for_its_pool_to_open_again(market: SpotMarket, host: Host, clock: HurryClock) -> None:
    clock.hurries = True
    quota = (("gw-ratelimit-limit", "2000"), ("gw-ratelimit-remaining", "0"), ("gw-ratelimit-reset", "3000"))
    host.on(*LEVEL1, Answer(b'{"code":"429000"}', 429, quota), success(TICKER))
    asked = clock.monotonic()
    await market.ticker("BTC-USDT")
    assert clock.monotonic() - asked >= 3
    assert len(host.requests) == 2


async def _impatient(market: SpotMarket, clock: HurryClock) -> None:
    clock.hurries = True
    try:
        await market.ticker("BTC-USDT")
    finally:
        clock.hurries = False
