"""What the transport promises, against a server that counts what really arrives."""

import asyncio
import socket
import ssl

import httpx
import pytest

from tests.kucoin.host import Answer, Host, Manner, running_host, success
from tgbot.kucoin.http import CONNECTIONS, NOT_A_BYTE_SENT, make_client, make_transport

METHODS = ["POST", "DELETE", "PUT", "GET"]
LOSSES = [Manner.HANG_UP, Manner.RESET]


@pytest.mark.parametrize("manner", LOSSES)
@pytest.mark.parametrize("method", METHODS)
async def test_a_lost_reply_on_a_fresh_connection_is_not_repeated(
    method: str, manner: Manner, host: Host, client: httpx.AsyncClient
) -> None:
    host.on(method, "/order", Answer(manner=manner))
    with pytest.raises(httpx.TransportError) as lost:
        await client.request(method, f"{host.url}/order", content=b"{}")
    assert len(host.seen(method)) == 1
    assert not isinstance(lost.value, NOT_A_BYTE_SENT)


@pytest.mark.parametrize("manner", LOSSES)
@pytest.mark.parametrize("method", METHODS)
async def test_a_lost_reply_on_a_kept_connection_is_not_repeated(
    method: str, manner: Manner, host: Host, client: httpx.AsyncClient
) -> None:
    host.on(method, "/order", success(1), Answer(manner=manner))
    await client.request(method, f"{host.url}/order", content=b"{}")
    with pytest.raises(httpx.TransportError) as lost:
        await client.request(method, f"{host.url}/order", content=b"{}")
    assert host.connections == 1, "the second request did not use the kept connection"
    assert len(host.seen(method)) == 2
    assert not isinstance(lost.value, NOT_A_BYTE_SENT)


async def test_a_connection_that_the_server_closed_while_idle_costs_at_most_one_request(
    host: Host, client: httpx.AsyncClient
) -> None:
    host.on("POST", "/order", success(1))
    await client.post(f"{host.url}/order", content=b"{}")
    await host.close_idle_connections()
    errors: list[httpx.TransportError] = []
    try:
        await client.post(f"{host.url}/order", content=b"{}")
    except httpx.TransportError as error:
        errors.append(error)
    assert len(host.seen("POST")) + len(errors) == 2
    assert not any(isinstance(error, NOT_A_BYTE_SENT) for error in errors)


async def test_a_reset_in_the_middle_of_the_answer_is_a_read_error(host: Host, client: httpx.AsyncClient) -> None:
    host.on("POST", "/order", Answer(b"x" * 1000, manner=Manner.CUT))
    with pytest.raises(httpx.ReadError):
        await client.post(f"{host.url}/order", content=b"{}")
    assert len(host.seen("POST")) == 1


async def test_a_redirect_is_an_answer_like_any_other(host: Host, client: httpx.AsyncClient) -> None:
    host.on("POST", "/order", Answer(status=307, headers=(("Location", "/elsewhere"),)))
    assert (await client.post(f"{host.url}/order")).status_code == 307
    assert len(host.requests) == 1


async def test_refused_means_that_not_a_byte_was_sent(client: httpx.AsyncClient) -> None:
    with pytest.raises(NOT_A_BYTE_SENT):
        await client.post(f"http://127.0.0.1:{closed_port()}/order", content=b"{}")


async def test_an_unknown_name_means_that_not_a_byte_was_sent(client: httpx.AsyncClient) -> None:
    with pytest.raises(NOT_A_BYTE_SENT):
        await client.post("http://no-such-host.invalid/order", content=b"{}")


async def test_failed_encryption_means_that_not_a_byte_was_sent(host: Host, client: httpx.AsyncClient) -> None:
    with pytest.raises(NOT_A_BYTE_SENT):
        await client.post(f"https://127.0.0.1:{host.port}/order", content=b"secret")
    assert not host.seen("POST")


async def test_a_certificate_that_nobody_vouches_for_means_that_not_a_byte_was_sent(
    client: httpx.AsyncClient, own_certificate: ssl.SSLContext
) -> None:
    async with running_host(own_certificate) as impostor:
        with pytest.raises(NOT_A_BYTE_SENT):
            await client.post(f"https://127.0.0.1:{impostor.port}/order", content=b"secret")
        assert not impostor.requests


async def test_encryption_that_is_never_agreed_upon_means_that_not_a_byte_was_sent(client: httpx.AsyncClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"https://127.0.0.1:{mute.getsockname()[1]}/"
        with pytest.raises(NOT_A_BYTE_SENT):
            await client.post(url, content=b"secret", timeout=httpx.Timeout(5, connect=0.2))


async def test_a_server_that_never_accepts_means_that_not_a_byte_was_sent(ssl_context: ssl.SSLContext) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        queued = [socket.socket() for _ in range(4)]
        for waiting in queued:
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", port))
        async with make_client(make_transport(ssl_context)) as client:
            with pytest.raises(NOT_A_BYTE_SENT):
                await client.post(f"http://127.0.0.1:{port}/", timeout=httpx.Timeout(5, connect=0.2, pool=0.2))
        for waiting in queued:
            waiting.close()


async def test_a_full_pool_means_that_not_a_byte_was_sent(host: Host, client: httpx.AsyncClient) -> None:
    host.on("POST", "/slow", Answer(manner=Manner.SILENCE))
    async with asyncio.TaskGroup() as group:
        holders = [group.create_task(_ignoring_errors(client, f"{host.url}/slow")) for _ in range(CONNECTIONS)]
        await host.until(lambda: len(host.requests) == CONNECTIONS)
        with pytest.raises(NOT_A_BYTE_SENT):
            await client.post(f"{host.url}/order", timeout=httpx.Timeout(5, connect=0.1, pool=0.1))
        for holder in holders:
            holder.cancel()
    assert not host.seen("POST", "/order")


async def test_no_answer_in_time_is_a_read_timeout(host: Host, client: httpx.AsyncClient) -> None:
    host.on("POST", "/slow", Answer(manner=Manner.SILENCE))
    with pytest.raises(httpx.ReadTimeout):
        await client.post(f"{host.url}/slow", timeout=httpx.Timeout(5, read=0.1))


async def test_the_environment_names_no_proxy_and_no_password(
    host: Host, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{closed_port()}")
    host.on("GET", "/", success(1))
    assert (await client.get(host.url)).status_code == 200
    assert "authorization" not in host.requests[0].headers


async def test_cookies_are_not_kept(host: Host, client: httpx.AsyncClient) -> None:
    host.on("GET", "/", Answer(b"{}", headers=(("Set-Cookie", "track=1; Path=/"),)))
    transport = client._transport
    for _ in range(2):
        await transport.handle_async_request(client.build_request("GET", host.url))
    assert "cookie" not in host.requests[1].headers


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _ignoring_errors(client: httpx.AsyncClient, url: str) -> None:
    try:
        await client.post(url)
    except httpx.TransportError:
        return
