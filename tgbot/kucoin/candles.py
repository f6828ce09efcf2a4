"""Candles as they are being made, from shared subscriptions: one topic for a pair and an interval, whoever needs it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from tgbot.core.clock import Clock
from tgbot.core.ids import Ids
from tgbot.core.market import Candle, Interval
from tgbot.kucoin.dialer import Dial
from tgbot.kucoin.feed import CANDLES, Frame, begun
from tgbot.kucoin.session import Unreadable
from tgbot.kucoin.shards import Shards
from tgbot.kucoin.wire.market import told_candle
from tgbot.kucoin.wire.values import MALFORMED, seconds

log = structlog.get_logger()

AHEAD = 60  # seconds; what begins later than that by our own clock is a mistake, or our clock is of no use

Key = tuple[str, Interval]
OnNext = Callable[[str, Interval, Candle], None]


@dataclass(slots=True)
class _Topic:
    """`last` is the newest frame's data, unread: of hundreds for one candle only the last is ever looked at."""

    key: Key
    second: int = 0
    last: bytes = b""

    def candle(self) -> Candle | None:
        try:
            return told_candle(self.last) if self.last else None
        except MALFORMED:
            return None


class CandleHub:
    """Pairs and intervals are held and released by whoever needs them, as often as they like.

    Nothing here is certain: KuCoin's stream never says that a candle has closed, nor that its last frame has come. What
    it tells is good for knowing earlier what to ask for.
    """

    def __init__(self, dial: Dial, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._held: Counter[Key] = Counter()
        self._topics: dict[str, _Topic] = {}
        self._on_next: list[OnNext] = []
        self._shards = Shards(dial, clock, ids, self._read, _care_not, _care_not, _refused)

    def listen(self, on_next: OnNext) -> None:
        """`on_next` gets a candle as it was last told, as soon as the one behind it has begun. It may not block."""
        self._on_next.append(on_next)

    def hold(self, symbol: str, interval: Interval) -> None:
        key = symbol, interval
        self._held[key] += 1
        if self._held[key] == 1:
            self._topics[topic_of(*key)] = _Topic(key)
            self._shards.subscribe(topic_of(*key))

    def release(self, symbol: str, interval: Interval) -> None:
        key = symbol, interval
        self._held[key] -= 1
        if self._held[key] <= 0:
            del self._held[key]
            del self._topics[topic_of(*key)]
            self._shards.unsubscribe(topic_of(*key))

    def told(self, symbol: str, interval: Interval) -> Candle | None:
        """The newest one, as it was last told."""
        topic = self._topics.get(topic_of(symbol, interval))
        return topic.candle() if topic is not None else None

    def compare(self, symbol: str, interval: Interval, closed: Candle) -> None:
        """With a candle in which there were trades: a topic that has been confirmed since before it began, and has told
        nothing of it or of later ones, is dead and asked for anew."""
        name = topic_of(symbol, interval)
        topic, age = self._topics.get(name), (self._clock.now() - closed.at).total_seconds()
        if topic is None or topic.second >= seconds(closed.at):
            return
        if self._clock.monotonic() - self._shards.up_since(name) > age:
            log.warning("topic_dead", topic=name)
            self._shards.renew(name)

    async def run(self) -> None:
        """Until cancelled."""
        await self._shards.run()

    def _read(self, frame: Frame) -> None:
        topic = self._topics.get(frame.topic)
        if topic is None:
            return
        try:
            second = begun(frame)
        except MALFORMED as error:
            raise Unreadable from error
        if second > topic.second:
            self._begin(topic, second)
        if second == topic.second:
            topic.last = bytes(frame.data)

    def _begin(self, topic: _Topic, second: int) -> None:
        if second > seconds(self._clock.now()) + AHEAD:
            raise Unreadable
        candle = topic.candle()
        topic.second = second
        if candle is not None:
            for on_next in self._on_next:
                on_next(*topic.key, candle)


def topic_of(symbol: str, interval: Interval) -> str:
    return f"{CANDLES}{symbol}_{interval.value}"


def _care_not(topics: frozenset[str]) -> None:
    """After a gap the next frame tells the whole of its candle again."""


def _refused(topic: str) -> None:
    """Its candles are read, as all are."""
