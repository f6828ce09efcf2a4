"""What sells again what a buy has bought, and when."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clock import START
from tests.trading.rules.markets import rule
from tests.trading.rules.test_ticket import BUY, refusal, ticket
from tgbot.core.orders import Direction, OrderType, Side, StopLeg, Trigger, Wait
from tgbot.trading.rules.exits import FAILED, MOST_TRIES, Exits, Sent, has_given_up, may_try, plan, uncovered
from tgbot.trading.rules.grammar import PriceWish
from tgbot.trading.rules.settlement import State

BOTH = Exits(PriceWish(percent=Decimal(4)), PriceWish(percent=Decimal(-2)))
PROFIT, LOSS = Exits(BOTH.take_profit, None), Exits(None, BOTH.stop_loss)
STOP = Trigger(Decimal(98), Direction.DOWN)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("0.01btc @ 9900 tp 9900", "exit_tp_low"),
        ("0.01btc @ 9900 tp 9800 sl 9000", "exit_tp_low"),
        ("0.01btc @ 9900 sl 9900", "exit_sl_high"),
        ("0.01btc @ 9900 tp 9900.05", "price_increment"),
        ("0.1u sl -2%", "exit_too_small"),
        ("0.00002btc stop 12000 sl 4000", "exit_too_small"),
    ],
)
def test_an_exit_that_could_not_be_placed_is_refused_before_the_entry(text: str, key: str) -> None:
    assert refusal(BUY, text)[0] == key


def test_levels_are_judged_by_the_price_of_the_entry() -> None:
    """Which a stop buys at when its price has come."""
    assert ticket(BUY, "0.01btc stop 12000 tp 13000 sl 11500").exits is not None
    assert ticket(BUY, "0.01btc @ 9000 tp 9500 sl 8500").exits is not None


@pytest.mark.parametrize(
    ("exits", "last", "price", "wait"),
    [
        (BOTH, "101", "104", StopLeg(Decimal(98), Decimal(97))),
        (BOTH, "104", "104", None),
        (BOTH, "98", None, STOP),
        (PROFIT, "97", "104", None),
        (LOSS, "105", None, STOP),
    ],
)
def test_the_exit_fits_the_market_of_now(exits: Exits, last: str, price: str | None, wait: Wait | None) -> None:
    coarse = rule(price_increment=Decimal("0.5"))
    spec, waits = plan(exits, Decimal(100), Decimal(2), Decimal(last), coarse, without_oco=False)
    assert (spec.side, spec.size, waits) == (Side.SELL, Decimal(2), wait)
    assert spec.price == (Decimal(price) if price else None)
    assert (spec.type is OrderType.MARKET) == (price is None)


def test_where_an_oco_is_refused_the_loss_is_guarded() -> None:
    _, wait = plan(BOTH, Decimal(100), Decimal(2), Decimal(101), rule(), without_oco=True)
    assert wait == STOP


def an_exit(size: str, state: State, *, is_oco: bool = True, seconds: int = 0) -> Sent:
    return Sent(Decimal(size), state, START + timedelta(seconds=seconds), is_oco)


exits_sent = st.lists(
    st.builds(an_exit, st.sampled_from(["0.1", "1"]), st.sampled_from(list(State)), is_oco=st.booleans()), max_size=6
)


@given(exits_sent)
def test_only_what_has_definitely_come_to_nothing_is_sent_again(sent: list[Sent]) -> None:
    held = Decimal(5)
    covered = held - uncovered(held, sent)
    again = [one for one in sent if one.state in FAILED or (one.state is State.REJECTED and one.is_oco)]
    assert covered == min(
        held, sum((one.size for one in sent), Decimal(0)) - sum((one.size for one in again), Decimal(0))
    )


def test_after_a_failure_it_is_tried_half_a_minute_later_and_five_times_at_most() -> None:
    failed = [an_exit("1", State.NOT_SENT)]
    assert not may_try(failed, START + timedelta(seconds=29))
    assert may_try(failed, START + timedelta(seconds=30))
    assert not has_given_up(failed * (MOST_TRIES - 1))
    assert has_given_up(failed * MOST_TRIES)
    assert not may_try(failed * MOST_TRIES, START + timedelta(days=1))
