"""Feeds that count who holds what: one of prices, live or not as a test says, and one of candles that tells nothing."""

from collections import Counter
from dataclasses import dataclass, field

from tgbot.core.market import Candle, Interval


@dataclass
class CountedFeed:
    held: "Counter[str]" = field(default_factory=Counter)
    held_stats: "Counter[str]" = field(default_factory=Counter)
    dead: set[str] = field(default_factory=set)

    def hold(self, symbol: str) -> None:
        self.held[symbol] += 1

    def release(self, symbol: str) -> None:
        self.held[symbol] -= 1
        self.held += Counter()

    def hold_stats(self, symbol: str) -> None:
        self.held_stats[symbol] += 1

    def release_stats(self, symbol: str) -> None:
        self.held_stats[symbol] -= 1
        self.held_stats += Counter()

    def is_live(self, symbol: str) -> bool:
        return symbol in self.held and symbol not in self.dead


@dataclass
class SilentCandles:
    held: "Counter[tuple[str, Interval]]" = field(default_factory=Counter)

    def hold(self, symbol: str, interval: Interval) -> None:
        self.held[symbol, interval] += 1

    def release(self, symbol: str, interval: Interval) -> None:
        self.held[symbol, interval] -= 1
        self.held += Counter()

    def told(self, symbol: str, interval: Interval) -> Candle | None:
        return None

    def compare(self, symbol: str, interval: Interval, closed: Candle) -> None:
        """There is no topic that could be dead."""
