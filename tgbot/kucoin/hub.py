"""Live prices for everybody from shared subscriptions: what two people watch is asked for once."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable
from math import inf

import structlog

from tgbot.core.clock import Clock
from tgbot.core.errors import ExchangeError
from tgbot.core.ids import Ids
from tgbot.core.market import Stats, SymbolRule, Tick
from tgbot.kucoin.dialer import Dial
from tgbot.kucoin.doubts import Doubts
from tgbot.kucoin.feed import ALL_TICKERS, SNAPSHOT, TICKER, Frame, Resync, Tickers, read_stats
from tgbot.kucoin.listed import Listed
from tgbot.kucoin.session import Unreadable
from tgbot.kucoin.shards import Shards
from tgbot.kucoin.wire.values import MALFORMED

log = structlog.get_logger()

WIDE_ABOVE = 250  # symbols; then one topic brings them all
NARROW_BELOW = 200
QUIET_AFTER = 10.0
CHECK_EVERY = 10.0
TOLD_OF = 5  # symbols, in a line of the log


class TickerHub:
    """Symbols are held and released by whoever needs them, as often as they like.

    `on_tick` gets every tick of a held symbol, in order. `on_gap` gets symbols of which ticks may have been missed, as
    soon as KuCoin has confirmed that they will be heard again: their candles tell. `on_refused` gets a symbol that
    KuCoin's feed or its list of pairs does not have, and again whenever somebody begins to hold it. None of them may
    block."""

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
        self._proven: set[str] = set()  # those of them that have ever been confirmed
        self._apart: set[str] = set()  # have a topic of their own beside the one for all
        self._heard: dict[str, float] = {}
        self._missed: set[str] = set()
        self._doubts = Doubts()
        self._listed = Listed(clock)
        self._tickers = Tickers(self._held.__contains__)
        self._shards = Shards(dial, clock, ids, self._read, self._confirmed, self._lost, self._refused)

    def hold(self, symbol: str) -> None:
        self._held[symbol] += 1
        self._arrange()
        if symbol in self._listed.gone:
            self._on_refused(symbol)
        elif symbol in self._lacking:
            self._shards.renew(TICKER + symbol)

    def release(self, symbol: str) -> None:
        if self._let_go(self._held, symbol):
            self._tickers.forget(symbol)
            self._heard.pop(symbol, None)
            self._missed.discard(symbol)
            self._apart.discard(symbol)
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
        return symbol in self._held and self._live_since(symbol) < inf

    def compare(self, rules: Collection[SymbolRule]) -> None:
        """With the list of all pairs, whenever it has been read. The topic for all says nothing of a pair that is gone,
        and one of its own says so only when it is asked for."""
        for symbol in self._listed.read(rules, self._held, self._heard):
            log.warning("pair_gone", symbol=symbol)
            self._on_refused(symbol)

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

    def _live_since(self, symbol: str) -> float:
        own = self._shards.up_since(TICKER + symbol)
        return own if symbol in self._apart else min(own, self._shards.up_since(ALL_TICKERS))

    def _among(self, symbols: Iterable[str], topics: frozenset[str]) -> list[str]:
        """Those that these topics bring. Of those that stand apart the topic for all has brought nothing."""
        is_all = ALL_TICKERS in topics
        return [each for each in symbols if TICKER + each in topics or (is_all and each not in self._apart)]

    def _arrange(self) -> None:
        self._is_wide = len(self._held) > (NARROW_BELOW if self._is_wide else WIDE_ABOVE)
        if not self._is_wide:
            self._apart.clear()
        plan = self._plan()
        for topic in plan - self._topics:
            self._shards.subscribe(topic)
        self._topics |= plan
        self._leave_old(plan)

    def _plan(self) -> set[str]:
        own = {TICKER + symbol for symbol in (self._apart if self._is_wide else self._held)}
        return own | {ALL_TICKERS} if self._is_wide else own

    def _leave_old(self, plan: set[str]) -> None:
        """What has brought something to somebody is left when KuCoin has confirmed what takes its place: a change of
        plan leaves no gap. The rest is left at once."""
        old = self._topics - plan
        if old and not self._is_served(plan):
            old -= {topic for topic in old if self._is_proven(topic) and self._is_held(topic)}
        for topic in old:
            self._shards.unsubscribe(topic)
        self._topics -= old
        self._proven -= old

    def _is_proven(self, topic: str) -> bool:
        return topic in self._proven or self._shards.is_up(topic)

    def _is_held(self, topic: str) -> bool:
        return topic == ALL_TICKERS or topic.removeprefix(TICKER) in self._held

    def _is_served(self, plan: set[str]) -> bool:
        if self._is_wide:
            return self._shards.is_up(ALL_TICKERS)
        return all(self._shards.is_up(topic) or topic.removeprefix(TICKER) in self._lacking for topic in plan)

    def _read(self, frame: Frame) -> None:
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

    def _confirmed(self, topics: frozenset[str]) -> None:
        heard_again = frozenset(self._among(self._missed, topics))
        self._missed -= heard_again
        if heard_again:
            self._on_gap(heard_again)
        self._proven |= self._topics & topics
        self._leave_old(self._plan())

    def _lost(self, topics: frozenset[str]) -> None:
        self._missed.update(symbol for symbol in self._among(self._heard, topics) if not self.is_live(symbol))

    def _refused(self, topic: str) -> None:
        symbol = topic.removeprefix(TICKER).removeprefix(SNAPSHOT)
        self._lacking.add(symbol)
        self._on_refused(symbol)
        self._leave_old(self._plan())

    async def _doubt(self) -> None:
        """A topic can die on a connection that lives, or be dead from the first. Where it is quiet and REST twice tells
        of another price, it is asked for anew."""
        while True:
            await self._clock.sleep(CHECK_EVERY)
            quiet = self._quiet()
            try:
                prices = {stats.symbol: stats.last for stats in await self._all_tickers()} if quiet else {}
            except ExchangeError as error:
                log.info("feed_unchecked", code=error.code)
                continue
            dead = self._doubts.settle(quiet, prices) & self._held.keys()
            if dead:
                log.warning("topic_dead", symbols=sorted(dead)[:TOLD_OF], count=len(dead))
                self._revive(dead)

    def _quiet(self) -> dict[str, Tick | None]:
        """Of which a word might be expected, and none has come."""
        long_ago = self._clock.monotonic() - QUIET_AFTER
        silent = [symbol for symbol in self._held if self._heard.get(symbol, long_ago) <= long_ago]
        return {symbol: self._tickers.last(symbol) for symbol in silent if self._live_since(symbol) <= long_ago}

    def _revive(self, dead: frozenset[str]) -> None:
        """While others are heard by the topic for all, it is not left for the sake of a few: they get their own."""
        self._missed |= dead
        if not self._is_wide:
            self._renew(TICKER + symbol for symbol in dead)
            return
        self._renew(TICKER + symbol for symbol in dead & self._apart)
        if self._is_all_silent():
            self._renew([ALL_TICKERS])
        else:
            self._apart |= dead
            self._arrange()

    def _is_all_silent(self) -> bool:
        long_ago = self._clock.monotonic() - QUIET_AFTER
        return all(at <= long_ago for symbol, at in self._heard.items() if symbol not in self._apart)

    def _renew(self, topics: Iterable[str]) -> None:
        renewed = frozenset(topics)
        for topic in renewed:
            self._shards.renew(topic)
        self._lost(renewed)
