"""Setting alerts and changing their minds."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from tgbot.alerts import store
from tgbot.alerts.monitor import AlertMonitor, CandleSource
from tgbot.alerts.rules.crossing import Armed, Stance, bounds, settled
from tgbot.alerts.rules.request import AlertRequest, condition
from tgbot.alerts.store import Alert, State
from tgbot.core.clock import Clock
from tgbot.core.errors import ExchangeError, NotFound, Refused
from tgbot.core.ids import Ids, read_short
from tgbot.core.market import Interval, SymbolRule, Tick
from tgbot.core.reply import T
from tgbot.db.engine import Database, ReadSession
from tgbot.markets.prices import PriceBoard, Prices

MOST_ALERTS = 200  # in one chat


@dataclass(frozen=True, slots=True)
class Listing:
    """Prices are missing where they could not be had."""

    alerts: tuple[Alert, ...]
    prices: Mapping[str, Decimal]


class Alerts:
    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        ids: Ids,
        prices: Prices,
        board: PriceBoard,
        history: CandleSource,
        monitor: AlertMonitor,
    ) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._prices = prices
        self._board = board
        self._history = history
        self._monitor = monitor

    async def set(
        self, *, update_id: int, chat_id: int, person_id: int, rule: SymbolRule, request: AlertRequest
    ) -> tuple[Alert, Tick]:
        """The armed alert and the price it starts from; the same alert if this update has been handled before.

        `request` is complete. Raises `Refused` when the chat has too many, `ExchangeError` when there is no price to
        start from.
        """
        tick = await self._prices.price(rule.symbol)
        now = self._clock.now()
        kind, level = condition(request, tick.price, rule.price_increment)
        start = await self._started(Armed(0, rule.symbol, kind, level, Stance.NEW, now), tick)
        async with self._database.write() as session:
            known = await store.by_update(session, update_id)
            if known is not None:
                return known, tick
            if await store.count_listed(session, chat_id) >= MOST_ALERTS:
                raise Refused(T.of("alerts.too_many", most=MOST_ALERTS))
            wanted = Alert(
                id=0,
                short=await self._free_short(session, chat_id),
                update_id=update_id,
                chat_id=chat_id,
                person_id=person_id,
                symbol=rule.symbol,
                kind=kind,
                level=level,
                cooldown=request.every,
                note=request.note,
                state=State.ARMED,
                stance=start.stance,
                since=start.since,
                fires=0,
                fired_at=None,
                created_at=now,
            )
            alert = await store.add(session, wanted)
        self._monitor.put(alert.armed(), tick)
        return alert, tick

    async def listed(self, chat_id: int) -> Listing:
        async with self._database.read() as session:
            alerts = await store.listed(session, chat_id)
        return Listing(tuple(alerts), await self._known_prices({alert.symbol for alert in alerts}))

    async def recent_symbols(self, chat_id: int, count: int) -> list[str]:
        async with self._database.read() as session:
            return await store.recent_symbols(session, chat_id, count)

    async def pause(self, chat_id: int, short: str) -> Alert:
        """Raises `NotFound`, as the two below do. What is not armed stays as it is."""
        async with self._database.write() as session:
            alert = await self._find(session, chat_id, short)
            if alert.state is not State.ARMED:
                return alert
            await store.change(session, alert.id, State.PAUSED, alert.stance, alert.since)
        self._monitor.drop(alert.armed())
        return replace(alert, state=State.PAUSED)

    async def delete(self, chat_id: int, short: str) -> Alert:
        async with self._database.write() as session:
            alert = await self._find(session, chat_id, short)
            await store.change(session, alert.id, State.DELETED, alert.stance, alert.since)
        self._monitor.drop(alert.armed())
        return replace(alert, state=State.DELETED)

    async def arm(self, chat_id: int, short: str) -> Alert:
        """A paused or fired one is armed as if it were set now; an armed one stays as it is. Raises `ExchangeError`
        too."""
        async with self._database.read() as session:
            alert = await self._find(session, chat_id, short)
        tick = await self._prices.price(alert.symbol)
        start = await self._started(replace(alert.armed(), stance=Stance.NEW, since=self._clock.now()), tick)
        async with self._database.write() as session:
            alert = await self._find(session, chat_id, short)
            if alert.state is State.ARMED:
                return alert
            await store.change(session, alert.id, State.ARMED, start.stance, start.since)
        alert = replace(alert, state=State.ARMED, stance=start.stance, since=start.since)
        self._monitor.put(alert.armed(), tick)
        return alert

    async def _find(self, session: ReadSession, chat_id: int, short: str) -> Alert:
        canonical = read_short(short)
        alert = await store.find(session, chat_id, canonical) if canonical else None
        if alert is None:
            raise NotFound(T.of("alerts.not_found", id=f"#{canonical or short[:10]}"))
        return alert

    async def _started(self, armed: Armed, tick: Tick) -> Armed:
        """At its first price; and if the minute so far has not touched its bounds, trusted from the minute's start."""
        armed = settled(armed, tick.price, armed.since)
        minute = armed.since.replace(second=0, microsecond=0)
        try:
            candles = await self._history.candles(armed.symbol, Interval.MINUTE_1, minute, armed.since)
        except ExchangeError:
            return armed
        low, high = bounds(armed)
        is_touched = any(
            (low is not None and candle.low <= low) or (high is not None and candle.high >= high) for candle in candles
        )
        return armed if is_touched else replace(armed, since=minute)

    async def _free_short(self, session: ReadSession, chat_id: int) -> str:
        short = self._ids.short()
        while await store.is_taken(session, chat_id, short):
            short = self._ids.short()
        return short

    async def _known_prices(self, symbols: Iterable[str]) -> dict[str, Decimal]:
        found = await asyncio.gather(*(self._known_price(symbol) for symbol in symbols))
        return {tick.symbol: tick.price for tick in found if tick}

    async def _known_price(self, symbol: str) -> Tick | None:
        try:
            return self._board.latest(symbol) or await self._prices.price(symbol)
        except ExchangeError:
            return None
