"""Indicators against their definitions, reckoned anew with fractions, and against published figures."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from time import thread_time

from hypothesis import given
from hypothesis import strategies as st

from tests.clock import START
from tgbot.alerts.rules.conditions import Averages, Rsi, Volume
from tgbot.alerts.rules.crossing import Kind
from tgbot.alerts.rules.indicators import DEPTH, Closed, has_crossed, judge, rsi, times_usual, without_holes
from tgbot.alerts.signals import SymbolSignals
from tgbot.core.market import Candle, Interval

HOUR = Interval.HOUR_1
ZERO = Fraction(0)
prices = st.lists(st.integers(50, 150).map(Decimal), max_size=60)
# The example of StockCharts' school: closes of QQQQ, and its RSI from the 15th on.
SCHOOL = (
    "44.3389 44.0902 44.1497 43.6124 44.3278 44.8264 45.0955 45.4245 45.8433 46.0826 45.8931 46.0328 45.6140 "
    "46.2820 46.2820 46.0028 46.0328 46.4116 46.2222 45.6439 46.2122"
)
SCHOOL_RSI = "70.53 66.32 66.55 69.41 66.36 57.97 62.93"


def candles(closes: list[Decimal], volumes: list[Decimal] | None = None) -> list[Candle]:
    sizes = volumes or [Decimal(1)] * len(closes)
    return [
        Candle(START + number * HOUR.length, close, close, close, close, size)
        for number, (close, size) in enumerate(zip(closes, sizes, strict=True))
    ]


def test_rsi_is_that_of_the_textbook() -> None:
    closes = [Decimal(close) for close in SCHOOL.split()]
    found = [rsi(closes[:count]) for count in range(15, len(closes) + 1)]
    assert [round(value, 2) for value in found if value is not None] == [Decimal(value) for value in SCHOOL_RSI.split()]


@given(prices)
def test_rsi_follows_its_definition(closes: list[Decimal]) -> None:
    found = rsi(closes)
    changes = [Fraction(now) - Fraction(before) for before, now in pairwise(closes)]
    if len(changes) < 14:
        assert found is None
        return
    rise, fall = (sum(max(sign * change, ZERO) for change in changes[:14]) / Fraction(14) for sign in (1, -1))
    for change in changes[14:]:
        rise, fall = (rise * 13 + max(change, ZERO)) / 14, (fall * 13 + max(-change, ZERO)) / 14
    expected = Fraction(50) if rise + fall == 0 else 100 * rise / (rise + fall)
    assert found is not None
    assert abs(Fraction(found) - expected) < Fraction(1, 10**20)


@given(prices, st.integers(1, 4), st.integers(1, 4))
def test_averages_cross_when_their_order_changes(closes: list[Decimal], fast: int, more: int) -> None:
    averages = Averages(fast, fast + more, HOUR)
    leads = [
        Fraction(sum(closes[end - fast : end])) / fast
        - Fraction(sum(closes[end - averages.slow : end])) / averages.slow
        for end in range(averages.slow, len(closes) + 1)
    ]
    found = has_crossed(closes, averages)
    if len(leads) < 2:
        assert found is None
        return
    before = [lead for lead in leads[:-1] if lead]
    assert found is (bool(before) and leads[-1] * before[-1] < 0)


@given(st.lists(st.integers(0, 9).map(Decimal), max_size=40))
def test_volume_is_compared_with_the_twenty_candles_before(volumes: list[Decimal]) -> None:
    found = times_usual(volumes)
    if len(volumes) <= 20 or not sum(volumes[-21:-1]):
        assert found is None
    else:
        assert found is not None
        assert abs(Fraction(found) - Fraction(volumes[-1]) * 20 / Fraction(sum(volumes[-21:-1]))) < Fraction(1, 10**20)


def test_each_kind_is_judged_with_the_last_candle() -> None:
    rising = candles([Decimal(100 + number) for number in range(30)])
    assert judge(Rsi(HOUR, Kind.ABOVE, Decimal(70)), Closed(rising)) == (True, Decimal(100))
    assert judge(Rsi(HOUR, Kind.BELOW, Decimal(30)), Closed(rising)) == (False, Decimal(100))
    assert judge(Rsi(HOUR, Kind.BELOW, Decimal(30)), Closed(rising[:10])) == (None, None)
    assert judge(Averages(2, 5, HOUR), Closed(rising)) == (False, Decimal("1.5"))
    volumes = [Decimal(10)] * 20 + [Decimal(30)]
    assert judge(Volume(Decimal(3), HOUR), Closed(candles([Decimal(1)] * 21, volumes))) == (True, Decimal(3))


def test_many_levels_of_one_rsi_take_little_longer_than_one() -> None:
    """A close is judged in one turn of the event loop, while prices wait."""
    *earlier, last = candles([Decimal(100 + number % 7) for number in range(DEPTH)])

    def cost(levels: int) -> float:
        signals = SymbolSignals()
        for level in range(levels):
            signals.listen(Rsi(HOUR, Kind.BELOW, Decimal(level) / 10), Decimal(0), level)
        signals.load(HOUR, earlier)
        begun = thread_time()
        assert not signals.foresee(HOUR, last)
        signals.close(HOUR, last)
        return thread_time() - begun

    assert min(cost(40) for _ in range(3)) < 10 * min(cost(1) for _ in range(3))


def test_where_nothing_was_traded_the_price_stood_still() -> None:
    first, _, third = candles([Decimal(100), Decimal(101), Decimal(102)])
    close = first.close
    still = Candle(START + timedelta(hours=1), close, close, close, close, Decimal(0))
    assert without_holes([first, third], HOUR.length) == [first, still, third]
