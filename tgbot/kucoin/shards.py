"""Public topics, spread over as few sockets as KuCoin's limits allow."""

import asyncio
from collections.abc import Awaitable, Callable

from tgbot.core.clock import Clock
from tgbot.core.ids import Ids
from tgbot.kucoin.dialer import Dial
from tgbot.kucoin.feed import Frame
from tgbot.kucoin.stream import Stream

TOPICS_A_SOCKET = 280  # KuCoin allows 300


class Shards:
    """`on_return` gets the topics of a socket that was lost and is back."""

    def __init__(
        self,
        dial: Dial,
        clock: Clock,
        ids: Ids,
        on_message: Callable[[Frame], Awaitable[None]],
        on_return: Callable[[frozenset[str]], None],
        on_refused: Callable[[str], None],
    ) -> None:
        self._dial = dial
        self._clock = clock
        self._ids = ids
        self._on_message = on_message
        self._on_return = on_return
        self._on_refused = on_refused
        self._streams: list[Stream] = []
        self._homes: dict[str, Stream] = {}
        self._grown = asyncio.Event()

    def subscribe(self, topic: str) -> None:
        if topic in self._homes:
            return
        home = next((stream for stream in self._streams if len(stream.topics) < TOPICS_A_SOCKET), None) or self._grow()
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

    def is_up(self, topic: str) -> bool:
        return topic in self._homes and self._homes[topic].is_up

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
        async def up() -> None:
            if stream.ups > 1:
                self._on_return(stream.topics)

        name = f"public {len(self._streams) + 1}"
        stream = Stream(name, self._dial, self._clock, self._ids, self._on_message, up, self._on_refused)
        self._streams.append(stream)
        self._grown.set()
        return stream
