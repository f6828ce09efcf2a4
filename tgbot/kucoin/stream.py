"""A WebSocket that is always being kept up: dial, listen, and dial again, never in haste."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from math import inf

import structlog

from tgbot.core.clock import Clock
from tgbot.core.errors import ExchangeRejected, ExchangeUnavailable
from tgbot.core.ids import Ids
from tgbot.kucoin.dialer import Dial, LinkLost
from tgbot.kucoin.session import Listener, OnMessage, Session, Topics

log = structlog.get_logger()

# Seconds before the next dial: quick after a life of a minute, then slower, at most ten dials a minute.
PAUSES = (0.5, 2.0, 5.0, 10.0)
STABLE_AFTER = 60.0
KEY_REFUSALS = 3


def _care_not(topics: frozenset[str]) -> None:
    """Whoever never moves."""


class Stream:
    """`on_up` is called after every (re)connect once all topics are confirmed. If it raises an `ExchangeError` the
    connection is given up and made again. `on_message` may raise `Unreadable`; such frames are counted.
    `on_confirmed` gets topics as soon as KuCoin has confirmed them, `on_lost` those that go with a connection: whoever
    moves from one topic to another has to know."""

    def __init__(
        self,
        name: str,
        dial: Dial,
        clock: Clock,
        ids: Ids,
        on_message: OnMessage,
        on_up: Callable[[], Awaitable[None]],
        on_refused: Callable[[str], None],
        *,
        on_confirmed: Callable[[frozenset[str]], None] = _care_not,
        on_lost: Callable[[frozenset[str]], None] = _care_not,
        is_private: bool = False,
    ) -> None:
        self._name = name
        self._dial = dial
        self._clock = clock
        self._ids = ids
        self._listener = Listener(on_message, self._up, on_confirmed, on_refused)
        self._on_up = on_up
        self._on_lost = on_lost
        self._is_private = is_private
        self._topics = Topics()
        self._failures = 0
        self._key_refusals = 0
        self.is_up = False
        self.dropped: Counter[str] = Counter()

    @property
    def topics(self) -> frozenset[str]:
        return frozenset(self._topics.wanted)

    def has_room(self, most: int) -> bool:
        """For one more topic, where no more than `most` may be wanted."""
        return len(self._topics.wanted) < most

    def subscribe(self, topic: str) -> None:
        self._topics.wanted.add(topic)
        self._topics.changed.set()

    def unsubscribe(self, topic: str) -> None:
        self._topics.wanted.discard(topic)
        self._topics.changed.set()

    def renew(self, topics: Iterable[str]) -> None:
        """Leaves and asks again for topics that seem dead on a connection that is alive."""
        for topic in self._topics.wanted & set(topics):
            self._topics.stale.add(topic)
            self._topics.confirmed.pop(topic, None)
        self._topics.changed.set()

    def up_since(self, topic: str) -> float:
        """When KuCoin confirmed it; never is `inf`."""
        return self._topics.confirmed.get(topic, inf)

    async def run(self) -> None:
        """Until cancelled. Dials only while something is wanted. A private stream raises `ExchangeRejected` once its
        key has been refused three times in a row."""
        while True:
            while not self._topics.wanted:
                self._topics.changed.clear()
                await self._topics.changed.wait()
            reason = await self._live()
            self.is_up = False
            pause = self._pause()
            log.warning("stream_lost", stream=self._name, reason=reason, pause=round(pause, 1))
            await self._clock.sleep(pause)

    async def _live(self) -> str:
        try:
            line = await self._dial()
        except ExchangeRejected as error:
            self._key_refusals += 1
            if self._is_private and self._key_refusals >= KEY_REFUSALS:
                raise
            return str(error)
        except (LinkLost, ExchangeUnavailable) as error:
            return str(error)
        self._key_refusals = 0
        dialled = self._clock.monotonic()
        session = Session(
            line, self._topics, self._listener, self._clock, self._ids, self.dropped, is_private=self._is_private
        )
        reason = await session.run()
        self._lose()
        if self._clock.monotonic() - dialled >= STABLE_AFTER:
            self._failures = 0
        return reason

    def _lose(self) -> None:
        lost = frozenset(self._topics.confirmed.keys() & self._topics.wanted)
        self._topics.confirmed.clear()
        if lost:
            self._on_lost(lost)

    async def _up(self) -> None:
        self.is_up = True
        log.info("stream_up", stream=self._name, topics=len(self._topics.wanted))
        await self._on_up()

    def _pause(self) -> float:
        pause = PAUSES[min(self._failures, len(PAUSES) - 1)]
        self._failures += 1
        return pause * (0.8 + 0.2 * self._ids.fraction())
