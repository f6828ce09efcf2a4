"""A client of the exchange's streams."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection

from tests.paper.conftest import Floor
from tests.paper.trader import Trader, data_of

_PATIENCE = 10


class Reader:
    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def send(self, **message: object) -> None:
        await self._socket.send(json.dumps(message))

    async def subscribe(self, topic: str) -> None:
        """And wait for the ack."""
        await self.send(id=7, type="subscribe", topic=topic, response=True)
        assert await self.next() == {"id": "7", "type": "ack"}

    async def next(self) -> Any:
        async with asyncio.timeout(_PATIENCE):
            return json.loads(await self._socket.recv())

    async def until(self, subject: str) -> Any:
        """The next frame with this subject, past any others."""
        while (frame := await self.next()).get("subject") != subject:
            continue
        return frame

    async def pong(self) -> None:
        """Whatever was pushed before now has come when this returns; raises if a frame came instead."""
        await self.send(id="p", type="ping")
        assert await self.next() == {"id": "p", "type": "pong"}

    async def closed(self) -> None:
        """Wait until the exchange hangs up."""
        async with asyncio.timeout(_PATIENCE):
            await self._socket.wait_closed()


async def address(floor: Floor, trader: Trader | None = None, connect_id: str = "c1") -> str:
    """Where to dial: with a private token if a trader asks."""
    if trader:
        bullet = await trader.post("/api/v1/bullet-private")
    else:
        bullet = data_of(await floor.http.post("/api/v1/bullet-public"))
    return f"{bullet['instanceServers'][0]['endpoint']}?token={bullet['token']}&connectId={connect_id}"


@asynccontextmanager
async def dial(floor: Floor, trader: Trader | None = None) -> AsyncIterator[Reader]:
    """A socket that has been welcomed."""
    async with websockets.connect(await address(floor, trader), ping_interval=None) as socket:
        reader = Reader(socket)
        assert await reader.next() == {"id": "c1", "type": "welcome"}
        yield reader
