"""What has come over a WebSocket and waits for its reader."""

import asyncio
from collections.abc import Callable

MOST_UNREAD = 64 * 1024  # bytes; then nothing more is read from the network
A_TURN = 200  # messages; a tick takes some 3 µs


class Inbox:
    """Whole messages, in the order in which they came. While more of them wait than may, `pause` keeps the network from
    bringing others; what one read of it has brought always has room. For one reader.

    `pause` is called by the loop, not by `put`: aiofastnet, paused while it hands over what it has decrypted, leaves
    the rest lying until more bytes come, and behind the end of a connection none do.
    """

    def __init__(self, pause: Callable[[], None], resume: Callable[[], None]) -> None:
        self._pause = pause
        self._resume = resume
        self._messages: list[bytes] = []
        self._size = 0
        self._is_full = False
        self._has_ended = False
        self._news = asyncio.Event()

    def put(self, messages: list[bytes], size: int) -> None:
        """`size` is that of all of them, in bytes."""
        self._messages += messages
        self._size += size
        self._news.set()
        if self._size > MOST_UNREAD and not self._is_full:
            self._is_full = True
            asyncio.get_running_loop().call_soon(self._hold_back)

    def end(self) -> None:
        """Nothing more will come."""
        self._has_ended = True
        self._news.set()

    async def take(self) -> list[bytes]:
        """At least one, as soon as there is one; none once all have been taken and no more will come.

        Everybody else has a turn of the loop before each call returns, and not too many messages are handed over for
        one turn. Who is cancelled here has taken nothing.
        """
        if self._messages:
            await asyncio.sleep(0)  # noqa: TID251 - a turn of the loop takes no time that a clock could keep
        else:
            await self._news.wait()
        taken = self._messages[:A_TURN]
        del self._messages[:A_TURN]
        if not self._messages:
            self._rest()
        return taken

    def _hold_back(self) -> None:
        if self._is_full and not self._has_ended:  # all may have been taken meanwhile
            self._pause()

    def _rest(self) -> None:
        """All is taken."""
        self._size = 0
        if self._has_ended:
            return
        self._news.clear()
        if self._is_full:
            self._is_full = False
            self._resume()
