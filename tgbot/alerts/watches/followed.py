"""All watches, in memory: nearly every price costs two comparisons, however many people watch the pair."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol

from tgbot.alerts.index import BoundsIndex
from tgbot.alerts.rules.watching import Watch, move_bounds
from tgbot.core.market import Tick


class Feed(Protocol):
    def hold(self, symbol: str) -> None: ...

    def release(self, symbol: str) -> None: ...

    def hold_stats(self, symbol: str) -> None: ...

    def release_stats(self, symbol: str) -> None: ...

    def is_live(self, symbol: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Move:
    """The price has come far enough from the reference of `watch`."""

    watch: Watch
    price: Decimal


class Followed:
    """The truth is in the table; this is what the table said. Every symbol is held in the feed once, for as long as
    somebody watches it. A watch that has moved listens to nothing more until its move is settled."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._watches: dict[int, Watch] = {}
        self._chats: dict[int, dict[str, int]] = {}
        self._symbols: dict[str, dict[int, int]] = {}
        self._indexes: dict[str, BoundsIndex] = {}
        self._moves: dict[int, Move] = {}

    @property
    def symbols(self) -> Collection[str]:
        return self._symbols.keys()

    def chats(self, symbol: str) -> Collection[int]:
        return self._symbols[symbol].keys()

    def watched(self, chat_id: int) -> list[Watch]:
        """In the order in which they were set."""
        return [self._watches[watch_id] for watch_id in self._chats.get(chat_id, {}).values()]

    def put(self, watch: Watch) -> None:
        """A new watch, or one that was set anew."""
        if watch.symbol not in self._symbols:
            self._symbols[watch.symbol] = {}
            self._indexes[watch.symbol] = BoundsIndex()
            self._feed.hold(watch.symbol)
            self._feed.hold_stats(watch.symbol)
        self._symbols[watch.symbol][watch.chat_id] = watch.id
        self._chats.setdefault(watch.chat_id, {})[watch.symbol] = watch.id
        self._moves.pop(watch.id, None)
        self._set(watch)

    def drop(self, chat_id: int, symbol: str) -> None:
        watch_id = self._chats.get(chat_id, {}).pop(symbol, None)
        if watch_id is None:
            return
        if not self._chats[chat_id]:
            del self._chats[chat_id]
        del self._watches[watch_id]
        self._moves.pop(watch_id, None)
        self._indexes[symbol].drop(watch_id)
        del self._symbols[symbol][chat_id]
        if not self._symbols[symbol]:
            del self._symbols[symbol], self._indexes[symbol]
            self._feed.release(symbol)
            self._feed.release_stats(symbol)

    def drop_chat(self, chat_id: int) -> None:
        for symbol in list(self._chats.get(chat_id, ())):
            self.drop(chat_id, symbol)

    def on_tick(self, tick: Tick) -> None:
        index = self._indexes.get(tick.symbol)
        if index is None or index.low < tick.price < index.high:
            return
        for watch_id in index.touched(tick.price, tick.price):
            index.drop(watch_id)
            self._moves[watch_id] = Move(self._watches[watch_id], tick.price)

    def take_moves(self) -> list[Move]:
        """Those of which nobody has been told; each is given out once."""
        moves, self._moves = list(self._moves.values()), {}
        return moves

    def settle(self, move: Move) -> None:
        """It is in the table: the watch goes on from there, unless it was ended or set anew in the meantime."""
        if self._watches.get(move.watch.id) is move.watch:
            self._set(replace(move.watch, reference=move.price))

    def _set(self, watch: Watch) -> None:
        self._watches[watch.id] = watch
        self._indexes[watch.symbol].put(watch.id, move_bounds(watch))
