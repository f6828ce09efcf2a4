import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.clock import JumpClock
from tests.ids import CountingIds
from tests.kucoin.board import Board
from tests.kucoin.host import Host, running_host, success
from tests.kucoin.sockets import Sockets, running_sockets
from tgbot.kucoin.dialer import Dialer
from tgbot.kucoin.http import make_client, make_transport
from tgbot.kucoin.hub import TickerHub
from tgbot.kucoin.market import SpotMarket
from tgbot.kucoin.readers import Reader, by_aiofastnet, by_asyncio
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


@pytest.fixture(scope="session")
def own_authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The key and the certificate of a server on this machine, which it has signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, SHA256())
    )
    both = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    both.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    return both


@pytest.fixture(scope="session")
def own_certificate(own_authority: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own_authority)
    return context


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


@pytest.fixture(params=["asyncio", "aiofastnet"])
def reader(request: pytest.FixtureRequest) -> Reader:
    """What is said of sockets holds over either network."""
    if request.param == "asyncio":
        return by_asyncio()
    pytest.importorskip("aiofastnet", reason="the extra `fast` is not installed")
    return by_aiofastnet()


@pytest.fixture
def dialer(rest: Rest, ssl_context: ssl.SSLContext, clock: HurryClock, ids: CountingIds, reader: Reader) -> Dialer:
    return Dialer(rest, ssl_context, clock, ids, reader)


@pytest.fixture
def board() -> Board:
    return Board()


@pytest.fixture
def hub(dialer: Dialer, rest: Rest, clock: HurryClock, ids: CountingIds, board: Board) -> TickerHub:
    return TickerHub(
        dialer.public,
        SpotMarket(rest).all_tickers,
        clock,
        ids,
        on_tick=board.ticks.put_nowait,
        on_gap=board.gaps.append,
        on_stats=board.stats.put_nowait,
        on_refused=board.refused.append,
    )
