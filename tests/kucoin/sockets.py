"""The WebSocket side of a KuCoin that does as it is told. It notes what every session said and was given."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request as Handshake
from websockets.http11 import Response

from tests.kucoin.host import Answer, Host, Request, success


@dataclass(eq=False)
class Client:
    """One session as the exchange sees it."""

    socket: ServerConnection
    token: str
    said: list[dict[str, Any]] = field(default_factory=list)
    topics: set[str] = field(default_factory=set)

    def saying(self, verb: str) -> list[dict[str, Any]]:
        return [message for message in self.said if message["type"] == verb]

    async def push(self, topic: str, data: object, subject: str = "trade.ticker", **more: object) -> None:
        frame = {"type": "message", "topic": topic, "subject": subject, "data": data, **more}
        await self.socket.send(json.dumps(frame))


@dataclass
class Sockets:
    url: str = ""
    dials: int = 0
    clients: list[Client] = field(default_factory=list)
    is_welcoming: bool = True
    is_ponging: bool = True
    is_acking: bool = True
    closes_at_once: bool = False
    handshake_status: int | None = None
    redirects_to: str = ""
    unknown_topics: set[str] = field(default_factory=set)
    ignored_topics: set[str] = field(default_factory=set)
    tokens: list[str] = field(default_factory=list)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _number: "count[int]" = field(default_factory=lambda: count(1))

    def bullet(self, _: Request) -> Answer:
        server = {"endpoint": self.url, "encrypt": True, "protocol": "websocket"}
        server |= {"pingInterval": 18000, "pingTimeout": 10000}
        return success({"token": f"token=={next(self._number)}&", "instanceServers": [server]})

    @property
    def client(self) -> Client:
        return self.clients[-1]

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(5), self._changed:
            await self._changed.wait_for(is_so)

    async def until_subscribed(self, *topics: str) -> Client:
        await self.until(lambda: bool(self.clients) and set(topics) <= self.client.topics)
        return self.client

    def answer_handshake(self, connection: ServerConnection, request: Handshake) -> Response | None:
        self.dials += 1
        self.tokens.append(parse_qs(urlsplit(request.path).query)["token"][0])
        if self.handshake_status is None:
            return None
        refusal = connection.respond(HTTPStatus(self.handshake_status), "no")
        if self.redirects_to:
            refusal.headers["Location"] = self.redirects_to
        return refusal

    async def handle(self, socket: ServerConnection) -> None:
        query = parse_qs(urlsplit(socket.request.path if socket.request else "").query)
        client = Client(socket, query["token"][0])
        await self._note(lambda: self.clients.append(client))
        if self.closes_at_once:
            return
        if self.is_welcoming:
            await socket.send(json.dumps({"id": query["connectId"][0], "type": "welcome"}))
        try:
            async for text in socket:
                await self._answer(client, json.loads(text))
        except ConnectionClosed:
            pass
        await self._note(client.topics.clear)

    async def _answer(self, client: Client, message: dict[str, Any]) -> None:
        reply: dict[str, Any] | None = None
        topics = _topics(message.get("topic", ""))
        if message["type"] == "ping":
            reply = {"id": message["id"], "type": "pong"} if self.is_ponging else None
        elif unknown := topics & self.unknown_topics:
            said = f"topic {unknown.pop()} is not found"
            reply = {"id": str(message["id"]), "type": "error", "code": 404, "data": said}
        elif self.is_acking and not topics & self.ignored_topics:
            reply = {"id": str(message["id"]), "type": "ack"}
        if reply is not None:
            await client.socket.send(json.dumps(reply))

        def remember() -> None:
            client.said.append(message)
            if reply is not None and reply["type"] == "ack":
                client.topics = client.topics | topics if message["type"] == "subscribe" else client.topics - topics

        await self._note(remember)

    async def _note(self, change: Callable[[], object]) -> None:
        async with self._changed:
            change()
            self._changed.notify_all()


def _topics(text: str) -> set[str]:
    prefix, colon, names = text.partition(":")
    return {f"{prefix}{colon}{name}" for name in names.split(",")} if colon else {text}


def ticker(price: object, sequence: int, time: int = 1_800_000_000_000) -> dict[str, object]:
    sizes = {"size": "1", "bestAskSize": "1", "bestBidSize": "1"}
    return {"sequence": str(sequence), "price": price, "bestBid": "1", "bestAsk": "2", "time": time, **sizes}


@asynccontextmanager
async def running_sockets(host: Host) -> AsyncIterator[Sockets]:
    sockets = Sockets()
    async with serve(sockets.handle, "127.0.0.1", 0, process_request=sockets.answer_handshake) as server:
        sockets.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/endpoint"
        for kind in ("public", "private"):
            host.on("POST", f"/api/v1/bullet-{kind}", sockets.bullet)
        yield sockets
        server.close(close_connections=True)
