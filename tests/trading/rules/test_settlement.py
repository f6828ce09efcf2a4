"""What has become of an order, whatever the sequence in which it is heard of."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clock import START
from tgbot.core.orders import Order, OrderType, Side
from tgbot.trading.rules.settlement import (
    DONE,
    GIVEN_UP,
    PENDING,
    Misses,
    State,
    has_vanished,
    is_progress,
    settle_missing,
    state_of,
)

DEADLINE = START


def order(
    filled: str = "0", size: str = "1", funds: str = "0", *, active: bool = False, cancelled: bool = False
) -> Order:
    return Order(
        order_id="o1",
        client_oid="tb1",
        symbol="BTC-USDT",
        side=Side.BUY,
        type=OrderType.LIMIT if Decimal(size) else OrderType.MARKET,
        price=Decimal(100),
        size=Decimal(size),
        funds=Decimal(funds),
        filled_size=Decimal(filled),
        filled_funds=Decimal(filled) * 100,
        fee=Decimal(0),
        fee_currency="USDT",
        is_active=active,
        is_cancelled=cancelled,
        created_at=START,
    )


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        (order(active=True), State.OPEN),
        (order("0.4", active=True), State.PARTIAL),
        (order("1"), State.FILLED),
        (order("1", cancelled=True), State.FILLED),
        (order("0.4", cancelled=True), State.CANCELLED),
        (order(cancelled=True), State.CANCELLED),
        (order(), State.CANCELLED),
        (order("0.9999", size="0", funds="100"), State.FILLED),
        (order("0.9999", size="0", funds="100", cancelled=True), State.FILLED),
        (order("0.5", size="0", funds="100", cancelled=True), State.CANCELLED),
    ],
)
def test_an_order_is_as_far_as_its_fills(seen: Order, state: State) -> None:
    assert state_of(seen) is state


# The life of one order: it rests, fills in steps that may repeat, and ends filled or cancelled.
lives = st.lists(st.integers(1, 9), max_size=5).flatmap(
    lambda tenths: st.sampled_from(
        [
            [order(active=True), *(order(f"0.{tenth}", active=True) for tenth in sorted(tenths)), *end]
            for end in (
                [order("1")],
                [order(f"0.{max(tenths)}" if tenths else "0", cancelled=True)],
                [],
            )
        ]
    )
)


@given(
    lives.flatmap(lambda life: st.tuples(st.just(life), st.permutations(life * 2))),
    st.sampled_from(sorted(PENDING | GIVEN_UP)),
)
def test_any_sequence_of_sightings_ends_the_same(told: tuple[list[Order], list[Order]], origin: State) -> None:
    """Late, repeated and overtaken sightings included; nothing that is done is reopened."""
    life, heard = told
    state: State = State.OPEN if origin is State.PARTIAL else origin
    filled = Decimal(0)
    for seen in heard:
        if is_progress(state, filled, seen):
            assert state not in DONE or state_of(seen) in DONE
            assert seen.filled_size >= filled
            state, filled = state_of(seen), seen.filled_size
    assert (state, filled) == (state_of(life[-1]), life[-1].filled_size)


@pytest.mark.parametrize("state", sorted(GIVEN_UP))
def test_an_order_that_was_given_up_and_turns_up_is_progress(state: State) -> None:
    assert is_progress(state, Decimal(0), order(active=True))


def test_less_filled_than_is_known_is_not_progress_even_at_the_end() -> None:
    assert not is_progress(State.PARTIAL, Decimal("0.5"), order("0.4", cancelled=True))
    assert is_progress(State.PARTIAL, Decimal("0.5"), order("0.5", cancelled=True))


def missed_at(*seconds: float) -> Misses:
    misses = Misses()
    for second in seconds:
        misses = misses.another(DEADLINE + timedelta(seconds=second))
    return misses


@pytest.mark.parametrize(
    ("seconds", "state"),
    [
        ([], State.UNKNOWN),
        ([13], State.UNKNOWN),
        ([1, 5, 9, 12], State.UNKNOWN),
        ([1, 12.1], State.NOT_PLACED),
        ([10, 12.1], State.UNKNOWN),
        ([12.5, 13, 14], State.UNKNOWN),
        ([12.5, 13, 15.5], State.NOT_PLACED),
        ([-3, -1, 12.1], State.NOT_PLACED),
        ([13, 2 * 86400], State.NOT_PLACED),
        ([13, 2 * 86400 + 1], State.INDETERMINATE),
    ],
)
def test_silence_proves_something_only_in_time(seconds: list[float], state: State) -> None:
    assert settle_missing(missed_at(*seconds), DEADLINE) is state


times = st.lists(st.floats(-10, 40).map(lambda second: round(second, 3)), max_size=12).map(sorted)


@given(times)
def test_not_placed_is_never_said_early(seconds: list[float]) -> None:
    """Two seconds of skew and ten of lag after the deadline, and two misses three seconds apart."""
    is_proven = len(seconds) >= 2 and seconds[-1] > 12 and round(seconds[-1] - seconds[0], 3) >= 3
    assert (settle_missing(missed_at(*seconds), DEADLINE) is State.NOT_PLACED) is is_proven


@given(
    st.lists(st.datetimes(START.replace(tzinfo=None), (START + timedelta(hours=1)).replace(tzinfo=None)), max_size=6)
)
def test_a_known_order_has_vanished_only_after_ten_minutes_of_misses(moments: list[datetime]) -> None:
    misses = Misses()
    for moment in sorted(moments):
        misses = misses.another(moment)
    is_long = len(moments) >= 3 and max(moments) - min(moments) >= timedelta(minutes=10)
    assert has_vanished(misses) is is_long
