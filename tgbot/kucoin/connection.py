"""A connection of `websockets` that hands over all messages that have come at once."""

import asyncio

from websockets.asyncio.client import ClientConnection
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State

from tgbot.kucoin.frames import begins_text, length, whole_texts
from tgbot.kucoin.inbox import Inbox

FRAME_CAP = 1024 * 1024
_DATA = frozenset({Opcode.TEXT, Opcode.BINARY, Opcode.CONT})


class Connection(ClientConnection):
    """Whole texts, and nearly everything is one, are cut out of the stream before the library looks at it, which spares
    two thirds of what a message costs. All else (the handshake, messages in pieces, huge ones, pings, the end) is the
    library's: it gets it frame by frame, and sees a stream in which no texts were."""

    async def receive(self) -> list[bytes]:
        """All messages that have come, but not too many for one turn of the loop; waits for the first. Raises
        `ConnectionClosed` once there will be no more."""
        return await self._inbox.take() or [await self.recv(decode=False)]  # nothing is left there but the end

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._inbox = Inbox(self.transport.pause_reading, self.transport.resume_reading)
        self._rest = b""  # of a text whose end has not come yet, or of the head of any frame
        self._owed = 0  # bytes of a frame that is the library's, and which it gets as they come
        self._pieces: bytearray | None = None
        self._hanging_up: asyncio.TimerHandle | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._inbox.end()
        if self._hanging_up is not None:
            self._hanging_up.cancel()

    def data_received(self, data: bytes) -> None:
        at = self._greet(data)
        if self._rest:
            data, at, self._rest = self._rest + data[at:], 0, b""
        while at < len(data):
            at = self._step(data, at)

    def process_event(self, event: Request | Response | Frame) -> None:
        if isinstance(event, Frame) and event.opcode in _DATA:
            self._join(event)
        else:
            super().process_event(event)

    def _greet(self, data: bytes) -> int:
        """The library gets the answer to the handshake line by line, so that it has nothing of the first frame."""
        at = 0
        while self.response is None and at < len(data):
            end = data.find(b"\n", at) + 1 or len(data)
            at = self._pass(data, at, end)
        return at

    def _step(self, data: bytes, at: int) -> int:
        """Returns what of it has been dealt with."""
        if self.state is not State.OPEN:  # it has failed, or is being closed: the library knows what is left to do
            return self._pass(data, at, len(data))
        if self._owed:
            end = min(at + self._owed, len(data))
            self._owed -= end - at
            return self._pass(data, at, end)
        is_text = self._pieces is None and begins_text(data, at)
        if is_text:
            texts, after = whole_texts(data, at)
            if texts:
                self._inbox.put(texts, after - at)
                return after
        size = length(data, at)
        if is_text or size is None:
            self._rest = data[at:]
            return len(data)
        self._owed = size
        return at

    def _pass(self, data: bytes, at: int, end: int) -> int:
        super().data_received(data[at:end])
        # The library sets a deadline for the other side to hang up, and minds it only where something is being sent.
        if self.close_deadline is not None and self._hanging_up is None:
            self._hanging_up = self.loop.call_at(self.close_deadline, self.transport.abort)
        return end

    def _join(self, piece: Frame) -> None:
        """The library has seen to it that pieces come in order, and together are not too large."""
        whole = self._pieces if self._pieces is not None else bytearray()
        whole += piece.data
        self._pieces = None if piece.fin else whole
        if piece.fin:
            self._inbox.put([bytes(whole)], len(whole))
