"""What a card shows of a pair, and whose card is edited next."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clock import START
from tgbot.alerts.rules.watch_cards import (
    EDIT_EVERY,
    GROUP_EDIT_EVERY,
    LOST_AFTER,
    SILENT_AFTER,
    Quote,
    Turns,
    read_quote,
)
from tgbot.core.market import Stats, Tick

NOW = timedelta(0)
A_BIT = timedelta(seconds=1)


def tick(price: str, after: timedelta = NOW) -> Tick:
    value = Decimal(price)
    return Tick("BTC-USDT", value, value, value, 1, START + after)


def day(last: str, change: str = "0.012345", after: timedelta = NOW) -> Stats:
    value = Decimal(last)
    return Stats("BTC-USDT", value, value, value, value, value, Decimal(change), value, value, START + after)


@pytest.mark.parametrize(
    ("price", "shown"),
    [("67012.34", "67012.3"), ("67012.35", "67012.4"), ("0.00001234567", "0.0000123457"), ("1234567.8", "1234568")],
)
def test_prices_are_rounded_as_they_are_shown(price: str, shown: str) -> None:
    assert read_quote(tick(price), day("1"), NOW, is_live=True) == Quote(Decimal(shown), Decimal("1.23"), False)


def test_two_prices_that_look_alike_are_one_quote() -> None:
    one = read_quote(tick("67012.31"), day("1", "0.01234"), NOW, is_live=True)
    other = read_quote(tick("67012.34"), day("1", "0.01232"), NOW, is_live=True)
    assert one == other


def test_the_later_of_tick_and_figures_tells_the_price() -> None:
    early, late = tick("100"), day("101", after=A_BIT)
    assert read_quote(early, late, NOW, is_live=True) == Quote(Decimal(101), Decimal("1.23"), False)
    assert read_quote(tick("102", 2 * A_BIT), late, NOW, is_live=True) == Quote(Decimal(102), Decimal("1.23"), False)
    assert read_quote(early, None, NOW, is_live=True) == Quote(Decimal(100), None, False)
    assert read_quote(None, late, NOW, is_live=True) == Quote(Decimal(101), Decimal("1.23"), False)


@pytest.mark.parametrize(("is_live", "patience"), [(True, SILENT_AFTER), (False, LOST_AFTER)])
def test_what_is_not_heard_of_is_stale(is_live: bool, patience: timedelta) -> None:
    fresh = read_quote(tick("100"), None, patience, is_live=is_live)
    stale = read_quote(tick("100"), None, patience + A_BIT, is_live=is_live)
    assert (fresh, stale) == (Quote(Decimal(100), None, False), Quote(Decimal(100), None, True))


def test_a_first_price_is_waited_for_and_not_for_ever() -> None:
    assert read_quote(None, None, LOST_AFTER, is_live=False) is None
    assert read_quote(None, None, LOST_AFTER + A_BIT, is_live=False) == Quote(None, None, True)


@given(
    st.lists(st.tuples(st.floats(0.1, 3), st.lists(st.integers(-4, 5))), max_size=60),
    st.integers(1, 4),
)
def test_no_chat_is_served_too_often_and_none_is_passed_over(seconds: list[tuple[float, list[int]]], most: int) -> None:
    turns, now = Turns(), 0.0
    served: dict[int, float] = {}
    waiting: list[int] = []
    for passed, changed in seconds:
        now += passed
        for chat_id in changed:
            turns.wait(chat_id)
        waiting += [chat_id for chat_id in dict.fromkeys(changed) if chat_id not in waiting]
        ready = turns.ready(now)
        assert ready == [
            chat_id
            for chat_id in waiting
            if chat_id not in served or now >= served[chat_id] + (EDIT_EVERY if chat_id > 0 else GROUP_EDIT_EVERY)
        ], "the longest waiting first, and all whose rest is over"
        for chat_id in ready[:most]:
            turns.rest(chat_id, now)
            served[chat_id] = now
            waiting.remove(chat_id)


def test_a_turn_can_be_given_up_and_a_chat_forgotten() -> None:
    turns = Turns()
    turns.rest(1, 0)
    for chat_id in (1, 2, 3):
        turns.wait(chat_id)
    turns.waive(2)
    assert turns.ready(1) == [3]
    turns.forget(1)
    turns.wait(1)
    assert turns.ready(1) == [3, 1], "what is forgotten does not rest"
