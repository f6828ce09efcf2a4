from datetime import timedelta

import pytest

from tests.clock import START, JumpClock
from tgbot.kucoin.server_clock import ServerClock


def test_until_it_is_known_it_is_ours(clock: JumpClock) -> None:
    server = ServerClock(clock)
    assert server.now() == clock.now()
    assert not server.is_known


def test_the_shortest_round_trip_is_believed(clock: JumpClock) -> None:
    server = ServerClock(clock)
    clock.advance(2)
    server.learn(START + timedelta(seconds=31), asked=0.0, answered=2.0)
    server.learn(START + timedelta(seconds=32), asked=1.9, answered=2.0)
    server.learn(START + timedelta(seconds=99), asked=0.5, answered=2.0)
    assert server.now() == START + timedelta(seconds=32.05)


def test_a_wall_clock_that_jumps_back_does_not_move_it(clock: JumpClock) -> None:
    server = ServerClock(clock)
    server.learn(START + timedelta(seconds=30), asked=0.0, answered=0.0)
    clock._start -= timedelta(hours=1)
    clock.advance(5)
    assert server.now() == START + timedelta(seconds=35)


@pytest.mark.parametrize("apart", [timedelta(hours=4), timedelta(seconds=3), -timedelta(hours=1)])
def test_when_wall_and_monotonic_clock_have_come_apart_it_is_not_known(clock: JumpClock, apart: timedelta) -> None:
    server = ServerClock(clock)
    server.learn(START, asked=0.0, answered=0.0)
    clock.suspend(apart)
    assert not server.is_known
    server.learn(clock.now(), asked=clock.monotonic() - 9, answered=clock.monotonic())
    assert server.is_known


def test_a_wall_clock_that_is_nudged_changes_nothing(clock: JumpClock) -> None:
    server = ServerClock(clock)
    server.learn(START, asked=0.0, answered=0.0)
    clock.suspend(timedelta(seconds=1))
    assert server.is_known


def test_it_is_measured_again_after_ten_minutes_and_when_forgotten(clock: JumpClock) -> None:
    server = ServerClock(clock)
    server.learn(START, asked=0.0, answered=0.0)
    known: list[bool] = []
    for seconds in (599, 2):
        clock.advance(seconds)
        known.append(server.is_known)
    server.learn(START, asked=clock.monotonic() - 9, answered=clock.monotonic())
    known.append(server.is_known)
    server.forget()
    known.append(server.is_known)
    assert known == [True, False, True, False]
