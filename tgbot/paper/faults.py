"""A seam in front of the exchange's REST that misbehaves on command. Only tests and demonstrations build one.

faults = Faults(exchange.app, clock)
faults.add("POST", "/api/v1/hf/orders.*", Mode.LOST)
async with exchange.serve(app=faults): ...
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tgbot.core.clock import Clock


class Mode(Enum):
    LOST = "lost"  # executed, then the connection is closed without an answer
    DROP = "drop"  # not executed, the connection is closed
    ERROR = "error"  # not executed; an answer with a code of KuCoin's
    HTML = "html"  # not executed; a page as a proxy would send it
    TRUNCATED = "truncated"  # executed; the answer breaks off half way
    DELAY = "delay"  # executed after a while
    EDITED = "edited"  # executed; the body of the answer is changed on the way


@dataclass(slots=True)
class Fault:
    """`until` (an event) or `seconds` (of the clock) is how long a DELAY lasts, and how long an EDITED answer is held
    back; `edit` makes its other body. `headers` and `page` belong to the answer of an ERROR or of HTML. `hits` counts
    what it has spoilt."""

    method: str
    path: re.Pattern[str]
    mode: Mode
    times: int
    status: int
    code: str
    message: str
    seconds: float
    until: asyncio.Event | None
    edit: Callable[[bytes], bytes]
    headers: Mapping[str, str]
    page: str
    hits: int = 0


class Faults:
    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock
        self._armed: list[Fault] = []

    def add(
        self,
        method: str,
        path_pattern: str,
        mode: Mode,
        times: int = 1,
        *,
        status: int = 200,
        code: str = "500000",
        message: str = "Internal Server Error",
        seconds: float = 0,
        until: asyncio.Event | None = None,
        edit: Callable[[bytes], bytes] = bytes,
        headers: Mapping[str, str] = MappingProxyType({}),
        page: str = "Service unavailable",
    ) -> Fault:
        """Spoil the next `times` requests of this method whose whole path matches. Faults wait in line: the oldest
        that fits is used first. `status` is that of ERROR and HTML."""
        pattern = re.compile(path_pattern)
        fault = Fault(method, pattern, mode, times, status, code, message, seconds, until, edit, headers, page)
        self._armed.append(fault)
        return fault

    def clear(self) -> None:
        self._armed.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = self._take(scope) if scope["type"] == "http" else None
        if fault is None:
            return await self._app(scope, receive, send)
        match fault.mode:
            case Mode.LOST:
                await self._app(scope, receive, _nowhere)
                await _hang_up(scope, receive)
            case Mode.DROP:
                await _hang_up(scope, receive)
            case Mode.ERROR:
                body = msgspec.json.encode({"code": fault.code, "msg": fault.message})
                await _answer(send, fault, b"application/json", body)
            case Mode.HTML:
                await _answer(send, fault, b"text/html", f"<html><body>{fault.page}</body></html>".encode())
            case Mode.TRUNCATED:
                await self._app(scope, receive, _half(send))
                await _hang_up(scope, receive)
            case Mode.EDITED:
                await self._app(scope, receive, self._edited(send, fault))
            case Mode.DELAY:
                await self._wait(fault)
                await self._app(scope, receive, send)
        return None

    def _take(self, scope: Scope) -> Fault | None:
        for fault in self._armed:
            if fault.hits < fault.times and fault.method == scope["method"] and fault.path.fullmatch(scope["path"]):
                fault.hits += 1
                return fault
        return None

    def _edited(self, send: Send, fault: Fault) -> Send:
        """The whole answer is held back until `until`, if it waits for something."""
        head: list[Message] = []

        async def send_edited(message: Message) -> None:
            if message["type"] == "http.response.start":
                head.append(message)
                return
            await self._wait(fault)
            body = fault.edit(message["body"])
            headers = [(name, value) for name, value in head[0]["headers"] if name != b"content-length"]
            await send({**head[0], "headers": [*headers, (b"content-length", str(len(body)).encode())]})
            await send({**message, "body": body})

        return send_edited

    async def _wait(self, fault: Fault) -> None:
        if fault.until:
            await fault.until.wait()
        elif fault.seconds:
            await self._clock.sleep(fault.seconds)


async def _nowhere(_: Message) -> None:
    """Where an answer goes that nobody hears."""


def _half(send: Send) -> Send:
    """The length of the whole body is announced, half of it follows."""

    async def send_half(message: Message) -> None:
        if message["type"] == "http.response.body":
            body = message["body"]
            message = {"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True}
        await send(message)

    return send_half


async def _answer(send: Send, fault: Fault, kind: bytes, body: bytes) -> None:
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    headers += [(name.lower().encode(), value.encode()) for name, value in fault.headers.items()]
    await send({"type": "http.response.start", "status": fault.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _hang_up(scope: Scope, receive: Receive) -> None:
    """Close the TCP connection (`server.py` puts it into the request's state), and wait until that is noticed."""
    scope["state"]["transport"].close()
    while (await receive())["type"] != "http.disconnect":
        continue
