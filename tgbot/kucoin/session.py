"""One WebSocket connection, from its welcome to its end: heartbeat, subscriptions, and a deadline for every answer."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass, field

import msgspec
import structlog
from websockets.exceptions import ConnectionClosed

from tgbot.core.clock import Clock
from tgbot.core.errors import ExchangeError
from tgbot.core.ids import Ids
from tgbot.kucoin.batches import batches, joined
from tgbot.kucoin.dialer import Line, LinkLost
from tgbot.kucoin.feed import Frame, read_frame
from tgbot.kucoin.pace import Pace
from tgbot.kucoin.wire.values import MALFORMED, decode

log = structlog.get_logger()

WELCOME_WITHIN = 5.0
ACK_WITHIN = 10.0
LIFE = 23 * 3600.0  # KuCoin ends a connection after 24 h
UPLINK = 90  # messages in 10 s; KuCoin allows 100, and pings come on top
TOPIC_REFUSED = frozenset({400, 404, 406})


# Prices are taken note of at once; what happens on an account is waited for.
OnMessage = Callable[[Frame], Awaitable[None] | None]


@dataclass(frozen=True, slots=True)
class Listener:
    """Whoever the session works for. `on_message` gets frames of type message, one after another: the next when what it
    returns, if anything, has been awaited. `on_up` is called once, as soon as every topic wanted at the time has been
    confirmed; `on_confirmed` for topics as they are; `on_refused` for a topic that KuCoin does not have."""

    on_message: OnMessage
    on_up: Callable[[], Coroutine[None, None, None]]
    on_confirmed: Callable[[frozenset[str]], None]
    on_refused: Callable[[str], None]


@dataclass(slots=True)
class Topics:
    """What is wanted. `stale` are to be asked for anew; whoever changes either sets `changed`. `confirmed` are those
    that KuCoin has said it will send, and since when."""

    wanted: set[str] = field(default_factory=set)
    stale: set[str] = field(default_factory=set)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    confirmed: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Request:
    verb: str
    topics: tuple[str, ...]


class Session:
    def __init__(
        self,
        line: Line,
        topics: Topics,
        listener: Listener,
        clock: Clock,
        ids: Ids,
        dropped: Counter[str],
        *,
        is_private: bool,
    ) -> None:
        self._line = line
        self._topics = topics
        self._listener = listener
        self._clock = clock
        self._ids = ids
        self._is_private = is_private
        self._pace = Pace(clock, UPLINK, 10)
        self._deadlines = {"welcome": clock.monotonic() + WELCOME_WITHIN, "old age": clock.monotonic() + LIFE}
        self._welcomed = asyncio.Event()
        self._asked: dict[str, str] = {}  # the topics, each with the request for it
        self._doubted: set[str] = set()
        self._pending: dict[str, _Request] = {}
        self._was_up = False
        self._dropped = dropped

    async def run(self) -> str:
        """Returns the reason why it ended."""
        reason = ""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen(group))
                group.create_task(self._beat())
                group.create_task(self._keep_subscribed())
                group.create_task(self._watch())
        except* (LinkLost, ConnectionClosed, OSError, ExchangeError) as ends:
            reason = _reason(ends)
        finally:
            await self._line.connection.close()
        return reason

    async def _listen(self, group: asyncio.TaskGroup) -> None:
        """Thousands of frames a second come through here: what is done for each stands here, not in calls."""
        receive, on_message = self._line.connection.receive, self._listener.on_message
        while True:
            for text in await receive():
                try:
                    frame = read_frame(text)
                except MALFORMED:
                    self._drop("unreadable")
                    continue
                if frame.type != "message":
                    self._control(frame, group)
                    continue
                try:
                    if (work := on_message(frame)) is not None:
                        await work
                except Unreadable:
                    self._drop("unreadable")

    def _control(self, frame: Frame, group: asyncio.TaskGroup) -> None:
        match frame.type:
            case "welcome":
                self._deadlines.pop("welcome", None)
                self._welcomed.set()
            case "pong":
                self._deadlines.pop("pong", None)
            case "ack":
                self._confirm(frame)
                self._check_up(group)
            case "error":
                self._complaint(frame)
                self._check_up(group)
            case _:
                self._drop("unknown type")

    def _settle(self, frame: Frame) -> _Request | None:
        self._deadlines.pop(f"ack {frame.id}", None)
        return self._pending.pop(str(frame.id), None)

    def _confirm(self, frame: Frame) -> None:
        """What has been left or asked for again since then is not confirmed by this."""
        request, topics = self._settle(frame), self._topics
        for_now = {topic for topic in request.topics if self._asked.get(topic) == str(frame.id)} if request else set()
        confirmed = frozenset(for_now - topics.stale)
        if confirmed:
            topics.confirmed |= dict.fromkeys(confirmed, self._clock.monotonic())
            self._listener.on_confirmed(confirmed)

    def _complaint(self, frame: Frame) -> None:
        """A list of topics is refused as a whole for the sake of one: its topics are asked for again, one by one."""
        request = self._settle(frame)
        if request is None or frame.code not in TOPIC_REFUSED:
            raise LinkLost(f"error {frame.code}")
        if request.verb == "unsubscribe":
            return
        if len(request.topics) > 1:
            self._doubted |= set(request.topics)
            self._forget(request.topics)
            self._topics.changed.set()
            return
        (topic,) = request.topics
        log.warning("topic_refused", topic=topic, said=_text(frame))
        self._listener.on_refused(topic)

    def _check_up(self, group: asyncio.TaskGroup) -> None:
        if self._was_up or self._pending or self._topics.wanted - self._asked.keys():
            return
        self._was_up = True
        group.create_task(self._listener.on_up())

    async def _beat(self) -> None:
        await self._welcomed.wait()
        while True:
            await self._clock.sleep(self._line.ping_every.total_seconds())
            self._deadlines.setdefault("pong", self._clock.monotonic() + self._line.pong_within.total_seconds())
            await self._send({"id": self._ids.unique(), "type": "ping"})

    async def _watch(self) -> None:
        while True:
            now = self._clock.monotonic()
            for what, deadline in self._deadlines.items():
                if now >= deadline:
                    raise LinkLost(f"no {what.split()[0]}" if what != "old age" else what)
            await self._clock.sleep(1)

    async def _keep_subscribed(self) -> None:
        """Topics are left first, so that there is room for others. Whoever moves keeps the old ones until the new ones
        are confirmed."""
        await self._welcomed.wait()
        topics = self._topics
        while True:
            topics.changed.clear()
            gone = self._asked.keys() & (topics.stale | (self._asked.keys() - topics.wanted))
            topics.stale.clear()
            self._forget(gone)
            await self._ask("unsubscribe", gone)
            await self._ask("subscribe", topics.wanted - self._asked.keys())
            await topics.changed.wait()

    def _forget(self, topics: Iterable[str]) -> None:
        for topic in topics:
            self._asked.pop(topic, None)
            self._topics.confirmed.pop(topic, None)

    async def _ask(self, verb: str, topics: Iterable[str]) -> None:
        for batch in batches(topics, self._doubted):
            await self._pace.turn()
            request_id = self._ids.unique()
            if verb == "subscribe":
                self._asked |= dict.fromkeys(batch, request_id)
            self._pending[request_id] = _Request(verb, batch)
            self._deadlines[f"ack {request_id}"] = self._clock.monotonic() + ACK_WITHIN
            await self._send(
                {
                    "id": request_id,
                    "type": verb,
                    "topic": joined(batch),
                    "privateChannel": self._is_private,
                    "response": True,
                }
            )

    async def _send(self, message: dict[str, object]) -> None:
        await self._line.connection.send(msgspec.json.encode(message).decode())

    def _drop(self, why: str) -> None:
        self._dropped[why] += 1
        if self._dropped[why].bit_count() == 1:  # told at 1, 2, 4, 8 …: a flood of rubbish is no flood of lines
            log.warning("frames_dropped", why=why, count=self._dropped[why])


class Unreadable(Exception):
    """Raised by a listener for a message that it cannot make sense of."""


def _text(frame: Frame) -> str:
    try:
        return decode(str, bytes(frame.data))
    except MALFORMED:
        return ""


def _reason(ends: BaseExceptionGroup[BaseException]) -> str:
    first = ends.exceptions[0]
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return str(first) if isinstance(first, LinkLost | ExchangeError) else type(first).__name__
