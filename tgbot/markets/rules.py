"""Finding the pair that a person means."""

from collections.abc import Iterable

from tgbot.core.market import SymbolRule

POPULAR_COINS = ("BTC", "ETH", "SOL", "XRP", "KCS", "DOGE", "TON", "BNB", "ADA", "TRX", "LTC", "LINK")

# No pair of any exchange comes near this length, and the search below grows with it.
LONGEST_NAME = 24

_SEPARATORS = str.maketrans(dict.fromkeys("‐‑‒–—―−/_", "-"))


class Directory:
    """All pairs of an exchange, found by the ways in which people write them: `btc`, `BTC-USDT`, `btcusdt`, `BTC/USDT`
    in any case and with any dash."""

    def __init__(self, rules: Iterable[SymbolRule] = ()) -> None:
        self._rules = {rule.symbol: rule for rule in rules}
        self._quotes = {rule.quote for rule in self._rules.values()}
        self._joined: dict[str, list[SymbolRule]] = {}
        for rule in self._rules.values():
            self._joined.setdefault(rule.base + rule.quote, []).append(rule)

    def __len__(self) -> int:
        return len(self._rules)

    def get(self, symbol: str) -> SymbolRule | None:
        return self._rules.get(symbol)

    def find(self, text: str, default_quote: str) -> SymbolRule | None:
        """The one pair that `text` names; a bare coin means the pair with `default_quote`."""
        name = _canonical(text)
        if "-" in name:
            return self._rules.get(name)
        joined = self._joined.get(name, [])
        # Two pairs may run together into the same letters; then neither is meant for sure.
        return self._rules.get(f"{name}-{default_quote}") or (joined[0] if len(joined) == 1 else None)

    def nearest(self, text: str, default_quote: str) -> tuple[str, ...]:
        """Up to three symbols that may have been meant by a `text` that names none, the likeliest first."""
        name = _canonical(text)
        if len(name) > LONGEST_NAME:
            return ()
        if joined := self._joined.get(name):
            return tuple(rule.symbol for rule in joined[:3])
        base, quote = self._split(name, default_quote)
        near = self._of_coin(base, quote) or self._of_quote(base, quote) or self._of_quote(base, default_quote)
        return tuple(rule.symbol for rule in near[:3])

    def popular(self, quote: str, count: int) -> tuple[str, ...]:
        """Symbols with this quote: the best known coins first, then in the exchange's own order."""
        return tuple(rule.symbol for rule in sorted(self._trading(quote), key=_fame)[:count])

    def trading(self, quote: str) -> frozenset[str]:
        """All symbols with this quote that can be traded now."""
        return frozenset(rule.symbol for rule in self._trading(quote))

    def _trading(self, quote: str) -> list[SymbolRule]:
        return [rule for rule in self._rules.values() if rule.quote == quote and rule.is_trading]

    def _split(self, name: str, default_quote: str) -> tuple[str, str]:
        base, dash, quote = name.partition("-")
        if dash:
            return base, quote
        endings = [quote for quote in self._quotes if name.endswith(quote) and name != quote]
        ending = max(endings, key=len, default="")
        return name.removesuffix(ending), ending or default_quote

    def _of_coin(self, base: str, quote: str) -> list[SymbolRule]:
        pairs = [rule for rule in self._rules.values() if rule.base == base]
        return sorted(pairs, key=lambda rule: distance(quote, rule.quote))

    def _of_quote(self, base: str, quote: str) -> list[SymbolRule]:
        tolerance = 1 if len(base) < 5 else 2
        pairs = (rule for rule in self._rules.values() if rule.quote == quote)
        measured = [
            (distance(base, rule.base), _fame(rule), rule) for rule in pairs if _is_close(base, rule, tolerance)
        ]
        close = [entry for entry in measured if entry[0] <= tolerance]
        return [rule for _, _, rule in sorted(close, key=lambda entry: entry[:2])]


def distance(left: str, right: str) -> int:
    """How many letters must be added, dropped, changed or swapped with a neighbour to turn one into the other."""
    two_rows_up: list[int] = []
    row_above = list(range(len(right) + 1))
    for i, letter in enumerate(left, 1):
        row = [i]
        for j, other in enumerate(right, 1):
            cheapest = min(row_above[j] + 1, row[j - 1] + 1, row_above[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == right[j - 2] and other == left[i - 2]:
                cheapest = min(cheapest, two_rows_up[j - 2] + 1)
            row.append(cheapest)
        two_rows_up, row_above = row_above, row
    return row_above[-1]


def _canonical(text: str) -> str:
    return text.strip().upper().translate(_SEPARATORS)


def _fame(rule: SymbolRule) -> int:
    return POPULAR_COINS.index(rule.base) if rule.base in POPULAR_COINS else len(POPULAR_COINS)


def _is_close(base: str, rule: SymbolRule, tolerance: int) -> bool:
    """Worth measuring: the lengths alone do not rule it out."""
    return abs(len(base) - len(rule.base)) <= tolerance
