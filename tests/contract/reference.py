"""Writes docs/reference/kucoin.md from the code: `python -m tests.contract.reference`."""

from collections.abc import Iterable
from pathlib import Path

from tests.contract.amendments import rate_sources
from tgbot.kucoin import feed, operations
from tgbot.kucoin.operations import Operation

PAGE = Path(__file__).parents[2] / "docs/reference/kucoin.md"

OPERATIONS = {name: value for name, value in vars(operations).items() if isinstance(value, Operation)}
TOPICS = {
    feed.TICKER + "{symbol}": "the price of one pair",
    feed.ALL_TICKERS: "the prices of all pairs, where that is cheaper",
    feed.SNAPSHOT + "{symbol}": "the 24-hour figures of one pair",
    feed.CANDLES + "{symbol}_{type}": "one pair's candle of one length, while it is being made",
    feed.ORDERS: "what happens to one account's orders",
    feed.STOPS: "what happens to one account's stop orders",
    feed.BALANCES: "what happens to one account's balances",
}
PRIVATE_TOPICS = frozenset({feed.ORDERS, feed.STOPS, feed.BALANCES})


def page() -> str:
    return rf"""# What is used of KuCoin

Every call and every topic that the bot can use, nothing else. Made from the code by
`python -m tests.contract.reference`; a test compares.

## Calls

All go to the spot host, `TGBOT_KUCOIN_URL`. A weight is taken from a pool that KuCoin refills every 30 seconds: the
public one is counted by address, the others by account. A call that names a right is signed, and the key has to have
that right.

{_table("call", "for", "pool", "weight", "right", rows=map(_call_row, OPERATIONS, OPERATIONS.values()))}

\* Pool and weight are not from KuCoin's catalogue:

{_rate_notes()}

## Topics

The address of a socket and a token come from `bullet-public` or `bullet-private` before every dial.

{_table("topic", "for", "socket", rows=((f"`{topic}`", what, _socket(topic)) for topic, what in TOPICS.items()))}
"""


def _call_row(name: str, operation: Operation) -> tuple[str, ...]:
    call = f"`{operation.method} {operation.path}`"
    purpose = name.lower().replace("_", " ")
    mark = r" \*" if (operation.method, operation.path) in rate_sources() else ""
    return call, purpose, operation.pool.value + mark, f"{operation.weight}{mark}", operation.permission or "–"


def _rate_notes() -> str:
    return "\n".join(f"- `{method} {path}`: {source}." for (method, path), source in rate_sources().items())


def _socket(topic: str) -> str:
    return "private" if topic in PRIVATE_TOPICS else "public"


def _table(*head: str, rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ("---",) * len(head), *rows))


if __name__ == "__main__":
    PAGE.write_text(page())
