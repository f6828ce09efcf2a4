"""Which prices and times stand at the edges of a chart."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clock import START
from tgbot.core.market import Candle, Interval
from tgbot.markets.charts.chart import Line, LineKind
from tgbot.markets.charts.price_axis import PriceAxis, axis_for, written
from tgbot.markets.charts.time_axis import GAP, label_times

DIGIT = 17  # pixels
prices = st.decimals("1e-12", "1e12", allow_nan=False, places=None)


def candle(low: str, high: str) -> Candle:
    return Candle(START, Decimal(low), Decimal(high), Decimal(low), Decimal(high), Decimal(1))


def width(text: str) -> float:
    return DIGIT * len(text)


@pytest.mark.parametrize(
    ("low", "high", "steps"),
    [
        ("66394", "68968", "66500 67000 67500 68000 68500"),
        ("0.0000010048", "0.0000013012", "0.00000105 0.00000110 0.00000115 0.00000120 0.00000125 0.00000130"),
        ("0.9", "1.1", "0.90 0.95 1.00 1.05 1.10"),
        ("900000000", "1510000000", "900000000 1000000000 1100000000 1200000000 1300000000 1400000000 1500000000"),
        ("4.9975", "5.0025", "4.998 4.999 5.000 5.001 5.002"),
    ],
)
def test_round_prices_are_round(low: str, high: str, steps: str) -> None:
    assert PriceAxis(Decimal(low), Decimal(high)).steps(7) == tuple(map(Decimal, steps.split()))


def test_one_round_price_is_there_however_few_are_wanted() -> None:
    assert PriceAxis(Decimal("6.0"), Decimal("9.98")).steps(2) == (Decimal(6), Decimal(8))
    assert PriceAxis(Decimal("5.9"), Decimal("9.95")).steps(2) == (Decimal(6), Decimal(8))


@given(low=prices, high=prices, count=st.integers(2, 9))
def test_round_prices_are_few_evenly_spread_and_on_the_axis(low: Decimal, high: Decimal, count: int) -> None:
    low, high = sorted((low, high))
    axis = axis_for([Candle(START, low, high, low, high, Decimal(0))], ())
    steps = axis.steps(count)
    assert 1 <= len(steps) <= count
    assert all(axis.shows(step) for step in steps)
    assert len({after - before for before, after in pairwise(steps)}) <= 1


def test_a_line_stretches_the_axis_unless_it_would_squeeze_the_candles_flat() -> None:
    candles = [candle("100", "110")]
    near, far = Line(LineKind.ALERT, Decimal(105) + 10), Line(LineKind.ALERT, Decimal(150))
    assert axis_for(candles, [near]).shows(near.price)
    assert not axis_for(candles, []).shows(near.price)
    assert axis_for(candles, [near, far]) == axis_for(candles, [near])


def test_a_market_that_stands_still_lies_in_the_middle() -> None:
    axis = axis_for([candle("0.00000123", "0.00000123")], ())
    assert axis.share(Decimal("0.00000123")) == Decimal("0.5")
    assert axis.low > 0


def test_the_axis_never_goes_below_nothing() -> None:
    assert axis_for([candle("0.0001", "1")], ()).low == 0


@pytest.mark.parametrize(
    ("price", "step", "text"),
    [
        ("67012.3", None, "67,012.3"),
        ("1234567.50", None, "1,234,567.5"),
        ("0.0000012300", None, "0.00000123"),
        ("1E+9", None, "1,000,000,000"),
        ("67000", "500", "67,000"),
        ("0.00000115", "5E-8", "0.00000115"),
        ("0.9", "0.05", "0.90"),
        ("1", "0.001", "1.000"),
    ],
)
def test_prices_are_written_in_full_and_alike(price: str, step: str | None, text: str) -> None:
    assert written(Decimal(price), "en", Decimal(step) if step else None) == text


def test_prices_and_dates_are_written_as_their_reader_writes_them_elsewhere() -> None:
    assert written(Decimal("67012.30"), "ru") == "67\u00a0012,3"
    assert written(Decimal("0.9"), "ru", Decimal("0.05")) == "0,90"
    found = label_times(times(Interval.HOUR_1, 120, START), 7.5, width, "ru")
    assert [label for _, label in found][:2] == ["23 нояб.", "24 нояб."]


@pytest.mark.parametrize("language", ["zh", "hi", "th", "ar", "nonsense"])
def test_what_the_font_cannot_write_is_english(language: str) -> None:
    assert written(Decimal("67012.3"), language) == "67,012.3"
    assert label_times(times(Interval.HOUR_1, 120, START), 7.5, width, language)[0][1] == "23 Nov"


def times(interval: Interval, count: int, start: datetime, zone: str = "UTC") -> list[datetime]:
    return [(start + interval.length * i).astimezone(ZoneInfo(zone)) for i in range(count)]


@pytest.mark.parametrize(
    ("interval", "start", "zone", "labels"),
    [
        (Interval.MINUTE_1, START, "UTC", "12:15 12:30 12:45 13:00 13:15 13:30 13:45"),
        (Interval.MINUTE_15, START, "UTC", "16:00 20:00 23_Nov 04:00 08:00 12:00 16:00"),
        (Interval.MINUTE_15, START, "Asia/Kolkata", "20:00 23_Nov 04:00 08:00 12:00 16:00 20:00"),
        (Interval.HOUR_1, START, "America/New_York", "23_Nov 24_Nov 25_Nov 26_Nov 27_Nov"),
        (Interval.HOUR_4, START, "UTC", "25_Nov 29_Nov 3_Dec 7_Dec 11_Dec"),
        (Interval.DAY_1, START, "UTC", "Dec 2027 Feb Mar"),
        (Interval.WEEK_1, START, "UTC", "2027 Apr Jul Oct 2028 Apr Jul Oct 2029"),
    ],
)
def test_times_are_labelled_where_a_period_of_the_reader_begins(
    interval: Interval, start: datetime, zone: str, labels: str
) -> None:
    found = label_times(times(interval, 120, start, zone), 7.5, width, "en")
    assert [label.replace(" ", "_") for _, label in found] == labels.split()


def test_an_hour_that_comes_twice_or_not_at_all_moves_no_label() -> None:
    before_summer = datetime(2026, 3, 28, 12, tzinfo=UTC)
    found = label_times(times(Interval.HOUR_1, 48, before_summer, "Europe/Berlin"), 24, width, "en")
    assert [label for _, label in found] == ["18:00", "29 Mar", "06:00", "12:00", "18:00", "30 Mar", "06:00", "12:00"]
    assert [place for place, _ in found][:3] == [5, 11, 16]  # the night has lost an hour


@given(
    interval=st.sampled_from(list(Interval)),
    count=st.integers(1, 200),
    hours=st.integers(0, 150_000),
    zone=st.sampled_from(["UTC", "Asia/Kathmandu", "Europe/Berlin", "America/St_Johns", "Pacific/Apia"]),
    slot=st.floats(3, 48),
)
def test_labels_of_times_stand_clear_of_each_other(
    interval: Interval, count: int, hours: int, zone: str, slot: float
) -> None:
    found = label_times(
        times(interval, count, datetime(2017, 9, 1, tzinfo=UTC) + timedelta(hours=hours), zone), slot, width, "en"
    )
    assert found
    for (before, label_before), (place, label) in pairwise(found):
        assert (place - before) * slot >= (width(label) + width(label_before)) / 2 + GAP


def test_a_single_candle_is_dated() -> None:
    assert label_times(times(Interval.MINUTE_1, 1, START + timedelta(minutes=1)), 48, width, "en") == [(0, "22 Nov")]
