"""Computed alerts against a model that looks at all prices and all closes at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum

from hypothesis import given
from hypothesis import strategies as st

from tests.clock import START
from tests.markets.exchange import candles_of
from tgbot.alerts.computed import ComputedAlerts, Missed
from tgbot.alerts.rules.conditions import Averages, Beyond, Move, Part, Rsi, Volume, write_parts
from tgbot.alerts.rules.crossing import Armed, Crossing, Kind, Stance
from tgbot.alerts.rules.indicators import Closed, judge, without_holes
from tgbot.alerts.signals import SymbolSignals
from tgbot.core.market import Candle, Interval, Tick

BTC = "BTC-USDT"
MINUTE, FIVE = Interval.MINUTE_1, Interval.MINUTE_5
PARTS: tuple[Part, ...] = (
    Beyond(Kind.ABOVE, Decimal(100)),
    Beyond(Kind.BELOW, Decimal(104)),
    Move(Decimal("0.04"), timedelta(minutes=3)),
    Move(Decimal("0.02"), timedelta(minutes=1)),
    Averages(1, 2, FIVE),
    Rsi(FIVE, Kind.ABOVE, Decimal(60)),
)
ALONE = [part for part in PARTS if not isinstance(part, Beyond)]
# Of a window that begins in between, candles tell less than the model knows.
EXACT = [part for part in PARTS if not isinstance(part, Move)]


def conditions_of(parts: Sequence[Part]) -> st.SearchStrategy[tuple[Part, ...]]:
    return st.lists(st.sampled_from(parts), min_size=1, max_size=2, unique=True).map(tuple)


conditions = conditions_of(PARTS)
cooldowns = st.none() | st.builds(timedelta, minutes=st.integers(1, 5))


class Stream(Enum):
    """What it tells of the candles that have closed meanwhile, before they are read."""

    DEAD = "nothing"
    TRUE = "all, as they are"
    LYING = "all, as they are not"


@dataclass(frozen=True)
class Moment:
    """A price so many seconds after the last one, and what happens behind it."""

    seconds: int
    price: Decimal
    drops: int | None = None
    edits: tuple[int, tuple[Part, ...], timedelta | None] | None = None
    is_heard: bool = True
    is_saved: bool = False
    is_restarted: bool = False
    stream: Stream = Stream.DEAD


pauses, prices = st.integers(1, 100), st.integers(95, 106).map(Decimal)
streams = st.sampled_from(Stream)


def live(edited_to: Sequence[Part]) -> st.SearchStrategy[list[Moment]]:
    edits = st.none() | st.tuples(st.integers(0, 3), conditions_of(edited_to), cooldowns)
    moments = st.builds(Moment, pauses, prices, st.none() | st.integers(0, 3), edits, stream=streams)
    return st.lists(moments, max_size=50)


def tick(at: datetime, price: Decimal) -> Tick:
    return Tick(BTC, price, price, price, int(at.timestamp()), at)


def armed(number: int, parts: tuple[Part, ...], at: datetime, cooldown: timedelta | None) -> Armed:
    written = write_parts(parts)
    return Armed(
        number,
        BTC,
        Kind.COMPUTED,
        Decimal(0),
        Stance.NEW,
        at,
        cooldown=cooldown,
        step_back=Decimal(0),
        condition=written,
    )


# --- The model -----------------------------------------------------------------------------------------------------

Path = list[tuple[datetime, Decimal]]


def truth(part: Part, path: Path, closed: list[Candle], now: datetime) -> bool | None:
    """By the sentences of the product: with no step back, what holds is a matter of the moment."""
    price = path[-1][1]
    match part:
        case Beyond(Kind.ABOVE, level):
            return price >= level
        case Beyond(_, level):
            return price <= level
        case Move(share, window):
            ends = [at for at, _ in path[1:]] + [now + window]
            inside = [price for (_, price), end in zip(path, ends, strict=True) if end > now - window]
            return price >= min(inside) * (1 + share) or price <= max(inside) * (1 - share)
        case indicator:
            return judge(indicator, Closed(closed))[0]


def moments(path: Path) -> Iterator[tuple[datetime, Path, list[Candle], bool]]:
    """Every point of time at which something can change: a price, the moment before it, a close, and the moment before
    that, at which a crossing told by the close before is over."""
    ticks = [tick(at, price) for at, price in path]
    closes = without_holes(candles_of(ticks, FIVE, START, path[-1][0]), FIVE.length)
    known: list[Candle] = []
    done = 0
    for number, (at, _) in enumerate(path):
        while done < len(closes) and closes[done].at + FIVE.length <= at:
            end = closes[done].at + FIVE.length
            yield end, path[:number], known, True
            known, done = closes[: done + 1], done + 1
            yield end, path[:number], known, False
        if number:
            yield at, path[:number], known, False
        yield at, path[: number + 1], known, False


def expected(
    alert: Armed, parts: tuple[Part, ...], path: Path, until: datetime, known: int = 0, last: datetime | None = None
) -> list[datetime]:
    """When it fires: whenever all parts hold and did not the moment before, if it is not resting. It was set when so
    many prices were `known`, and had fired at `last`, if it had."""
    fired: list[datetime] = []
    before: bool | None = None
    for at, seen, closed, is_over in moments(path):
        if len(seen) < max(known, 1) or not alert.since <= at <= until:
            continue
        truths = [truth(part, seen, closed, at) for part in parts]
        if is_over:
            truths = [is_so and not isinstance(part, Averages) for part, is_so in zip(parts, truths, strict=True)]
        holds = False if False in truths else None if None in truths else True
        if holds is None:
            continue
        rests = last is not None and alert.cooldown is not None and at < last + alert.cooldown
        is_done = bool(fired) and alert.cooldown is None
        if holds and before is False and not rests and not is_done:
            fired.append(at)
            last = at
        before = holds
    return fired


# --- Live ----------------------------------------------------------------------------------------------------------


class Bot:
    """Hears every price, and reads every candle as it closes."""

    def __init__(self) -> None:
        self.alerts = ComputedAlerts()
        self.path: Path = []
        self.closed = 0
        self.fired: list[Crossing] = []

    def hear(self, at: datetime, price: Decimal, stream: Stream = Stream.DEAD) -> None:
        is_foreseen, rung = self.foresee(at, stream), len(self.fired)
        self.close(at)
        assert is_foreseen or len(self.fired) == rung or stream is not Stream.TRUE
        self.path.append((at, price))
        self.fired += self.alerts.judge(tick(at, price), at)

    def foresee(self, now: datetime, stream: Stream) -> bool:
        """Whether the stream would have something read at once; more than that it must not do."""
        told = self._closes(now)[self.closed :] if stream is not Stream.DEAD else []
        if stream is Stream.LYING:
            told = [replace(candle, close=200 - candle.close) for candle in told]
        signals = self.alerts.of(BTC)
        foreseen = [signals is not None and signals.foresee(FIVE, candle) for candle in told]
        return any(foreseen)

    def close(self, now: datetime) -> None:
        for candle in self._closes(now)[self.closed :]:
            self.closed += 1
            end = candle.at + FIVE.length
            self.fired += self.alerts.read_back(BTC, Missed(end, end, [], [], {FIVE: [candle]}, {}))

    def set(self, alert: Armed, at: datetime) -> None:
        self.alerts.put(alert)
        before = candles_of([tick(*seen) for seen in self.path], MINUTE, START, at)
        whole = [candle for candle in before if candle.at + MINUTE.length <= at]
        closed = self._closes(at)
        known = self.alerts._symbols[BTC].last_closed()
        heard = {FIVE: at} if FIVE in known and known[FIVE] is None else {}
        self.fired += self.alerts.read_back(BTC, Missed(at, at, whole, [], {FIVE: closed}, heard))
        self.fired += self.alerts.start(alert.id, Decimal(0), at)

    def edit(self, alert: Armed, at: datetime) -> None:
        """What is known of the price is that it was just heard."""
        self.set(alert, at)
        self.fired += self.alerts.judge(tick(*self.path[-1]), at)

    def _closes(self, now: datetime) -> list[Candle]:
        ticks = [tick(*seen) for seen in self.path]
        candles = without_holes(candles_of(ticks, FIVE, START, now), FIVE.length)
        return [candle for candle in candles if candle.at + FIVE.length <= now]


@dataclass
class Life:
    """Of an alert since it was set or edited: so many prices were `known` then, and it had fired at `last`."""

    alert: Armed
    parts: tuple[Part, ...]
    known: int = 0
    last: datetime | None = None
    until: datetime = START + timedelta(days=1)

    def fired(self, bot: Bot) -> list[datetime]:
        """Firings count on, so that those of another life are not among them."""
        return [crossing.at for crossing in bot.fired if is_of(crossing.alert, self.alert)]

    def edited(self, bot: Bot, parts: tuple[Part, ...], cooldown: timedelta | None, now: datetime) -> "Life":
        fired = self.fired(bot)
        last = max(fired, default=self.last)
        alert = armed(self.alert.id, parts, now, cooldown)
        # A number of its own for each life, as the table's count of firings would not tell all of them apart.
        alert = replace(alert, fires=self.alert.fires + LIFE)
        if last is not None and cooldown is not None:
            alert = replace(alert, resting_until=last + cooldown)
        return Life(alert, parts, len(bot.path), last)


LIFE = 1_000  # firings; no life has as many


def is_of(crossed: Armed, alert: Armed) -> bool:
    return crossed.id == alert.id and crossed.fires // LIFE == alert.fires // LIFE


First = list[tuple[tuple[Part, ...], timedelta | None]]
firsts = st.lists(st.tuples(conditions, st.none() | st.just(timedelta(minutes=2))), min_size=1, max_size=4)


@given(firsts, live(EXACT))
def test_every_moment_at_which_all_begins_to_hold_fires(first: First, moments: list[Moment]) -> None:
    """Set before the first price, so that window and model know the same; dropped and edited whenever. Whatever the
    stream of candles tells changes nothing, and where it tells the truth no ring at a close takes us by surprise."""
    compare(Bot(), first, moments)


@given(firsts, live(PARTS))
def test_what_is_edited_to_a_move_knows_what_others_have_seen(first: First, moments: list[Moment]) -> None:
    """Somebody else waits for moves within the same windows, and for ever."""
    bot = Bot()
    for number, move in enumerate(part for part in PARTS if isinstance(part, Move)):
        bot.set(armed(OTHERS + number, (replace(move, share=Decimal("0.9")),), START, None), START)
    compare(bot, first, moments)


OTHERS = 100  # the first of the numbers that are nobody's in the model


def compare(bot: Bot, first: First, moments: list[Moment]) -> None:
    now, past = START, list[Life]()
    lives = [Life(armed(number, parts, now, cooldown), parts) for number, (parts, cooldown) in enumerate(first)]
    for life in lives:
        bot.set(life.alert, now)
    for moment in moments:
        now += timedelta(seconds=moment.seconds)
        bot.hear(now, moment.price, moment.stream)
        if moment.drops is not None and moment.drops < len(lives):
            life = lives[moment.drops]
            bot.alerts.drop(life.alert)
            life.until = min(now, life.until)
        if moment.edits is not None and moment.edits[0] < len(lives):
            number, parts, cooldown = moment.edits
            life = lives[number]
            life.until = min(now, life.until)
            past.append(life)
            lives[number] = life.edited(bot, parts, cooldown, now)
            bot.edit(lives[number].alert, now)
    for life in (*past, *lives):
        known = (life.known, life.last)
        assert life.fired(bot) == (expected(life.alert, life.parts, bot.path, life.until, *known) if bot.path else [])


# --- With gaps and restarts ----------------------------------------------------------------------------------------


class Forgetful(Bot):
    """Its table is written now and then. What was not heard is read back from candles of a minute."""

    def __init__(self, alert: Armed) -> None:
        super().__init__()
        self.table, self.saved_at, self.heard_at = alert, alert.since, alert.since
        self.alerts.put(alert)
        self.read(alert.since)

    def read(self, now: datetime, stream: Stream = Stream.DEAD) -> None:
        ticks = [tick(*seen) for seen in self.path]
        signals = self.alerts._symbols.get(BTC)
        if signals is None:
            return
        if stream is not Stream.DEAD:
            self.foresee(now, stream)
        minutes = candles_of(ticks, MINUTE, START, now)
        known = signals.last_closed()
        heard = {interval: self.heard_at for interval, at in known.items() if at is None}
        closes = [candle for candle in candles_of(ticks, FIVE, START, now) if candle.at + FIVE.length <= now]
        before = [candle for candle in minutes if candle.at + MINUTE.length <= self.heard_at]
        missed = [candle for candle in minutes if candle.at + MINUTE.length > self.heard_at]
        closed = dict.fromkeys(known, closes)
        self.fired += self.alerts.read_back(
            BTC, Missed(self.heard_at, now, before, [(MINUTE.length, missed)], closed, heard)
        )
        self.heard_at = now

    def save(self) -> None:
        for alert in self.alerts.take_moved():
            assert alert.condition == self.table.condition
            self.table = alert
        self.saved_at = self.heard_at

    def edit(self, alert: Armed, at: datetime) -> None:
        """In the table and in memory at once. If it has fired, that arms it anew."""
        self.read(at)
        self.fired.clear()
        self.table = alert
        self.alerts.put(alert)
        self.read(at)

    def restart(self) -> None:
        self.alerts = ComputedAlerts()
        self.heard_at = self.saved_at
        if not self.fired:
            self.alerts.put(self.table)


flags = st.booleans()
alone = st.sampled_from(ALONE)
gappy = st.lists(
    st.builds(
        Moment,
        pauses,
        prices,
        edits=st.none() | st.tuples(st.just(1), st.tuples(alone), st.none()),
        is_heard=flags,
        is_saved=flags,
        is_restarted=flags,
        stream=streams,
    ),
    min_size=1,
    max_size=40,
)


@given(alone, gappy)
def test_through_gaps_and_restarts_it_fires_once_and_only_for_what_was_so(part: Part, moments: list[Moment]) -> None:
    now = set_at = START
    alert = armed(1, (part,), now, None)
    bot, after_gap = Forgetful(alert), False
    for moment in moments:
        now += timedelta(seconds=moment.seconds)
        if moment.is_restarted:
            bot.restart()
        after_gap |= moment.is_restarted or not moment.is_heard
        bot.path.append((now, moment.price))
        if after_gap and moment.is_heard:
            bot.read(now, moment.stream)
            after_gap = False
        elif moment.is_heard:
            bot.fired += bot.alerts.judge(tick(*bot.path[-1]), now)
            bot.heard_at = now
            bot.read(now, moment.stream)
        if moment.is_saved and not after_gap:
            bot.save()
        if moment.edits is not None:
            assert is_allowed(bot.fired, replace(alert, since=set_at), (part,), bot.path)
            # What was so in the minute of the edit may have been so before it.
            set_at = now.replace(second=0)
            [part] = moment.edits[1]
            alert = armed(1, (part,), now, None)
            bot.edit(alert, now)
            after_gap = False
    bot.read(now)
    assert is_allowed(bot.fired, replace(alert, since=set_at), (part,), bot.path)


def is_allowed(fired: list[Crossing], alert: Armed, parts: tuple[Part, ...], path: Path) -> bool:
    """At most once, and for what began to hold since then. A window that had to be read from candles may have seen
    less: what it takes for the begin was at least so."""
    if not fired:
        return True
    if alert.since > START and any(isinstance(part, Move) for part in parts):
        was_so = any(
            all(truth(part, seen, closed, at) for part in parts)
            for at, seen, closed, _ in moments(path)
            if seen and at >= alert.since
        )
    else:
        was_so = bool(expected(alert, parts, path, path[-1][0]))
    return len(fired) == 1 and was_so


# --- Foreseen ------------------------------------------------------------------------------------------------------


def test_what_holds_on_is_not_foreseen_and_what_begins_anew_behind_a_candle_not_read_yet_is() -> None:
    signals = SymbolSignals()
    signal = signals.listen(Volume(Decimal(2), FIVE), Decimal(0), 1)
    *before, heavy, quiet, heavy_again = (with_volume(number, 3 if number in {20, 22} else 1) for number in range(23))
    assert not signals.foresee(FIVE, heavy)  # nothing is known yet
    signals.load(FIVE, [*before, heavy])
    assert signals.look(heavy.at) == {signal}
    assert not signals.foresee(FIVE, heavy)
    assert not signals.foresee(FIVE, replace(heavy, at=quiet.at))
    assert not signals.foresee(FIVE, quiet)
    assert signals.foresee(FIVE, heavy_again)
    assert signal.is_true


def test_averages_that_cross_at_one_close_and_back_at_the_next_are_foreseen_each_time() -> None:
    signals = SymbolSignals()
    signal = signals.listen(Averages(1, 2, FIVE), Decimal(0), 1)
    first, second, up, down = (
        Candle(START + number * FIVE.length, *[Decimal(close)] * 5) for number, close in enumerate((102, 101, 103, 100))
    )
    signals.load(FIVE, [first, second])
    signals.look(second.at)
    for candle in (up, down):
        assert signals.foresee(FIVE, candle)
        signals.open_close(FIVE)
        signals.close(FIVE, candle)
        assert signal.is_true
    assert not signals.foresee(FIVE, replace(down, at=down.at + FIVE.length, close=Decimal(99)))


def with_volume(number: int, volume: int) -> Candle:
    price = Decimal(100)
    return Candle(START + number * FIVE.length, price, price, price, price, Decimal(volume))


def test_a_close_that_is_read_meanwhile_takes_no_past_from_a_move_that_waits_for_its_own() -> None:
    alerts = ComputedAlerts()
    alerts.put(armed(1, (Move(Decimal("0.04"), timedelta(minutes=3)),), START, None))
    alerts.read_back(BTC, Missed.closes(FIVE, [], START))
    past = candles_of([tick(START - MINUTE.length, Decimal(100))], MINUTE, START - MINUTE.length, START)
    assert alerts.read_back(BTC, Missed(START, START, past, [], {}, {})) == []
    assert alerts.start(1, Decimal(100), START) == []
    [crossing] = alerts.judge(tick(START + timedelta(seconds=1), Decimal(105)), START + timedelta(seconds=1))
    assert crossing.alert.id == 1
