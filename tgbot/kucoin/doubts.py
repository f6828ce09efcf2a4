"""Which silence is that of a dead topic, and which that of a quiet market."""

from collections.abc import Mapping
from decimal import Decimal

from tgbot.core.market import Tick


class Doubts:
    """A symbol is silent for no good reason once REST has told twice in a row of another price than is known. What REST
    said then is known from there on: a market that stays quiet is not doubted again."""

    def __init__(self) -> None:
        self._suspects: frozenset[str] = frozenset()
        self._learnt: dict[str, tuple[Decimal, Tick | None]] = {}

    def settle(self, quiet: Mapping[str, Tick | None], prices: Mapping[str, Decimal]) -> frozenset[str]:
        """Those of the quiet ones, each with its last tick, of which something has been missed by these prices."""
        self._learnt = {symbol: learnt for symbol, learnt in self._learnt.items() if symbol in quiet}
        known = {symbol: self._known(symbol, tick) for symbol, tick in quiet.items()}
        wrong = frozenset(symbol for symbol, price in known.items() if prices.get(symbol, price) != price)
        sure = wrong & self._suspects
        self._suspects = wrong - sure
        self._learnt |= {symbol: (prices[symbol], quiet[symbol]) for symbol in sure}
        return sure

    def _known(self, symbol: str, tick: Tick | None) -> Decimal | None:
        """What REST said counts until the feed has said something newer."""
        price, heard_before = self._learnt.get(symbol, (None, None))
        if price is not None and heard_before is tick:
            return price
        return None if tick is None else tick.price
