"""Which pairs have moved most, and where most is traded."""

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from enum import StrEnum

from tgbot.core.market import Stats
from tgbot.core.money import ZERO
from tgbot.core.reply import Button, Reply, T, Table
from tgbot.markets.views import change, compact, refresh

SHOWN = 10
THINNEST = Decimal("0.001")  # of the busiest pair's turnover; below it one order moves the price by per cents


class Ranking(StrEnum):
    GAINERS = "gainers"
    LOSERS = "losers"
    VOLUME = "volume"


def ranked(every: Iterable[Stats], symbols: Collection[str], ranking: Ranking) -> list[Stats]:
    """The first of `symbols`, which share their quote, without those that are hardly traded."""
    several = [stats for stats in every if stats.symbol in symbols]
    busiest = max((stats.turnover for stats in several), default=ZERO)
    traded = [stats for stats in several if stats.turnover > ZERO and stats.turnover >= busiest * THINNEST]
    match ranking:
        case Ranking.GAINERS:
            first = sorted((stats for stats in traded if stats.change > ZERO), key=lambda stats: -stats.change)
        case Ranking.LOSERS:
            first = sorted((stats for stats in traded if stats.change < ZERO), key=lambda stats: stats.change)
        case Ranking.VOLUME:
            first = sorted(traded, key=lambda stats: -stats.turnover)
    return first[:SHOWN]


def movers_card(ranking: Ranking, quote: str, first: Sequence[Stats]) -> Reply:
    rows = tuple(
        (
            stats.symbol.rpartition("-")[0],
            compact(stats.turnover) if ranking is Ranking.VOLUME else stats.last,
            change(stats),
        )
        for stats in first
    )
    title = T.of(f"markets.movers_{ranking}", quote=quote)
    body = Table(rows) if rows else T.of("markets.movers_none")
    return Reply((title, body), (ranking_buttons(ranking), (refresh(f"movers:{ranking}"),)))


def ranking_buttons(shown: Ranking | None = None) -> tuple[Button, ...]:
    """The one that is `shown` is marked."""
    return tuple(
        Button(
            T.of("markets.shown" if ranking is shown else "markets.offered", name=T(f"markets.rank_{ranking}")),
            f"movers:{ranking}",
        )
        for ranking in Ranking
    )
