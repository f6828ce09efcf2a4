"""What things cost now: from the stream where somebody listens to it, else asked for."""

from collections.abc import Callable, Collection
from datetime import timedelta
from decimal import Decimal
from typing import Protocol

import structlog

from tgbot.core.clock import Clock
from tgbot.core.market import Stats, Tick, is_near

log = structlog.get_logger()

FRESH_FOR = timedelta(seconds=5)


class TickerSource(Protocol):
    async def ticker(self, symbol: str) -> Tick: ...


class PriceBoard:
    """The latest tick and 24-hour figures of every symbol. Its `on_…` are what the stream calls.

    Listeners are called at once, in the order in which they were added: for each tick that is news, with the symbols of
    which ticks may have been missed, and for a symbol that the stream does not have. They may not wait.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._latest: dict[str, tuple[Tick, float]] = {}
        self._days: dict[str, tuple[Stats, float]] = {}
        self._interrupted: set[str] = set()
        self._expected: dict[str, Decimal] = {}
        self._doubted: dict[str, Tick] = {}
        self._on_tick: list[Callable[[Tick], None]] = []
        self._on_gap: list[Callable[[Collection[str]], None]] = []
        self._on_refused: list[Callable[[str], None]] = []

    def listen(
        self,
        on_tick: Callable[[Tick], None],
        on_gap: Callable[[Collection[str]], None] | None = None,
        on_refused: Callable[[str], None] | None = None,
    ) -> None:
        self._on_tick.append(on_tick)
        if on_gap is not None:
            self._on_gap.append(on_gap)
        if on_refused is not None:
            self._on_refused.append(on_refused)

    def on_tick(self, tick: Tick) -> None:
        """A tick that is not newer than the last one of its symbol changes nothing.

        Nor does one that leaps away from it, or from what is expected where nothing was heard yet, until the next one
        confirms it. Such a leap counts as a gap meanwhile: if it was a trade after all, the candles know.
        """
        symbol = tick.symbol
        known = self._latest.get(symbol)
        if known is None:
            last = self._expected.get(symbol)
        elif tick.sequence > known[0].sequence or symbol in self._interrupted:
            last = known[0].price
        else:
            return
        if last is not None and not is_near(tick.price, last) and not self._is_confirmed(tick):
            return
        self._interrupted.discard(symbol)
        self._doubted.pop(symbol, None)
        self._latest[symbol] = (tick, self._clock.monotonic())
        for on_tick in self._on_tick:
            on_tick(tick)

    def _is_confirmed(self, tick: Tick) -> bool:
        """Whether the leap before this one went to the same place."""
        doubted = self._doubted.get(tick.symbol)
        if doubted is not None and tick.sequence == doubted.sequence:
            return False  # the same one once more
        if doubted is not None and is_near(tick.price, doubted.price):
            return True
        log.warning("price_doubted", symbol=tick.symbol, price=str(tick.price))
        self._doubted[tick.symbol] = tick
        for on_gap in self._on_gap:
            on_gap({tick.symbol})
        return False

    def on_gap(self, symbols: Collection[str]) -> None:
        """The stream was interrupted. An exchange may count anew afterwards, so the next tick is not compared by its
        number."""
        self._interrupted.update(symbols)
        for on_gap in self._on_gap:
            on_gap(symbols)

    def expect(self, symbol: str, price: Decimal) -> None:
        """Candles say that it costs so much: the first tick that is heard is compared with that."""
        if symbol not in self._latest:
            self._expected[symbol] = price

    def doubt(self, tick: Tick) -> None:
        """It has been told but cannot be believed, unless the next one confirms it: until then it is as if it had not
        come."""
        if self.latest(tick.symbol) == tick:
            log.warning("price_doubted", symbol=tick.symbol, price=str(tick.price))
            del self._latest[tick.symbol]
            self._doubted[tick.symbol] = tick

    def has_doubts(self, symbol: str) -> bool:
        """Whether the last tick that came has leapt."""
        return symbol in self._doubted

    def on_refused(self, symbol: str) -> None:
        for on_refused in self._on_refused:
            on_refused(symbol)

    def on_stats(self, stats: Stats) -> None:
        """From the stream, or asked for."""
        self._days[stats.symbol] = (stats, self._clock.monotonic())

    def latest(self, symbol: str) -> Tick | None:
        known = self._latest.get(symbol)
        return known[0] if known else None

    def age(self, symbol: str) -> timedelta | None:
        """How long ago the latest tick arrived here."""
        known = self._latest.get(symbol)
        return timedelta(seconds=self._clock.monotonic() - known[1]) if known else None

    def day(self, symbol: str) -> Stats | None:
        """Its last 24 hours, which may have been heard long ago."""
        known = self._days.get(symbol)
        return known[0] if known else None

    def silence(self, symbol: str) -> timedelta | None:
        """How long neither a tick nor figures have arrived here."""
        arrivals = [known[1] for known in (self._latest.get(symbol), self._days.get(symbol)) if known]
        return timedelta(seconds=self._clock.monotonic() - max(arrivals)) if arrivals else None


class Prices:
    def __init__(self, source: TickerSource, board: PriceBoard) -> None:
        self._source = source
        self._board = board

    async def price(self, symbol: str) -> Tick:
        """At most five seconds old. Raises `ExchangeError` where it can be had neither way."""
        age, tick = self._board.age(symbol), self._board.latest(symbol)
        if tick is not None and age is not None and age < FRESH_FOR:
            return tick
        # The answer stays off the board: alerts must see every tick of the stream, the late ones too.
        return await self._source.ticker(symbol)
