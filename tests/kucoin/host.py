"""A REST host that does as it is told: answers, stays silent, hangs up, drips, and notes every byte it was sent."""

import asyncio
import json
import socket
import ssl
import struct
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import parse_qs, unquote, urlsplit

_AT_ONCE = struct.pack("ii", 1, 0)  # linger for no time: the connection is reset instead of closed


class Manner(Enum):
    ANSWER = "answer"
    HANG_UP = "hang up"  # reads the request, closes without a word
    RESET = "reset"  # the same, as a machine that has just been switched on does it
    SILENCE = "silence"
    DRIP = "drip"  # headers, then a byte now and then
    CUT = "cut"  # half of the body it promised


@dataclass(frozen=True)
class Answer:
    body: bytes = b""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    manner: Manner = Manner.ANSWER
    then_close: bool = False


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.target).query).items()}


def success(data: object) -> Answer:
    return Answer(json.dumps({"code": "200000", "data": data}).encode())


def refusal(code: str, message: str = "", status: int = 200) -> Answer:
    return Answer(json.dumps({"code": code, "msg": message}).encode(), status)


def html(status: int, text: str = "<html>sorry</html>") -> Answer:
    return Answer(text.encode(), status, (("Content-Type", "text/html"),))


Script = Answer | Callable[[Request], Answer]


@dataclass
class Host:
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    otherwise: Script = field(default_factory=lambda: refusal("404000", "Url not found", 404))
    _scripts: dict[tuple[str, str], list[Script]] = field(default_factory=lambda: defaultdict(list))
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _handlers: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def on(self, method: str, path: str, *scripts: Script) -> None:
        """Plays the scripts in turn and repeats the last."""
        self._scripts[method, path] = list(scripts)

    def seen(self, method: str, path: str = "") -> list[Request]:
        return [request for request in self.requests if request.method == method and path in request.path]

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(5), self._changed:
            await self._changed.wait_for(is_so)

    async def close_idle_connections(self) -> None:
        for writer in list(self._writers):
            writer.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._handlers.add(task)
        self._writers.add(writer)
        await self._note(connections=1)
        try:
            while (request := await _read(reader)) is not None:
                await self._note(request)
                if not await self._answer(request, writer):
                    return
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return
        finally:
            self._writers.discard(writer)
            self._handlers.discard(task)
            writer.close()

    async def _note(self, request: Request | None = None, connections: int = 0) -> None:
        async with self._changed:
            self.connections += connections
            if request is not None:
                self.requests.append(request)
            self._changed.notify_all()

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection lives on."""
        scripts = self._scripts[request.method, request.path] or [self.otherwise]
        script = scripts.pop(0) if len(scripts) > 1 else scripts[0]
        answer = script if isinstance(script, Answer) else script(request)
        if answer.manner is Manner.HANG_UP:
            return False
        if answer.manner is Manner.RESET:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            return False
        if answer.manner is Manner.SILENCE:
            await asyncio.Event().wait()
        head = [f"HTTP/1.1 {answer.status} Whatever", f"Content-Length: {len(answer.body)}"]
        head += [f"{name}: {value}" for name, value in answer.headers]
        writer.write("\r\n".join([*head, "", ""]).encode())
        if answer.manner is Manner.DRIP:
            writer.write(answer.body[:1])
            await writer.drain()
            await asyncio.Event().wait()
        if answer.manner is Manner.CUT:
            writer.write(answer.body[: len(answer.body) // 2])
            await writer.drain()
            return False
        writer.write(answer.body)
        await writer.drain()
        return not answer.then_close


async def _read(reader: asyncio.StreamReader) -> Request | None:
    line = await reader.readline()
    if not line:
        return None
    method, target, _ = line.decode().split(" ", 2)
    headers: dict[str, str] = {}
    while (header := (await reader.readline()).decode().strip()) != "":
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, target, headers, body)


@asynccontextmanager
async def running_host(ssl_context: ssl.SSLContext | None = None) -> AsyncIterator[Host]:
    host = Host()
    server = await asyncio.start_server(host.serve, "127.0.0.1", 0, ssl=ssl_context)
    host.port = server.sockets[0].getsockname()[1]
    try:
        yield host
    finally:
        server.close()
        for handler in list(host._handlers):
            handler.cancel()
        await asyncio.gather(*host._handlers, return_exceptions=True)
        await server.wait_closed()
