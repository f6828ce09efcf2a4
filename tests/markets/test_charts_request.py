"""What people write behind `/chart`."""

import pytest

from tgbot.core.market import Interval
from tgbot.markets.charts.chart import Theme
from tgbot.markets.charts.request import ChartRequest, NotAnInterval, parse_request, print_interval, read_interval


@pytest.mark.parametrize(
    ("interval", "spellings"),
    [
        (Interval.MINUTE_1, "1m 1min 1MIN m minute 1 M1 1м 1мин"),
        (Interval.MINUTE_5, "5m 5min 5 m5 5м 5минут"),
        (Interval.MINUTE_15, "15m 15min 15mins 15 M15 15м"),
        (Interval.MINUTE_30, "30m 30minutes 30"),
        (Interval.HOUR_1, "1h 1H h 1hour hour hourly 60m 60 h1 1ч час"),
        (Interval.HOUR_4, "4h 4hours 4hrs h4 240 240m 4ч 4часа"),
        (Interval.DAY_1, "1d d D1 day daily 24h 1440 1д день"),
        (Interval.WEEK_1, "1w w W week weekly 7d 168h неделя"),
    ],
)
def test_intervals_are_read_as_people_write_them(interval: Interval, spellings: str) -> None:
    assert {read_interval(spelling) for spelling in spellings.split()} == {interval}
    assert read_interval(f" {print_interval(interval)[:-1]} {print_interval(interval)[-1]} ") is interval


@pytest.mark.parametrize(
    "text", ["", "2h", "0", "00h", "3d", "1mo", "99999m", "-1h", "1.5h", "h1h", "1h1", "१h", "eth"]
)
def test_other_lengths_are_no_intervals(text: str) -> None:
    with pytest.raises(NotAnInterval):
        read_interval(text)


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        ("", ChartRequest()),
        ("btc", ChartRequest("btc")),
        ("btc 4h", ChartRequest("btc", "4h")),
        ("btc 15 min light", ChartRequest("btc", "15 min", Theme.LIGHT)),
        ("BTC-USDT Light 1d", ChartRequest("BTC-USDT", "1d", Theme.LIGHT)),
        ("1h btc", ChartRequest("btc", "1h")),
        ("1h", ChartRequest("", "1h")),
        ("w", ChartRequest("w")),
        ("w w", ChartRequest("w", "w")),
        ("1inch 1h dark", ChartRequest("1inch", "1h")),
        ("light 1h", ChartRequest("light", "1h")),
        ("btc eth", ChartRequest("btc", "eth")),
    ],
)
def test_pair_interval_and_theme_are_told_apart(text: str, request_: ChartRequest) -> None:
    assert parse_request(text) == request_
