"""How an alert is written."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tgbot.alerts.rules.conditions import SIGNS
from tgbot.alerts.rules.crossing import Kind
from tgbot.alerts.rules.request import AlertRequest, completed, read_request
from tgbot.core.errors import UsageError
from tgbot.core.reply import T

LEVEL = (Decimal(70000),)
HALF_AN_HOUR = timedelta(minutes=30)
FALLS = read_request("5% 1h", ".").parts


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        ("", AlertRequest()),
        ("btc", AlertRequest("btc")),
        ("btc > 70000", AlertRequest("btc", Kind.ABOVE, LEVEL)),
        ("btc>70000", AlertRequest("btc", Kind.ABOVE, LEVEL)),
        ("BTC/USDT >= 70k", AlertRequest("BTC/USDT", Kind.ABOVE, LEVEL)),
        ("btc ≤70000", AlertRequest("btc", Kind.BELOW, LEVEL)),
        ("btc Cross 70000", AlertRequest("btc", Kind.CROSS, LEVEL)),
        ("btc cross 70000 every 30m", AlertRequest("btc", Kind.CROSS, LEVEL, every=HALF_AN_HOUR)),
        ("btc every 30m > 70000", AlertRequest("btc", Kind.ABOVE, LEVEL, every=HALF_AN_HOUR)),
        ("btc > 1,500", AlertRequest("btc", Kind.ABOVE, (Decimal("1.5"), Decimal(1500)))),
        ("btc 70000", AlertRequest("btc", None, LEVEL)),
        ("btc >", AlertRequest("btc", Kind.ABOVE)),
        ("> 70000", AlertRequest("", Kind.ABOVE, LEVEL)),
        ("btc +2%", AlertRequest("btc", move=Decimal("0.02"))),
        ("+2%", AlertRequest("", move=Decimal("0.02"))),
        ("btc −2.5%", AlertRequest("btc", move=Decimal("-0.025"))),
        ("btc -2,5% every 1h", AlertRequest("btc", move=Decimal("-0.025"), every=timedelta(hours=1))),
        ("btc > 70000 for 3d", AlertRequest("btc", Kind.ABOVE, LEVEL, lasts=timedelta(days=3))),
        ("btc > 70000 until 31.12.", AlertRequest("btc", Kind.ABOVE, LEVEL, until="31.12.")),
        ("btc until 31.12.2027 18:00 > 70000", AlertRequest("btc", Kind.ABOVE, LEVEL, until="31.12.2027 18:00")),
        ("btc > 70000 until 2027-12-31", AlertRequest("btc", Kind.ABOVE, LEVEL, until="2027-12-31")),
        ("btc > 70000 until 18:00", AlertRequest("btc", Kind.ABOVE, LEVEL, until="18:00")),
        ("btc > 70000 until 18:00 for 1h", AlertRequest("btc", Kind.ABOVE, LEVEL, lasts=timedelta(hours=1))),
        ('btc > 70000 note "sell  the rest"', AlertRequest("btc", Kind.ABOVE, LEVEL, note="sell the rest")),
        ("btc > 70000 note sell every coin", AlertRequest("btc", Kind.ABOVE, LEVEL, note="sell every coin")),
        ('btc note "wow" > 70000', AlertRequest("btc", Kind.ABOVE, LEVEL, note="wow")),
        ("btc note «ага» > 70000", AlertRequest("btc", Kind.ABOVE, LEVEL, note="ага")),
        ("btc note “hm” > 70000", AlertRequest("btc", Kind.ABOVE, LEVEL, note="hm")),
        ("btc > 70000 note «so “high”»", AlertRequest("btc", Kind.ABOVE, LEVEL, note="so 'high'")),
    ],
)
def test_reads(text: str, request_: AlertRequest) -> None:
    assert read_request(text, ".") == request_


def test_the_own_decimal_sign_is_never_ambiguous() -> None:
    assert read_request("btc > 1,500", ",").levels == (Decimal("1.5"),)
    assert read_request("btc > 1.500", ",").levels == (Decimal("1.5"), Decimal(1500))


@pytest.mark.parametrize(
    ("text", "key", "word"),
    [
        ("btc x 1h < 30", "alerts.unknown_word", "x"),
        ("btc > x", "alerts.unknown_word", "x"),
        ("btc > 1e9", "alerts.unknown_word", "1e9"),
        ("btc > 5 < 3", "alerts.one_condition", "<"),
        ("btc > 5 7", "alerts.unknown_word", "7"),
        ("btc > 0", "alerts.bad_level", "0"),
        ("btc -100%", "alerts.bad_level", "-100%"),
        ("btc +1,500%", "alerts.bad_level", "+1,500%"),
        ("btc > 5 every", "alerts.bad_period", "every"),
        ("btc > 5 every second", "alerts.bad_period", "second"),
        ("btc > 5 every 5w", "alerts.bad_period", "5w"),
        ("btc > 5 for", "alerts.bad_end", "for"),
        ("btc > 5 for 53w", "alerts.bad_end", "53w"),
        ("btc > 5 until", "alerts.bad_end", "until"),
        ("btc > 5 until tomorrow", "alerts.bad_end", "tomorrow"),
    ],
)
def test_says_which_word_it_cannot_read(text: str, key: str, word: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_request(text, ".")
    assert caught.value.text.key == key
    assert caught.value.text.values["word"] == word


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("btc funding > 0.05%", "funding"),
        ("liq 10%", "liq"),
    ],
)
def test_what_is_still_to_come_is_called_by_its_name(text: str, word: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_request(text, ".")
    assert caught.value.text == T.of("alerts.not_yet", word=word)


@pytest.mark.parametrize(
    ("draft", "text", "request_"),
    [
        (
            AlertRequest("BTC-USDT", every=HALF_AN_HOUR),
            "> 70000",
            AlertRequest("BTC-USDT", Kind.ABOVE, LEVEL, every=HALF_AN_HOUR),
        ),
        (
            AlertRequest("BTC-USDT", Kind.BELOW, note="dip"),
            "70000",
            AlertRequest("BTC-USDT", Kind.BELOW, LEVEL, note="dip"),
        ),
        (AlertRequest("BTC-USDT", None, LEVEL), "cross", AlertRequest("BTC-USDT", Kind.CROSS, LEVEL)),
        (AlertRequest("", Kind.ABOVE, LEVEL), "btc", AlertRequest("btc", Kind.ABOVE, LEVEL)),
        (AlertRequest(), "btc < 70000 every 30m", AlertRequest("btc", Kind.BELOW, LEVEL, every=HALF_AN_HOUR)),
        (AlertRequest("BTC-USDT"), "+2%", AlertRequest("BTC-USDT", move=Decimal("0.02"))),
        (AlertRequest("BTC-USDT", Kind.ABOVE), "+2%", AlertRequest("BTC-USDT", move=Decimal("0.02"))),
        (AlertRequest("", move=Decimal("0.02")), "btc", AlertRequest("btc", move=Decimal("0.02"))),
        (AlertRequest("", move=Decimal("0.02")), "btc > 70000", AlertRequest("btc", Kind.ABOVE, LEVEL)),
        (AlertRequest("", parts=FALLS), "btc every 30m", AlertRequest("btc", parts=FALLS, every=HALF_AN_HOUR)),
        (AlertRequest("", parts=FALLS), "btc > 70000", AlertRequest("btc", Kind.ABOVE, LEVEL)),
    ],
)
def test_a_draft_is_completed_by_what_is_typed_next(draft: AlertRequest, text: str, request_: AlertRequest) -> None:
    assert completed(draft, text, ".") == request_


def test_a_note_has_an_end() -> None:
    assert len(read_request(f"btc > 5 note {'x' * 200}", ".").note) == 200
    with pytest.raises(UsageError):
        read_request(f"btc > 5 note {'x' * 201}", ".")


@pytest.mark.parametrize("text", ["btc > 1,500", "btc 1,500k every 30m", "< 20,000m", "btc cross 123,456"])
def test_a_number_with_two_readings_keeps_both(text: str) -> None:
    request_ = read_request(text, ".")
    assert len(request_.levels) == 2
    assert read_request(request_.written(), ".") == request_


numbers = st.decimals(Decimal("0.00000001"), 10**9, places=8).filter(bool)
notes = st.text(st.characters(blacklist_categories=["Cs", "Cc", "Z"], blacklist_characters='"“”„'), max_size=50)
requests = st.builds(
    AlertRequest,
    pair=st.sampled_from(["BTC-USDT", "eth"]),
    kind=st.sampled_from(list(SIGNS)),
    levels=st.tuples(numbers),
    every=st.none() | st.integers(1, 43_200).map(lambda minutes: timedelta(minutes=minutes)),
    note=notes,
) | st.builds(AlertRequest, pair=st.just("BTC-USDT"), move=st.decimals(Decimal("-0.99"), 9, places=4).filter(bool))


@given(requests)
def test_reads_back_what_is_written(request_: AlertRequest) -> None:
    assert read_request(request_.written(), ".") == request_


@given(st.text(max_size=80) | st.from_regex(r"btc[<> +\-,.0-9%kmhd]*( every| note| cross)?", fullmatch=True))
def test_any_text_is_read_or_refused_by_name(text: str) -> None:
    try:
        request_ = read_request(text, ".")
    except UsageError:
        return
    assert len(request_.levels) <= 2
    assert all(level > 0 for level in request_.levels)
