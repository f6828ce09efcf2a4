"""How a watch is written, and at which prices it speaks up."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tgbot.alerts.rules.crossing import Bounds
from tgbot.alerts.rules.watching import (
    LEAST_MOVE,
    LONGEST_DATA,
    MOST_MOVE,
    Watch,
    WatchRequest,
    as_percent,
    move_bounds,
    read_watch,
    watch_data,
)
from tgbot.core.errors import UsageError
from tgbot.core.numbers import DecimalSign

moves = st.decimals(LEAST_MOVE, MOST_MOVE, places=6)


@pytest.mark.parametrize(
    ("text", "sign", "pairs", "move"),
    [
        ("", ".", (), None),
        ("btc", ".", ("btc",), None),
        ("btc ETH-USDT 2%", ".", ("btc", "ETH-USDT"), "0.02"),
        ("2% btc", ".", ("btc",), "0.02"),
        ("btc 2 %", ".", ("btc",), "0.02"),
        ("btc 0.1%", ".", ("btc",), "0.001"),
        ("btc 100%", ".", ("btc",), "1"),
        ("btc 1,5%", ",", ("btc",), "0.015"),
        ("btc 1.5%", ",", ("btc",), "0.015"),
        ("btc 1,5%", ".", ("btc",), "0.015"),
        ("btc 1,500%", ",", ("btc",), "0.015"),
        ("5%", ".", (), "0.05"),
        ("4", ".", ("4",), None),
    ],
)
def test_pairs_and_a_per_cent_are_read(text: str, sign: DecimalSign, pairs: tuple[str, ...], move: str | None) -> None:
    assert read_watch(text, sign) == WatchRequest(pairs, None if move is None else Decimal(move))


@pytest.mark.parametrize(
    "word",
    ["0%", "-2%", "+2%", "100.01%", "101%", "2k%", "0.09%", "%", "two%", "2%%", "NaN%", "Infinity%", "1e1%", "٢%"],
)
def test_a_per_cent_that_cannot_be_meant_is_refused_and_named(word: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_watch(f"btc {word}", ".")
    assert refused.value.text.key == "watches.bad_move"
    assert refused.value.text.values["word"] == word


def test_a_per_cent_with_two_readings_is_not_guessed() -> None:
    with pytest.raises(UsageError) as unclear:
        read_watch("btc eth 1,500%", ".")
    assert unclear.value.text.key == "watches.two_readings"
    # The other reading, 1500 %, is more than any price moves.
    assert [button.data for row in unclear.value.buttons for button in row] == ["watch:btc eth 1.5%"]


def test_a_number_without_a_unit_is_asked_about() -> None:
    with pytest.raises(UsageError) as unclear:
        read_watch("btc 2,5", ",")
    assert unclear.value.text.key == "watches.which_unit"
    assert [button.data for row in unclear.value.buttons for button in row] == ["watch:btc 2.5%"]


def test_two_per_cents_are_one_too_many() -> None:
    with pytest.raises(UsageError) as refused:
        read_watch("btc 2% eth 3%", ".")
    assert refused.value.text.key == "watches.two_moves"


@given(st.lists(st.sampled_from(["btc", "ETH-USDT", "kcs/btc"]), min_size=1), st.none() | moves)
def test_what_is_written_is_read_again(pairs: list[str], move: Decimal | None) -> None:
    request = WatchRequest(tuple(pairs), move)
    assert read_watch(request.written(), ".") == request


def test_a_button_that_would_be_too_long_is_none() -> None:
    assert watch_data(WatchRequest(("BTC-USDT",), Decimal("0.02"))) == "watch:BTC-USDT 2%"
    fits = WatchRequest(("x" * (LONGEST_DATA - len("watch:")),))
    assert watch_data(fits) == f"watch:{fits.pairs[0]}"
    assert not watch_data(WatchRequest((f"{fits.pairs[0]}x",)))


@pytest.mark.parametrize(("move", "value", "places"), [("0.02", "2", 0), ("0.0150", "1.5", 1), ("0.00125", "0.125", 3)])
def test_a_move_is_shown_with_the_digits_it_was_written_with(move: str, value: str, places: int) -> None:
    shown = as_percent(Decimal(move))
    assert (shown.value, shown.places) == (Decimal(value), places)


@given(st.decimals("0.00000001", "10000000", places=8), moves)
def test_it_speaks_up_exactly_where_the_price_has_moved_so_far(reference: Decimal, move: Decimal) -> None:
    low, high = move_bounds(Watch(1, 1, "BTC-USDT", move, reference))
    assert low is not None
    assert high is not None
    assert abs(low - reference) == abs(high - reference) == reference * move
    assert low < reference < high


def test_without_a_per_cent_it_never_speaks_up() -> None:
    assert move_bounds(Watch(1, 1, "BTC-USDT", None, Decimal(5))) == Bounds(None, None)
