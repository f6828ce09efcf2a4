"""What the exchange tells of a time that nobody has followed."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from tgbot.alerts.closes import SETTLES_WITHIN
from tgbot.alerts.computed import Missed
from tgbot.alerts.rules.indicators import DEPTH
from tgbot.alerts.rules.missed import stretches
from tgbot.alerts.signals import SymbolSignals
from tgbot.core.clock import Clock
from tgbot.core.errors import ExchangeRejected
from tgbot.core.market import Candle, Interval

log = structlog.get_logger()


class CandleSource(Protocol):
    async def know_the_time(self) -> None:
        """The exchange's, also if the machine has just slept: before anything is decided by it. Raises
        `ExchangeUnavailable`."""
        ...

    async def candles(self, symbol: str, interval: Interval, start: datetime, end: datetime) -> list[Candle]: ...


class History:
    """Raises `ExchangeUnavailable`. What the exchange refuses to tell is missing."""

    def __init__(self, source: CandleSource, clock: Clock) -> None:
        self._source = source
        self._clock = clock

    async def missed(
        self, symbol: str, since: datetime, signals: SymbolSignals | None, judged: Mapping[Interval, datetime]
    ) -> Missed:
        """All that its alerts have to know of the time since then, and of the time before as far as their signals need
        it. `judged` says up to when the closed candles of an interval have been judged, if not up to `since`."""
        await self._source.know_the_time()
        prices = [
            (interval.length, await self._candles(symbol, interval, start, end))
            for interval, start, end in stretches(since, self._clock.now())
        ]
        if signals is None:
            return Missed(since, self._clock.now(), None, prices, {}, {})
        before = await self._before(symbol, since, signals.reach)
        known = signals.last_closed()
        heard = {interval: judged.get(interval, since) for interval, at in known.items() if at is None}
        closed = {
            interval: await self.settled(symbol, interval, at or heard[interval] - DEPTH * interval.length)
            for interval, at in known.items()
        }
        return Missed(since, self._clock.now(), before, prices, closed, heard)

    async def settled(self, symbol: str, interval: Interval, start: datetime) -> list[Candle]:
        """Those that begin from `start` on and will not change any more: there was a trade behind them, whatever our
        clock says, or they have closed some seconds ago."""
        await self._source.know_the_time()
        now = self._clock.now()
        candles = await self._candles(symbol, interval, start, now + interval.length)
        last_trade = max((candle.at for candle in candles if candle.volume), default=start)
        settled = now - interval.length - SETTLES_WITHIN
        return [candle for candle in candles if candle.at < last_trade or candle.at <= settled]

    async def _before(self, symbol: str, since: datetime, reach: timedelta) -> list[Candle] | None:
        if not reach:
            return None
        minute = Interval.MINUTE_1
        candles = await self._candles(symbol, minute, since - reach - minute.length, since)
        return [candle for candle in candles if candle.at + minute.length <= since]

    async def _candles(self, symbol: str, interval: Interval, start: datetime, end: datetime) -> list[Candle]:
        try:
            return await self._source.candles(symbol, interval, start, end)
        except ExchangeRejected as error:
            log.warning("missed_prices_refused", symbol=symbol, code=error.code)
            return []
