import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tgbot.core.market import Stats, Tick
from tgbot.core.orders import ChangeKind, StopChange, StopStatus
from tgbot.kucoin.feed import (
    STOPS,
    Frame,
    Resync,
    Tickers,
    read_balance_change,
    read_frame,
    read_order_change,
    read_stats,
    read_stop_change,
)
from tgbot.kucoin.wire.values import MALFORMED, moment

EVERYTHING = Tickers(lambda symbol: True)
READERS = (EVERYTHING.read, read_stats, read_order_change, read_balance_change, read_stop_change)


def frame(topic: str, data: object, subject: str = "trade.ticker") -> Frame:
    return read_frame(json.dumps({"type": "message", "topic": topic, "subject": subject, "data": data}))


def ticker(sequence: int, /, seconds: int = 0, **more: Any) -> Frame:
    data = {"sequence": str(sequence), "price": "67000.1", "bestBid": "67000", "bestAsk": "67000.2"}
    return frame("/market/ticker:BTC-USDT", {**data, "time": (1_800_000_000 + seconds) * 1000, **more})


def test_a_ticker_becomes_a_tick() -> None:
    tick = Tickers(lambda _: True).read(ticker(7))
    at = datetime(2027, 1, 15, 8, 0, tzinfo=UTC)
    assert tick == Tick("BTC-USDT", Decimal("67000.1"), Decimal(67000), Decimal("67000.2"), 7, at)


def test_time_is_read_in_either_spelling() -> None:
    data = {"sequence": "1", "price": "1", "Time": 1704873323416}
    tick = Tickers(lambda _: True).read(frame("/market/ticker:X-Y", data))
    assert isinstance(tick, Tick)
    assert tick.at == datetime(2024, 1, 10, 7, 55, 23, 416000, UTC)


def test_an_empty_side_of_the_book_is_zero() -> None:
    tick = Tickers(lambda _: True).read(ticker(1, bestBid=None, bestAsk=None))
    assert isinstance(tick, Tick)
    assert (tick.bid, tick.ask) == (Decimal(0), Decimal(0))


@pytest.mark.parametrize(
    "wrong",
    [
        *[{name: wrong} for name in ("price", "bestBid", "bestAsk") for wrong in ("-1", "NaN", "sNaN", "Infinity")],
        *[{name: wrong} for name in ("price", "bestBid", "bestAsk") for wrong in ("1e40", "1e-40", "x", "")],
        *[{"price": "0"}, {"price": None}, {"sequence": "x"}, {"sequence": None}, {"time": None}, {"time": "x"}],
    ],
)
def test_what_cannot_be_is_malformed(wrong: dict[str, Any]) -> None:
    with pytest.raises(MALFORMED):
        Tickers(lambda _: True).read(ticker(1, **wrong))


def test_symbols_that_nobody_wants_are_not_even_decoded() -> None:
    assert Tickers(lambda symbol: symbol != "BTC-USDT").read(ticker(1, price="rubbish")) is None


@given(st.lists(st.integers(1, 50), max_size=60))
def test_ticks_of_one_moment_come_in_order_and_once(sequences: list[int]) -> None:
    tickers = Tickers(lambda _: True)
    told = [tick for sequence in sequences if isinstance(tick := tickers.read(ticker(sequence)), Tick)]
    numbers = [tick.sequence for tick in told]
    assert numbers == sorted(set(numbers))
    assert len(told) + sum(tickers.dropped.values()) == len(sequences)


def test_counting_begun_anew_is_told_apart_from_a_late_frame() -> None:
    tickers = Tickers(lambda _: True)
    tickers.read(ticker(1000))
    assert tickers.read(ticker(5, seconds=4)) is None
    assert isinstance(tickers.read(ticker(5, seconds=6)), Resync)
    assert isinstance(tickers.read(ticker(6, seconds=7)), Tick)


