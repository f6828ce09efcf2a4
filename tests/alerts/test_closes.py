"""Whatever the stream tells or keeps to itself, the same rings as when candles are only read, and never later."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from math import inf

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.alerts.feed import SilentCandles
from tests.clock import START, JumpClock, OwnClock
from tests.kucoin.patience import running
from tests.markets.exchange import MemoryExchange, candles_of
from tgbot.alerts.closes import READ_AT_ONCE, Closes
from tgbot.alerts.computed import Missed
from tgbot.alerts.history import History
from tgbot.alerts.judging import Judging
from tgbot.alerts.rules.conditions import Averages, Part, Rsi, write_parts
from tgbot.alerts.rules.crossing import Armed, Kind, Stance
from tgbot.core.clock import Clock
from tgbot.core.errors import ExchangeUnavailable
from tgbot.core.market import Candle, Interval
from tgbot.db.types import EPOCH

BTC, MINUTE = "BTC-USDT", Interval.MINUTE_1
PARTS: tuple[Part, ...] = (
    Averages(1, 2, MINUTE),
    Rsi(MINUTE, Kind.ABOVE, Decimal(55)),
    Rsi(MINUTE, Kind.BELOW, Decimal(45)),
)
BEHIND = timedelta(seconds=1)  # the exchange's candles know of a trade


class Frame(Enum):
    """What becomes of the frame that tells of a trade."""

    HEARD = "heard"
    LOST = "lost"
    WRONG = "says another price"
    AHEAD = "is of a minute that has not begun"


@dataclass(frozen=True)
class Trade:
    seconds: float
    price: Decimal
    frame: Frame


trades = st.lists(
    st.builds(
        Trade,
        st.sampled_from([0.1, 0.5, 1.0, 2.0, 7.0, 20.0, 59.9, 60.0]),
        st.integers(95, 106).map(Decimal),
        st.sampled_from([Frame.HEARD, Frame.HEARD, *Frame]),
    ),
    min_size=1,
    max_size=25,
)


@dataclass
class Stream(SilentCandles):
    """Tells of the candle in the making as KuCoin does: its whole, so far, with every frame."""

    last: Candle | None = None

    def told(self, symbol: str, interval: Interval) -> Candle | None:
        return self.last

    def tell(self, candle: Candle, closes: Closes) -> None:
        before, self.last = self.last, candle
        if before is not None and before.at < candle.at:
            closes.on_next(BTC, MINUTE, before)


@dataclass
class Ring:
    alert: int
    at: datetime
    price: Decimal
    values: tuple[Decimal | None, ...]
    told_at: float = field(compare=False)


class Bot:
    def __init__(self, clock: Clock, exchange: MemoryExchange, exchanges_clock: Clock) -> None:
        self.clock = clock
        self.exchange = exchange
        self._exchanges_clock = exchanges_clock
        self.rung: list[Ring] = []
        self.stream = Stream()
        self._judging = Judging()
        self._history = History(self, clock)
        self.closes = Closes(clock, self._judging, self.stream, self._read)
        for number, part in enumerate(PARTS):
            self._judging.put(armed(number, part, clock.now()))

    async def know_the_time(self) -> None:
        """Its clock stays as wrong as it is."""

    async def candles(self, symbol: str, interval: Interval, start: datetime, end: datetime) -> list[Candle]:
        known = [tick for tick in self.exchange.trades[symbol] if tick.at <= self._exchanges_clock.now() - BEHIND]
        return candles_of(known, interval, start, end)

    async def begin(self) -> None:
        """With all that has closed by now as history."""
        now = self.clock.now()
        closed = await self._history.settled(BTC, MINUTE, START)
        self._judging.read_back(BTC, Missed(now, now, [], [], {MINUTE: closed}, {MINUTE: now}))
        self.closes.notice()

    async def _read(self, symbol: str, interval: Interval, at: datetime, *, is_urgent: bool) -> None:
        closed = await self._history.settled(symbol, interval, at)
        missed = Missed.closes(interval, closed, self.clock.now())
        for crossing in self._judging.read_back(symbol, missed):
            told_at = self.clock.monotonic()
            self.rung.append(Ring(crossing.alert.id, crossing.at, crossing.price, crossing.values, told_at))


def armed(number: int, part: Part, at: datetime) -> Armed:
    condition, cooldown = write_parts((part,)), timedelta(seconds=10)
    return Armed(number, BTC, Kind.COMPUTED, Decimal(0), Stance.NEW, at, cooldown=cooldown, condition=condition)


@settings(max_examples=100, deadline=None)  # each is two lives of many minutes
@given(trades, st.sampled_from([0, 0, -10, -1, 1.5]))
def test_the_same_rings_with_the_stream_and_without_and_never_later(trades: list[Trade], skew: float) -> None:
    """Also if our clock is wrong by some seconds; ahead by less than a candle is given to settle."""
    silent = asyncio.run(lived([replace(trade, frame=Frame.LOST) for trade in trades], skew))
    heard = asyncio.run(lived(trades, skew))
    assert heard == silent
    assert all(early.told_at <= late.told_at for early, late in zip(heard, silent, strict=True))


async def test_where_not_all_can_be_read_in_time_all_are_late_and_none_is_left_out(clock: JumpClock) -> None:
    """KuCoin's quota gives a thousand candles a minute; here eight take 20 s, and 60 close every minute."""
    judging, last_read = Judging(), dict[str, datetime]()
    for number in range(60):
        symbol = f"C{number}-USDT"
        judging.put(replace(armed(number, PARTS[1], clock.now()), symbol=symbol))
        read_until(judging, symbol, clock.now())

    async def read(symbol: str, interval: Interval, at: datetime, *, is_urgent: bool) -> None:
        await clock.sleep(20)
        read_until(judging, symbol, clock.now())
        last_read[symbol] = clock.now()

    async with running(Closes(clock, judging, SilentCandles(), read).run()):
        await rest()
        await pass_seconds(clock, 600)
    assert len(last_read) == 60
    assert min(last_read.values()) > clock.now() - timedelta(minutes=4)


