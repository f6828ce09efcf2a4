"""Setting alerts and changing their minds."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from tgbot.alerts import store
from tgbot.alerts.history import CandleSource
from tgbot.alerts.monitor import AlertMonitor
from tgbot.alerts.rules.conditions import write_parts
from tgbot.alerts.rules.crossing import Armed, Stance, bounds, settled
from tgbot.alerts.rules.request import AlertRequest, condition, ends_at
from tgbot.alerts.store import Alert, State
from tgbot.core.clock import Clock
from tgbot.core.errors import ExchangeError, NotFound, Refused
from tgbot.core.ids import Ids, read_short
from tgbot.core.market import Interval, SymbolRule, Tick
from tgbot.core.people import Person
from tgbot.core.reply import T
from tgbot.db.engine import Database, ReadSession
from tgbot.markets.prices import PriceBoard, Prices

MOST_ALERTS = 200  # in one chat


class Alerts:
    """`has_news` is set whenever the clock may have something else to do next."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        exchange_clock: Clock,
        ids: Ids,
        prices: Prices,
        board: PriceBoard,
        history: CandleSource,
        monitor: AlertMonitor,
    ) -> None:
        self._database = database
        self._clock = clock
        self._exchange_clock = exchange_clock
        self._ids = ids
        self._prices = prices
        self._board = board
        self._history = history
        self._monitor = monitor
        self.has_news = asyncio.Event()

    async def set(
        self,
        *,
        update_id: int,
        chat_id: int,
        thread_id: int | None,
        person: Person,
        rule: SymbolRule,
        request: AlertRequest,
    ) -> tuple[Alert, Tick]:
        """The armed alert and the price it starts from; the same alert if this update has been handled before.

        `request` is complete. Raises `Refused` when the chat has too many, `UsageError` for an end that is past,
        `ExchangeError` when there is no price to start from.
        """
        now = self._clock.now()
        end = ends_at(request, now, person.time_zone)
        tick = await self._prices.price(rule.symbol)
        kind, level = condition(request, tick.price, rule.price_increment)
        armed = Armed(
            id=0,
            symbol=rule.symbol,
            kind=kind,
            level=level,
            stance=Stance.NEW,
            since=now,
            ends_at=end,
            step_back=person.step_back,
            condition=write_parts(request.parts),
        )
        start = await self.started(armed, tick)
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
                thread_id=thread_id,
                person_id=person.id,
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
                ends_at=end,
                step_back=person.step_back,
                condition=armed.condition,
            )
            alert = await store.add(session, wanted)
        await self._take_over(alert, tick)
        return alert, tick

    async def listed(self, chat_id: int) -> tuple[list[Alert], dict[str, Decimal]]:
        """Those that are not over, and the prices of their symbols as far as they can be had."""
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
        """What neither waits nor sleeps stays as it is."""
        return await self._lay_by(chat_id, short, State.PAUSED)

    async def delete(self, chat_id: int, short: str) -> Alert:
        return await self._lay_by(chat_id, short, State.DELETED)

    async def snooze(self, chat_id: int, short: str, span: timedelta) -> Alert:
        """Silent for so long; then it rings if what it waits for is so, and else goes on waiting. Raises `Refused` when
        the chat has too many."""
        async with self._database.write() as session:
            alert = await self._found(session, chat_id, short)
            await self._require_room_for(session, alert)
            now = self._clock.now()
            sleeping = replace(_unended(alert, now), state=State.SNOOZED, wakes_at=now + span)
            await store.change(session, sleeping)
        self._let_go(alert)
        return sleeping

    async def mute(self, chat_id: int, symbol: str) -> list[Alert]:
        """All of this pair that wait or sleep are paused; which they were."""
        async with self._database.write() as session:
            paused = await store.pause_symbol(session, symbol, chat_id)
        for alert in paused:
            self._let_go(alert)
        return paused

    async def unmute(self, chat_id: int, symbol: str) -> list[Alert]:
        """All of this pair that are paused are armed as if they were set now. Raises `ExchangeError` too."""
        async with self._database.read() as session:
            alerts = await store.listed(session, chat_id)
        paused = [alert for alert in alerts if alert.symbol == symbol and alert.state is State.PAUSED]
        if not paused:
            return []
        tick = await self._prices.price(symbol)
        return [await self._arm(alert, tick) for alert in paused]

    async def arm(self, chat_id: int, short: str) -> tuple[Alert, Tick]:
        """One that does not wait is armed as if it were set now; an armed one stays as it is. Raises `Refused` and
        `ExchangeError` too."""
        alert = _unended(await self.find(chat_id, short), self._clock.now())
        tick = await self._prices.price(alert.symbol)
        return (alert if alert.state is State.ARMED else await self._arm(alert, tick)), tick

    async def change(
        self, chat_id: int, short: str, request: AlertRequest, rule: SymbolRule, time_zone: str
    ) -> tuple[Alert, Tick]:
        """Armed for what `request` says; what it does not say stays. Its condition is complete or empty, and `rule` is
        that of the alert's symbol. Raises as `arm` does, and `UsageError` for an end that is past."""
        now = self._clock.now()
        end = ends_at(request, now, time_zone)
        alert = _unended(await self.find(chat_id, short), now)
        tick = await self._prices.price(alert.symbol)
        kind, level, waits = alert.kind, alert.level, alert.condition
        if request.has_condition:
            kind, level = condition(request, tick.price, rule.price_increment)
            waits = write_parts(request.parts)
        wanted = replace(
            alert,
            kind=kind,
            level=level,
            condition=waits,
            cooldown=request.every or alert.cooldown,
            note=request.note or alert.note,
            ends_at=end or alert.ends_at,
        )
        return await self._arm(wanted, tick), tick

    def holds(self, alert: Alert) -> bool | None:
        """Whether the condition of a computed one holds now; `None` where that is not known."""
        return self._monitor.holds(alert.armed())

    async def price(self, symbol: str) -> Decimal:
        """Raises `ExchangeError`."""
        return (await self._prices.price(symbol)).price

    async def _arm(self, wanted: Alert, tick: Tick) -> Alert:
        start = await self.started(replace(wanted.armed(), stance=Stance.NEW, since=self._clock.now()), tick)
        async with self._database.write() as session:
            known = await self._found(session, wanted.chat_id, wanted.short)
            await self._require_room_for(session, known)
            # What it has lived through meanwhile stays.
            alert = replace(
                wanted,
                state=State.ARMED,
                stance=start.stance,
                since=start.since,
                fires=known.fires,
                fired_at=known.fired_at,
                wakes_at=None,
            )
            await store.change(session, alert)
        await self._take_over(alert, tick, known)
        return alert

    async def _lay_by(self, chat_id: int, short: str, state: State) -> Alert:
        async with self._database.write() as session:
            alert = await self._found(session, chat_id, short)
            if state is State.PAUSED and alert.state not in {State.ARMED, State.SNOOZED}:
                return alert
            laid_by = replace(alert, state=state)
            await store.change(session, laid_by)
        self._let_go(alert)
        return laid_by

    async def _take_over(self, alert: Alert, tick: Tick, before: Alert | None = None) -> None:
        self._monitor.put(alert.armed(), tick, before.armed() if before else None)
        if alert.condition:
            await self._monitor.start(alert.armed(), tick)
        self.has_news.set()

    def _let_go(self, alert: Alert) -> None:
        self._monitor.drop(alert.armed())
        self.has_news.set()

    async def _found(self, session: ReadSession, chat_id: int, short: str) -> Alert:
        canonical = read_short(short)
        alert = await store.find(session, chat_id, canonical) if canonical else None
        if alert is None:
            raise NotFound(T.of("alerts.not_found", id=f"#{canonical or short[:10]}"))
        return alert

    async def _require_room(self, session: ReadSession, chat_id: int) -> None:
        if await store.count_listed(session, chat_id) >= MOST_ALERTS:
            raise Refused(T.of("alerts.too_many", most=MOST_ALERTS))

    async def started(self, armed: Armed, tick: Tick) -> Armed:
        """At its first price; and if the minute so far has not touched its bounds, trusted from the minute's start.
        What is computed starts with its monitor. Our clock says when that is, and what is returned says it by the
        exchange's, as prices do."""
        has_answered = await self._has_told_the_time()
        armed = replace(armed, since=armed.since + (self._exchange_clock.now() - self._clock.now()))
        if armed.condition:
            return armed
        armed = settled(armed, tick.price, armed.since)
        return await self._trusted(armed) if has_answered else armed

    async def _has_told_the_time(self) -> bool:
        try:
            await self._history.know_the_time()
        except ExchangeError:
            return False
        return True

    async def _trusted(self, armed: Armed) -> Armed:
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

    async def _require_room_for(self, session: ReadSession, alert: Alert) -> None:
        """It is about to be listed again."""
        if alert.state not in store.LISTED:
            await self._require_room(session, alert.chat_id)

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


def _unended(alert: Alert, now: datetime) -> Alert:
    """What has run out and is wanted again lasts until somebody says something else."""
    return replace(alert, ends_at=None) if alert.ends_at is not None and alert.ends_at <= now else alert
