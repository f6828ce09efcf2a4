"""Whoever does not know the secret changes nothing; whoever does is told 200 only when the update is safe."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette

from tgbot.paper.server import listening
from tgbot.web.webhook import BODY_CAP, SECRET_HEADER, RawUpdate, webhook_route

SECRET = "hush_hush-1"
UPDATE = {"update_id": 5, "message": {"message_id": 1, "text": "/panic"}}
BODY = json.dumps(UPDATE).encode()


@dataclass
class Inbox:
    """What was received; `safe` is set once it is on the disk."""

    updates: list[RawUpdate] = field(default_factory=list)
    safe: asyncio.Event = field(default_factory=asyncio.Event)
    failure: Exception | None = None

    async def receive(self, updates: Sequence[RawUpdate]) -> None:
        self.updates += updates
        await self.safe.wait()
        if self.failure:
            raise self.failure


@pytest.fixture
def inbox() -> Inbox:
    inbox = Inbox()
    inbox.safe.set()
    return inbox


@pytest.fixture
async def address(inbox: Inbox) -> AsyncIterator[tuple[str, int]]:
    app = Starlette(routes=[webhook_route("/hook", SECRET, inbox.receive)])
    async with listening(app, "127.0.0.1", 0) as served:
        parts = urlsplit(served.url)
        assert parts.hostname
        assert parts.port
        yield parts.hostname, parts.port


async def post(
    address: tuple[str, int],
    body: bytes = BODY,
    *secrets: str,
    method: str = "POST",
    path: str = "/hook",
    headers: Sequence[str] = (),
) -> int:
    """The status of a request written byte by byte, as no decent client would."""
    reader, writer = await asyncio.open_connection(*address)
    lines = [f"{method} {path} HTTP/1.1", "Host: bot", "Connection: close", *headers]
    lines += [f"{SECRET_HEADER}: {secret}" for secret in secrets]
    if not any(header.lower().startswith(("content-length", "transfer-encoding")) for header in headers):
        lines.append(f"Content-Length: {len(body)}")
    try:
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        await writer.drain()
        async with asyncio.timeout(5):
            status = await reader.readline()
    finally:
        writer.close()
    return int(status.split()[1])


async def test_telegram_is_heard(address: tuple[str, int], inbox: Inbox) -> None:
    assert await post(address, BODY, SECRET) == 200
    assert inbox.updates == [UPDATE]


@pytest.mark.parametrize(
    "secrets",
    [
        (),
        ("",),
        ("wrong",),
        (SECRET.upper(),),
        (SECRET[:-1],),
        (SECRET + "x",),
        (SECRET, SECRET),
        (SECRET, "wrong"),
        ("wrong", SECRET),
        (f"{SECRET}, {SECRET}",),
        ("hush\xffhush",),
    ],
)
async def test_without_the_secret_exactly_once_nothing_happens(
    address: tuple[str, int], inbox: Inbox, secrets: tuple[str, ...]
) -> None:
    assert await post(address, BODY, *secrets) == 403
    assert inbox.updates == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_do_nothing(address: tuple[str, int], inbox: Inbox, method: str) -> None:
    assert await post(address, BODY, SECRET, method=method) == 405
    assert inbox.updates == []


@pytest.mark.parametrize("path", ["/", "/hook/", "/hooks", "/hook/../hook2", f"/?secret={SECRET}", "/live"])
async def test_other_addresses_do_nothing(address: tuple[str, int], inbox: Inbox, path: str) -> None:
    assert await post(address, BODY, SECRET, path=path) in {307, 404}
    assert inbox.updates == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"update_id=5",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"[" + BODY + b"]",
        b"5",
        b'"update_id"',
        b"null",
        b"{}",
        b'{"update_id": "5"}',
        b'{"update_id": 5.0}',
        b'{"update_id": true}',
        b'{"update_id": null}',
        b'{"update_id": 5' + b"0" * 5000 + b"}",
        b"[" * 200_000,
        BODY + BODY,
    ],
)
async def test_what_is_no_update_does_nothing(address: tuple[str, int], inbox: Inbox, body: bytes) -> None:
    assert await post(address, body, SECRET) == 400
    assert inbox.updates == []


async def test_an_update_of_the_largest_size_is_heard_and_a_byte_more_is_not(
    address: tuple[str, int], inbox: Inbox
) -> None:
    frame = len(json.dumps({"update_id": 5, "text": ""}))
    largest = json.dumps({"update_id": 5, "text": "x" * (BODY_CAP - frame)}).encode()
    assert await post(address, largest, SECRET) == 200
    assert await post(address, largest + b" ", SECRET) == 413
    assert len(inbox.updates) == 1


async def test_a_body_without_an_end_is_cut_off(address: tuple[str, int], inbox: Inbox) -> None:
    """Ten gigabytes in chunks: we hang up after the first."""
    _, writer = await asyncio.open_connection(*address)
    head = f"POST /hook HTTP/1.1\r\nHost: bot\r\n{SECRET_HEADER}: {SECRET}\r\nTransfer-Encoding: chunked\r\n\r\n"
    writer.write(head.encode())
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    sent = 0
    async with asyncio.timeout(5):
        try:
            while sent < 10 * 2**30:
                writer.write(chunk)
                await writer.drain()
                sent += len(chunk)
        except ConnectionError:
            pass
    writer.close()
    assert sent < 100 * BODY_CAP
    assert inbox.updates == []


async def test_a_stranger_is_not_even_listened_to(address: tuple[str, int], inbox: Inbox) -> None:
    """The refusal comes before the body, so nobody can make us read."""
    assert await post(address, b"", "wrong", headers=["Content-Length: 1000000"]) == 403
    assert inbox.updates == []


async def test_nothing_is_acknowledged_before_it_is_safe(address: tuple[str, int], inbox: Inbox) -> None:
    inbox.safe.clear()
    async with asyncio.TaskGroup() as group:
        answer = group.create_task(post(address, BODY, SECRET))
        async with asyncio.timeout(5):
            while not inbox.updates:
                await asyncio.get_running_loop().run_in_executor(None, lambda: None)
        assert not answer.done()
        inbox.safe.set()
    assert answer.result() == 200


async def test_what_could_not_be_stored_is_not_acknowledged(address: tuple[str, int], inbox: Inbox) -> None:
    inbox.failure = OSError("disk full")
    assert await post(address, BODY, SECRET) == 500


async def test_a_sender_who_hangs_up_in_the_middle_does_nothing(address: tuple[str, int], inbox: Inbox) -> None:
    _, writer = await asyncio.open_connection(*address)
    head = f"POST /hook HTTP/1.1\r\nHost: bot\r\n{SECRET_HEADER}: {SECRET}\r\nContent-Length: {len(BODY)}\r\n\r\n"
    writer.write(head.encode() + BODY[:10])
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert await post(address, BODY, SECRET) == 200
    assert inbox.updates == [UPDATE]
