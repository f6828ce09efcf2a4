from bisect import bisect_right

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tgbot.delivery.limiter import Limiter

PERSON, OTHER, GROUP = 7, 8, -1001
CHATS = (PERSON, OTHER, GROUP)


def send_all_that_may_go(limiter: Limiter, now: float, wanted: list[int]) -> list[tuple[float, int]]:
    """As the sender does: as many as there is room for, one per chat that need not wait."""
    sent = []
    for chat_id in wanted:
        if limiter.room(now) > 0 and chat_id not in limiter.waiting_chats(now):
            limiter.take(chat_id, now)
            sent.append((now, chat_id))
    return sent


def most_within(times: list[float], window: float) -> int:
    return max((bisect_right(times, at + window - 1e-6) - index for index, at in enumerate(times)), default=0)


@given(
    st.lists(
        st.tuples(st.floats(0, 5, allow_subnormal=False), st.lists(st.sampled_from(CHATS), max_size=12)), max_size=80
    )
)
def test_no_limit_is_exceeded_in_any_window(wishes: list[tuple[float, list[int]]]) -> None:
    limiter, now, sent = Limiter(), 1000.0, list[tuple[float, int]]()
    for pause, wanted in wishes:
        now += pause
        sent += send_all_that_may_go(limiter, now, wanted)
    to_group = [at for at, chat_id in sent if chat_id == GROUP]
    assert most_within([at for at, _ in sent], 1) <= 30
    assert most_within(to_group, 60) <= 20
    for chat_id in CHATS:
        to_chat = [at for at, to in sent if to == chat_id]
        assert most_within(to_chat, 1) <= 3
        assert most_within(to_chat, 60) <= 63


def test_the_whole_rate_is_used() -> None:
    limiter, now, sent = Limiter(), 0.0, 0
    while now < 60:
        sent += len(send_all_that_may_go(limiter, now, list(range(1, 4000))[sent : sent + 5]))
        now += limiter.next_change(now) or 0.001
    assert 28 * 60 - 5 <= sent <= 28 * 60 + 5


@pytest.mark.parametrize(("chat_id", "least", "most"), [(PERSON, 59, 63), (GROUP, 15, 20)])
def test_a_chat_gets_close_to_what_it_may(chat_id: int, least: int, most: int) -> None:
    limiter, now, times = Limiter(), 0.0, list[float]()
    while now < 600:
        times += [at for at, _ in send_all_that_may_go(limiter, now, [chat_id])]
        now += limiter.next_change(now) or 0.001
    assert most_within(times, 60) <= most
    assert len(times) >= 10 * least


def test_a_chat_has_a_small_burst_and_then_a_message_a_second() -> None:
    limiter = Limiter()
    for now in (0.0, 0.1, 0.2):
        assert send_all_that_may_go(limiter, now, [PERSON])
    assert limiter.waiting_chats(0.3) == {PERSON}
    assert send_all_that_may_go(limiter, 0.3, [PERSON, OTHER]) == [(0.3, OTHER)]
    assert send_all_that_may_go(limiter, 1.01, [PERSON])


def test_the_longest_hold_counts() -> None:
    limiter = Limiter()
    limiter.hold_all(35.0)
    limiter.hold_all(5.0)
    limiter.hold_chat(PERSON, 60.0)
    limiter.hold_chat(PERSON, 40.0)
    assert limiter.room(34.9) == 0
    assert limiter.next_change(10.0) == 25.0
    assert limiter.room(35.0) > 0
    assert limiter.waiting_chats(59.9) == {PERSON}
    assert limiter.waiting_chats(60.0) == set()


def test_a_chat_written_to_a_lot_is_busy() -> None:
    limiter = Limiter()
    limiter.take(PERSON, 0.0)
    assert not limiter.is_busy(PERSON, 0.0)
    limiter.take(PERSON, 0.1)
    assert limiter.is_busy(PERSON, 0.2)
    assert not limiter.is_busy(PERSON, 5.0)


def test_chats_at_rest_take_no_memory() -> None:
    limiter = Limiter()
    for chat_id in range(1, 100):
        limiter.take(chat_id, 0.0)
    limiter.waiting_chats(100.0)
    assert limiter.next_change(100.0) is None
    assert limiter._chats == {}
