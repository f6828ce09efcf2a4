"""Serves an ASGI app on a port of this machine for as long as somebody is inside."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

_GRACE_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Served:
    """`url` is the REST address. The futures address is the same until there are futures; clients should keep them
    apart all the same."""

    url: str

    @property
    def futures_url(self) -> str:
        return self.url


@asynccontextmanager
async def listening(app: ASGIApp, host: str, port: int) -> AsyncIterator[Served]:
    """`port` 0 takes a free one. Connections wait in the socket's queue from the first moment."""
    with _listener(host, port) as listener:
        server = _Server(_config(app))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(server.serve([listener]))
            try:
                yield Served(f"http://{host}:{listener.getsockname()[1]}")
            finally:
                server.stop()


def _listener(host: str, port: int) -> socket.socket:
    """A socket that says it is TCP: asyncio switches Nagle's delay (40 ms an answer) off only for those."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        self.should_exit = True
        self._stopping.set()

    async def main_loop(self) -> None:
        """Until stopped, at once; uvicorn itself looks ten times a second."""
        await self._stopping.wait()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to the process that we are a guest in."""
        yield


class _Connection(H11Protocol):
    """Lets `faults.py` hang up: the transport travels in the request's state."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn itself
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_Connection,
        ws="websockets-sansio",
        ws_ping_interval=None,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
