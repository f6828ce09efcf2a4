"""Until when an alert lasts, in the time zone of whoever writes it."""

from datetime import UTC, datetime

import pytest

from tgbot.alerts.rules.endings import end_of

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)  # 13:00 in Berlin, 07:00 in New York


@pytest.mark.parametrize(
    ("text", "zone", "end"),
    [
        ("31.12.", "UTC", datetime(2026, 12, 31, 23, 59, tzinfo=UTC)),
        ("31.12", "UTC", datetime(2026, 12, 31, 23, 59, tzinfo=UTC)),
        ("1.2.", "UTC", datetime(2027, 2, 1, 23, 59, tzinfo=UTC)),
        ("22.11.", "UTC", datetime(2026, 11, 22, 23, 59, tzinfo=UTC)),
        ("21.11.", "UTC", datetime(2027, 11, 21, 23, 59, tzinfo=UTC)),
        ("29.2.", "UTC", datetime(2028, 2, 29, 23, 59, tzinfo=UTC)),
        ("31.12.2027", "UTC", datetime(2027, 12, 31, 23, 59, tzinfo=UTC)),
        ("2027-12-31 18:00", "UTC", datetime(2027, 12, 31, 18, 0, tzinfo=UTC)),
        ("31.12.", "Europe/Berlin", datetime(2026, 12, 31, 22, 59, tzinfo=UTC)),
        ("1.7. 18:00", "Europe/Berlin", datetime(2027, 7, 1, 16, 0, tzinfo=UTC)),
        ("13:30", "Europe/Berlin", datetime(2026, 11, 22, 12, 30, tzinfo=UTC)),
        ("12:30", "Europe/Berlin", datetime(2026, 11, 23, 11, 30, tzinfo=UTC)),
        ("07:01", "America/New_York", datetime(2026, 11, 22, 12, 1, tzinfo=UTC)),
    ],
)
def test_means_the_next_such_moment(text: str, zone: str, end: datetime) -> None:
    assert end_of(text, NOW, zone) == end


@pytest.mark.parametrize("text", ["31.13.", "30.2.", "12.31", "31.12.2025", "2026-02-30", "25:00", "31.12. 18:60", "x"])
def test_what_is_past_or_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - datetime has messages of its own
        end_of(text, NOW, "UTC")


def test_the_last_evening_of_the_calendar_is_refused_where_it_ends_after_it() -> None:
    assert end_of("31.12.9999", NOW, "Europe/Berlin").year == 9999
    with pytest.raises(ValueError):  # noqa: PT011 - as above
        end_of("31.12.9999", NOW, "America/New_York")
