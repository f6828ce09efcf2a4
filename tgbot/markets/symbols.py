"""Which pairs there are, kept up to date."""

from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Protocol

import structlog

from tgbot.core.clock import Clock
from tgbot.core.errors import ExchangeError, ExchangeUnavailable, NotFound
from tgbot.core.market import SymbolRule
from tgbot.core.reply import Button, T
from tgbot.markets.rules import LONGEST_NAME, Directory

log = structlog.get_logger()

REFRESH_EVERY = timedelta(minutes=10)
RETRY_EVERY = timedelta(seconds=5)


class SymbolSource(Protocol):
    async def symbols(self) -> list[SymbolRule]: ...


def show_price(symbol: str) -> str:
    """The data of a button that shows the price card."""
    return f"price:{symbol}"


class Symbols:
    """`on_loaded` gets all rules, each time they have been fetched. It may not block."""

    def __init__(
        self,
        source: SymbolSource,
        clock: Clock,
        on_loaded: Callable[[Collection[SymbolRule]], None] = lambda rules: None,
    ) -> None:
        self._source = source
        self._on_loaded = on_loaded
        self._clock = clock
        self._directory = Directory()

    async def load(self) -> None:
        """Fetch all rules now. Raises `ExchangeError`; what was known before then stays."""
        rules = await self._source.symbols()
        self._directory = Directory(rules)
        self._on_loaded(rules)

    async def refresh(self) -> None:
        """Fetch them before their time, where that is possible: something was refused by rules that are not these."""
        try:
            await self.load()
        except ExchangeError as error:
            log.warning("symbols_not_refreshed", code=error.code, known=len(self._directory))

    async def run(self) -> None:
        """Keep the rules fresh, for ever. An exchange out of reach costs freshness, nothing else."""
        while True:
            wait = REFRESH_EVERY
            try:
                await self.load()
            except ExchangeError as error:
                wait = REFRESH_EVERY if len(self._directory) else RETRY_EVERY
                log.warning("symbols_not_refreshed", code=error.code, known=len(self._directory))
            await self._clock.sleep(wait.total_seconds())

    @property
    def is_loaded(self) -> bool:
        return len(self._directory) > 0

    def rule(self, symbol: str) -> SymbolRule:
        """Raises `NotFound` for what is not a symbol, and `ExchangeUnavailable` before the first load."""
        return self._loaded().get(symbol) or self._fail(symbol, (), show_price)

    def knows(self, symbol: str) -> bool:
        return self._directory.get(symbol) is not None

    def read_pair(self, text: str, default_quote: str, offer: Callable[[str], str] = show_price) -> SymbolRule:
        """The pair that a person means by `text`.

        Raises `NotFound` with up to three of the nearest pairs as buttons; `offer` turns a symbol into the button's
        data, so that a press does what was wanted in the first place.
        """
        directory = self._loaded()
        return directory.find(text, default_quote) or self._fail(text, directory.nearest(text, default_quote), offer)

    def popular(self, quote: str, count: int = 6) -> tuple[str, ...]:
        """Symbols to offer where none was named; none before the first load."""
        return self._directory.popular(quote, count)

    def trading(self, quote: str) -> frozenset[str]:
        """All symbols with this quote that can be traded now."""
        return self._directory.trading(quote)

    def _loaded(self) -> Directory:
        if not len(self._directory):
            raise ExchangeUnavailable("", "no symbols loaded yet")
        return self._directory

    def _fail(self, text: str, nearest: tuple[str, ...], offer: Callable[[str], str]) -> SymbolRule:
        key = "markets.unknown_pair_near" if nearest else "markets.unknown_pair"
        buttons = tuple(Button(T.of("markets.pair", pair=symbol), offer(symbol)) for symbol in nearest)
        raise NotFound(T.of(key, pair=text[:LONGEST_NAME], near=", ".join(nearest)), [buttons] if buttons else [])
