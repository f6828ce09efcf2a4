import ssl
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.clock import JumpClock
from tests.ids import CountingIds
from tests.kucoin.host import Host, running_host, success
from tests.kucoin.sockets import Sockets, running_sockets
from tgbot.kucoin.dialer import Dialer
from tgbot.kucoin.http import make_client, make_transport
from tgbot.kucoin.rest import Rest
from tgbot.kucoin.sign import Credentials
from tgbot.kucoin.wire.values import milliseconds


class HurryClock(JumpClock):
    """Once it `hurries`, whoever sleeps has slept already; what was asked for is noted."""

    def __init__(self) -> None:
        super().__init__()
        self.hurries = False
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if self.hurries:
            self.advance(seconds)
        else:
            await super().sleep(seconds)


@pytest.fixture
def clock() -> HurryClock:
    return HurryClock()


@pytest.fixture(scope="session")
def ssl_context() -> ssl.SSLContext:
    return ssl.create_default_context()


@pytest.fixture
async def host(clock: JumpClock) -> AsyncIterator[Host]:
    async with running_host() as host:
        host.on("GET", "/api/v1/timestamp", lambda _: success(milliseconds(clock.now())))
        yield host


@pytest.fixture
async def client(ssl_context: ssl.SSLContext) -> AsyncIterator[httpx.AsyncClient]:
    async with make_client(make_transport(ssl_context)) as client:
        yield client


@pytest.fixture
def rest(client: httpx.AsyncClient, host: Host, clock: JumpClock, ids: CountingIds) -> Rest:
    return Rest(client, clock, ids, host.url)


@pytest.fixture
def credentials() -> Credentials:
    return Credentials("the-key", "the-secret", "the-passphrase")


@pytest.fixture
async def sockets(host: Host) -> AsyncIterator[Sockets]:
    async with running_sockets(host) as sockets:
        yield sockets


@pytest.fixture
def dialer(rest: Rest, ssl_context: ssl.SSLContext, clock: HurryClock, ids: CountingIds) -> Dialer:
    return Dialer(rest, ssl_context, clock, ids)
