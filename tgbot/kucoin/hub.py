"""Live prices for everybody from shared subscriptions: what two people watch is asked for once."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from decimal import Decimal

import structlog

from tgbot.core.clock import Clock
from tgbot.core.errors import ExchangeError
from tgbot.core.ids import Ids
from tgbot.core.market import Stats, Tick
from tgbot.kucoin.dialer import Dial
from tgbot.kucoin.feed import ALL_TICKERS, SNAPSHOT, TICKER, Frame, Resync, Tickers, read_stats
from tgbot.kucoin.session import Unreadable
from tgbot.kucoin.shards import Shards
from tgbot.kucoin.wire.values import MALFORMED

log = structlog.get_logger()

WIDE_ABOVE = 250  # symbols; then one topic brings them all
NARROW_BELOW = 200
QUIET_AFTER = 10.0
CHECK_EVERY = 10.0


class TickerHub:
    """Symbols are held and released by whoever needs them, as often as they like.

    `on_tick` gets every tick of a held symbol, in order. `on_gap` gets symbols of which ticks may have been missed, as
    soon as they are heard again: their candles tell. `on_refused` gets a symbol that KuCoin's feed does not have, and
    again whenever somebody begins to hold it. None of them may block."""

    def __init__(
        self,
        dial: Dial,
        all_tickers: Callable[[], Awaitable[list[Stats]]],
        clock: Clock,
        ids: Ids,
        on_tick: Callable[[Tick], None],
        on_gap: Callable[[frozenset[str]], None],
        on_stats: Callable[[Stats], None],
        on_refused: Callable[[str], None],
    ) -> None:
        self._all_tickers = all_tickers
        self._clock = clock
        self._on_tick = on_tick
        self._on_gap = on_gap
        self._on_stats = on_stats
        self._on_refused = on_refused
        self._held: Counter[str] = Counter()
        self._held_stats: Counter[str] = Counter()
        self._lacking: set[str] = set()
        self._is_wide = False
        self._topics: set[str] = set()
        self._heard: dict[str, float] = {}
        self._tickers = Tickers(self._held.__contains__)
        self._shards = Shards(dial, clock, ids, self._read, self._back, self._refused)

    def hold(self, symbol: str) -> None:
        self._held[symbol] += 1
        self._arrange()
        if symbol in self._lacking:
            self._shards.renew(TICKER + symbol)

    def release(self, symbol: str) -> None:
        if self._let_go(self._held, symbol):
            self._tickers.forget(symbol)
            self._heard.pop(symbol, None)
            self._arrange()

    def hold_stats(self, symbol: str) -> None:
        """The 24-hour figures, every two seconds."""
        self._held_stats[symbol] += 1
        self._shards.subscribe(SNAPSHOT + symbol)

    def release_stats(self, symbol: str) -> None:
        if self._let_go(self._held_stats, symbol):
            self._shards.unsubscribe(SNAPSHOT + symbol)

    def is_live(self, symbol: str) -> bool:
        """Whether a change of its price would be heard at this moment."""
        return symbol in self._held and self._shards.is_up(ALL_TICKERS if self._is_wide else TICKER + symbol)

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._shards.run())
            group.create_task(self._doubt())

    def _let_go(self, held: Counter[str], symbol: str) -> bool:
        held[symbol] -= 1
        if held[symbol] > 0:
            return False
        del held[symbol]
        return True

    def _arrange(self) -> None:
        """What is new is asked for before what is old is left, so that a change of plan leaves no gap."""
        self._is_wide = len(self._held) > (NARROW_BELOW if self._is_wide else WIDE_ABOVE)
        topics = {ALL_TICKERS} if self._is_wide else {TICKER + symbol for symbol in self._held}
        for topic in topics - self._topics:
            self._shards.subscribe(topic)
        for topic in self._topics - topics:
            self._shards.unsubscribe(topic)
        self._topics = topics

    async def _read(self, frame: Frame) -> None:
        match self._decoded(frame):
            case Tick() as tick:
                self._take(tick)
            case Resync(tick):
                self._on_gap(frozenset({tick.symbol}))
                self._take(tick)
            case Stats() as stats if stats.symbol in self._held_stats:
                self._on_stats(stats)

    def _decoded(self, frame: Frame) -> Tick | Resync | Stats | None:
        try:
            return read_stats(frame) if frame.topic.startswith(SNAPSHOT) else self._tickers.read(frame)
        except MALFORMED as error:
            raise Unreadable from error

    def _take(self, tick: Tick) -> None:
        self._heard[tick.symbol] = self._clock.monotonic()
        self._lacking.discard(tick.symbol)
        self._on_tick(tick)

    def _back(self, topics: frozenset[str]) -> None:
        symbols = {symbol for symbol in self._heard if ALL_TICKERS in topics or TICKER + symbol in topics}
        if symbols:
            self._on_gap(frozenset(symbols))

    def _refused(self, topic: str) -> None:
        symbol = topic.removeprefix(TICKER).removeprefix(SNAPSHOT)
        self._lacking.add(symbol)
        self._on_refused(symbol)

    async def _doubt(self) -> None:
        """A topic can die on a connection that lives. Where the feed is quiet and REST twice tells of another price,
        the topic is asked for anew."""
        suspects: frozenset[str] = frozenset()
        while True:
            await self._clock.sleep(CHECK_EVERY)
            found = await self._wrong()
            for symbol in found & suspects:
                log.warning("topic_dead", symbol=symbol)
                self._shards.renew(ALL_TICKERS if self._is_wide else TICKER + symbol)
            if found & suspects:
                self._on_gap(found & suspects)
            suspects = found - suspects

    async def _wrong(self) -> frozenset[str]:
        long_ago = self._clock.monotonic() - QUIET_AFTER
        quiet = {symbol for symbol, at in self._heard.items() if at <= long_ago and self.is_live(symbol)}
        if not quiet:
            return frozenset()
        try:
            prices = {stats.symbol: stats.last for stats in await self._all_tickers()}
        except ExchangeError as error:
            log.info("feed_unchecked", code=error.code)
            return frozenset()
        return frozenset(symbol for symbol in quiet if self._price(symbol) != prices.get(symbol, self._price(symbol)))

    def _price(self, symbol: str) -> Decimal | None:
        last = self._tickers.last(symbol)
        return None if last is None else last.price
