"""Cutting messages out of a stream of bytes, however the network has cut it before."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from tests.kucoin.handshake import answer, framed
from tgbot.kucoin.connection import FRAME_CAP, Connection
from tgbot.kucoin.inbox import A_TURN

TEXT, BINARY, CONT, PING, PONG, CLOSE = Opcode.TEXT, Opcode.BINARY, Opcode.CONT, Opcode.PING, Opcode.PONG, Opcode.CLOSE


class Wire(asyncio.Transport):
    """A network on which nobody is, and which notes what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.reads = True
        self.gone = asyncio.Event()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing is ever kept."""

    def pause_reading(self) -> None:
        self.reads = False

    def resume_reading(self) -> None:
        self.reads = True

    def is_closing(self) -> bool:
        return self.gone.is_set()

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        """Nobody hears it."""

    def abort(self) -> None:
        self.gone.set()


@dataclass
class Line:
    connection: Connection
    wire: Wire
    answer: bytes  # to the handshake

    def say(self, stream: bytes, cuts: Sequence[int] = ()) -> None:
        """`cuts` are the sizes of what the network brings at a time; the rest comes at once."""
        at = 0
        for size in cuts:
            if at < len(stream):
                self.connection.data_received(stream[at : at + size])
            at += size
        if at < len(stream):
            self.connection.data_received(stream[at:])

    def hang_up(self) -> None:
        self.connection.connection_lost(None)

    async def all_heard(self) -> list[bytes]:
        heard: list[bytes] = []
        with suppress(ConnectionClosed):
            while True:
                heard += await self.connection.receive()
        return heard


def dialled(close_timeout: float = 10) -> Line:
    protocol, wire = ClientProtocol(parse_uri("ws://here/"), max_size=FRAME_CAP), Wire()
    connection = Connection(protocol, close_timeout=close_timeout)
    connection.connection_made(wire)
    connection.protocol.send_request(connection.protocol.connect())
    return Line(connection, wire, answer(b"".join(connection.protocol.data_to_send())))


def opened(close_timeout: float = 10) -> Line:
    line = dialled(close_timeout)
    line.say(line.answer)
    return line


def in_pieces(*pieces: bytes, opcode: Opcode = TEXT) -> bytes:
    first, *others = pieces
    stream = framed(first, opcode, fin=not others)
    for number, piece in enumerate(others, 1):
        stream += framed(b"!", PING) + framed(piece, CONT, fin=number == len(others))
    return stream


_payloads = st.binary(max_size=20) | st.sampled_from([b"x" * size for size in (125, 126, 127, 200, 65_535, 65_536)])
_messages: st.SearchStrategy[tuple[bytes, list[bytes]]] = st.one_of(
    _payloads.map(lambda data: (framed(data), [data])),
    _payloads.map(lambda data: (framed(data, BINARY), [data])),
    st.lists(_payloads, min_size=2, max_size=4).map(lambda pieces: (in_pieces(*pieces), [b"".join(pieces)])),
    st.binary(max_size=125).map(lambda data: (framed(data, PING), [])),
    st.binary(max_size=125).map(lambda data: (framed(data, PONG), [])),
)
_cuts = st.lists(st.integers(1, 8) | st.integers(1, 70_000), max_size=60)


@given(st.lists(_messages, max_size=20), _cuts)
async def test_messages_come_whole_and_in_order_however_they_are_sent_and_cut(
    messages: list[tuple[bytes, list[bytes]]], cuts: list[int]
) -> None:
    line = dialled()
    line.say(line.answer + b"".join(stream for stream, _ in messages), cuts)
    line.hang_up()
    assert await line.all_heard() == [data for _, heard in messages for data in heard]


@given(st.lists(_messages, max_size=5), st.binary(max_size=200) | _messages.map(lambda sent: sent[0][:-1]), _cuts)
async def test_what_comes_before_rubbish_is_heard_as_the_library_hears_it(
    messages: list[tuple[bytes, list[bytes]]], rubbish: bytes, cuts: list[int]
) -> None:
    stream = b"".join(stream for stream, _ in messages) + rubbish
    line, plain = opened(), dialled()
    plain.connection.protocol.receive_data(plain.answer + stream)
    line.say(stream, cuts)
    line.hang_up()
    assert await line.all_heard() == heard_by_the_library(plain.connection.protocol)


def heard_by_the_library(protocol: ClientProtocol) -> list[bytes]:
    messages, pieces = [], b""
    for frame in protocol.events_received()[1:]:
        if isinstance(frame, Frame) and frame.opcode in {TEXT, BINARY, CONT}:
            pieces += frame.data
            if frame.fin:
                messages.append(pieces)
                pieces = b""
    return messages


_WRONG = {
    "a text among the pieces of another": framed(b"a piece", fin=False) + framed(b"not its end"),
    "the end of nothing": framed(b"an end", CONT),
    "a mask": Frame(TEXT, b"masked").serialize(mask=True),
    "a reserved bit": bytes([0xC1]) + framed(b"compressed?")[1:],
    "a reserved opcode": bytes([0x83]) + framed(b"what?")[1:],
    "a ping in pieces": bytes([PING, 1]) + b"!",
    "too much": framed(b"x" * (FRAME_CAP + 1)),
    "too many pieces": in_pieces(*[b"x" * 65_536] * 17),
    "a last word": framed(CloseCode.GOING_AWAY.to_bytes(2), CLOSE),
}


@pytest.mark.parametrize("parts", [1, 3, 1000])
@pytest.mark.parametrize("wrong", _WRONG)
async def test_nothing_is_heard_behind_an_error_or_the_last_word(wrong: str, parts: int) -> None:
    line = opened()
    stream = framed(b"before") + _WRONG[wrong] + framed(b"behind")
    line.say(stream, [len(stream) // parts + 1] * parts)
    assert line.connection.state is State.CLOSING
    line.hang_up()
    assert await line.all_heard() == [b"before"]


async def test_as_much_as_may_be_is_heard() -> None:
    line = opened()
    line.say(framed(b"x" * FRAME_CAP) + in_pieces(*[b"y" * 65_536] * 16), [10_000] * 300)
    line.hang_up()
    assert [len(message) for message in await line.all_heard()] == [FRAME_CAP] * 2


async def test_a_text_is_not_decoded() -> None:
    line = opened()
    line.say(framed(b"\xff\xfe") + in_pieces(b"\xff", b"\xfe"))
    line.hang_up()
    assert await line.all_heard() == [b"\xff\xfe"] * 2


async def test_the_first_messages_may_come_with_the_answer_to_the_handshake() -> None:
    messages = framed(b"one") + framed(b"two" * 50)
    for cut in range(1, len(dialled().answer + messages)):
        line = dialled()
        line.say(line.answer + messages, [cut])
        line.hang_up()
        assert await line.all_heard() == [b"one", b"two" * 50]


async def test_a_flood_leaves_the_others_their_turns_and_stops_the_network() -> None:
    line, turns = opened(), count()
    line.say(b"".join(framed(b"%d" % number * 100) for number in range(5 * A_TURN)))

    def others() -> None:
        next(turns)
        asyncio.get_running_loop().call_soon(others)

    others()
    await a_turn()
    assert not line.wire.reads
    before = next(turns)
    for _ in range(5):
        assert len(await line.connection.receive()) == A_TURN
        now = next(turns)
        assert now > before + 1
        before = now
    assert line.wire.reads


@pytest.mark.parametrize("last", ["a last word", "a reserved bit"])
async def test_who_says_that_it_ends_and_does_not_hang_up_is_hung_up_on(last: str) -> None:
    """What he has said before is heard."""
    line = opened(close_timeout=0.001)
    line.say(framed(b"before") + _WRONG[last])
    async with asyncio.timeout(5):
        await line.wire.gone.wait()
    line.hang_up()
    assert await line.all_heard() == [b"before"]


async def test_what_is_taken_at_once_stops_nothing() -> None:
    line, loop = opened(), asyncio.get_running_loop()
    loop.call_soon(line.say, framed(b"x" * 50_000) * 2)
    assert len(await line.connection.receive()) == 2
    await a_turn()
    assert line.wire.reads


async def a_turn() -> None:
    turned = asyncio.Event()
    asyncio.get_running_loop().call_soon(turned.set)
    await turned.wait()


async def test_who_is_cancelled_while_he_waits_has_taken_nothing() -> None:
    line, loop = opened(), asyncio.get_running_loop()
    for _ in range(2):  # with nothing there, and with what the first time has left
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(line.connection.receive())
            loop.call_soon(line.say, framed(b"one") + framed(b"two"))
            loop.call_soon(waiting.cancel)
        assert waiting.cancelled()
    line.hang_up()
    assert await line.all_heard() == [b"one", b"two"] * 2
