"""Finding the pair that a person means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.markets.exchange import SYMBOLS, rule_of
from tgbot.markets.rules import Directory, distance

DIRECTORY = Directory(rule_of(symbol) for symbol in SYMBOLS)


@pytest.mark.parametrize(
    "text", ["btc", "BTC", "BTC-USDT", "btcusdt", "BTC/USDT", "btc_usdt", "Btc-Usdt", "btc–usdt", "btc−usdt", " btc "]
)
def test_every_way_to_write_a_pair_finds_it(text: str) -> None:
    rule = DIRECTORY.find(text, "USDT")
    assert rule is not None
    assert rule.symbol == "BTC-USDT"


def test_a_bare_coin_means_the_pair_with_the_default_quote() -> None:
    assert DIRECTORY.find("eth", "BTC") == rule_of("ETH-BTC")
    assert DIRECTORY.find("eth", "USDT") == rule_of("ETH-USDT")
    assert DIRECTORY.find("sol", "USDT") is None


def test_letters_of_two_pairs_mean_neither() -> None:
    directory = Directory([rule_of("AB-CUSDT"), rule_of("ABC-USDT")])
    assert directory.find("abcusdt", "USDT") is None
    assert directory.nearest("abcusdt", "USDT") == ("AB-CUSDT", "ABC-USDT")


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("bct", ("BTC-USDT", "BCH-USDT")),
        ("btcc", ("BTC-USDT",)),
        ("btc-usdr", ("BTC-USDT",)),
        ("eth-usd", ("ETH-USDT", "ETH-BTC")),
        ("sol", ("SOL-USDC",)),
        ("dogge/usdt", ("DOGE-USDT",)),
        ("shibusdt2", ()),
        ("dogeeusdt", ("DOGE-USDT",)),
        ("zzzzzz", ()),
        ("x" * 5000, ()),
    ],
)
def test_an_unknown_pair_brings_the_nearest(text: str, nearest: tuple[str, ...]) -> None:
    assert DIRECTORY.find(text, "USDT") is None
    assert DIRECTORY.nearest(text, "USDT") == nearest


def test_popular_pairs_are_the_best_known_that_trade() -> None:
    rules = [rule_of(symbol) for symbol in ("AAA-USDT", "ETH-USDT", "BTC-USDC", "XRP-USDT")]
    directory = Directory([*rules, rule_of("BTC-USDT", is_trading=False)])
    assert directory.popular("USDT", 6) == ("ETH-USDT", "XRP-USDT", "AAA-USDT")
    assert directory.popular("USDT", 1) == ("ETH-USDT",)


@given(st.text(max_size=40))
def test_any_text_finds_known_pairs_or_nothing(text: str) -> None:
    found = DIRECTORY.find(text, "USDT")
    near = DIRECTORY.nearest(text, "USDT")
    assert found is None or found.symbol in SYMBOLS
    assert set(near) <= set(SYMBOLS)
    assert len(near) <= 3


words = st.text("ABC", max_size=6)


@given(words, words, words)
def test_distance_is_symmetric_and_zero_for_equals_only(left: str, right: str, end: str) -> None:
    assert distance(left, right) == distance(right, left)
    assert (distance(left, right) == 0) == (left == right)
    assert distance(left, left + end) == len(end)


def test_swapped_neighbours_are_one_mistake() -> None:
    assert distance("BTC", "BCT") == 1
    assert distance("BTC", "CBT") == 2