async def test_what_will_ring_and_could_not_be_read_at_once_is_first_when_it_can(clock: JumpClock) -> None:
    """The quota is used up, for 20 s more."""
    judging, asked, opens = Judging(), list[str](), clock.now() + timedelta(seconds=80)
    symbols = [f"C{number}-USDT" for number in range(30)]
    for number, symbol in enumerate(symbols):
        judging.put(replace(armed(number, PARTS[1], clock.now()), symbol=symbol))
        for minute in range(20, 0, -1):
            read_until(judging, symbol, clock.now() - (minute - 1) * MINUTE.length, Decimal(100 + minute % 2))

    async def read(symbol: str, interval: Interval, at: datetime, *, is_urgent: bool) -> None:
        if clock.now() < opens:
            raise ExchangeUnavailable("429000", "the request quota is used up")
        asked.append(symbol)
        read_until(judging, symbol, clock.now())

    closes = Closes(clock, judging, SilentCandles(), read)
    async with running(closes.run()):
        await pass_seconds(clock, 60)
        price = Decimal(120)
        closes.on_next(symbols[-1], MINUTE, Candle(START, price, price, price, price, price))
        await pass_seconds(clock, 40)
    assert set(asked) == set(symbols)
    assert symbols[-1] in asked[:READ_AT_ONCE]


def read_until(judging: Judging, symbol: str, now: datetime, price: Decimal = Decimal(100)) -> None:
    """The last minute that has closed, and none before it."""
    closed = now - (now - EPOCH) % MINUTE.length - MINUTE.length
    judging.read_back(symbol, Missed.closes(MINUTE, [Candle(closed, price, price, price, price, price)], now))


async def lived(trades: list[Trade], skew: float) -> list[Ring]:
    clock = JumpClock()
    exchange = MemoryExchange(clock, (BTC,))
    for minute in range(20):
        exchange.trade(BTC, str(100 + minute % 2))
        clock.advance(60)
    clock.advance(30)
    bot = Bot(OwnClock(clock, timedelta(seconds=skew)), exchange, clock)
    await bot.begin()
    async with running(bot.closes.run()):
        await rest()
        for trade in trades:
            await pass_seconds(clock, trade.seconds)
            exchange.trade(BTC, trade.price)
            tell(bot, trade, clock.now())
            await rest()
        await pass_seconds(clock, 75)
    return sorted(bot.rung, key=lambda ring: (ring.at, ring.alert))


def tell(bot: Bot, trade: Trade, now: datetime) -> None:
    begun = now - (now - EPOCH) % MINUTE.length
    [candle] = candles_of(bot.exchange.trades[BTC], MINUTE, begun, now)
    match trade.frame:
        case Frame.HEARD:
            bot.stream.tell(candle, bot.closes)
        case Frame.WRONG:
            bot.stream.tell(replace(candle, close=201 - candle.close), bot.closes)
        case Frame.AHEAD:
            bot.stream.tell(replace(candle, at=candle.at + MINUTE.length), bot.closes)


async def pass_seconds(clock: JumpClock, seconds: float) -> None:
    """Whoever is due on the way does what there is to do before it is later."""
    end = clock.monotonic() + seconds
    while (due := next_due(clock)) < end:
        clock.advance(max(0.0, due - clock.monotonic()))
        await rest()
    clock.advance(end - clock.monotonic())
    await rest()


def next_due(clock: JumpClock) -> float:
    return min((at for at, sleeper in clock._sleepers if not sleeper.done()), default=inf)


async def rest(turns: int = 12) -> None:
    loop = asyncio.get_running_loop()
    for _ in range(turns):
        future = loop.create_future()
        loop.call_soon(future.set_result, None)
        await future
