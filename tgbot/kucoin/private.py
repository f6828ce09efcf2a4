"""What happens on one account as it happens: its orders, its balances, its stop orders if somebody asks."""

from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from tgbot.core.clock import Clock
from tgbot.core.ids import Ids
from tgbot.core.orders import BalanceChange, OrderChange, StopChange
from tgbot.kucoin import feed
from tgbot.kucoin.dialer import Dialer, LinkLost
from tgbot.kucoin.feed import Frame
from tgbot.kucoin.session import Unreadable
from tgbot.kucoin.sign import Credentials
from tgbot.kucoin.stream import Stream
from tgbot.kucoin.wire.values import MALFORMED

log = structlog.get_logger()


class PrivateStream:
    """Frames are not replayed after a reconnect, so `on_connected` has to read over REST what may have been missed; it
    runs beside the stream, and an `ExchangeError` out of it makes the connection anew. The others are awaited one after
    another: who is slow slows the stream down and loses nothing."""

    def __init__(
        self,
        dialer: Dialer,
        credentials: Credentials,
        clock: Clock,
        ids: Ids,
        on_order: Callable[[OrderChange], Awaitable[None]],
        on_balance: Callable[[BalanceChange], Awaitable[None]],
        on_connected: Callable[[], Awaitable[None]],
        on_stop: Callable[[StopChange], Awaitable[None]] | None = None,
    ) -> None:
        self._on_order = on_order
        self._on_balance = on_balance
        self._on_stop = on_stop
        self._owner = ""
        self._is_sure = False
        dial = partial(dialer.private, credentials)
        self._stream = Stream("private", dial, clock, ids, self._read, on_connected, _refused, is_private=True)
        self._stream.subscribe(feed.ORDERS)
        self._stream.subscribe(feed.BALANCES)
        if on_stop is not None:
            self._stream.subscribe(feed.STOPS)

    @property
    def is_up(self) -> bool:
        return self._stream.is_up

    async def run(self) -> None:
        """Until cancelled. Raises `ExchangeRejected` once KuCoin has refused the key three times in a row: then its
        owner has to be told."""
        await self._stream.run()

    async def _read(self, frame: Frame) -> None:
        if not self._is_ours(frame):
            return
        try:
            change = _decoded(frame)
        except MALFORMED as error:
            raise Unreadable from error
        match change:
            case OrderChange():
                await self._on_order(change)
            case BalanceChange():
                await self._on_balance(change)
            case StopChange() if self._on_stop is not None:
                await self._on_stop(change)

    def _is_ours(self, frame: Frame) -> bool:
        """A socket belongs to one account; a frame of another must not be believed. Whose it is two frames say: if the
        first two differ nobody can tell, and the connection is made anew."""
        if frame.user_id == self._owner or not self._owner:
            self._is_sure = frame.user_id == self._owner
            self._owner = frame.user_id
            return True
        log.error("foreign_frame", topic=frame.topic)
        if self._is_sure or not frame.user_id:
            return False
        self._owner = ""
        raise LinkLost("frames of two accounts")


def _decoded(frame: Frame) -> OrderChange | BalanceChange | StopChange | None:
    match frame.topic:
        case feed.ORDERS:
            return feed.read_order_change(frame)
        case feed.BALANCES:
            return feed.read_balance_change(frame)
        case feed.STOPS:
            return feed.read_stop_change(frame)
    return None


def _refused(topic: str) -> None:
    raise LinkLost(f"{topic} refused")
