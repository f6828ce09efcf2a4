"""The seam for faults, seen from a client."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal

import httpx
import pytest

from tests.clock import JumpClock
from tests.ids import CountingIds
from tests.paper.conftest import NO_TLS
from tests.paper.trader import Trader, order_body
from tgbot.paper.exchange import PaperExchange
from tgbot.paper.faults import Faults, Mode
from tgbot.paper.walk import Walk

ORDERS = "/api/v1/hf/orders"
PATTERN = "/api/v1/hf/orders.*"
BUY = order_body(side="buy", funds="100", clientOid="tb1")


@dataclass
class Spoilt:
    faults: Faults
    trader: Trader
    clock: JumpClock

    async def has_order(self) -> bool:
        found = await self.trader.send("GET", f"{ORDERS}/client-order/tb1?symbol=BTC-USDT")
        return bool(found.json()["code"] == "200000")


@pytest.fixture
async def spoilt(clock: JumpClock, ids: CountingIds) -> AsyncIterator[Spoilt]:
    exchange = PaperExchange(Walk(clock), clock, ids)
    faults = Faults(exchange.app, clock)
    credentials = await exchange.open_account({"USDT": Decimal(1000)})
    async with (
        exchange.serve(app=faults) as served,
        httpx.AsyncClient(base_url=served.url, verify=NO_TLS) as http,
    ):
        yield Spoilt(faults, Trader(http, clock, credentials), clock)


async def test_lost_answer_leaves_the_order_behind(spoilt: Spoilt) -> None:
    spoilt.faults.add("POST", PATTERN, Mode.LOST)
    with pytest.raises(httpx.RemoteProtocolError):
        await spoilt.trader.post(ORDERS, BUY)
    assert await spoilt.has_order()


async def test_dropped_request_leaves_nothing_behind(spoilt: Spoilt) -> None:
    spoilt.faults.add("POST", PATTERN, Mode.DROP)
    with pytest.raises(httpx.RemoteProtocolError):
        await spoilt.trader.post(ORDERS, BUY)
    assert not await spoilt.has_order()


async def test_error_is_answered_and_nothing_executed(spoilt: Spoilt) -> None:
    spoilt.faults.add("POST", PATTERN, Mode.ERROR, status=429, code="429000", message="Too many requests")
    answer = await spoilt.trader.send("POST", ORDERS, BUY)
    assert (answer.status_code, answer.json()) == (429, {"code": "429000", "msg": "Too many requests"})
    assert not await spoilt.has_order()


async def test_page_of_a_proxy_is_not_json(spoilt: Spoilt) -> None:
    spoilt.faults.add("POST", PATTERN, Mode.HTML, status=502)
    answer = await spoilt.trader.send("POST", ORDERS, BUY)
    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html")
    assert not await spoilt.has_order()


async def test_truncated_answer_breaks_off_after_the_order_is_placed(spoilt: Spoilt) -> None:
    spoilt.faults.add("POST", PATTERN, Mode.TRUNCATED)
    with pytest.raises(httpx.RemoteProtocolError, match="complete message body"):
        await spoilt.trader.post(ORDERS, BUY)
    assert await spoilt.has_order()


async def test_delayed_request_waits_for_its_event(spoilt: Spoilt) -> None:
    release = asyncio.Event()
    fault = spoilt.faults.add("POST", PATTERN, Mode.DELAY, until=release)
    async with asyncio.TaskGroup() as tasks:
        placing = tasks.create_task(spoilt.trader.post(ORDERS, BUY))
        while not fault.hits:
            assert not await spoilt.has_order()
        assert not placing.done()
        release.set()
    assert await spoilt.has_order()


async def test_delayed_request_waits_for_the_clock(spoilt: Spoilt) -> None:
    await spoilt.clock.until_sleeping(2)
    spoilt.faults.add("POST", PATTERN, Mode.DELAY, seconds=3)
    async with asyncio.TaskGroup() as tasks:
        placing = tasks.create_task(spoilt.trader.post(ORDERS, BUY))
        await spoilt.clock.until_sleeping(3)
        assert not placing.done()
        spoilt.clock.advance(3)
    assert await spoilt.has_order()


async def test_fault_strikes_as_often_as_asked_and_only_what_it_matches(spoilt: Spoilt) -> None:
    fault = spoilt.faults.add("GET", "/api/v1/timestamp", Mode.ERROR, times=2, code="500000")
    codes = [(await spoilt.trader.http.get("/api/v1/timestamp")).json()["code"] for _ in range(3)]
    assert (codes, fault.hits) == (["500000", "500000", "200000"], 2)
    assert await spoilt.trader.get("/api/v1/status")


async def test_cleared_faults_strike_no_more(spoilt: Spoilt) -> None:
    spoilt.faults.add("GET", ".*", Mode.DROP, times=9)
    spoilt.faults.clear()
    assert await spoilt.trader.get("/api/v1/timestamp")


async def test_answers_carry_the_headers_and_the_page_that_were_asked_for(spoilt: Spoilt) -> None:
    spoilt.faults.add("POST", PATTERN, Mode.ERROR, status=429, headers={"gw-ratelimit-reset": "7000"})
    spoilt.faults.add("POST", PATTERN, Mode.HTML, status=403, page="error code: 1015")
    assert (await spoilt.trader.send("POST", ORDERS, BUY)).headers["gw-ratelimit-reset"] == "7000"
    assert "error code: 1015" in (await spoilt.trader.send("POST", ORDERS, BUY)).text
