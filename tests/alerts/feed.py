"""A feed that counts who holds what, and is live or not as a test says."""

from collections import Counter
from dataclasses import dataclass, field


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
