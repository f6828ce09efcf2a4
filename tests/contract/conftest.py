import ssl
from collections.abc import AsyncIterator

import httpx
import pytest
from websockets.asyncio.server import serve

from tests.contract.catalogue import Catalogue
from tests.contract.exchange import CREDENTIALS, Client, Exchange
from tests.ids import CountingIds
from tests.kucoin import conftest as edge
from tests.kucoin.conftest import HurryClock
from tests.kucoin.host import running_host
from tgbot.kucoin.account import SpotAccount
from tgbot.kucoin.dialer import Dialer
from tgbot.kucoin.market import SpotMarket
from tgbot.kucoin.readers import by_asyncio
from tgbot.kucoin.rest import Rest

pytest.register_assert_rewrite("tests.contract.foreign")

# The fixtures with which the edge itself is tested.
clock, credentials, ssl_context, client = edge.clock, edge.credentials, edge.ssl_context, edge.client
host, rest, sockets, reader, dialer = edge.host, edge.rest, edge.sockets, edge.reader, edge.dialer


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue()


@pytest.fixture
async def exchange(catalogue: Catalogue) -> AsyncIterator[Exchange]:
    """KuCoin by its catalogue."""
    async with running_host() as kucoin, serve(lambda socket: socket.wait_closed(), "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        exchange = Exchange(catalogue, kucoin.url, f"ws://127.0.0.1:{port}/")
        kucoin.otherwise = exchange.answer
        yield exchange


@pytest.fixture
def ours(exchange: Exchange, client: httpx.AsyncClient, ssl_context: ssl.SSLContext) -> Client:
    """Our whole client against it."""
    time, ids = HurryClock(), CountingIds()
    to_kucoin = Rest(client, time, ids, exchange.url)
    dialling = Dialer(to_kucoin, ssl_context, time, ids, by_asyncio())
    return Client(SpotMarket(to_kucoin), SpotAccount(to_kucoin, CREDENTIALS), dialling)
