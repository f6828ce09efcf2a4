from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tgbot.core.notices import Kind, Level, Quiet, Recipient
from tgbot.delivery.verdicts import KeepUntil, Verdict, judge, quiet_until

BERLIN = Recipient("en", "Europe/Berlin", quiet=Quiet(time(22), time(7)))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-11-22 20:59", None),
        ("2026-11-22 21:00", "2026-11-23 06:00"),
        ("2026-11-23 05:59", "2026-11-23 06:00"),
        ("2026-11-23 06:00", None),
        ("2026-10-24 20:30", "2026-10-25 06:00"),  # the night is an hour longer
        ("2026-03-28 21:30", "2026-03-29 05:00"),  # and shorter
    ],
)
def test_quiet_hours_follow_the_clock_on_the_reader_s_wall(now: str, until: str | None) -> None:
    assert quiet_until(BERLIN, at(now)) == (until and at(until))


@given(
    st.timedeltas(timedelta(0), timedelta(days=3_000)).map(lambda age: at("2020-01-01 00:00") + age),
    st.times(),
    st.times(),
)
def test_quiet_hours_end_within_a_day_and_are_over_then(now: datetime, begins: time, ends: time) -> None:
    recipient = Recipient("en", "UTC", quiet=Quiet(begins, ends))
    until = quiet_until(recipient, now)
    if until is not None:
        assert now < until <= now + timedelta(days=1)
        assert quiet_until(recipient, until) is None


def test_only_what_is_urgent_or_was_asked_for_comes_in_quiet_hours() -> None:
    night = at("2026-11-22 23:00")
    verdicts = {kind: judge(kind, BERLIN, night) for kind in (None, *Kind)}
    kept = KeepUntil(at("2026-11-23 06:00"))
    assert verdicts == {
        None: Verdict.SEND,
        Kind.FILL: Verdict.SEND,
        Kind.ACCOUNT: Verdict.SEND,
        Kind.ALERT: kept,
        Kind.WATCH: kept,
    }


def test_what_is_off_is_left_out_also_by_night() -> None:
    deaf = Recipient("en", "UTC", dict.fromkeys(Kind, Level.OFF), Quiet(time(0), time(23)))
    assert {judge(kind, deaf, at("2026-11-22 12:00")) for kind in Kind} == {Verdict.LEAVE_OUT}
    assert judge(None, deaf, at("2026-11-22 12:00")) is Verdict.SEND
