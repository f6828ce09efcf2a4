from bisect import bisect_right

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tgbot.delivery.limiter import EVERYWHERE, Limiter

PERSON, OTHER, GROUP = 7, 8, -1001
CHATS = (PERSON, OTHER, GROUP)


def send_all_that_may_go(
    limiter: Limiter, now: float, wanted: list[int], *, is_urgent: bool = False
) -> list[tuple[float, int]]:
    """As the sender does: as many as there is room for, one per chat that need not wait."""
    sent = []
    for chat_id in wanted:
        is_waiting = chat_id in limiter.waiting_chats(now, is_urgent=is_urgent)
        if limiter.room(now, is_urgent=is_urgent) > 0 and not is_waiting:
            limiter.take(chat_id, now)
            sent.append((now, chat_id))
    return sent


def most_within(times: list[float], window: float) -> int:
    return max((bisect_right(times, at + window - 1e-6) - index for index, at in enumerate(times)), default=0)


def sent_within(seconds: float, late: float, *, is_urgent: bool = False) -> int:
    """To ever new chats, by a sender who always comes so many seconds late."""
    limiter, now, sent = Limiter(), 0.0, 0
    while now < seconds:
        sent += len(send_all_that_may_go(limiter, now, list(range(sent + 1, sent + 4)), is_urgent=is_urgent))
        now += (limiter.next_change(now) or 0.001) + late
    return sent


@given(
    st.lists(
        st.tuples(st.floats(0, 5, allow_subnormal=False), st.lists(st.sampled_from(CHATS), max_size=12), st.booleans()),
        max_size=80,
    )
)
def test_no_limit_is_exceeded_in_any_window(wishes: list[tuple[float, list[int], bool]]) -> None:
    limiter, now, sent = Limiter(), 1000.0, list[tuple[float, int]]()
    for pause, wanted, is_urgent in wishes:
        now += pause
        sent += send_all_that_may_go(limiter, now, wanted, is_urgent=is_urgent)
    to_group = [at for at, chat_id in sent if chat_id == GROUP]
    assert most_within([at for at, _ in sent], 1.04) <= 30
    assert most_within(to_group, 61) <= 20
    for chat_id in CHATS:
        to_chat = [at for at, to in sent if to == chat_id]
        assert most_within(to_chat, 5.2) <= 5


@pytest.mark.parametrize("late", [0.0, 0.02])
@pytest.mark.parametrize("is_urgent", [False, True])
def test_the_whole_rate_is_used_also_by_one_who_is_always_late(late: float, is_urgent: bool) -> None:
    assert 0.98 * 28 * 20 <= sent_within(20, late, is_urgent=is_urgent) <= 28 * 20 + 5


@pytest.mark.parametrize(
    ("chat_id", "is_urgent", "a_minute"), [(PERSON, True, 57), (PERSON, False, 46), (GROUP, True, 19)]
)
def test_a_chat_gets_close_to_what_it_may(chat_id: int, is_urgent: bool, a_minute: int) -> None:
    limiter, now, times = Limiter(), 0.0, list[float]()
    while now < 600:
        times += [at for at, _ in send_all_that_may_go(limiter, now, [chat_id], is_urgent=is_urgent)]
        now += limiter.next_change(now) or 0.001
    assert len(times) >= 10 * a_minute


def test_what_is_urgent_finds_room_behind_a_flood_of_the_rest() -> None:
    limiter, now = Limiter(), 0.0
    for chat_id in range(1, 200):
        now += limiter.next_change(now) or 0.0
        while send_all_that_may_go(limiter, now, [chat_id]):
            pass
        assert limiter.room(now, is_urgent=True) == 1


def test_a_flooded_chat_has_room_for_what_is_urgent() -> None:
    limiter = Limiter()
    sent = [at / 2 for at in range(8) if send_all_that_may_go(limiter, at / 2, [PERSON])]
    assert len(sent) == 4
    assert limiter.waiting_chats(4.0, is_urgent=False) == {PERSON}
    assert limiter.waiting_chats(4.0, is_urgent=True) == set()


def test_the_longest_hold_counts() -> None:
    limiter = Limiter()
    limiter.hold(EVERYWHERE, 35.0)
    limiter.hold(EVERYWHERE, 5.0)
    limiter.hold(PERSON, 60.0)
    limiter.hold(PERSON, 40.0)
    assert limiter.room(34.9, is_urgent=True) == 0
    assert limiter.next_change(10.0) == 25.0
    assert limiter.room(35.0, is_urgent=False) > 0
    assert limiter.waiting_chats(59.9, is_urgent=True) == {PERSON}
    assert limiter.waiting_chats(60.0, is_urgent=True) == set()


def test_a_complaint_slows_us_down_once_and_the_pace_comes_back() -> None:
    limiter = Limiter()

    def a_second(at: float) -> int:
        chats = iter(range(1, 10_000))
        sent, now = 0, at
        while now < at + 10:
            sent += len(send_all_that_may_go(limiter, now, [next(chats)]))
            now += limiter.next_change(now) or 0.001
        return sent // 10

    limiter.slow_down(0.0)
    limiter.hold(EVERYWHERE, 3.0)
    limiter.slow_down(0.1)  # what left before we knew
    assert 20 <= a_second(3.0) <= 23
    assert 27 <= a_second(120.0) <= 28


def test_a_chat_written_to_a_lot_is_busy() -> None:
    limiter = Limiter()
    limiter.take(PERSON, 0.0)
    assert not limiter.is_busy(PERSON, 0.0)
    limiter.take(PERSON, 0.1)
    assert limiter.is_busy(PERSON, 0.2)
    assert not limiter.is_busy(PERSON, 6.0)


def test_chats_written_to_lately_are_known() -> None:
    limiter = Limiter()
    limiter.take(PERSON, 0.0)
    limiter.take(GROUP, 4.0)
    assert limiter.recent_chats(5.0) == {PERSON, GROUP}
    assert limiter.recent_chats(6.0) == {GROUP}


def test_chats_at_rest_take_no_memory() -> None:
    limiter = Limiter()
    for chat_id in range(1, 100):
        limiter.take(chat_id, 0.0)
    limiter.waiting_chats(100.0, is_urgent=True)
    assert limiter.next_change(100.0) is None
    assert limiter._sent.keys() == {EVERYWHERE}
