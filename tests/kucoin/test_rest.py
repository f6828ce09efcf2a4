import asyncio
from datetime import timedelta

import httpx
import pytest

from tests.kucoin.conftest import HurryClock
from tests.kucoin.host import Answer, Host, Manner, refusal, success
from tests.kucoin.test_account import assert_signed
from tgbot.core.errors import ExchangeRejected, ExchangeUnavailable
from tgbot.kucoin.account import SpotAccount
from tgbot.kucoin.operations import ACCOUNTS, ORDER, Operation, Pool
from tgbot.kucoin.rest import Rest
from tgbot.kucoin.sign import Credentials

ODD = Operation("GET", "/api/v1/odd/{name}", Pool.SPOT, 1)


async def test_the_query_is_signed_as_it_reads_and_sent_encoded(
    rest: Rest, host: Host, credentials: Credentials
) -> None:
    host.on("GET", "/api/v1/odd/a b", success(1))
    await rest.read(
        ODD, bytes, {"chain": "BEP20 (BSC)&x", "symbols": "BTC-USDT,ETH-USDT"}, {"name": "a b"}, credentials
    )
    (request,) = host.seen("GET", "/odd")
    assert " " not in request.target
    assert request.query == {"chain": "BEP20 (BSC)&x", "symbols": "BTC-USDT,ETH-USDT"}
    assert "symbols=BTC-USDT,ETH-USDT" in request.target
    assert_signed(request, credentials)


async def test_many_first_reads_ask_for_the_time_together(rest: Rest, host: Host, credentials: Credentials) -> None:
    host.on("GET", "/api/v1/accounts", success([]))
    account = SpotAccount(rest, credentials)
    await asyncio.gather(*(account.balances() for _ in range(20)))
    assert len(host.seen("GET", "/timestamp")) == 2


async def test_a_refused_timestamp_is_cured_once_with_a_fresh_signature(
    rest: Rest, host: Host, credentials: Credentials, clock: HurryClock
) -> None:
    clock.hurries = True
    host.on("GET", "/api/v1/accounts", refusal("400002", "Invalid KC-API-TIMESTAMP", 401), success([]))
    assert await SpotAccount(rest, credentials).balances() == []
    host.on("GET", "/api/v1/accounts", refusal("400002", "Invalid KC-API-TIMESTAMP", 401))
    host.requests.clear()
    with pytest.raises(ExchangeRejected):
        await SpotAccount(rest, credentials).balances()
    assert len(host.seen("GET", "/accounts")) == 2


async def test_a_repeated_read_is_signed_anew(
    rest: Rest, host: Host, credentials: Credentials, clock: HurryClock
) -> None:
    clock.hurries = True
    host.on("GET", "/api/v1/accounts", refusal("500000"), success([]))
    await SpotAccount(rest, credentials).balances()
    first, second = (request.headers["kc-api-sign"] for request in host.seen("GET", "/accounts"))
    assert first != second


async def test_a_read_gives_up_at_its_deadline_however_slow_the_answer(
    client: httpx.AsyncClient, host: Host, clock: HurryClock, rest: Rest
) -> None:
    impatient = Rest(client, clock, rest._ids, host.url, timedelta(seconds=0.1))
    clock.hurries = True
    host.on("GET", "/api/v1/odd/x", Answer(b"x" * 100, manner=Manner.DRIP))
    with pytest.raises(ExchangeUnavailable):
        await impatient.read(ODD, bytes, names={"name": "x"})


async def test_a_quota_that_reopens_too_late_is_not_waited_for(
    rest: Rest, host: Host, credentials: Credentials, clock: HurryClock
) -> None:
    rest.budget.learn(ORDER, credentials.key, {"gw-ratelimit-remaining": "0", "gw-ratelimit-reset": "11000"})
    with pytest.raises(ExchangeUnavailable):
        await SpotAccount(rest, credentials).order("o1", "BTC-USDT")
    assert not host.seen("GET", "/hf/orders")
    assert rest.budget.wait_for(ACCOUNTS, credentials.key) == 0


async def test_kucoin_down_is_unavailable(client: httpx.AsyncClient, clock: HurryClock, rest: Rest) -> None:
    clock.hurries = True
    nobody = Rest(client, clock, rest._ids, "http://no-such-host.invalid")
    with pytest.raises(ExchangeUnavailable):
        await nobody.sync_clock()
