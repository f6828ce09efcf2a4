"""What has happened: the calls of the bot for tests to look at, and events for whoever watches."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from tgbot.playground.chats import Json

_CALLS_KEPT = 10_000
_EVENTS_WAITING = 1_000


@dataclass(slots=True)
class Call:
    """One request of the bot. `error` is the description that it got, or what was done to the connection."""

    method: str
    params: Json
    files: dict[str, int] = field(default_factory=dict)
    error: str = ""


class Watcher:
    """One reader of the events, in order."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[Json | None] = asyncio.Queue(_EVENTS_WAITING)

    def take(self, event: Json | None) -> None:
        """Whoever reads too slowly is cut off, and starts anew from the present state."""
        if self._waiting.full():
            self._waiting.get_nowait()
            event = None
        self._waiting.put_nowait(event)

    async def events(self) -> AsyncIterator[Json]:
        """Ends when the playground closes."""
        while (event := await self._waiting.get()) is not None:
            yield event


class Journal:
    def __init__(self) -> None:
        self.revision = 0
        self._calls: deque[Call] = deque(maxlen=_CALLS_KEPT)
        self._watchers: list[Watcher] = []

    def record(self, call: Call) -> None:
        self._calls.append(call)

    def calls(self, method: str = "*") -> list[Call]:
        """Those whose method matches the pattern, oldest first. getUpdates is not kept."""
        return [call for call in self._calls if fnmatchcase(call.method, method)]

    def publish(self, kind: str, **facts: object) -> int:
        """Tells every watcher; returns the number of this event."""
        self.revision += 1
        for watcher in self._watchers:
            watcher.take({"kind": kind, "revision": self.revision, **facts})
        return self.revision

    @contextmanager
    def watch(self) -> Iterator[Watcher]:
        """Events from now on."""
        watcher = Watcher()
        self._watchers.append(watcher)
        try:
            yield watcher
        finally:
            self._watchers.remove(watcher)

    def close(self) -> None:
        for watcher in self._watchers:
            watcher.take(None)
