"""Who opens and reads WebSockets for us: `websockets`, or picows where the extra `fast` is installed.

picows offers the interface of `websockets`, and takes half the CPU for it and a quarter of the memory.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal, Protocol

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

FRAME_CAP = 1024 * 1024
OPEN_WITHIN = 10.0
CLOSE_WITHIN = 1.0

# At debug level both libraries write the address, and the address holds the token.
_quiet = logging.getLogger("tgbot.kucoin.websocket")
_quiet.setLevel(logging.WARNING)


class Socket(Protocol):
    """An open WebSocket. Once it has ended, `recv` and `send` raise what its reader calls `closed`."""

    async def recv(self, decode: Literal[False]) -> str | bytes: ...

    async def send(self, message: str) -> None: ...

    async def close(self) -> None: ...


class Refusal(Protocol):
    """An HTTP answer other than a WebSocket."""

    @property
    def status_code(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Reader:
    """`open` takes an address, and for an encrypted one the context of its TLS. It follows no redirect: a token goes
    where KuCoin's REST answer says, and nowhere else. When it cannot, it raises what is in `failed`."""

    name: str
    open: Callable[[str, ssl.SSLContext | None], Awaitable[Socket]]
    failed: tuple[type[Exception], ...]
    refused: Callable[[Exception], Refusal | None]
    closed: type[Exception]


def fastest() -> Reader:
    return by_picows() if find_spec("picows") else by_websockets()


def by_websockets() -> Reader:
    async def open_socket(address: str, tls: ssl.SSLContext | None) -> Socket:
        return await _Connect(
            address,
            ssl=tls,
            ping_interval=None,  # KuCoin counts only its own JSON pings
            compression=None,
            max_size=FRAME_CAP,
            open_timeout=OPEN_WITHIN,
            close_timeout=CLOSE_WITHIN,
            proxy=None,
            logger=_quiet,
        )

    def refused(error: Exception) -> Refusal | None:
        return error.response if isinstance(error, InvalidStatus) else None

    return Reader("websockets", open_socket, (OSError, WebSocketException), refused, ConnectionClosed)


def by_picows() -> Reader:
    """Raises `ImportError` where it is not installed."""
    from picows import WSError, websockets  # noqa: PLC0415 - an extra that not everybody has

    async def open_socket(address: str, tls: ssl.SSLContext | None) -> Socket:
        under = _Underneath()
        try:
            return await websockets.connect(
                address,
                ssl=tls,
                ping_interval=None,
                compression=None,
                max_size=FRAME_CAP,
                open_timeout=OPEN_WITHIN,
                close_timeout=CLOSE_WITHIN,
                proxy=None,
                logger=_quiet,
                max_redirects=0,
                socket_factory=under.connect,
            )
        except BaseException:  # cancelled, too: picows would leave the connection open for ten seconds
            under.hang_up()
            raise

    def refused(error: Exception) -> Refusal | None:
        return error.response if isinstance(error, websockets.InvalidStatus) else None

    failed = (OSError, websockets.WebSocketException, WSError)
    return Reader("picows", open_socket, failed, refused, websockets.ConnectionClosed)


class Address(Protocol):
    @property
    def host(self) -> str: ...

    @property
    def port(self) -> int: ...


class _Underneath:
    """The TCP connection of a dial of picows, which leaves it open for ten seconds when the dial is cancelled."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None

    async def connect(self, to: Address) -> socket.socket:
        loop = asyncio.get_running_loop()
        failure = OSError(f"{to.host} has no address")
        for family, kind, protocol, _, address in await loop.getaddrinfo(to.host, to.port, type=socket.SOCK_STREAM):
            self._socket = socket.socket(family, kind, protocol)
            self._socket.setblocking(False)
            try:
                await loop.sock_connect(self._socket, address)
            except OSError as error:
                self._socket.close()
                failure = error
            else:
                return self._socket
        raise failure

    def hang_up(self) -> None:
        """Whoever reads from it finds its end, and closes it."""
        if self._socket is None:
            return
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
            return
        self._socket.close()  # it has not been connected, so nobody reads


class _Connect(connect):
    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc
