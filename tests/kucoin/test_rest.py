import asyncio
from datetime import timedelta

import httpx
import pytest

from tests.kucoin.conftest import HurryClock
from tests.kucoin.host import Answer, Host, Manner, Request, refusal, success
from tests.kucoin.test_account import assert_signed
from tests.kucoin.test_http import closed_port
from tgbot.core.errors import (
    LONGEST_CODE,
    LONGEST_MESSAGE,
    ExchangeError,
    ExchangeRejected,
    ExchangeUnavailable,
    NotSent,
    legible,
)
from tgbot.kucoin.account import SpotAccount
from tgbot.kucoin.errors import LONGEST_JUDGED, definite_reason
from tgbot.kucoin.http import CONNECTIONS
from tgbot.kucoin.operations import ACCOUNTS, ORDER, PLACE_ORDER, Operation, Pool
from tgbot.kucoin.rest import Rest
from tgbot.kucoin.sign import Credentials
from tgbot.kucoin.wire.values import milliseconds

ODD = Operation("GET", "/api/v1/odd/{name}", Pool.SPOT, 1)


@pytest.mark.parametrize("odd", ["BEP20 (BSC)&x", "abc!@#11", "1+1", "50%", "%2C", "a/b?c=d", "Ω"])
async def test_the_query_is_signed_as_it_reads_and_sent_encoded(
    odd: str, rest: Rest, host: Host, credentials: Credentials
) -> None:
    host.on("GET", "/api/v1/odd/a b", success(1))
    await rest.read(ODD, bytes, {"chain": odd, "symbols": "BTC-USDT,ETH-USDT"}, {"name": "a b"}, credentials)
    (request,) = host.seen("GET", "/odd")
    assert " " not in request.target
    assert request.query == {"chain": odd, "symbols": "BTC-USDT,ETH-USDT"}
    assert "symbols=BTC-USDT,ETH-USDT" in request.target
    assert_signed(request, credentials)


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
async def test_the_code_decides_and_the_status_does_not(
    status: int, rest: Rest, host: Host, credentials: Credentials
) -> None:
    host.on("GET", "/api/v1/odd/x", Answer(b'{"code":"200000","data":7}', status))
    assert await rest.read(ODD, bytes, names={"name": "x"}) == b"7"
    host.on("POST", "/api/v1/hf/orders", refusal("200004", "Balance insufficient!", status))
    with pytest.raises(ExchangeRejected):
        await rest.write(rest.prepare(PLACE_ORDER, credentials=credentials, body=b"{}"), bytes)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("400100", f"{'x' * LONGEST_MESSAGE} Balance insufficient!"),
        ("400100", f"{'x' * (LONGEST_MESSAGE - 8)} increment"),
        ("400100", "Balance insuf\0ficient!"),
        ("400100", "clientOid" * 1_000),
        ("400100", "clientOid" * LONGEST_JUDGED),
        ("400100", "\0" * 1_000),
        ("9" * 1_000, "Balance insufficient!"),
        ("200000\0", "Balance insufficient!"),
        ("400100\0", "Balance insufficient!"),
    ],
)
async def test_an_error_has_of_kucoin_s_words_what_can_be_kept_and_means_what_that_means(
    code: str, message: str, rest: Rest, host: Host, credentials: Credentials, clock: HurryClock
) -> None:
    clock.hurries = True
    host.on("POST", "/api/v1/hf/orders", refusal(code, message))
    host.on("GET", "/api/v1/odd/x", refusal(code, message))
    with pytest.raises(ExchangeError) as written:
        await rest.write(rest.prepare(PLACE_ORDER, credentials=credentials, body=b"{}"), bytes)
    with pytest.raises(ExchangeError) as read:
        await rest.read(ODD, bytes, names={"name": "x"})
    for error in (written.value, read.value):
        assert legible(error.code, LONGEST_CODE) == error.code
        assert legible(error.message, LONGEST_MESSAGE) == error.message
        if isinstance(error, ExchangeRejected):
            assert definite_reason(error.code, error.message) is error.reason


UNREACHABLE = {
    "refused": "http://127.0.0.1:{closed}",
    "unknown": "http://no-such-host.invalid",
    "not encrypted": "https://127.0.0.1:{plain}",
}


@pytest.mark.parametrize("how", UNREACHABLE)
async def test_a_write_that_found_nobody_was_not_sent(
    how: str, client: httpx.AsyncClient, rest: Rest, host: Host, clock: HurryClock
) -> None:
    address = UNREACHABLE[how].format(closed=closed_port(), plain=host.port)
    nobody = Rest(client, clock, rest._ids, address)
    with pytest.raises(NotSent):
        await nobody.write(nobody.prepare(PLACE_ORDER, body=b"{}"), bytes)
    assert not host.requests


async def test_a_write_that_found_no_free_connection_was_not_sent(
    client: httpx.AsyncClient, rest: Rest, host: Host
) -> None:
    host.on("POST", "/api/v1/hf/orders", Answer(manner=Manner.SILENCE))
    call = rest.prepare(PLACE_ORDER, body=b"{}")
    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(rest.write(call, bytes)) for _ in range(CONNECTIONS)]
        await host.until(lambda: len(host.requests) == CONNECTIONS)
        client.timeout = httpx.Timeout(5, pool=0.2)
        with pytest.raises(NotSent):
            await rest.write(call, bytes)
        for task in waiting:
            task.cancel()
    assert len(host.requests) == CONNECTIONS


async def test_many_first_reads_ask_for_the_time_together(rest: Rest, host: Host, credentials: Credentials) -> None:
    host.on("GET", "/api/v1/accounts", success([]))
    account = SpotAccount(rest, credentials)
    await asyncio.gather(*(account.balances() for _ in range(20)))
    assert len(host.seen("GET", "/timestamp")) == 2


async def test_after_the_machine_has_slept_the_time_is_asked_anew(
    rest: Rest, host: Host, clock: HurryClock, credentials: Credentials
) -> None:
    host.on("GET", "/api/v1/accounts", success([]))
    for slept in (timedelta(0), timedelta(hours=4)):
        clock.suspend(slept)
        await SpotAccount(rest, credentials).balances()
        assert rest.server_clock.now() == clock.now()
        assert host.seen("GET", "/accounts")[-1].headers["kc-api-timestamp"] == str(milliseconds(clock.now()))


async def test_an_answer_during_which_the_machine_slept_says_nothing_of_the_time(
    rest: Rest, host: Host, clock: HurryClock
) -> None:
    def slept_over(_: Request) -> Answer:
        answer = success(milliseconds(clock.now()))
        clock.suspend(timedelta(minutes=1))
        return answer

    host.on("GET", "/api/v1/timestamp", slept_over, lambda _: success(milliseconds(clock.now())))
    await rest.know_the_time()
    assert rest.server_clock.now() == clock.now()
    host.on("GET", "/api/v1/timestamp", slept_over)
    with pytest.raises(ExchangeUnavailable):
        await rest.sync_clock()


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


async def test_every_answer_is_heeded_for_what_it_says_of_the_quota(
    rest: Rest, host: Host, credentials: Credentials
) -> None:
    left = (("gw-ratelimit-limit", "4000"), ("gw-ratelimit-remaining", "1"), ("gw-ratelimit-reset", "7000"))
    host.on("GET", "/api/v1/odd/x", Answer(b'{"code":"200000","data":7}', headers=left))
    await rest.read(ODD, bytes, names={"name": "x"}, credentials=credentials)
    assert rest.budget.wait_for(PLACE_ORDER, credentials.key) == 0
    assert rest.budget.wait_for(ORDER, credentials.key) == 7


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
