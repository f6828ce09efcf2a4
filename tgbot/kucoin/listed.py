"""Which pairs KuCoin has taken off its list, or trades no more."""

from collections.abc import Collection, Mapping

from tgbot.core.clock import Clock
from tgbot.core.market import SymbolRule

GONE_AFTER = 60.0


class Listed:
    """One list proves nothing: a pair is gone when the next one, a minute later or more, still lacks it and nothing has
    been heard of it for as long. A list that lacks half the market is not believed at all; it tells of a KuCoin in
    trouble, not of its pairs."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._most = 0
        self._lacking: dict[str, float] = {}
        self.gone: frozenset[str] = frozenset()

    def read(self, rules: Collection[SymbolRule], held: Collection[str], heard: Mapping[str, float]) -> frozenset[str]:
        """Which of the `held` pairs are gone now and were not before; `heard` says when each was heard last."""
        trading = {rule.symbol for rule in rules if rule.is_trading}
        self._most = max(self._most, len(rules))
        if 2 * len(trading) < self._most:
            return frozenset()
        now, known = self._clock.monotonic(), self._lacking
        lacking = {symbol for symbol in (*held, *known) if symbol not in trading}
        self._lacking = {symbol: max(known.get(symbol, now), heard.get(symbol, 0.0)) for symbol in lacking}
        before, long_ago = self.gone, now - GONE_AFTER
        self.gone = frozenset(symbol for symbol, since in self._lacking.items() if since <= long_ago)
        return (self.gone - before).intersection(held)
