"""Who opens WebSockets for us: the network of asyncio, or aiofastnet's where the extra `fast` is installed.

aiofastnet keeps a quarter of the memory for an encrypted connection.
"""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Any

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.uri import parse_uri

from tgbot.kucoin.connection import FRAME_CAP, Connection

OPEN_WITHIN = 10.0
CLOSE_WITHIN = 1.0
FAILED = (OSError, ValueError, WebSocketException)  # a value: of an address that is none

# At debug level the library writes the address, and the address holds the token.
_quiet = logging.getLogger("tgbot.kucoin.websocket")
_quiet.setLevel(logging.WARNING)

# As `create_connection` of an event loop.
Connect = Callable[..., Awaitable[tuple[Any, Any]]]


@dataclass(frozen=True, slots=True)
class Reader:
    _connect: Callable[[], Connect]

    async def open(self, address: str, tls: ssl.SSLContext) -> Connection:
        """`tls` is for `wss:` addresses. It follows no redirect: a token goes where KuCoin's REST answer says, and
        nowhere else. When it cannot, it raises what is in `FAILED`; who is cancelled leaves no connection."""
        uri = parse_uri(address)

        def make() -> Connection:
            protocol = ClientProtocol(uri, max_size=FRAME_CAP, logger=_quiet)
            # KuCoin counts only its own JSON pings.
            return Connection(protocol, ping_interval=None, close_timeout=CLOSE_WITHIN)

        connection: Connection
        async with asyncio.timeout(OPEN_WITHIN):
            _, connection = await self._connect()(make, uri.host, uri.port, ssl=tls if uri.secure else None)
            try:
                await connection.handshake()
            except BaseException:  # cancelled, too: who gives up a dial leaves no connection open
                connection.transport.abort()
                raise
        return connection


def status(failure: Exception) -> int | None:
    """Of an HTTP answer other than a WebSocket."""
    return failure.response.status_code if isinstance(failure, InvalidStatus) else None


def fastest() -> Reader:
    return by_aiofastnet() if find_spec("aiofastnet") else by_asyncio()


def by_asyncio() -> Reader:
    return Reader(lambda: asyncio.get_running_loop().create_connection)


def by_aiofastnet() -> Reader:
    """Raises `ImportError` where it is not installed."""
    from aiofastnet import create_connection  # noqa: PLC0415 - an extra that not everybody has

    return Reader(lambda: partial(create_connection, asyncio.get_running_loop()))
