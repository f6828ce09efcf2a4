"""How many topics go into one message."""

from collections.abc import Iterable

from tgbot.kucoin.feed import ALL_TICKERS, TICKER

TOPICS_A_MESSAGE = 100


def batches(topics: Iterable[str], alone: set[str]) -> list[tuple[str, ...]]:
    """Tickers of single symbols go by the hundred; every other topic, and those in `alone`, by itself."""
    ordered = sorted(topics)
    joinable = [topic for topic in ordered if topic.startswith(TICKER) and topic != ALL_TICKERS and topic not in alone]
    hundreds = [tuple(joinable[at : at + TOPICS_A_MESSAGE]) for at in range(0, len(joinable), TOPICS_A_MESSAGE)]
    return hundreds + [(topic,) for topic in ordered if topic not in set(joinable)]


def joined(batch: tuple[str, ...]) -> str:
    first, *others = batch
    return ",".join([first, *(topic.removeprefix(TICKER) for topic in others)])
