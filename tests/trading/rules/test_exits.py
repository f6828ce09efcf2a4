"""What sells again what a buy has bought, and when."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.clock import START
from tests.trading.rules.markets import rule
from tests.trading.rules.test_ticket import BUY, refusal, ticket
from tgbot.core.errors import Reason, Refused
from tgbot.core.market import Tick
from tgbot.core.orders import Direction, OrderType, Side, StopLeg, TimeInForce, Trigger, Wait
from tgbot.core.reply import T
from tgbot.trading.rules.exits import (
    FAILED,
    MOST_REFUSALS,
    MOST_TRIES,
    PASSING,
    Exits,
    Refusal,
    Sent,
    exits_of,
    given_up,
    goes_alone,
    is_worth_a_part,
    may_try,
    plan,
    uncovered,
)
from tgbot.trading.rules.grammar import PriceWish, parse_order
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


def test_the_entry_is_said_in_steps_of_the_price_and_away_from_what_it_is_compared_with() -> None:
    entry, coarse = Decimal("67413.7056208130"), rule(price_increment=Decimal("0.1"))
    for text, size, key, said in (
        ("tp 60000", "1", "exit_tp_low", "67413.8"),
        ("sl 68000", "1", "exit_sl_high", "67413.7"),
    ):
        request = parse_order(BUY, f"btc 1btc {text}", ".")
        with pytest.raises(Refused) as refused:
            exits_of(request, entry, Decimal(size), coarse)
        assert refused.value.text == T.of(f"trading.{key}", price=Decimal(text.split()[1]), entry=Decimal(said))


def test_levels_are_judged_by_the_price_of_the_entry() -> None:
    """Which a stop buys at when its price has come."""
    assert ticket(BUY, "0.01btc stop 12000 tp 13000 sl 11500").exits is not None
    assert ticket(BUY, "0.01btc @ 9000 tp 9500 sl 8500").exits is not None


@pytest.mark.parametrize(
    ("exits", "last", "price", "wait"),
    [
        (BOTH, "101", "104", StopLeg(Decimal(98), Decimal(97))),
        (BOTH, "104", "104", None),
        (BOTH, "104.5 103.5", "104", StopLeg(Decimal(98), Decimal(97))),
        (BOTH, "98", None, STOP),
        (PROFIT, "97", "104", None),
        (LOSS, "105", None, STOP),
    ],
)
def test_the_exit_fits_the_market_of_now(exits: Exits, last: str, price: str | None, wait: Wait | None) -> None:
    coarse = rule(price_increment=Decimal("0.5"))
    spec, waits = plan(exits, Decimal(100), Decimal(2), a_tick(*last.split()), coarse, without_oco=False)
    assert (spec.side, spec.size, waits) == (Side.SELL, Decimal(2), wait)
    assert spec.price == (Decimal(price) if price else None)
    assert (spec.type is OrderType.MARKET) == (price is None)


def test_where_an_oco_is_refused_the_loss_is_guarded() -> None:
    _, wait = plan(BOTH, Decimal(100), Decimal(2), a_tick("101"), rule(), without_oco=True)
    assert wait == STOP


def a_tick(last: str, bid: str | None = None) -> Tick:
    return Tick("BTC-USDT", Decimal(last), Decimal(bid or last), Decimal(last), 1, START)


def test_a_profit_that_is_due_does_not_rest_unless_there_is_no_loss_to_guard() -> None:
    at_profit = a_tick("104")
    for exits, time_in_force in ((BOTH, TimeInForce.IOC), (PROFIT, TimeInForce.GTC)):
        spec, _ = plan(exits, Decimal(100), Decimal(2), at_profit, rule(), without_oco=False)
        assert spec.time_in_force is time_in_force


def an_exit(
    size: str, state: State, *, is_oco: bool = True, seconds: int = 0, reason: Reason = Reason.SUSPENDED
) -> Sent:
    refusal = Refusal("", "", reason) if state is State.REJECTED else None
    return Sent(Decimal(size), state, START + timedelta(seconds=seconds), is_oco, refusal)


def refused(kinds: str, *reasons: Reason) -> list[Sent]:
    """One after another, a minute apart: an `O` is an OCO, an `S` a stop."""
    told = [*reasons, *[Reason.SUSPENDED] * len(kinds)]
    return [
        an_exit("1", State.REJECTED, is_oco=kind == "O", seconds=60 * number, reason=told[number])
        for number, kind in enumerate(kinds)
    ]


exits_sent = st.lists(
    st.builds(
        an_exit,
        st.sampled_from(["0.1", "1"]),
        st.sampled_from(list(State)),
        is_oco=st.booleans(),
        reason=st.sampled_from(list(Reason)),
    ),
    max_size=12,
)


@given(exits_sent)
def test_only_what_has_definitely_come_to_nothing_is_sent_again(sent: list[Sent]) -> None:
    held = Decimal(5)
    assume(not given_up(sent))
    covered = held - uncovered(held, sent)
    passing = [one for one in sent if one.refusal is not None and one.refusal.reason in PASSING]
    again = [
        one for one in sent if one.state in FAILED or (one.state is State.REJECTED and (one.is_oco or one in passing))
    ]
    assert covered == min(
        held, sum((one.size for one in sent), Decimal(0)) - sum((one.size for one in again), Decimal(0))
    )


def test_after_a_failure_it_is_tried_half_a_minute_later_and_five_times_at_most() -> None:
    failed = [an_exit("1", State.NOT_SENT)]
    assert not may_try(failed, START + timedelta(seconds=29))
    assert may_try(failed, START + timedelta(seconds=30))
    assert uncovered(Decimal(1), failed * (MOST_TRIES - 1)) == Decimal(1)
    assert uncovered(Decimal(1), failed * MOST_TRIES) == Decimal(0)


@pytest.mark.parametrize(("filled", "left"), [("0", "1"), ("0.4", "0.6"), ("1", "0")])
def test_what_an_order_without_rest_leaves_over_is_sent_again_once_all_its_fills_are_known(
    filled: str, left: str
) -> None:
    state = State.FILLED if filled == "1" else State.CANCELLED
    sent = [Sent(Decimal(1), state, START, is_oco=False, never_rests=True, filled=Decimal(filled))]
    assert uncovered(Decimal(1), sent) == Decimal(left)
    if left != "0":
        assert not may_try(sent, START + timedelta(seconds=29))
    assert may_try(sent, START + timedelta(seconds=30))
    assert not given_up(sent * (MOST_TRIES - 1))
    assert bool(given_up(sent * MOST_TRIES)) == (filled == "0")


@pytest.mark.parametrize(("parts", "seconds"), [(0, 5), (1, 15), (4, 405)])
def test_each_part_waits_three_times_as_long_as_the_one_before(parts: int, seconds: int) -> None:
    sent = [an_exit("1", State.WAITING)] * parts
    assert not is_worth_a_part(sent, timedelta(seconds=seconds - 1))
    assert is_worth_a_part(sent, timedelta(seconds=seconds))


def test_what_was_given_up_stays_so_and_what_fills_later_is_tried_anew() -> None:
    failed = [an_exit("1", State.NOT_SENT)] * MOST_TRIES
    assert given_up(failed) == failed[:1]
    assert uncovered(Decimal(3), failed) == Decimal(2)
    again = [*failed, an_exit("2", State.NOT_SENT)]
    assert uncovered(Decimal(3), again) == Decimal(2)
    assert given_up(again) == failed[:1]
    assert uncovered(Decimal(3), [*again, an_exit("2", State.WAITING)]) == Decimal(0)


@given(exits_sent, st.sampled_from(["0.5", "3", "20"]))
def test_never_is_more_sent_for_than_what_has_not_come_to_be(sent: list[Sent], held: str) -> None:
    alive = sum((one.size for one in sent if not one.comes_to_nothing), Decimal(0))
    assert uncovered(Decimal(held), sent) <= max(Decimal(held) - alive, Decimal(0))


@pytest.mark.parametrize(
    ("kinds", "is_alone"),
    [("", False), ("O", False), ("OO", False), ("OOO", True), ("OOOS", False), ("OOOSO", True), ("S", False)],
)
def test_the_stop_goes_alone_when_ocos_are_refused_too_often_and_not_because_it_is_refused_as_well(
    kinds: str, is_alone: bool
) -> None:
    assert goes_alone(refused(kinds)) is is_alone


@pytest.mark.parametrize("reason", sorted({*Reason} - PASSING - {Reason.OTHER}))
def test_a_no_to_the_oco_itself_is_one_for_the_whole_order(reason: Reason) -> None:
    assert goes_alone(refused("O", reason))
    assert goes_alone([*refused("O", reason), an_exit("1", State.WAITING, is_oco=False)])


def test_a_no_in_unknown_words_is_believed_when_it_is_said_twice() -> None:
    assert not goes_alone(refused("O", Reason.OTHER))
    assert goes_alone(refused("OO", Reason.OTHER, Reason.OTHER))


@pytest.mark.parametrize(
    ("kinds", "pause"), [("O", 4), ("OO", 12), ("OOO", 0), ("OOOS", 108), ("OOOSOS", 900), ("S", 4), ("SSS", 36)]
)
def test_after_refusals_it_waits_longer_and_longer_but_never_with_the_stop_in_place_of_an_oco(
    kinds: str, pause: int
) -> None:
    sent = refused(kinds)
    assert may_try(sent, sent[-1].changed_at + timedelta(seconds=pause))
    assert pause == 0 or not may_try(sent, sent[-1].changed_at + timedelta(seconds=pause - 1))


def test_what_lacks_coins_is_not_tried_for_long_enough_to_sell_others() -> None:
    lacking = refused("OOOS", *[Reason.FUNDS] * 4)
    assert not given_up(lacking[:-1])
    assert given_up(lacking) == lacking[-1:]
    assert not given_up(refused("OOOSO", Reason.FUNDS, Reason.SUSPENDED, Reason.FUNDS, Reason.FUNDS, Reason.KEY))


def test_refusals_are_counted_from_the_last_exit_that_lasts() -> None:
    kinds = "O" * MOST_REFUSALS
    assert not given_up(refused(kinds[1:]))
    assert given_up(refused(kinds)) == refused(kinds)[-1:]
    placed = [*refused(kinds[1:]), an_exit("1", State.WAITING)]
    assert not given_up([*placed, *refused("O")])
    assert not goes_alone([*placed, *refused("O")])
