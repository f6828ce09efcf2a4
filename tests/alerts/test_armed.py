"""Alerts fire at every crossing that counts and at nothing else, compared with a look at all prices at once."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clock import START
from tests.markets.exchange import candles_of
from tgbot.alerts.armed import ArmedAlerts
from tgbot.alerts.rules.conditions import SIGNS
from tgbot.alerts.rules.crossing import Armed, Crossing, Kind, Stance, settled
from tgbot.core.market import Interval, Tick
from tgbot.core.people import STEP_BACK

BTC = "BTC-USDT"
LEVEL, HIGHER = Decimal(10_000), Decimal(10_004)
MINUTE = Interval.MINUTE_1
# Around the level, finer and coarser than the step back of 5.
prices = st.sampled_from([9_900, 9_994, 9_995, 9_996, 9_999, 10_000, 10_001, 10_004, 10_005, 10_006, 10_100]).map(
    Decimal
)


def tick(at: datetime, price: Decimal) -> Tick:
    return Tick(BTC, price, price, price, int(at.timestamp()), at)


def armed(
    alert_id: int,
    kind: Kind,
    price: Decimal,
    at: datetime,
    cooldown: timedelta | None = None,
    level: Decimal = LEVEL,
    fires: int = 0,
) -> Armed:
    return settled(Armed(alert_id, BTC, kind, level, Stance.NEW, at, fires, cooldown), price, at)


# What an alert may be changed to.
kinds, levels = st.sampled_from(list(SIGNS)), st.sampled_from([LEVEL, HIGHER])
cooldowns = st.none() | st.builds(timedelta, minutes=st.integers(1, 5))


# --- Every price is seen -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Moment:
    seconds: int
    price: Decimal
    sets: tuple[Kind, timedelta | None] | None = None
    drops: int | None = None
    edits: tuple[int, Kind, Decimal, timedelta | None] | None = None


moments = st.lists(
    st.builds(
        Moment,
        st.integers(1, 90),
        prices,
        st.none() | st.tuples(kinds, cooldowns),
        st.none() | st.integers(0, 5),
        st.none() | st.tuples(st.integers(0, 5), kinds, levels, cooldowns),
    ),
    max_size=60,
)


@dataclass
class Life:
    """What an alert has lived through since it was set, or edited. It had fired at `before`, if it had."""

    alert: Armed
    path: list[tuple[datetime, Decimal]]
    before: datetime | None = None
    fired: list[datetime] = field(default_factory=list)
    is_over: bool = False

    def edited(self, kind: Kind, level: Decimal, cooldown: timedelta | None, now: datetime, price: Decimal) -> "Life":
        before = max(self.fired, default=self.before)
        fires = self.alert.fires + len(self.fired)
        alert = armed(self.alert.id, kind, price, now, cooldown, level, fires)
        if before is not None and cooldown is not None:
            alert = replace(alert, resting_until=before + cooldown)
        return Life(alert, [(now, price)], before)


class Book:
    """Alerts, all that they have lived through, and the table as it is kept by what has moved."""

    def __init__(self) -> None:
        self.alerts = ArmedAlerts()
        self.lives: list[Life] = []
        self.past: list[Life] = []
        self.table: dict[int, Armed] = {}

    def set(self, alert: Armed, price: Decimal) -> None:
        self.alerts.put(alert)
        self.lives.append(Life(alert, [(alert.since, price)]))
        self.table[alert.id] = alert

    def hear(self, now: datetime, price: Decimal) -> None:
        quiet = self.alerts.by_symbol.get(BTC)
        is_touched = quiet is not None and not quiet.low < price < quiet.high
        crossings = list(self.alerts.judge(tick(now, price), now))
        assert is_touched or not crossings
        for crossing in crossings:
            self.lives[crossing.alert.id].fired.append(crossing.at)
        for life in self.lives:
            if not life.is_over:
                life.path.append((now, price))

    def drop(self, number: int) -> None:
        self.alerts.drop(self.lives[number].alert)
        self.lives[number].is_over = True

    def edit(
        self, number: int, kind: Kind, level: Decimal, cooldown: timedelta | None, now: datetime, price: Decimal
    ) -> None:
        """Also one that is over: that arms it anew."""
        life = self.lives[number]
        self.lives[number] = life.edited(kind, level, cooldown, now, price)
        self.past.append(life)
        self.alerts.put(self.lives[number].alert, instead_of=life.alert)
        self.table[number] = self.lives[number].alert

    def save(self) -> None:
        for moved in self.alerts.take_moved():
            known = self.table[moved.id]
            assert (moved.kind, moved.level, moved.cooldown) == (known.kind, known.level, known.cooldown)
            self.table[moved.id] = moved


@given(moments)
def test_every_crossing_fires_as_written_in_the_rules(moments: list[Moment]) -> None:
    book, now = Book(), START
    for moment in moments:
        now += timedelta(seconds=moment.seconds)
        book.hear(now, moment.price)
        if moment.drops is not None and moment.drops < len(book.lives):
            book.drop(moment.drops)
        if moment.edits is not None and moment.edits[0] < len(book.lives):
            book.edit(*moment.edits, now, moment.price)
        if moment.sets:
            kind, cooldown = moment.sets
            book.set(armed(len(book.lives), kind, moment.price, now, cooldown), moment.price)
    book.save()
    for life in (*book.past, *book.lives):
        assert life.fired == expected(life.alert, life.path, life.before)


def expected(alert: Armed, path: list[tuple[datetime, Decimal]], before: datetime | None = None) -> list[datetime]:
    """When it has to fire, by the sentences of the product and nothing clever; it may have fired `before`."""
    firings: list[datetime] = []
    start, margin = 0, Decimal(0)
    while (crossed := next_crossing(alert, path, start, margin)) is not None:
        at, last = path[crossed][0], firings[-1] if firings else before
        if alert.cooldown is None or last is None or at >= last + alert.cooldown:
            firings.append(at)
        if alert.cooldown is None:
            break
        start, margin = crossed, STEP_BACK
    return firings


def next_crossing(alert: Armed, path: list[tuple[datetime, Decimal]], start: int, margin: Decimal) -> int | None:
    """The first price on or past the level that comes after one, from `start` on, clear of it on the other side."""
    level = alert.level
    for now in range(start + 1, len(path)):
        earlier = [price for _, price in path[start:now]]
        was_under = any(price < level and price <= level * (1 - margin) for price in earlier)
        was_over = any(price > level and price >= level * (1 + margin) for price in earlier)
        price = path[now][1]
        if alert.kind is not Kind.BELOW and was_under and price >= level:
            return now
        if alert.kind is not Kind.ABOVE and was_over and price <= level:
            return now
    return None


# --- Prices are missed: interruptions and restarts -----------------------------------------------------------------


@dataclass(frozen=True)
class Trade:
    seconds: int
    price: Decimal
    is_seen: bool
    is_saved_after: bool
    is_restarted_before: bool
    is_read_back: bool
    edits_after: tuple[Kind, Decimal] | None = None


flags = [st.booleans()] * 4
edits = st.none() | st.none() | st.tuples(kinds, levels)
trades = st.lists(st.builds(Trade, st.integers(1, 40), prices, *flags, edits), min_size=1, max_size=40)


class Bot:
    """Alerts that fire once, a table that is written now and then, and an exchange that keeps its candles."""

    def __init__(self, alert: Armed) -> None:
        self.table = alert
        self.saved_at = self.seen_at = alert.since
        self.past: list[Tick] = []
        self.waiting: list[Tick] = []
        self.fired: list[Crossing] = []
        self.alerts = ArmedAlerts()
        self.alerts.put(alert)

    def hear(self, trade: Tick, *, after_gap: bool, is_read_back: bool = True) -> None:
        """After a gap prices wait until candles can be had."""
        if after_gap or self.waiting:
            self.waiting.append(trade)
            if is_read_back:
                self.read_back([*self.past, trade], trade.at)
        else:
            self.fired += self.alerts.judge(trade, trade.at)
            self.seen_at = trade.at

    def read_back(self, past: list[Tick], now: datetime) -> None:
        missed = candles_of(past, MINUTE, self.seen_at.replace(second=0), now)
        self.fired += self.alerts.read_back(BTC, missed, MINUTE.length, self.seen_at, now)
        for late in self.waiting:
            self.fired += self.alerts.judge_late(late, now)
        self.waiting.clear()
        self.seen_at = now

    def edit(self, kind: Kind, level: Decimal, price: Decimal, now: datetime) -> None:
        """In the table and in memory at once. If it has fired, that arms it anew."""
        edited = armed(self.table.id, kind, price, now, level=level, fires=self.table.fires + len(self.fired))
        self.alerts.put(edited, instead_of=self.table)
        self.table = edited
        self.fired.clear()

    def save(self) -> None:
        for alert in self.alerts.take_moved():
            assert (alert.kind, alert.level) == (self.table.kind, self.table.level)
            self.table = alert
        self.saved_at = self.seen_at

    def restart(self) -> None:
        self.alerts = ArmedAlerts()
        self.waiting.clear()
        self.seen_at = self.saved_at
        if not self.fired:
            self.alerts.put(self.table)


@given(kinds, prices, trades)
def test_a_crossing_missed_fires_once_and_nothing_else_does(kind: Kind, price: Decimal, trades: list[Trade]) -> None:
    now = START + timedelta(seconds=7)
    alert = armed(1, kind, price, now)
    bot = Bot(alert)
    path, after_gap = [(now, price)], False
    for trade in trades:
        now += timedelta(seconds=trade.seconds)
        path.append((now, trade.price))
        if trade.is_restarted_before:
            bot.restart()
        after_gap |= trade.is_restarted_before or not trade.is_seen
        if trade.is_seen:
            bot.hear(tick(now, trade.price), after_gap=after_gap, is_read_back=trade.is_read_back)
            after_gap = False
        bot.past.append(tick(now, trade.price))
        if trade.is_saved_after:
            bot.save()
        if trade.edits_after is not None:
            assert is_allowed(bot.fired, alert, path)
            bot.edit(*trade.edits_after, trade.price, now)
            alert, path = bot.table, [(now, trade.price)]
    if after_gap or bot.waiting:
        bot.read_back(bot.past, now)
    assert is_allowed(bot.fired, alert, path)
    assert bot.fired or not is_certain(alert, path)


def is_allowed(fired: list[Crossing], alert: Armed, path: list[tuple[datetime, Decimal]]) -> bool:
    """At most once, for what it waits for since it was set or edited, and for a crossing that there was."""
    if not fired:
        return True
    [crossing] = fired
    is_same = (crossing.alert.kind, crossing.alert.level) == (alert.kind, alert.level)
    return is_same and bool(expected(alert, path))


def is_certain(alert: Armed, path: list[tuple[datetime, Decimal]]) -> bool:
    """Whether candles tell of a crossing: one side is known from the setting or the close of a minute, the other side
    was reached in a later minute."""
    closes = {at.replace(second=0): price for at, price in path}
    known = [(path[0][0].replace(second=0), path[0][1]), *closes.items()]
    return any(
        crosses(alert, before, after) and minute < at.replace(second=0)
        for minute, before in known
        for at, after in path
    )


def crosses(alert: Armed, before: Decimal, after: Decimal) -> bool:
    is_up, is_down = before < alert.level <= after, before > alert.level >= after
    return (is_up and alert.kind is not Kind.BELOW) or (is_down and alert.kind is not Kind.ABOVE)


# --- By example ----------------------------------------------------------------------------------------------------


@pytest.fixture
def alerts() -> ArmedAlerts:
    return ArmedAlerts()


def test_within_the_minute_only_what_came_later_counts(alerts: ArmedAlerts) -> None:
    """The level was touched at 12:00:10; the alert was set at 12:00:30, and the stream was away until 12:01:30."""
    set_at = START + timedelta(seconds=30)
    alerts.put(armed(1, Kind.ABOVE, Decimal(9_900), set_at))
    past = [tick(START + timedelta(seconds=second), Decimal(price)) for second, price in ((10, 10_100), (40, 9_900))]
    now = START + timedelta(seconds=90)
    assert alerts.read_back(BTC, candles_of(past, MINUTE, START, now), MINUTE.length, START, now) == []
    past.append(tick(START + timedelta(seconds=70), Decimal(10_050)))
    [crossing] = alerts.read_back(BTC, candles_of(past, MINUTE, START, now), MINUTE.length, START, now)
    assert (crossing.price, crossing.at) == (Decimal(10_050), START + timedelta(seconds=60))


def test_an_alert_set_before_the_minute_was_touched_trusts_all_of_it(alerts: ArmedAlerts) -> None:
    alerts.put(replace(armed(1, Kind.ABOVE, Decimal(9_900), START), since=START))
    past = [tick(START + timedelta(seconds=second), Decimal(price)) for second, price in ((40, 10_100), (50, 9_900))]
    now = START + timedelta(seconds=55)
    [crossing] = alerts.read_back(BTC, candles_of(past, MINUTE, START, now), MINUTE.length, START, now)
    assert crossing.price == 10_100


def test_a_minute_read_twice_is_not_taken_for_two(alerts: ArmedAlerts) -> None:
    """High, then low: the alert is armed by the low, and the high was before that."""
    alerts.put(armed(1, Kind.ABOVE, LEVEL, START))
    past = [tick(START + timedelta(seconds=second), Decimal(price)) for second, price in ((1, 10_100), (20, 9_900))]
    for seconds in (30, 50):
        now = START + timedelta(seconds=seconds)
        assert alerts.read_back(BTC, candles_of(past, MINUTE, START, now), MINUTE.length, START, now) == []
    [crossing] = alerts.judge(tick(now, LEVEL), now)
    assert crossing.at == now


def test_what_moved_is_told_once_for_the_table(alerts: ArmedAlerts) -> None:
    alerts.put(armed(1, Kind.ABOVE, Decimal(10_100), START))
    alerts.put(armed(2, Kind.ABOVE, Decimal(9_900), START))
    assert alerts.take_moved() == []
    alerts.judge(tick(START, Decimal(9_990)), START)
    assert [(alert.id, alert.stance) for alert in alerts.take_moved()] == [(1, Stance.UNDER)]
    assert alerts.take_moved() == []


def test_many_missed_crossings_of_a_repeating_alert_are_told_once(alerts: ArmedAlerts) -> None:
    alerts.put(armed(1, Kind.CROSS, Decimal(9_900), START, timedelta(minutes=1)))
    past = [tick(START + timedelta(minutes=minute), Decimal(9_900 + 200 * (minute % 2))) for minute in range(20)]
    now = START + timedelta(minutes=20)
    assert len(alerts.read_back(BTC, candles_of(past, MINUTE, START, now), MINUTE.length, START, now)) == 1


def test_a_symbol_without_alerts_is_forgotten(alerts: ArmedAlerts) -> None:
    first, second = armed(1, Kind.ABOVE, Decimal(9_900), START), armed(2, Kind.BELOW, Decimal(10_100), START)
    alerts.put(first)
    alerts.put(second)
    alerts.drop(first)
    assert alerts.symbols == {BTC}
    assert [crossing.alert.id for crossing in alerts.judge(tick(START, Decimal(10_000)), START)] == [2]
    assert alerts.symbols == frozenset()
    alerts.drop(second)
