"""The role that reads every candle as it closes, once for all whose alerts need it: first those that will ring."""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from heapq import nsmallest
from itertools import islice
from typing import Protocol

import structlog

from tgbot.alerts.judging import Judging
from tgbot.alerts.rules.crossing import Armed
from tgbot.alerts.rules.indicators import DEPTH
from tgbot.core.clock import Clock
from tgbot.core.errors import ExchangeError
from tgbot.core.market import Candle, Interval
from tgbot.waiting import first_of, sleep_until

log = structlog.get_logger()

SETTLES_WITHIN = timedelta(seconds=3)  # after its close a candle is asked for
AGAIN_AFTER = timedelta(seconds=10)
LOOK_EVERY = timedelta(minutes=1)  # no sleep knows for how long the machine itself has slept
EXPECTED_FOR = timedelta(minutes=1)  # a stretch without a trade never has a candle
READ_AT_ONCE = 8
TRIES = 5  # of what will ring, half a second apart; then it has the time that all have
AGAIN_SOON = timedelta(seconds=0.5)
JUDGED_AT_ONCE = 8  # candles in one turn of the event loop; a part that was never judged takes up to a millisecond

Key = tuple[str, Interval]
# When it has to be asked for, and behind which candle; none is known where nothing has closed yet.
Turn = tuple[datetime, str, Interval, datetime | None]


class CandleFeed(Protocol):
    """What a stream tells of candles in the making: early, and not for certain."""

    def hold(self, symbol: str, interval: Interval) -> None: ...

    def release(self, symbol: str, interval: Interval) -> None: ...

    def told(self, symbol: str, interval: Interval) -> Candle | None: ...

    def compare(self, symbol: str, interval: Interval, closed: Candle) -> None: ...


class Read(Protocol):
    async def __call__(self, symbol: str, interval: Interval, at: datetime, *, is_urgent: bool) -> None:
        """Asks for the candles behind the one that began at `at`, and judges those that will not change any more.
        Raises `ExchangeError`."""
        ...


