"""Public spot data over REST."""

from datetime import datetime
from functools import partial

from tgbot.core.market import Announcement, Book, Candle, Interval, ServiceStatus, Stats, SymbolRule, Tick, Topic
from tgbot.kucoin import operations
from tgbot.kucoin.budget import Patience
from tgbot.kucoin.rest import Rest
from tgbot.kucoin.wire import market as wire
from tgbot.kucoin.wire.values import milliseconds, seconds

CANDLES_A_CALL = 1500
ANNOUNCEMENTS_A_CALL = 50


class SpotMarket:
    """Every method raises `ExchangeRejected` (an unknown pair, say) or `ExchangeUnavailable`. Its candles are read with
    so much `patience`."""

    def __init__(self, rest: Rest, patience: Patience = Patience.NONE) -> None:
        self._rest = rest
        self._patience = patience

    async def know_the_time(self) -> None:
        """Before something is decided by KuCoin's clock. Raises `ExchangeUnavailable`."""
        await self._rest.know_the_time()

    async def server_time(self) -> datetime:
        return await self._rest.read(operations.SERVER_TIME, wire.server_time)

    async def status(self) -> ServiceStatus:
        return await self._rest.read(operations.STATUS, wire.status)

    async def symbols(self) -> list[SymbolRule]:
        return await self._rest.read(operations.SYMBOLS, wire.symbols)

    async def ticker(self, symbol: str) -> Tick:
        return await self._rest.read(operations.TICKER, partial(wire.ticker, symbol), {"symbol": symbol})

    async def all_tickers(self) -> list[Stats]:
        """A picture that KuCoin takes every two seconds; pairs that never traded are missing."""
        return await self._rest.read(operations.ALL_TICKERS, wire.all_tickers)

    async def stats(self, symbol: str) -> Stats:
        return await self._rest.read(operations.STATS, wire.stats, {"symbol": symbol})

    async def candles(self, symbol: str, interval: Interval, start: datetime, end: datetime) -> list[Candle]:
        """From `start` to `end`, the oldest first; stretches without a trade have no candle. Whether the last of them
        has closed only KuCoin's clock says, so that is known by then."""
        await self._rest.know_the_time()
        found: dict[datetime, Candle] = {}
        while start < end:
            stop = min(end, start + CANDLES_A_CALL * interval.length)
            query = {"symbol": symbol, "type": interval.value, "startAt": seconds(start), "endAt": seconds(stop)}
            page = await self._rest.read(operations.CANDLES, wire.candles, query, patience=self._patience)
            found |= {candle.at: candle for candle in page}
            start = stop
        return sorted(found.values(), key=lambda candle: candle.at)

    async def announcements(self, topic: Topic, since: datetime) -> list[Announcement]:
        """Those published since then, at most the newest fifty, the newest first."""
        query: dict[str, str | int] = {
            "annType": wire.TOPICS[topic],
            "lang": "en_US",
            "pageSize": ANNOUNCEMENTS_A_CALL,
            "startTime": milliseconds(since),
        }
        return await self._rest.read(operations.ANNOUNCEMENTS, partial(wire.announcements, topic), query)

    async def book(self, symbol: str) -> Book:
        """The best twenty of each side."""
        reader = partial(wire.book, symbol)
        return await self._rest.read(operations.BOOK, reader, {"symbol": symbol}, {"size": "20"})
