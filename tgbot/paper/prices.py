"""Where an exchange gets its pairs and prices from; a seeded walk and a recording are in `walk.py` and `replay.py`."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from datetime import timedelta
from typing import Protocol

import structlog

from tgbot.core.clock import Clock
from tgbot.core.errors import ExchangeError
from tgbot.core.market import SymbolRule, Tick

log = structlog.get_logger()

OnTick = Callable[[Tick], None]
STALE_AFTER = timedelta(seconds=5)


class Prices(Protocol):
    @property
    def rules(self) -> Mapping[str, SymbolRule]:
        """Every pair that can be traded, by symbol; may grow while the exchange runs."""
        ...

    def listen(self, on_tick: OnTick) -> None:
        """Tell the present price of every pair at once, and every later tick. There is one listener."""
        ...

    def demand(self) -> None:
        """Somebody has subscribed to a market topic."""
        ...

    def follow(self, symbols: Collection[str]) -> None:
        """These pairs, and no others, have open orders that wait for a price."""
        ...

    async def refresh(self, symbol: str) -> bool:
        """Whether there is now a price of this pair that an order may be filled at."""
        ...

    async def run(self) -> None:
        """Keep the prices moving until cancelled."""
        ...


class Feed(Protocol):
    """Whence ticks of a pair are handed for as long as it is held."""

    def hold(self, symbol: str) -> None: ...

    def release(self, symbol: str) -> None: ...


class Handed:
    """Rules and ticks come from the caller; when an order needs a price it is fetched, and where that fails one of the
    last five seconds will do. Paper accounts trade at KuCoin's prices through this."""

    def __init__(self, clock: Clock, fetch: Callable[[str], Awaitable[Tick | None]] | None = None) -> None:
        """`fetch` gives the present price of a symbol, or `None`; it may raise `ExchangeError`."""
        self._clock = clock
        self._fetch = fetch
        self._rules: dict[str, SymbolRule] = {}
        self._ticks: dict[str, Tick] = {}
        self._on_tick: OnTick | None = None
        self._followed: frozenset[str] = frozenset()
        self._feed: Feed | None = None

    @property
    def rules(self) -> Mapping[str, SymbolRule]:
        return self._rules

    def hand_rules(self, rules: Iterable[SymbolRule]) -> None:
        """Add these pairs, or replace their rules."""
        self._rules.update({rule.symbol: rule for rule in rules})

    def hand(self, tick: Tick) -> None:
        """The price now. A tick that is older than the one in hand, or of an unknown pair, changes nothing."""
        known = self._ticks.get(tick.symbol)
        if tick.symbol not in self._rules or (known and tick.at < known.at):
            return
        self._ticks[tick.symbol] = tick
        if self._on_tick:
            self._on_tick(tick)

    def listen(self, on_tick: OnTick) -> None:
        self._on_tick = on_tick
        for tick in self._ticks.values():
            on_tick(tick)

    def feed_from(self, feed: Feed) -> None:
        """Hold there what has open orders, now and from now on."""
        followed, self._feed = self._followed, feed
        self._followed = frozenset()
        self.follow(followed)

    def demand(self) -> None:
        """Nothing: the caller decides what to hand."""

    def follow(self, symbols: Collection[str]) -> None:
        wanted, known = frozenset(symbols), self._followed
        self._followed = wanted
        if self._feed is None:
            return
        for symbol in wanted - known:
            self._feed.hold(symbol)
        for symbol in known - wanted:
            self._feed.release(symbol)

    async def refresh(self, symbol: str) -> bool:
        if self._fetch is None:
            return symbol in self._ticks
        try:
            tick = await self._fetch(symbol)
        except ExchangeError as error:
            log.warning("price_not_fetched", symbol=symbol, code=error.code)
            return self._is_fresh(symbol)
        if tick:
            self.hand(tick)
        return tick is not None

    async def run(self) -> None:
        """Nothing: prices move when they are handed."""

    def _is_fresh(self, symbol: str) -> bool:
        tick = self._ticks.get(symbol)
        return tick is not None and self._clock.now() - tick.at < STALE_AFTER
