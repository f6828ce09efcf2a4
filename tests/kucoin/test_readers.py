"""What a connection can do over each of the two networks; all that is said of streams holds with both as well."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.kucoin.handshake import answer, framed
from tests.kucoin.patience import eventually
from tgbot.kucoin.connection import FRAME_CAP
from tgbot.kucoin.inbox import MOST_UNREAD
from tgbot.kucoin.readers import CLOSE_WITHIN, FAILED, Reader


@pytest.fixture
def trusting(own_authority: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=own_authority)


async def test_one_context_serves_many_encrypted_sockets(
    reader: Reader, own_certificate: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with serve(_echo, "127.0.0.1", 0, ssl=own_certificate) as server:
        address = f"wss://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/"
        sockets = [await reader.open(address, trusting) for _ in range(3)]
        for socket in sockets:
            await socket.send("hello")
            assert await socket.receive() == [b"hello"]
            await socket.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_certificate_that_nobody_vouches_for_or_of_another_host_is_not_believed(
    host: str, reader: Reader, own_certificate: ssl.SSLContext, ssl_context: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    served: list[str] = []

    async def notice(socket: ServerConnection) -> None:
        served.append(str(socket))

    async with serve(notice, "127.0.0.1", 0, ssl=own_certificate) as server:
        address = f"wss://{host}:{next(iter(server.sockets)).getsockname()[1]}/"
        with pytest.raises(FAILED):
            await reader.open(address, ssl_context if host == "127.0.0.1" else trusting)
    assert not served


@pytest.mark.parametrize("host", ["[::zz", "a" * 70 + ".com", "127.0.0.1:99999"])
async def test_an_address_that_is_none_cannot_be_dialled(
    host: str, reader: Reader, ssl_context: ssl.SSLContext
) -> None:
    """Whatever KuCoin's answer says: it may end no process."""
    with pytest.raises(FAILED):
        await reader.open(f"wss://{host}/?token=secret", ssl_context)


async def test_a_dial_that_is_given_up_leaves_no_connection(reader: Reader, ssl_context: ssl.SSLContext) -> None:
    asked, gone = asyncio.Event(), asyncio.Event()

    async def say_nothing(reading: asyncio.StreamReader, writing: asyncio.StreamWriter) -> None:
        await reading.readuntil(b"\r\n\r\n")
        asked.set()
        await reading.read()
        writing.close()
        gone.set()

    async def dial(port: int) -> None:
        await reader.open(f"ws://127.0.0.1:{port}/", ssl_context)

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server, asyncio.timeout(5):
        async with asyncio.TaskGroup() as group:
            dialling = group.create_task(dial(server.sockets[0].getsockname()[1]))
            await asked.wait()
            dialling.cancel()
        await gone.wait()


async def test_a_dial_that_is_given_up_while_it_agrees_on_a_cipher_leaves_no_connection(
    reader: Reader, trusting: ssl.SSLContext
) -> None:
    asked, gone = asyncio.Event(), asyncio.Event()

    async def say_nothing(reading: asyncio.StreamReader, writing: asyncio.StreamWriter) -> None:
        await reading.read(1)
        asked.set()
        await reading.read()
        writing.close()
        gone.set()

    async def dial(port: int) -> None:
        await reader.open(f"wss://127.0.0.1:{port}/", trusting)

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server, asyncio.timeout(5):
        async with asyncio.TaskGroup() as group:
            dialling = group.create_task(dial(server.sockets[0].getsockname()[1]))
            await asked.wait()
            dialling.cancel()
        await gone.wait()


async def test_a_ping_of_the_server_is_answered(reader: Reader, ssl_context: ssl.SSLContext, talking: "Talk") -> None:
    await reader.open(talking.address, ssl_context)
    await eventually(lambda: bool(talking.clients))
    async with asyncio.timeout(5):
        await (await talking.clients[0].ping())


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1011, 1012, 3000, 4999])
async def test_what_was_sent_before_the_end_is_read_before_it(
    code: int, reader: Reader, ssl_context: ssl.SSLContext, talking: "Talk"
) -> None:
    socket = await reader.open(talking.address, ssl_context)
    await eventually(lambda: bool(talking.clients))
    for number in range(40):
        await talking.clients[0].send(f"{number}")
    await talking.clients[0].close(code, "so it ends")
    heard: list[bytes] = []
    while len(heard) < 40:
        heard += await socket.receive()
    assert heard == [b"%d" % number for number in range(40)]
    with pytest.raises(ConnectionClosed):
        await socket.receive()
    with pytest.raises(ConnectionClosed):
        await socket.send("hello?")
    await socket.close()


