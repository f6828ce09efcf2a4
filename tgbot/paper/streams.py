"""The WebSocket side: tokens, sessions, subscriptions. What is pushed is decided in `feeds.py`."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from tgbot.core.clock import Clock
from tgbot.core.ids import Ids

log = structlog.get_logger()

PING_INTERVAL_MS = 18_000
PING_TIMEOUT_MS = 10_000

_TOKEN_SECONDS = 24 * 3600.0
_SILENCE_SECONDS = 60.0  # without a JSON ping KuCoin hangs up after about this
_MOST_TOPICS_A_MESSAGE = 100
_MOST_TOPICS = 300
_MOST_WAITING = 4_000

_PRIVATE_TOPICS = (
    "/spotMarket/tradeOrdersV2",
    "/spotMarket/tradeOrders",
    "/spotMarket/advancedOrders",
    "/account/balance",
)

_encoder = msgspec.json.Encoder(decimal_format="number")


class Message(msgspec.Struct):
    """What a client sends; `id` may be text or a number and comes back as text."""

    type: str
    id: str | int = ""
    topic: str = ""
    response: bool = False


@dataclass(eq=False, slots=True)
class Session:
    """One open socket. `account` is the key of a private token. `None` in the outbox closes it."""

    account: str | None
    pinged_at: float
    topics: set[str] = field(default_factory=set)
    outbox: asyncio.Queue[str | None] = field(default_factory=lambda: asyncio.Queue(_MOST_WAITING))

    def push(self, text: str) -> None:
        """A reader that falls thousands of frames behind is cut off."""
        try:
            self.outbox.put_nowait(text)
        except asyncio.QueueFull:
            self.close()

    def close(self) -> None:
        while not self.outbox.empty():
            self.outbox.get_nowait()
        self.outbox.put_nowait(None)


class Streams:
    def __init__(
        self,
        clock: Clock,
        ids: Ids,
        is_topic: Callable[[str], bool],
        on_subscribe: Callable[[Session, str], None],
    ) -> None:
        """`is_topic` knows the public topics, each of one pair; `on_subscribe` is told each new one of a session."""
        self._clock = clock
        self._ids = ids
        self._is_topic = is_topic
        self._on_subscribe = on_subscribe
        self._tokens: dict[str, tuple[str | None, float]] = {}
        self._sessions: set[Session] = set()
        self._readers: dict[str, set[Session]] = {}
        self._is_mute = False
        self._ponging = True
        self._welcoming = True
        self._held: list[tuple[list[Session], str]] | None = None

    # for tests: streams that misbehave

    def cut(self) -> None:
        """Close every socket."""
        for session in self._sessions:
            session.close()

    def mute(self, is_mute: bool = True) -> None:
        """Push no frame, though pings are still answered."""
        self._is_mute = is_mute

    def lose(self, topic: str) -> None:
        """Push it to nobody any more, though their sockets live."""
        for session in list(self._readers.get(topic, ())):
            self._leave(session, topic)

    def stop_pongs(self, is_stopped: bool = True) -> None:
        self._ponging = not is_stopped

    def no_welcome(self, is_missing: bool = True) -> None:
        """New sockets are accepted and then hear nothing."""
        self._welcoming = not is_missing

    def hold(self) -> None:
        """Keep private frames back until they are released."""
        self._held = []

    def release(self, arrange: Callable[[list[str]], list[str]] = list) -> None:
        """Push what was kept back as `arrange` puts it: turned round, repeated, with gaps, or in good order."""
        held, self._held = self._held or [], None
        readers = {session: None for sessions, _ in held for session in sessions}
        for text in arrange([text for _, text in held]):
            self._send(list(readers), text)

    # tokens

    def issue(self, account: str | None) -> str:
        """A token for 24 hours; `account` is the key it speaks for, `None` for a public one."""
        now = self._clock.monotonic()
        self._tokens = {token: entry for token, entry in self._tokens.items() if entry[1] > now}
        token = self._ids.secret()
        self._tokens[token] = account, now + _TOKEN_SECONDS
        return token

    # sessions

    async def endpoint(self, socket: WebSocket) -> None:
        """One socket, from the dial to the end."""
        await socket.accept()
        account, expires_at = self._tokens.get(socket.query_params.get("token", ""), (None, 0.0))
        if expires_at <= self._clock.monotonic():
            await socket.send_text(_frame(id="", type="error", code=401, data="token is expired"))
            return await socket.close()
        session = Session(account, self._clock.monotonic())
        self._sessions.add(session)
        if self._welcoming:
            session.push(_frame(id=socket.query_params.get("connectId", ""), type="welcome"))
        try:
            await self._converse(socket, session)
        finally:
            self._forget(session)
        return None

    def hang_up_on_silence(self) -> None:
        """Close the sockets that have not pinged for a minute."""
        now = self._clock.monotonic()
        for session in self._sessions:
            if now - session.pinged_at > _SILENCE_SECONDS:
                session.close()

    # pushing

    def readers(self, topic: str) -> bool:
        return bool(self._readers.get(topic))

    def topics(self, prefix: str) -> list[str]:
        """Those that somebody reads."""
        return [topic for topic in self._readers if topic.startswith(prefix)]

    def publish(self, topic: str, subject: str, fields: object) -> None:
        """To everybody who reads the topic."""
        if not self._is_mute:
            self._send(self._readers.get(topic, ()), _public(topic, subject, fields))

    def show(self, session: Session, topic: str, subject: str, fields: object) -> None:
        """To one session, the present state of a topic it has just subscribed to."""
        if not self._is_mute:
            session.push(_public(topic, subject, fields))

    def tell(self, account: str, topic: str, subject: str, fields: object, **envelope: str) -> None:
        """To the sessions of this key that read the private topic; `envelope` goes beside the data."""
        readers = [session for session in self._readers.get(topic, ()) if session.account == account]
        if readers and not self._is_mute:
            private = {"channelType": "private", **envelope}
            text = _frame(topic=topic, type="message", subject=subject, **private, data=fields)
            if self._held is None:
                self._send(readers, text)
            else:
                self._held.append((readers, text))

    # beneath

    async def _converse(self, socket: WebSocket, session: Session) -> None:
        async with asyncio.TaskGroup() as tasks:
            writer = tasks.create_task(_write(socket, session))
            while (message := await socket.receive())["type"] != "websocket.disconnect":
                self._take(session, message.get("text") or "")
            writer.cancel()

    def _take(self, session: Session, text: str) -> None:
        try:
            message = msgspec.json.decode(text, type=Message)
        except msgspec.MsgspecError:
            return session.push(_error("", 400, "message is invalid"))
        if message.type == "ping":
            return self._take_ping(session, message)
        if message.type not in ("subscribe", "unsubscribe"):
            return session.push(_error(message.id, 415, f"type {message.type} is not supported"))
        if not message.topic:
            return session.push(_error(message.id, 406, "topic is required"))
        return self._take_topics(session, message)

    def _take_ping(self, session: Session, message: Message) -> None:
        session.pinged_at = self._clock.monotonic()
        if self._ponging:
            session.push(_frame(id=str(message.id), type="pong"))

    def _take_topics(self, session: Session, message: Message) -> None:
        topics = _single(message.topic)
        refusal = self._refusal(session, topics)
        if refusal:
            code, words = refusal
            return session.push(_error(message.id, code, words))
        if message.response:
            session.push(_frame(id=str(message.id), type="ack"))
        for topic in topics:
            if message.type == "unsubscribe":
                self._leave(session, topic)
            elif topic not in session.topics:
                self._join(session, topic)
        return None

    def _refusal(self, session: Session, topics: list[str]) -> tuple[int, str] | None:
        unknown = next((topic for topic in topics if topic not in _PRIVATE_TOPICS and not self._is_topic(topic)), None)
        if unknown is not None:
            return 404, f"topic {unknown} is not found"
        if session.account is None and any(topic in _PRIVATE_TOPICS for topic in topics):
            return 403, "login is required"
        if len(topics) > _MOST_TOPICS_A_MESSAGE:
            return 509, f"exceed max subscription count limitation of {_MOST_TOPICS_A_MESSAGE} per time"
        if len(session.topics.union(topics)) > _MOST_TOPICS:
            return 509, f"exceed max permits per session: {_MOST_TOPICS}"
        return None

    def _join(self, session: Session, topic: str) -> None:
        session.topics.add(topic)
        self._readers.setdefault(topic, set()).add(session)
        self._on_subscribe(session, topic)

    def _leave(self, session: Session, topic: str) -> None:
        session.topics.discard(topic)
        readers = self._readers.get(topic, set())
        readers.discard(session)
        if not readers:
            self._readers.pop(topic, None)

    def _forget(self, session: Session) -> None:
        self._sessions.discard(session)
        for topic in list(session.topics):
            self._leave(session, topic)

    def _send(self, readers: "set[Session] | list[Session] | tuple[()]", text: str) -> None:
        for session in readers:
            session.push(text)


async def _write(socket: WebSocket, session: Session) -> None:
    """Until the session is closed or the client has gone; the reader notices either."""
    try:
        while (text := await session.outbox.get()) is not None:
            await socket.send_text(text)
        await socket.close(1001)
    except WebSocketDisconnect:
        log.debug("paper_reader_gone")


def _single(topic: str) -> list[str]:
    """`/market/ticker:A,B` are two topics."""
    prefix, colon, names = topic.partition(":")
    return [f"{prefix}:{name}" for name in names.split(",")] if colon else [topic]


def _error(message_id: str | int, code: int, words: str) -> str:
    return _frame(id=str(message_id), type="error", code=code, data=words)


def _public(topic: str, subject: str, fields: object) -> str:
    return _frame(topic=topic, type="message", subject=subject, data=fields)


def _frame(**fields: object) -> str:
    return _encoder.encode(fields).decode()
