"""The rolling window against a look at all prices at once."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clock import START
from tgbot.alerts.rules import rolling
from tgbot.alerts.rules.rolling import RollingWindow

WINDOW = timedelta(seconds=60)
ticks = st.lists(st.tuples(st.integers(0, 40), st.integers(90, 110).map(Decimal)), min_size=1, max_size=80)


def moved(price: Decimal, in_window: list[Decimal]) -> Decimal:
    """From the lowest or from the highest, whichever is further; a rise where both are equal."""
    rise, fall = price / min(in_window) - 1, price / max(in_window) - 1
    return rise if rise >= -fall else fall


@given(ticks, st.integers(0, 100))
def test_extremes_are_exact_to_the_tick(ticks: list[tuple[int, Decimal]], wait: int) -> None:
    window, now, path = RollingWindow(WINDOW), START, list[tuple[timedelta, Decimal]]()
    for pause, price in ticks:
        now += timedelta(seconds=pause)
        path.append((now - START, price))
        assert window.pass_price(price, now, now) == moved(price, prices_in_force(path, now - START))
    now += timedelta(seconds=wait)
    assert window.fade(now) == moved(path[-1][1], prices_in_force(path, now - START))


def prices_in_force(path: list[tuple[timedelta, Decimal]], now: timedelta) -> list[Decimal]:
    """Each price counts until the next one came, and as long as that was within the window."""
    ends = [at for at, _ in path[1:]] + [now + WINDOW]
    return [price for (_, price), end in zip(path, ends, strict=True) if end > now - WINDOW]


@pytest.mark.parametrize("step", [1, -1])
def test_memory_is_bounded_however_many_prices_come(step: int) -> None:
    """A price that only rises, or only falls, is the worst case: every one of them is an extreme to come."""
    window, now = RollingWindow(timedelta(hours=1)), START
    for number in range(3 * rolling.MOST_KEPT):
        now += timedelta(milliseconds=100)
        move = window.pass_price(Decimal(100_000 + step * number), now, now)
    kept = max(len(window._lows._kept), len(window._highs._kept))
    assert kept <= 2 * rolling.MOST_KEPT
    assert move == Decimal(100_000 + step * number) / 100_000 - 1


def test_within_a_candle_only_what_is_certain_counts() -> None:
    """The high of a minute may have been before or after 100 left the window."""
    window = RollingWindow(timedelta(minutes=2))
    window.pass_price(Decimal(100), START, START)
    minute = START + timedelta(minutes=2)
    window.pass_price(Decimal(104), START + timedelta(seconds=30), START + timedelta(seconds=30))
    assert window.pass_price(Decimal(106), minute, minute + timedelta(minutes=1)) == Decimal(106) / 104 - 1
