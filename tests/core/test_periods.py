"""How people write lengths of time."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tgbot.core.periods import NotAPeriod, print_period, read_period


@pytest.mark.parametrize(
    ("text", "minutes"), [("1m", 1), ("30m", 30), ("90m", 90), ("1h", 60), (" 4H ", 240), ("3d", 4320), ("2w", 20160)]
)
def test_reads(text: str, minutes: int) -> None:
    assert read_period(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize("text", ["", "m", "0m", "5", "30s", "1.5h", "-1h", "1h30m", "١m", "100000m", "1 h", "1y"])
def test_refuses_what_is_not_a_period(text: str) -> None:
    with pytest.raises(NotAPeriod):
        read_period(text)


@given(st.integers(1, 99_999))
def test_reads_back_what_is_printed(minutes: int) -> None:
    period = timedelta(minutes=minutes)
    assert read_period(print_period(period)) == period
