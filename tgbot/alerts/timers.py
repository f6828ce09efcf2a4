"""The role that wakes snoozed alerts and ends those whose time has run out."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from tgbot.alerts import store, views
from tgbot.alerts.monitor import AlertMonitor
from tgbot.alerts.paused import tell_paused
from tgbot.alerts.rules.crossing import Stance, is_true
from tgbot.alerts.service import Alerts
from tgbot.alerts.store import Alert, State
from tgbot.core.clock import Clock
from tgbot.core.errors import ExchangeError, ExchangeRejected
from tgbot.core.market import Tick
from tgbot.core.notices import Kind
from tgbot.core.reply import Reply
from tgbot.db.engine import Database, WriteSession
from tgbot.delivery.outbox import Notice, Outbox, Priority
from tgbot.markets.prices import Prices
from tgbot.waiting import first_of, sleep_until

log = structlog.get_logger()

AT_ONCE = 50
LOOK_EVERY = timedelta(minutes=1)
RETRY_AFTER = timedelta(seconds=5)


class AlertTimers:
    """The table says what is due when; a process that was away does it late."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        outbox: Outbox,
        prices: Prices,
        alerts: Alerts,
        monitor: AlertMonitor,
    ) -> None:
        self._database = database
        self._clock = clock
        self._outbox = outbox
        self._prices = prices
        self._alerts = alerts
        self._monitor = monitor

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._alerts.has_news.clear()
            due = await self._next_due()
            if due <= self._clock.now():
                # Ends first: they ask nothing of the exchange.
                is_done = [await self._end_all(), await self._wake_all()]
                self._outbox.wake()
                due = await self._next_due() if all(is_done) else self._clock.now() + RETRY_AFTER
            # Until there is something to do, or somebody has changed what there is to do.
            await first_of(self._alerts.has_news, sleep_until(self._clock, due))

    async def _next_due(self) -> datetime:
        """When to look again; it has passed if something is due."""
        next_look = self._clock.now() + LOOK_EVERY
        async with self._database.read() as session:
            turn = await store.next_turn(session)
        return next_look if turn is None else min(turn, next_look)

    async def _wake_all(self) -> bool:
        """Whether none is left that should be awake by now."""
        unpriced: set[str] = set()
        while waking := await self._waking(unpriced):
            unpriced |= await self._wake_those(waking)
            self._outbox.wake()
        return not unpriced

    async def _waking(self, unpriced: Collection[str]) -> list[Alert]:
        async with self._database.read() as session:
            return await store.waking(session, self._clock.now(), AT_ONCE, unpriced)

    async def _wake_those(self, waking: Iterable[Alert]) -> set[str]:
        """The symbols that have no price for now; the others' alerts are not kept waiting by them."""
        gone, unpriced = set[str](), set[str]()
        for alert in waking:
            if alert.symbol in gone | unpriced:
                continue
            now = self._clock.now()
            try:
                tick = await self._prices.price(alert.symbol)
            except ExchangeError as error:
                log.warning("alert_not_woken", alert=alert.id, code=error.code)
                if isinstance(error, ExchangeRejected):
                    await self._give_up(alert.symbol)
                    gone.add(alert.symbol)
                else:
                    unpriced.add(alert.symbol)
            else:
                await self._wake(alert, tick, now)
        return unpriced

    async def _wake(self, alert: Alert, tick: Tick, now: datetime) -> None:
        """It is armed again as of `now`, at a price that is newer."""
        # A computed one that holds when it wakes rings by itself, as if it began to hold now.
        stance = Stance.UNDER if alert.condition else Stance.NEW
        start = await self._alerts.started(replace(alert.armed(), stance=stance, since=now), tick)
        woken = replace(alert, state=State.ARMED, stance=start.stance, since=start.since, wakes_at=None)
        if not alert.condition and is_true(alert.armed(), tick.price):
            state = State.FIRED if alert.cooldown is None else State.ARMED
            woken = replace(woken, state=state, stance=Stance.SPENT, fires=alert.fires + 1, fired_at=now)
        async with self._database.write() as session:
            is_same = await store.find(session, alert.chat_id, alert.short) == alert
            if not is_same or _is_over(alert, self._clock.now()):
                return  # somebody has changed it meanwhile, or it has run out
            await store.change(session, woken)
            if woken.fires > alert.fires:
                await self._tell(session, woken, views.still_so(woken, tick.price), f"alert:{alert.id}:{woken.fires}")
        await self._go_on(woken, tick)

    async def _give_up(self, symbol: str) -> None:
        """The exchange does not know this pair any more: what should wake there is paused."""
        async with self._database.write() as session:
            paused = await store.pause_waking(session, symbol, self._clock.now())
            await tell_paused(self._outbox, session, symbol, paused)

    async def _go_on(self, woken: Alert, tick: Tick) -> None:
        log.info("alert_woken", alert=woken.id, state=woken.state.value)
        if woken.state is State.ARMED:
            self._monitor.put(woken.armed(), tick)
        if woken.condition:
            await self._monitor.start(woken.armed(), tick)

    async def _end_all(self) -> bool:
        """Whether none is left that should have ended by now."""
        unjudged: set[str] = set()
        while ending := await self._ending(unjudged):
            for alert in ending:
                if self._is_judged(alert):
                    await self._end(alert)
                else:
                    unjudged.add(alert.symbol)
            self._outbox.wake()
        return not unjudged

    def _is_judged(self, alert: Alert) -> bool:
        """A crossing before the end may still be read back."""
        if alert.state is not State.ARMED or alert.ends_at is None:
            return True
        return self._monitor.settle(alert.symbol, alert.ends_at)

    async def _ending(self, unjudged: Collection[str]) -> list[Alert]:
        async with self._database.read() as session:
            return await store.ending(session, self._clock.now(), AT_ONCE, unjudged)

    async def _end(self, alert: Alert) -> None:
        async with self._database.write() as session:
            known = await store.find(session, alert.chat_id, alert.short)
            if known is None or not _is_over(known, self._clock.now()):
                return
            ended = replace(known, state=State.ENDED)
            await store.change(session, ended)
            await self._tell(session, ended, views.ended(ended), f"alert_end:{alert.id}:{alert.ends_at}")
        self._monitor.drop(known.armed())

    async def regain(self, session: WriteSession, chat_id: int) -> None:
        """Somebody reads this chat again: what was armed there is woken as after a snooze."""
        count = await store.regain_chat(session, chat_id, self._clock.now())
        session.after_commit(self._alerts.has_news.set)  # also for those that have run out
        if count:
            await self._outbox.put(session, Notice(chat_id, views.regained(count), Priority.ANSWER))

    async def _tell(self, session: WriteSession, alert: Alert, reply: Reply, key: str) -> None:
        notice = Notice(alert.chat_id, reply, Priority.ALERT, thread_id=alert.thread_id, dedup_key=key, kind=Kind.ALERT)
        await self._outbox.put(session, notice)


def _is_over(alert: Alert, now: datetime) -> bool:
    return alert.state in store.LISTED and alert.ends_at is not None and alert.ends_at <= now
