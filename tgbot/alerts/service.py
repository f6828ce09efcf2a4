"""Setting alerts and changing their minds."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
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
            await self._require_room(session, chat_id)
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

    async def listed(self, chat_id: int) -> tuple[list[Alert], dict[str, Decimal]]:
        """Those armed or paused, and the prices of their symbols as far as they can be had."""
        async with self._database.read() as session:
            alerts = await store.listed(session, chat_id)
        return alerts, await self._known_prices({alert.symbol for alert in alerts})

    async def recent_symbols(self, chat_id: int, count: int) -> list[str]:
        async with self._database.read() as session:
            return await store.recent_symbols(session, chat_id, count)

    async def find(self, chat_id: int, short: str) -> Alert:
        """Raises `NotFound`, as all below do."""
        async with self._database.read() as session:
            return await self._found(session, chat_id, short)

    async def pause(self, chat_id: int, short: str) -> Alert:
        """What is not armed stays as it is."""
        async with self._database.write() as session:
            alert = await self._found(session, chat_id, short)
            if alert.state is not State.ARMED:
                return alert
            paused = replace(alert, state=State.PAUSED)
            await store.change(session, paused)
        self._monitor.drop(alert.armed())
        return paused

    async def delete(self, chat_id: int, short: str) -> Alert:
        async with self._database.write() as session:
            alert = await self._found(session, chat_id, short)
            deleted = replace(alert, state=State.DELETED)
            await store.change(session, deleted)
        self._monitor.drop(alert.armed())
        return deleted

    async def arm(self, chat_id: int, short: str) -> tuple[Alert, Tick]:
        """A paused or fired one is armed as if it were set now; an armed one stays as it is. Raises `Refused` and
        `ExchangeError` too."""
        alert = await self.find(chat_id, short)
        tick = await self._prices.price(alert.symbol)
        return (alert if alert.state is State.ARMED else await self._arm(alert, tick)), tick

    async def move(self, chat_id: int, short: str, request: AlertRequest, rule: SymbolRule) -> tuple[Alert, Tick]:
        """Armed for what the complete `request` says, whatever it waited for before; all else stays. `rule` is that of
        its symbol. Raises as `arm` does."""
        alert = await self.find(chat_id, short)
        tick = await self._prices.price(alert.symbol)
        kind, level = condition(request, tick.price, rule.price_increment)
        return await self._arm(replace(alert, kind=kind, level=level), tick), tick

    async def price(self, symbol: str) -> Decimal:
        """Raises `ExchangeError`."""
        return (await self._prices.price(symbol)).price

    async def _arm(self, wanted: Alert, tick: Tick) -> Alert:
        start = await self._started(replace(wanted.armed(), stance=Stance.NEW, since=self._clock.now()), tick)
        async with self._database.write() as session:
            known = await self._found(session, wanted.chat_id, wanted.short)
            if known.state is State.FIRED:
                await self._require_room(session, known.chat_id)
            alert = replace(
                known, state=State.ARMED, kind=start.kind, level=start.level, stance=start.stance, since=start.since
            )
            await store.change(session, alert)
        self._monitor.put(alert.armed(), tick)
        return alert

    async def _found(self, session: ReadSession, chat_id: int, short: str) -> Alert:
        canonical = read_short(short)
        alert = await store.find(session, chat_id, canonical) if canonical else None
        if alert is None:
            raise NotFound(T.of("alerts.not_found", id=f"#{canonical or short[:10]}"))
        return alert

    async def _require_room(self, session: ReadSession, chat_id: int) -> None:
        if await store.count_listed(session, chat_id) >= MOST_ALERTS:
            raise Refused(T.of("alerts.too_many", most=MOST_ALERTS))

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
