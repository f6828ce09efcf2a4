"""A Bot API server on loopback that does as it is told: real HTTP, scripted misbehaviour."""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Container
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl

TOKEN = "123456:canary-token-that-must-not-leak"
ME = {"id": 123456, "is_bot": True, "first_name": "Bot", "username": "tgbot_test_bot"}

Call = dict[str, str]


@dataclass
class TelegramServer:
    """`calls` holds what was asked, `messages` what a chat shows, by chat and message id. A file of a call is text too,
    each byte a character; a message with a picture has it as `photo` and its caption as `text`."""

    url: str = ""
    calls: list[tuple[str, Call]] = field(default_factory=list)
    messages: dict[tuple[int, int], Call] = field(default_factory=dict)
    updates: list[dict[str, Any]] = field(default_factory=list)
    _scripts: dict[str, deque[dict[str, Any]]] = field(default_factory=lambda: defaultdict(deque))
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)
    _paused: Container[int] | None = None
    _gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._gate.set()

    def fail(self, method: str, status: int, description: str, **parameters: int) -> None:
        """The next call of `method` is refused."""
        answer = {"ok": False, "error_code": status, "description": description}
        if parameters:
            answer["parameters"] = parameters
        self._scripts[method].append({"status": status, "body": json.dumps(answer)})

    def answer_with(self, method: str, status: int, body: str) -> None:
        """The next call of `method` gets exactly this."""
        self._scripts[method].append({"status": status, "body": body})

    def lose_answer(self, method: str) -> None:
        """The next call of `method` is carried out, but nobody hears of it."""
        self._scripts[method].append({"lost": True})

    def pause(self, chats: Container[int] | None = None) -> None:
        """Calls (to these chats) are carried out, but not answered before `resume`."""
        self._gate.clear()
        self._paused = chats

    def resume(self) -> None:
        self._gate.set()

    def texts(self, chat_id: int) -> list[str]:
        """What the chat shows, from top to bottom."""
        return [message["text"] for (chat, _), message in sorted(self.messages.items()) if chat == chat_id]

    def sent(self, *methods: str) -> list[Call]:
        return [call for method, call in self.calls if method in methods]

    async def until_called(self, method: str, times: int = 1) -> None:
        async with asyncio.timeout(10), self._news:
            await self._news.wait_for(lambda: len(self.sent(method)) >= times)

    async def respond(self, method: str, call: Call) -> tuple[int, str] | None:
        script = self._scripts[method].popleft() if self._scripts[method] else {}
        result = None if "body" in script else self._carry_out(method, call)
        async with self._news:
            self.calls.append((method, call))
            self._news.notify_all()
        if self._paused is None or int(call.get("chat_id", 0)) in self._paused:
            await self._gate.wait()
        if "lost" in script:
            return None
        if "body" in script:
            return script["status"], script["body"]
        return 200, json.dumps({"ok": True, "result": result})

    def _carry_out(self, method: str, call: Call) -> Any:
        match method:
            case "getMe":
                return ME
            case "getUpdates":
                return self.updates
            case "sendMessage" | "sendPhoto":
                message_id = 100 + len(self.messages)
            case "editMessageText" | "editMessageMedia":
                message_id = int(call["message_id"])
            case _:
                return True
        chat_id = int(call["chat_id"])
        shown = self.messages[chat_id, message_id] = _shown(call)
        chat = {"id": chat_id, "type": "private"}
        if "ephemeral_message_parameters" in call:
            return {"message_id": 0, "ephemeral_message_id": message_id, "date": 1, "chat": chat, "from": ME}
        return {"message_id": message_id, "date": 1, "chat": chat, "text": shown["text"], "from": ME}


def _shown(call: Call) -> Call:
    if "media" in call:
        media = json.loads(call["media"])
        call = call | {"photo": call[media["media"].removeprefix("attach://")], "caption": media["caption"]}
    return call | {"text": call["caption"]} if "photo" in call else call


@asynccontextmanager
async def serving() -> AsyncIterator[TelegramServer]:
    telegram = TelegramServer()
    connections: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.add(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while await _exchange(telegram, reader, writer):
                pass
        connections.discard(writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    telegram.url = f"http://{host}:{port}"
    try:
        yield telegram
    finally:
        telegram.resume()
        server.close()
        for writer in connections:
            writer.close()
        await server.wait_closed()


def _read(head: list[str], body: bytes) -> Call:
    """A form, of either kind."""
    kind = next((line for line in head if line.lower().startswith("content-type:")), "")
    if "multipart/" not in kind:
        return dict(parse_qsl(body.decode()))
    form = message_from_bytes(kind.encode() + b"\r\n\r\n" + body)
    call: Call = {}
    for part in form.get_payload():
        assert isinstance(part, Message)
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        is_file = part.get_filename() is not None
        name = str(part.get_param("name", header="content-disposition"))
        call[name] = content.decode("latin-1" if is_file else "utf-8")
    return call


async def _exchange(telegram: TelegramServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    path = head[0].split(" ")[1]
    headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
    assert "transfer-encoding" not in headers
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    assert path.startswith(f"/bot{TOKEN}/"), path
    answer = await telegram.respond(path.rpartition("/")[2], _read(head, body))
    if answer is None:
        return False
    status, text = answer
    payload = text.encode()
    writer.write(f"HTTP/1.1 {status} Status\r\nContent-Length: {len(payload)}\r\n\r\n".encode() + payload)
    await writer.drain()
    return True
