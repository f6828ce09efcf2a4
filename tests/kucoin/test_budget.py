import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clock import JumpClock
from tgbot.kucoin.budget import LONGEST_RESET, WINDOW, Budget, Patience
from tgbot.kucoin.operations import ACCOUNTS, CANDLES, ORDER, PLACE_ORDER, STATS, TICKER, Operation


def headers(limit: int, remaining: int, reset: int) -> dict[str, str]:
    numbers = {"limit": limit, "remaining": remaining, "reset": reset}
    return {f"gw-ratelimit-{name}": str(number) for name, number in numbers.items()}


def test_a_spent_quota_opens_again_with_the_next_window(clock: JumpClock) -> None:
    budget = Budget(clock)
    calls = 2000 // STATS.weight
    for _ in range(calls):
        assert budget.wait_for(STATS, "") == 0
        budget.spend(STATS, "")
    assert budget.wait_for(STATS, "") == WINDOW
    assert budget.wait_for(TICKER, "") == 0, "five are left, and this costs two"
    clock.advance(WINDOW)
    assert budget.wait_for(STATS, "") == 0


def test_who_can_wait_leaves_a_quarter_to_those_who_cannot(clock: JumpClock) -> None:
    budget = Budget(clock)
    while not budget.wait_for(CANDLES, "", Patience.MUCH):
        budget.spend(CANDLES, "")
    assert budget.wait_for(CANDLES, "", Patience.MUCH) == WINDOW
    left = 0
    while not budget.wait_for(TICKER, ""):
        budget.spend(TICKER, "")
        left += TICKER.weight
    assert 500 <= left < 500 + CANDLES.weight
    clock.advance(WINDOW)
    assert budget.wait_for(CANDLES, "", Patience.MUCH) == 0


def test_who_can_wait_a_little_goes_before_those_who_can_wait_long(clock: JumpClock) -> None:
    budget = Budget(clock)
    for patience, left in ((Patience.MUCH, 500), (Patience.SOME, 250)):
        while not budget.wait_for(CANDLES, "", patience):
            budget.spend(CANDLES, "")
        assert left <= budget._windows[CANDLES.pool, ""].remaining < left + CANDLES.weight


def test_one_accounts_quota_is_not_anothers_and_pools_are_apart(clock: JumpClock) -> None:
    budget = Budget(clock)
    budget.learn(PLACE_ORDER, "anna", headers(4000, 0, 7000))
    assert budget.wait_for(ORDER, "anna") == 7
    assert budget.wait_for(ORDER, "boris") == 0
    assert budget.wait_for(ACCOUNTS, "anna") == 0


def test_a_429_closes_the_pool_until_the_reset(clock: JumpClock) -> None:
    budget = Budget(clock)
    budget.throttled(ORDER, "anna", {"gw-ratelimit-reset": "9000"})
    clock.advance(8.9)
    assert budget.wait_for(ORDER, "anna") > 0
    clock.advance(0.2)
    assert budget.wait_for(ORDER, "anna") == 0


def test_a_429_with_quota_left_closes_nothing(clock: JumpClock) -> None:
    budget = Budget(clock)
    budget.throttled(ORDER, "anna", headers(4000, 3000, 9000))
    assert budget.wait_for(ORDER, "anna") == 0


def test_a_429_that_names_no_reset_closes_the_pool_to_the_end_of_the_window(clock: JumpClock) -> None:
    budget = Budget(clock)
    budget.throttled(ORDER, "anna", {})
    assert 0 < budget.wait_for(ORDER, "anna") <= WINDOW


def test_a_closed_host_lets_nothing_through(clock: JumpClock) -> None:
    budget = Budget(clock)
    budget.close_host()
    assert budget.wait_for(ORDER, "anna") == budget.wait_for(TICKER, "") == 30


@pytest.mark.parametrize("text", ["", "soon", "-1", "1.5", "²", "9" * 30])
def test_nonsense_in_a_header_does_no_lasting_harm(text: str, clock: JumpClock) -> None:
    budget = Budget(clock)
    budget.learn(ORDER, "anna", {f"gw-ratelimit-{name}": text for name in ("limit", "remaining", "reset")})
    assert budget.wait_for(ORDER, "anna") <= LONGEST_RESET


@given(st.lists(st.tuples(st.floats(0, 40), st.sampled_from([STATS, TICKER])), max_size=400))
def test_no_window_ever_holds_more_than_the_quota(steps: list[tuple[float, Operation]]) -> None:
    clock = JumpClock()
    budget = Budget(clock)
    began, spent = 0.0, 0
    for pause, operation in steps:
        clock.advance(pause / 20)
        if clock.monotonic() >= began + WINDOW:
            began, spent = clock.monotonic(), 0
        if budget.wait_for(operation, "") == 0:
            budget.spend(operation, "")
            spent += operation.weight
        assert spent <= 2000
