"""How conditions that are more than one price are written."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tgbot.alerts.rules.conditions import Averages, Beyond, Move, Part, Rsi, Volume, parts_of, write_parts
from tgbot.alerts.rules.crossing import Kind
from tgbot.alerts.rules.request import AlertRequest, read_request
from tgbot.core.errors import UsageError
from tgbot.core.market import Interval

HOUR = Interval.HOUR_1
LOW_RSI = Rsi(HOUR, Kind.BELOW, Decimal(30))
FIVE = Move(Decimal("0.05"), timedelta(hours=1))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("btc 5% 1h", (FIVE,)),
        ("btc 2.5% 15m", (Move(Decimal("0.025"), timedelta(minutes=15)),)),
        ("btc rsi 1h < 30", (LOW_RSI,)),
        ("btc RSI h1<30", (LOW_RSI,)),
        ("btc rsi 4h ≥ 70", (Rsi(Interval.HOUR_4, Kind.ABOVE, Decimal(70)),)),
        ("btc ma 50/200 1h", (Averages(50, 200, HOUR),)),
        ("btc volume 3x 1h", (Volume(Decimal(3), HOUR),)),
        ("btc volume 2,5x 1d", (Volume(Decimal("2.5"), Interval.DAY_1),)),
        ("btc > 70000 and rsi 1h < 30", (Beyond(Kind.ABOVE, Decimal(70_000)), LOW_RSI)),
        ("btc rsi 1h < 30 and < 70k", (LOW_RSI, Beyond(Kind.BELOW, Decimal(70_000)))),
        ("btc > 60000 and < 61000", (Beyond(Kind.ABOVE, Decimal(60_000)), Beyond(Kind.BELOW, Decimal(61_000)))),
        ("btc 5% 1h AND volume 3x 1h", (FIVE, Volume(Decimal(3), HOUR))),
    ],
)
def test_reads(text: str, parts: tuple[Part, ...]) -> None:
    assert read_request(text, ".") == AlertRequest("btc", parts=parts)


def test_options_go_with_it() -> None:
    request = read_request('btc rsi 1h < 30 every 1h for 3d note "dip"', ".")
    assert request == AlertRequest(
        "btc", parts=(LOW_RSI,), every=timedelta(hours=1), lasts=timedelta(days=3), note="dip"
    )
    assert read_request(request.written(), ".") == request


@pytest.mark.parametrize(
    ("text", "key", "word"),
    [
        ("btc 5%", "alerts.how_move", "5%"),
        ("btc 5% 2d", "alerts.how_move", "5% 2d"),
        ("btc 0% 1h", "alerts.how_move", "0% 1h"),
        ("btc 100% 1h", "alerts.how_move", "100% 1h"),
        ("btc 1,500% 1h", "alerts.how_move", "1,500% 1h"),
        ("btc rsi", "alerts.how_rsi", "rsi"),
        ("btc rsi 1h cross 30", "alerts.how_rsi", "rsi 1h cross 30"),
        ("btc rsi 1h < 100", "alerts.how_rsi", "rsi 1h < 100"),
        ("btc rsi 7h < 30", "alerts.how_rsi", "rsi 7h < 30"),
        ("btc ma 200/50 1h", "alerts.how_ma", "ma 200/50 1h"),
        ("btc ma 50 1h", "alerts.how_ma", "ma 50 1h"),
        ("btc ma 50/500 1h", "alerts.how_ma", "ma 50/500 1h"),
        ("btc volume 1x 1h", "alerts.how_volume", "volume 1x 1h"),
        ("btc volume lots", "alerts.how_volume", "volume lots"),
        ("btc > 5 rsi 1h < 30", "alerts.one_condition", "rsi"),
        ("btc rsi 1h < 30 > 5", "alerts.one_condition", ">"),
        ("btc rsi 1h < 30 and", "alerts.join_what", "and"),
        ("btc and > 5", "alerts.join_what", "and"),
        ("btc cross 5 and rsi 1h < 30", "alerts.join_what", "and"),
        ("btc rsi 1h < 30 and cross 5", "alerts.join_what", "cross 5"),
        ("btc rsi 1h < 30 and > 1,500", "alerts.join_what", "> 1,500"),
        ("btc +2% and rsi 1h < 30", "alerts.join_what", "and"),
        ("btc rsi 1h < 30 and rsi 1h < 30", "alerts.join_what", "rsi 1h < 30"),
        ("btc > 5 and > 6 and > 7", "alerts.join_what", "and"),
    ],
)
def test_says_what_it_cannot_read(text: str, key: str, word: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_request(text, ".")
    assert caught.value.text.key == key
    assert caught.value.text.values["word"] == word


kinds = st.sampled_from([Kind.ABOVE, Kind.BELOW])
intervals = st.sampled_from(Interval)
levels = st.decimals("0.0001", "99", places=4)
parts = st.one_of(
    st.builds(Beyond, kinds, levels),
    st.builds(Move, levels.map(lambda level: level / 100), st.integers(1, 1440).map(lambda n: timedelta(minutes=n))),
    st.builds(Rsi, intervals, kinds, levels),
    st.builds(
        lambda fast, more, interval: Averages(fast, fast + more, interval), *[st.integers(1, 200)] * 2, intervals
    ),
    st.builds(Volume, levels.map(lambda level: level + 1), intervals),
)


@given(st.lists(parts, min_size=1, max_size=2, unique=True).map(tuple))
def test_what_the_table_keeps_means_the_same(parts: tuple[Part, ...]) -> None:
    written = write_parts(parts)
    assert parts_of(written) == parts
    assert len(written) <= 120
    if len(parts) > 1 or not isinstance(parts[0], Beyond):
        assert read_request(f"btc {written}", ".") == AlertRequest("btc", parts=parts)
