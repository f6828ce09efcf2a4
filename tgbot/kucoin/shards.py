"""Public topics, spread over as few sockets as KuCoin's limits allow."""

import asyncio
from collections.abc import Callable
from math import inf

from tgbot.core.clock import Clock
from tgbot.core.ids import Ids
from tgbot.kucoin.dialer import Dial
from tgbot.kucoin.session import OnMessage
from tgbot.kucoin.stream import Stream

TOPICS_A_SOCKET = 280  # KuCoin allows 300


class Shards:
    """`on_confirmed` gets topics as soon as KuCoin has confirmed them, for the first time or anew, `on_lost` those that
    were and that go with a socket."""

    def __init__(
        self,
        dial: Dial,
        clock: Clock,
        ids: Ids,
        on_message: OnMessage,
        on_confirmed: Callable[[frozenset[str]], None],
        on_lost: Callable[[frozenset[str]], None],
        on_refused: Callable[[str], None],
    ) -> None:
        self._dial = dial
        self._clock = clock
        self._ids = ids
        self._on_message = on_message
        self._on_confirmed = on_confirmed
        self._on_lost = on_lost
        self._on_refused = on_refused
        self._streams: list[Stream] = []
        self._homes: dict[str, Stream] = {}
        self._grown = asyncio.Event()

    def subscribe(self, topic: str) -> None:
        if topic in self._homes:
            return
        home = next((stream for stream in self._streams if stream.has_room(TOPICS_A_SOCKET)), None) or self._grow()
        self._homes[topic] = home
        home.subscribe(topic)

    def unsubscribe(self, topic: str) -> None:
        home = self._homes.pop(topic, None)
        if home is not None:
            home.unsubscribe(topic)

    def renew(self, topic: str) -> None:
        """Asks again for a topic that seems dead on a connection that is alive."""
        if topic in self._homes:
            self._homes[topic].renew([topic])

    def up_since(self, topic: str) -> float:
        """When KuCoin confirmed it; never is `inf`."""
        return self._homes[topic].up_since(topic) if topic in self._homes else inf

    def is_up(self, topic: str) -> bool:
        return self.up_since(topic) < inf

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            started = 0
            while True:
                for stream in self._streams[started:]:
                    group.create_task(stream.run())
                started = len(self._streams)
                self._grown.clear()
                await self._grown.wait()

    def _grow(self) -> Stream:
        stream = Stream(
            f"public {len(self._streams) + 1}",
            self._dial,
            self._clock,
            self._ids,
            self._on_message,
            _nothing,
            self._on_refused,
            on_confirmed=self._on_confirmed,
            on_lost=self._on_lost,
        )
        self._streams.append(stream)
        self._grown.set()
        return stream


async def _nothing() -> None:
    """Each topic is spoken of by itself; a socket as a whole is nobody's business."""
