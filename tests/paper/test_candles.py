from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tgbot.paper.candles import LENGTHS, Bar, Chart, bar_start

NOW = 1_795_348_800  # a whole hour
HOUR = 3600


def chart(*ticks: tuple[int, str]) -> Chart:
    made = Chart(7, Decimal("0.1"), Decimal("0.0001"), Decimal(400))
    for second, price in ticks:
        made.record(Decimal(price), Decimal(1), second)
    return made


def test_bar_of_ticks_has_their_open_extremes_and_close() -> None:
    made = chart((NOW, "100"), (NOW + 10, "120"), (NOW + 20, "90"), (NOW + 59, "110"))
    (bar,) = made.bars(60, NOW, NOW)
    assert bar == Bar(NOW, *map(Decimal, ("100", "110", "120", "90", "4", "420")))


def test_bar_begins_where_the_one_before_ended_also_over_a_quiet_minute() -> None:
    made = chart((NOW, "100"), (NOW + 130, "120"))
    first, quiet, last = made.bars(60, NOW, NOW + 120)
    assert first.close == quiet.open == quiet.close == last.open == Decimal(100)
    assert quiet.volume == Decimal(0)
    assert last.close == Decimal(120)


def test_history_ends_where_the_ticks_begin() -> None:
    made = chart((NOW, "67000"))
    assert made.bars(60, NOW - 60, NOW - 60)[0].close == Decimal(67000)


def test_bar_in_which_the_exchange_started_joins_history_and_ticks() -> None:
    made = chart((NOW + 1800, "67000"), (NOW + 1900, "80000"))
    (bar,) = made.bars(HOUR, NOW, NOW)
    before = made.bars(HOUR, NOW - HOUR, NOW - HOUR)[0]
    assert bar.open == before.close
    assert bar.close == bar.high == Decimal(80000)
    assert bar.volume > 2


def test_history_is_the_same_at_every_length() -> None:
    made = chart((NOW, "67000"))
    (hour,) = made.bars(HOUR, NOW - HOUR, NOW - HOUR)
    quarters = made.bars(900, NOW - HOUR, NOW - 1)
    assert (quarters[0].open, quarters[-1].close) == (hour.open, hour.close)


def test_weeks_begin_on_mondays() -> None:
    assert bar_start(LENGTHS["1week"], 1_795_348_800) == 1_794_787_200  # Monday, 16 November 2026


def test_chart_without_ticks_is_empty() -> None:
    assert chart().bars(60, NOW - HOUR, NOW) == []


@pytest.mark.parametrize("length", LENGTHS.values(), ids=LENGTHS)
@given(st.integers(min_value=0, max_value=60))
def test_history_is_unbroken_and_sane(length: int, count: int) -> None:
    made = chart((NOW, "67000"))
    bars = made.bars(length, NOW - count * length, NOW)
    assert all(0 < bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in bars)
    assert all(earlier.close == later.open for earlier, later in pairwise(bars))
    assert [bar.at for bar in bars] == sorted({bar.at for bar in bars})