def test_the_last_price_of_a_snapshot_is_not_what_somebody_bids_and_not_another_windows() -> None:
    window = {"lastTradedPrice": 1, "high": 2, "low": 3, "vol": 4, "volValue": 5, "changeRate": 6}
    row = {"symbol": "BTC-USDT", "buy": 11, "sell": 12, "close": 13, "averagePrice": 14, "open": 15, "changePrice": 16}
    row |= {"high": 17, "low": 18, "vol": 19, "volValue": 20, "changeRate": 0.21, "lastTradedPrice": 22}
    row |= {"datetime": 1729758286011, "marketChange1h": window}
    stats = read_stats(frame("/market/snapshot:BTC-USDT", {"sequence": "1", "data": row}, "trade.snapshot"))
    assert stats == Stats(
        symbol="BTC-USDT",
        last=Decimal(22),
        bid=Decimal(11),
        ask=Decimal(12),
        high=Decimal(17),
        low=Decimal(18),
        change=Decimal("0.21"),
        volume=Decimal(19),
        turnover=Decimal(20),
        at=datetime(2024, 10, 24, 8, 24, 46, 11000, UTC),
    )


def test_filled_is_told_from_canceled_though_both_are_done() -> None:
    data = {"orderId": "o1", "symbol": "BTC-USDT", "status": "done", "ts": 1730206271616000000, "filledSize": "0.1"}
    for word, kind in (("filled", ChangeKind.FILLED), ("canceled", ChangeKind.CANCELED)):
        change = read_order_change(frame("/spotMarket/tradeOrdersV2", {**data, "type": word}, "orderChange"))
        assert (change.kind, change.is_done, change.client_oid, change.remain_size) == (kind, True, "", None)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"type": "open"}, StopStatus.WAITING),
        ({"type": "triggered", "triggerSuccess": True}, StopStatus.TRIGGERED),
        ({"type": "TRIGGERED"}, StopStatus.TRIGGERED),
        ({"type": "triggered", "triggerSuccess": False}, StopStatus.CANCELLED),
        ({"type": "cancel"}, StopStatus.CANCELLED),
    ],
)
def test_what_happens_to_a_stop_order(data: dict[str, object], status: StopStatus) -> None:
    row = {"orderId": "vs1", "symbol": "BTC-USDT", "ts": 1_742_305_928_091_268_493}
    at = datetime(2025, 3, 18, 13, 52, 8, 91268, tzinfo=UTC)
    assert read_stop_change(frame(STOPS, row | data)) == StopChange("vs1", "BTC-USDT", status, at)


def test_a_change_of_a_stop_order_that_is_not_known_is_not_guessed() -> None:
    with pytest.raises(MALFORMED):
        read_stop_change(frame(STOPS, {"orderId": "vs1", "symbol": "BTC-USDT", "ts": 1, "type": "match"}))


@pytest.mark.parametrize("stamp", [1_730_206_271, 1_730_206_271_000, 1_730_206_271_000_000, 1_730_206_271_000_000_000])
def test_a_moment_is_read_in_any_unit(stamp: int) -> None:
    assert moment(stamp) == datetime(2024, 10, 29, 12, 51, 11, tzinfo=UTC)


@given(st.integers(-(10**13), -(10**11)) | st.integers(10**11, 10**14 - 1))
def test_a_moment_in_milliseconds_is_exact(stamp: int) -> None:
    assert moment(stamp) == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=stamp)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
_keys = st.sampled_from(
    (
        *("sequence", "price", "bestBid", "time", "data", "symbol", "lastTradedPrice", "datetime", "orderId", "type"),
        *("ts", "status", "filledSize", "currency", "available", "hold", "relationEvent", "triggerSuccess"),
    )
)


@given(st.dictionaries(_keys, _json | st.sampled_from(["1", "-1", "1e9", "open", "trade.x"]), max_size=10))
def test_no_data_whatever_breaks_a_reader(data: dict[str, object]) -> None:
    for read in READERS:
        try:
            read(frame("/market/ticker:BTC-USDT", data))
        except MALFORMED:
            continue


@given(st.text(max_size=200) | _json.map(json.dumps))
def test_no_text_whatever_breaks_the_outer_reader(text: str) -> None:
    try:
        read_frame(text)
    except MALFORMED:
        return