class Closes:
    """The stream decides what is read first, and never what is so: a candle is judged for real when it has been read.
    Whatever was not foreseen is read in its turn, three seconds after the close."""

    def __init__(self, clock: Clock, judging: Judging, feed: CandleFeed, read: Read) -> None:
        self._clock = clock
        self._judging = judging
        self._feed = feed
        self._read = read
        self._held: dict[Key, datetime] = {}  # since when
        self._not_before: dict[Key, datetime] = {}
        self._told: dict[Key, Candle] = {}  # to be judged
        self._judged: dict[Key, Candle] = {}
        self._looked_at: dict[Key, datetime] = {}
        self._urgent: set[Key] = set()
        self._owed: set[Key] = set()  # foreseen, but not to be had at once
        self._failed: set[Key] = set()  # when last asked for in its turn
        self._places = asyncio.Semaphore(READ_AT_ONCE)
        self._has_changed = asyncio.Event()
        self._has_told = asyncio.Event()
        self._has_news = asyncio.Event()

    def notice(self) -> None:
        """There may be other candles to follow."""
        self._has_changed.set()
        self._has_news.set()

    def leave(self, gone: Iterable[Armed]) -> None:
        """These do not wait any more for what they did. Only what is computed follows candles, and looking through all
        that are followed takes milliseconds."""
        if any(alert.condition for alert in gone):
            self.notice()

    def followed_since(self, symbol: str, interval: Interval) -> datetime:
        """What closes from then on is to be judged."""
        return self._held.get((symbol, interval), self._clock.now())

    def has_read(self, symbol: str, until: datetime) -> bool:
        """Whether all candles of it that closed before `until` have been read, as far as there are any."""
        signals = self._judging.signals(symbol)
        known = signals.last_closed() if signals is not None else {}
        return all(self._is_read(symbol, interval, at, until) for interval, at in known.items())

    def on_next(self, symbol: str, interval: Interval, candle: Candle) -> None:
        """The stream tells of the one behind this candle, so this one has closed."""
        if self._judged.get((symbol, interval)) != candle:
            self._told[symbol, interval] = candle
            self._has_told.set()

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow())
            group.create_task(self._foresee())
            group.create_task(self._keep_reading())

    async def _follow(self) -> None:
        """Topics come and go with the need for them."""
        while True:
            await self._has_changed.wait()
            self._has_changed.clear()
            needed = {(symbol, interval) for symbol, interval, _ in self._judging.closes()}
            for key in needed - self._held.keys():
                self._feed.hold(*key)
                self._held[key] = self._clock.now()
            for key in self._held.keys() - needed:
                self._feed.release(*key)
                del self._held[key]
                self._judged.pop(key, None)
                self._looked_at.pop(key, None)
                self._owed.discard(key)
                self._failed.discard(key)

    async def _foresee(self) -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                await self._has_told.wait()
                self._has_told.clear()
                while self._told:
                    for key in list(islice(self._told, JUDGED_AT_ONCE)):
                        candle = self._judged[key] = self._told.pop(key)
                        if self._judging.foresee(*key, candle) and key not in self._urgent:
                            self._urgent.add(key)
                            group.create_task(self._read_first(key, candle))
                    await asyncio.sleep(0)  # noqa: TID251 - a turn of the loop takes no time that a clock could keep

    async def _read_first(self, key: Key, told: Candle) -> None:
        try:
            for _ in range(TRIES):
                at = self._judging.last_closed(*key)
                if at is None or at >= told.at:
                    break
                async with self._places:
                    await self._read(*key, at, is_urgent=True)
                await self._clock.sleep(AGAIN_SOON.total_seconds())
        except ExchangeError as error:
            self._owed.add(key)
            log.warning("foreseen_candle_unavailable", symbol=key[0], interval=key[1].value, code=error.code)
        finally:
            self._urgent.discard(key)

    async def _keep_reading(self) -> None:
        while True:
            self._has_news.clear()
            turns, now = self._turns(), self._clock.now()
            due = [turn for turn in turns if turn[0] <= now]
            for _, symbol, interval, at in due:
                self._look_at(symbol, interval, at, now)
            async with asyncio.TaskGroup() as group:
                # By and by: meanwhile others may have closed that will ring.
                for _, symbol, interval, at in nsmallest(READ_AT_ONCE, due, key=self._rank):
                    group.create_task(self._ask(symbol, interval, at))
            if len(due) <= READ_AT_ONCE:
                await self._rest(min((turn for turn, *_ in self._turns()), default=None))

    def _turns(self) -> list[Turn]:
        """When each candle that is followed has to be asked for."""
        followed = list(self._judging.closes())
        keys = {(symbol, interval) for symbol, interval, _ in followed}
        self._not_before = {key: moment for key, moment in self._not_before.items() if key in keys}
        for symbol, interval, at in followed:
            if at is None:
                self._not_before.setdefault((symbol, interval), _next_look(self._clock.now()))
        return [(self._turn(symbol, interval, at), symbol, interval, at) for symbol, interval, at in followed]

    def _turn(self, symbol: str, interval: Interval, at: datetime | None) -> datetime:
        if at is None:
            return self._not_before.get((symbol, interval), self._clock.now())
        return max(_closes(at, interval), self._not_before.get((symbol, interval), at))

    def _is_read(self, symbol: str, interval: Interval, at: datetime | None, until: datetime) -> bool:
        if at is None:
            return (symbol, interval) not in self._failed and self._turn(symbol, interval, at) >= until + SETTLES_WITHIN
        settled_at, closes_at = until + SETTLES_WITHIN, _closes(at, interval)
        if closes_at >= settled_at:
            return True
        if (symbol, interval) in self._failed or self._clock.now() < closes_at + EXPECTED_FOR:
            return False
        return self._turn(symbol, interval, at) >= settled_at

    def _rank(self, turn: Turn) -> tuple[bool, datetime]:
        """After what is owed comes what has waited longest: where quota is scarce, the same would else be read each
        minute, and others never."""
        since, symbol, interval, _ = turn
        return (symbol, interval) not in self._owed, since

    def _look_at(self, symbol: str, interval: Interval, at: datetime | None, now: datetime) -> None:
        """A candle that is due, and behind which the stream may not have told of another one."""
        if at is None or self._looked_at.get((symbol, interval)) == at:
            return
        self._looked_at[symbol, interval] = at
        told = self._feed.told(symbol, interval)
        if told is not None and at < told.at and told.at + interval.length <= now:
            self.on_next(symbol, interval, told)

    async def _ask(self, symbol: str, interval: Interval, at: datetime | None) -> None:
        now = self._clock.now()
        try:
            await self._read(symbol, interval, at or now - DEPTH * interval.length, is_urgent=False)
        except ExchangeError as error:
            log.warning("candles_unavailable", symbol=symbol, interval=interval.value, code=error.code)
            self._not_before[symbol, interval] = now + AGAIN_AFTER
            self._failed.add((symbol, interval))
            return
        self._owed.discard((symbol, interval))
        self._failed.discard((symbol, interval))
        if at is None:
            self._not_before[symbol, interval] = _next_look(now)
            return
        # If it is not there yet it is asked for again, and then with the next one.
        is_expected = now < _closes(at, interval) + EXPECTED_FOR
        next_close = at + ((now - SETTLES_WITHIN - at) // interval.length + 1) * interval.length + SETTLES_WITHIN
        self._not_before[symbol, interval] = now + AGAIN_AFTER if is_expected else next_close

    async def _rest(self, until: datetime | None) -> None:
        if until is None:
            await self._has_news.wait()
            return
        until = min(until, self._clock.now() + LOOK_EVERY)
        await first_of(self._has_news, sleep_until(self._clock, until))


def _closes(at: datetime, interval: Interval) -> datetime:
    """When the candle behind the one that began at `at` can be asked for."""
    return at + 2 * interval.length + SETTLES_WITHIN


def _next_look(now: datetime) -> datetime:
    """When to ask anew where nothing has closed yet that is known: candles of all lengths close with a full minute."""
    minute = (now - SETTLES_WITHIN).replace(second=0, microsecond=0)
    return minute + Interval.MINUTE_1.length + SETTLES_WITHIN
