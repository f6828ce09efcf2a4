"""The role that judges prices as they come, reads back what was missed, and fires."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import Protocol

import structlog

from tgbot.alerts import store
from tgbot.alerts.closes import SETTLES_WITHIN, CandleFeed, Closes
from tgbot.alerts.doubts import Doubts
from tgbot.alerts.firing import Due, fire
from tgbot.alerts.history import CandleSource, History
from tgbot.alerts.judging import Judging
from tgbot.alerts.paused import tell_paused
from tgbot.alerts.rules.crossing import Armed, Crossing
from tgbot.alerts.rules.missed import is_believed
from tgbot.alerts.rungs import Strike
from tgbot.core.clock import Clock
from tgbot.core.errors import ExchangeError
from tgbot.core.market import Candle, Interval, Tick
from tgbot.db.engine import Database, WriteSession
from tgbot.delivery.outbox import Outbox
from tgbot.markets.prices import PriceBoard

log = structlog.get_logger()

READ_AT_ONCE = 8  # symbols whose candles are asked for side by side
SAVE_EVERY = timedelta(minutes=1)
RETRY_EVERY = timedelta(seconds=2)
# Ticks waiting until older prices have been read back. Those that fall out are in the candles of the next try.
MOST_WAITING = 600


class Feed(Protocol):
    def hold(self, symbol: str) -> None: ...

    def release(self, symbol: str) -> None: ...

    def is_live(self, symbol: str) -> bool:
        """Whether a change of its price would be heard at this moment."""
        ...


class AlertMonitor:
    """`on_tick`, `on_gap`, `on_refused` and `on_next_candle` belong to the streams; they wait for nothing.

    An alert is in memory exactly while its row is armed. What fires is first queued, then written together with its
    notice; a crash in between loses nothing, because the row is still armed and the prices can be read back.
    """

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        exchange_clock: Clock,
        outbox: Outbox,
        feed: Feed,
        board: PriceBoard,
        candles: CandleFeed,
        history: CandleSource,
        foreseen: CandleSource,
    ) -> None:
        """`foreseen` is asked, as `history` is, but for candles by which something is to ring. The `exchange_clock`
        says when a candle closes, how late a crossing is told, and from when on prices may have been missed."""
        self._database = database
        self._clock = clock
        self._exchange_clock = exchange_clock
        self._outbox = outbox
        self._feed = feed
        self._board = board
        self._candles = candles
        self._history = History(history, exchange_clock)
        self._foreseen = History(foreseen, exchange_clock)
        self._judging = Judging()
        self._closes = Closes(exchange_clock, self._judging, candles, self._read_closed)
        self._doubts = Doubts(clock, self._ask_again)
        self._heard: dict[str, dict[Interval, datetime]] = {}
        self._followed: set[str] = set()
        self._unheard: dict[str, datetime] = {}
        self._refused: set[str] = set()
        self._due = Due()
        self._gaps: dict[str, datetime] = {}
        self._reading: Counter[str] = Counter()
        self._waiting: dict[str, deque[Tick]] = {}
        self._read_until: dict[str, datetime] = {}
        self._last_closes: dict[str, Decimal] = {}
        self._is_loaded = False
        self._early: list[Callable[[], None]] = []
        self._is_save_due = False
        self._has_work = asyncio.Event()
        self._has_gaps = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled; then what is known is saved."""
        await self._load()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._write())
                group.create_task(self._mend())
                group.create_task(self._remember())
                group.create_task(self._closes.run())
                group.create_task(self._doubts.run())
        finally:
            await self._fire()
            await self._save()

    def on_tick(self, tick: Tick) -> None:
        waiting = self._waiting.get(tick.symbol)
        if waiting is not None:
            waiting.append(tick)
            self._hear(tick.symbol)
        else:
            self._queue(self._judging.judge(tick, self._clock.now()))

    def on_gap(self, symbols: Collection[str]) -> None:
        for symbol in self._judging.symbols.intersection(symbols):
            waiting = self._waiting.get(symbol)
            not_judged = waiting[0] if waiting else self._board.latest(symbol)
            since = not_judged.at if not_judged else self._read_until.get(symbol, self._exchange_clock.now())
            since = self._unheard.get(symbol, since)
            self._open_gap(symbol, since)
            if self._board.has_doubts(symbol):
                self._doubts.note(symbol, since)

    def on_refused(self, symbol: str) -> None:
        """The exchange has no live prices of this symbol: its alerts are paused, and their owners told."""
        if symbol in self._followed:
            self._refused.add(symbol)
            self._has_work.set()

    def on_next_candle(self, symbol: str, interval: Interval, candle: Candle) -> None:
        """The stream tells of the candle behind this one."""
        self._closes.on_next(symbol, interval, candle)

    def put(self, armed: Armed, seen: Tick, instead_of: Armed | None = None) -> None:
        """An alert has been armed at the price `seen`: call it after the commit. `instead_of` is as it was before, if
        it was there."""
        if not self._is_loaded:
            self._early.append(partial(self._judging.put, armed, instead_of))
        else:
            self._judging.put(armed, instead_of)
            self._closes.leave([instead_of or armed])
        self._follow(armed.symbol)
        last = self._board.latest(armed.symbol)
        if last is not None and last.sequence > seen.sequence:
            self.on_tick(last)

    async def start(self, armed: Armed, seen: Tick) -> None:
        """A computed one has been put: what it has to know is read, and it is judged by what holds already. If the
        exchange is out of reach that is done later."""
        if not self._is_loaded:
            return
        # It has been known since `armed.since`, also if the exchange's clock has been measured anew meanwhile.
        now = max(armed.since, self._exchange_clock.now())
        self._waiting.setdefault(armed.symbol, deque(maxlen=MOST_WAITING))
        await self._read_back(armed.symbol, now, seen.price)
        self._queue(self._judging.start(armed, seen, now))
        self._closes.notice()

    def holds(self, armed: Armed) -> bool | None:
        """Whether the condition of a computed one holds now; `None` where that is not known."""
        return self._judging.holds(armed)

    def drop(self, armed: Armed) -> None:
        """An alert is no longer armed: call it after the commit."""
        if not self._is_loaded:
            self._early.append(partial(self._judging.drop, armed))
            return
        self._judging.drop(armed)
        self._closes.leave([armed])
        self._leave_idle()

    def is_up_to_date(self, symbol: str) -> bool:
        """Whether all that is known of its price has been judged, and what came of it is in the table."""
        if not self._is_loaded:
            return False
        return not (symbol in self._gaps or self._reading[symbol] or self._doubts.has(symbol) or self._due)

    def settle(self, symbol: str, until: datetime) -> bool:
        """Whether all that happened before `until` has been judged, and what came of it is in the table. What it takes
        is done by and by, with a stream or without: ask again."""
        if not self.is_up_to_date(symbol) or not self._closes.has_read(symbol, until):
            return False
        # A stream that is silent may be dead. Candles know, and they are given the time to take the last trade in.
        last, settled_at = self._board.latest(symbol), until + SETTLES_WITHIN
        is_heard = self._feed.is_live(symbol) and last is not None and last.at >= until
        if is_heard or self._read_until.get(symbol, until) >= settled_at:
            return True
        if self._clock.now() >= settled_at:
            self.on_gap({symbol})
        return False

    async def lose(self, session: WriteSession, chat_id: int) -> None:
        """Telegram says that nobody reads this chat any more: its alerts are lost until somebody does."""
        # Dropped before the commit: if that fails the process ends, and the next one reads the table anew.
        for alert in await store.pause_chat(session, chat_id):
            self.drop(alert.armed())

    async def _load(self) -> None:
        oldest: dict[str, datetime] = {}
        async with self._database.read() as session:
            judged = await store.judged(session)
            async for batch in store.all_armed(session):
                self._judging.load(batch)
                for armed in batch:
                    oldest[armed.symbol] = min(armed.since, oldest.get(armed.symbol, armed.since))
        self._judging.sort()
        # What people did meanwhile is newer than what was read.
        for change in self._early:
            change()
        self._early.clear()
        for symbol in self._judging.symbols:
            since = oldest.setdefault(symbol, self._unheard.get(symbol, self._exchange_clock.now()))
            self._follow(symbol)
            self._open_gap(symbol, max(since, judged.get(symbol, since)))
        for symbol, interval, _ in self._judging.closes():
            heard = judged.get(_key(symbol, interval), oldest[symbol])
            self._heard.setdefault(symbol, {})[interval] = heard
        self._is_loaded = True
        self._closes.notice()
        self._leave_idle()
        log.info("alerts_armed", symbols=len(oldest))

    def _follow(self, symbol: str) -> None:
        """Nobody knows when the feed begins. So the first tick is judged after the candles of the time before it."""
        if symbol in self._followed:
            return
        self._followed.add(symbol)
        self._unheard[symbol] = self._exchange_clock.now()
        self._waiting.setdefault(symbol, deque(maxlen=MOST_WAITING))
        self._feed.hold(symbol)

    def _hear(self, symbol: str) -> None:
        since = self._unheard.pop(symbol, None)
        if since is not None:
            self._open_gap(symbol, since)

    def _leave_idle(self) -> None:
        for symbol in self._followed - self._judging.symbols:
            self._followed.discard(symbol)
            for memory in (
                self._heard,
                self._unheard,
                self._gaps,
                self._waiting,
                self._read_until,
                self._last_closes,
            ):
                memory.pop(symbol, None)
            self._feed.release(symbol)

    def _queue(self, crossings: list[Crossing] | Strike) -> None:
        if crossings:
            self._due.put(crossings)
            self._has_work.set()

    async def _write(self) -> None:
        while True:
            await self._has_work.wait()
            self._has_work.clear()
            await self._give_up()
            await self._fire()
            if self._is_save_due:
                self._is_save_due = False
                await self._save()

    async def _remember(self) -> None:
        while True:
            await self._clock.sleep(SAVE_EVERY.total_seconds())
            self._is_save_due = True
            self._has_work.set()

    async def _fire(self) -> None:
        while batch := self._due.next_batch():
            async with self._database.write() as session:
                fired = await fire(self._outbox, session, batch, self._clock.now(), self._exchange_clock.now())
            # Only now: whoever is stopped in between finds them again, and a row fires but once.
            self._due.written()
            self._closes.leave(crossing.alert for crossing in batch)
            for alert in fired:
                if alert.state is store.State.ARMED:
                    self._judging.catch_up(alert.armed())
            self._outbox.wake()
        self._leave_idle()

    async def _give_up(self) -> None:
        while self._refused:
            symbol = self._refused.pop()
            async with self._database.write() as session:
                paused = await store.pause_symbol(session, symbol)
                await tell_paused(self._outbox, session, symbol, paused)
            for alert in paused:
                self._judging.drop(alert.armed())
            self._closes.leave(alert.armed() for alert in paused)
            self._outbox.wake()
        self._leave_idle()

    async def _save(self) -> None:
        """Only with nothing due: what is saved as judged is not read back any more."""
        moved = self._judging.take_moved()
        settled = [symbol for symbol in self._followed - self._waiting.keys() if not self._doubts.has(symbol)]
        latest = {symbol: self._board.latest(symbol) for symbol in settled}
        closed = {_key(symbol, interval): at + interval.length for symbol, interval, at in self._judging.closes() if at}
        async with self._database.write() as session:
            await store.save_stances(session, moved)
            await store.save_judged(session, {symbol: tick.at for symbol, tick in latest.items() if tick} | closed)

    def _open_gap(self, symbol: str, since: datetime) -> None:
        """From `since` on prices may have been missed. No tick of this symbol is judged until they are read back, for
        the older prices come first."""
        self._gaps[symbol] = min(since, self._gaps.get(symbol, since))
        self._waiting.setdefault(symbol, deque(maxlen=MOST_WAITING))
        self._has_gaps.set()

    async def _mend(self) -> None:
        while True:
            await self._has_gaps.wait()
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._read_gap(symbol)) for symbol in islice(self._gaps, READ_AT_ONCE)]
            if not all(task.result() for task in tasks):
                await self._clock.sleep(RETRY_EVERY.total_seconds())
            if not self._gaps:
                self._has_gaps.clear()

    async def _read_gap(self, symbol: str) -> bool:
        since = self._gaps.pop(symbol, None)
        return since is None or await self._read_back(symbol, since)

    async def _read_back(self, symbol: str, since: datetime, seen: Decimal | None = None) -> bool:
        """Whether that is settled; if not, the gap is open again. `seen` is the price as of `since`."""
        signals, asked_at = self._judging.signals(symbol), self._exchange_clock.now()
        self._reading[symbol] += 1
        try:
            missed = await self._history.missed(symbol, since, signals, self._heard.get(symbol, {}))
        except ExchangeError as error:
            log.warning("missed_prices_unavailable", symbol=symbol, code=error.code)
            if symbol in self._followed:
                self._open_gap(symbol, since)
            return False
        finally:
            self._reading -= Counter([symbol])
        if symbol not in self._followed:
            return True
        self._heard.pop(symbol, None)  # what is set later has heard nothing of what was missed at the start
        self._queue(self._judging.read_back(symbol, missed, seen))
        self._closes.notice()
        if symbol in self._unheard and since <= self._unheard[symbol]:
            self._unheard[symbol] = asked_at
        candles = missed.candles
        self._read_until[symbol] = asked_at  # what was traded while the rest was read is not in these candles
        if candles:
            self._last_closes[symbol] = candles[-1].close
            self._board.expect(symbol, candles[-1].close)
        # Whoever reads it beside us may know of older prices.
        if symbol not in self._gaps and symbol not in self._unheard and not self._reading[symbol]:
            self._judge_waiting(symbol, candles)
        return True

    def _judge_waiting(self, symbol: str, candles: Sequence[Candle]) -> None:
        """The ticks that came before these candles were read. All but the first the board has compared with the one
        before."""
        first, *others = self._waiting.pop(symbol, ()) or (None,)
        close = self._last_closes.pop(symbol, None)
        if first is not None and is_believed(first, others[0] if others else None, candles, close):
            self._queue(self._judging.judge_late(first, self._clock.now()))
        elif first is not None:
            self._board.doubt(first)
            if close is not None:
                self._board.expect(symbol, close)
            self._doubts.note(symbol, first.at)
        for tick in others:
            self._queue(self._judging.judge_late(tick, self._clock.now()))

    def _ask_again(self, symbol: str, since: datetime) -> None:
        if symbol in self._followed:
            self._open_gap(symbol, since)

    async def _read_closed(self, symbol: str, interval: Interval, at: datetime, *, is_urgent: bool) -> None:
        history = self._foreseen if is_urgent else self._history
        closed = await history.settled(symbol, interval, at)
        since, now = self._closes.followed_since(symbol, interval), self._clock.now()
        self._queue(self._judging.read_closed(symbol, interval, closed, since, now))
        if closed and closed[-1].volume:
            self._candles.compare(symbol, interval, closed[-1])


def _key(symbol: str, interval: Interval) -> str:
    """Under which the table keeps how far closed candles have been judged; no symbol has a space."""
    return f"{symbol} {interval.value}"