@pytest.mark.parametrize("bytes_after_the_code", [b"", b"\xff\xfe"])
async def test_an_end_that_makes_no_sense_is_an_end(
    bytes_after_the_code: bytes, reader: Reader, ssl_context: ssl.SSLContext, talking: "Talk"
) -> None:
    socket = await reader.open(talking.address, ssl_context)
    await eventually(lambda: bool(talking.clients))
    payload = (3).to_bytes(2) + bytes_after_the_code
    talking.clients[0].transport.write(bytes([0x88, len(payload)]) + payload)
    with pytest.raises(ConnectionClosed):
        await socket.receive()
    await socket.close()


async def test_a_message_in_many_pieces_is_measured_as_one(
    reader: Reader, ssl_context: ssl.SSLContext, talking: "Talk"
) -> None:
    socket = await reader.open(talking.address, ssl_context)
    await eventually(lambda: bool(talking.clients))
    await talking.clients[0].send(iter(["in ", "two"]))
    assert await socket.receive() == [b"in two"]
    with pytest.raises(ConnectionClosed):
        await talking.clients[0].send(iter(["x" * (FRAME_CAP // 2)] * 20))
    with pytest.raises(ConnectionClosed):
        await socket.receive()


async def test_who_does_not_read_holds_the_server_back(
    reader: Reader, ssl_context: ssl.SSLContext, talking: "Talk"
) -> None:
    socket = await reader.open(talking.address, ssl_context)
    await eventually(lambda: bool(talking.clients))
    sent = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(0.2):
            while sent < 1_000:
                await talking.clients[0].send("x" * 100_000)
                sent += 1
    assert 0 < sent < 1_000
    assert await socket.receive() == [b"x" * 100_000]
    # With the pipe full there is no good-bye to be read, so leaving takes its deadline and no longer.
    async with asyncio.timeout(5 * CLOSE_WITHIN):
        await socket.close()
    talking.clients[0].transport.abort()


@pytest.mark.parametrize("is_encrypted", [False, True])
async def test_who_reads_late_gets_all_of_it_in_order(
    is_encrypted: bool, reader: Reader, own_certificate: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    """More than the pipe holds: the server is held back, and let go on."""
    texts = [b"%d" % number * 2_000 for number in range(3_000)]
    waits, heard = asyncio.Event(), list[bytes]()

    async def send(client: ServerConnection) -> None:
        for text in texts:
            if client.transport.get_write_buffer_size():
                waits.set()
            await client.send(text, text=True)
        assert waits.is_set()

    async with serve(send, "127.0.0.1", 0, ssl=own_certificate if is_encrypted else None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        socket = await reader.open(f"{'wss' if is_encrypted else 'ws'}://127.0.0.1:{port}/", trusting)
        async with asyncio.timeout(10):
            await waits.wait()
            with suppress(ConnectionClosed):
                while True:
                    heard += await socket.receive()
    assert heard == texts


async def test_an_end_behind_more_than_may_wait_unread_is_noticed(
    reader: Reader, own_certificate: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    """It comes in one piece with what stops the reading, and nothing comes behind it: no bytes, nor the end of TCP."""
    gone = asyncio.Event()

    async def send_and_leave(reading: asyncio.StreamReader, writing: asyncio.StreamWriter) -> None:
        writing.write(answer(await reading.readuntil(b"\r\n\r\n")) + 2 * framed(b"x" * MOST_UNREAD))
        writing.close()
        await gone.wait()

    async with await asyncio.start_server(send_and_leave, "127.0.0.1", 0, ssl=own_certificate) as server:
        socket = await reader.open(f"wss://127.0.0.1:{server.sockets[0].getsockname()[1]}/", trusting)
        heard: list[bytes] = []
        async with asyncio.timeout(5):
            with suppress(ConnectionClosed):
                while True:
                    heard += await socket.receive()
        gone.set()
    assert heard == [b"x" * MOST_UNREAD] * 2


class Talk:
    """A server that does as the test says."""

    def __init__(self) -> None:
        self.clients: list[ServerConnection] = []
        self.address = ""

    async def stay(self, socket: ServerConnection) -> None:
        self.clients.append(socket)
        await socket.wait_closed()


@pytest.fixture
async def talking() -> AsyncIterator[Talk]:
    talk = Talk()
    async with serve(talk.stay, "127.0.0.1", 0, close_timeout=0.1) as server:
        talk.address = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/"
        yield talk
        server.close(close_connections=True)


async def _echo(socket: ServerConnection) -> None:
    async for text in socket:
        await socket.send(text)
