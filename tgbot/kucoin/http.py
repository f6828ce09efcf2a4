"""One HTTP connection pool for the whole process. It knows nothing of KuCoin: Telegram is spoken to through it as well.

httpx's own pool costs several times the CPU once some dozens of calls are in flight, so the calls travel through
aiohttp (docs/decisions/0003). Two habits of that pair are unlearned here, because money depends on them:
aiohttp repeats some methods by itself when a kept connection turns out dead, and `httpx-aiohttp` reports a connection
that was lost *after* the request went out as `ConnectTimeout`."""

import ssl
from collections.abc import AsyncIterator

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

CONNECTIONS = 100
IDLE_FOR = 30.0
NOT_A_BYTE_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


def make_transport(ssl_context: ssl.SSLContext) -> httpx.AsyncBaseTransport:
    """A transport on which every request goes out at most once, and whose errors are the truth: `NOT_A_BYTE_SENT`
    means that nothing of the request left, any other `httpx.TransportError` that some of it may have."""

    def session() -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=CONNECTIONS, ssl=ssl_context, keepalive_timeout=IDLE_FOR),
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=(_once,),
        )

    return _TruthfulTransport(verify=ssl_context, client=session)


def make_client(transport: httpx.AsyncBaseTransport) -> httpx.AsyncClient:
    """Follows no redirect, and takes neither proxies nor passwords from the environment: a `.netrc` would put a header
    on calls that are signed."""
    return httpx.AsyncClient(
        transport=transport,
        follow_redirects=False,
        trust_env=False,
        timeout=httpx.Timeout(10, connect=5, pool=5),
        headers={"Accept-Encoding": "gzip, deflate", "User-Agent": "tgbot"},
    )


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """aiohttp repeats a request only after errors of its own; after httpx's it does not."""
    try:
        return await handler(request)
    except (aiohttp.ClientError, OSError) as error:
        failure = _translated(error)
    # Outside the except block, because aiohttp's errors hold the request's headers.
    raise failure


def _translated(error: Exception) -> httpx.TransportError:
    text = type(error).__name__
    match error:
        case aiohttp.ConnectionTimeoutError():
            return httpx.ConnectTimeout(text)
        case aiohttp.ClientConnectorError() | aiohttp.ServerFingerprintMismatch():
            return httpx.ConnectError(text)
        case TimeoutError():
            return httpx.ReadTimeout(text)
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientResponseError():
            return httpx.RemoteProtocolError(text)
        case _:
            return httpx.ReadError(text)


class _TruthfulTransport(AiohttpTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101 - narrows the type, as it always is
        response.stream = _Body(response.stream)
        return response


class _Body(httpx.AsyncByteStream):
    """While a body is read, nothing can be a failure to connect."""

    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._stream:
                yield chunk
        except (aiohttp.ClientError, *NOT_A_BYTE_SENT) as error:
            raise httpx.ReadError(type(error).__name__) from None

    async def aclose(self) -> None:
        await self._stream.aclose()
