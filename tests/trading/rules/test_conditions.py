"""What an order waits for, told from the market; what KuCoin would refuse is refused before."""

from decimal import Decimal

import pytest

from tests.trading.rules.markets import market
from tests.trading.rules.test_ticket import BUY, SELL, refusal, ticket
from tgbot.core.orders import Direction, OrderType, Side, StopLeg, Trigger
from tgbot.trading.rules.conditions import is_reached

DOWN, UP = Direction.DOWN, Direction.UP


@pytest.mark.parametrize(
    ("text", "price", "direction"),
    [
        ("stop 9900", "9900", DOWN),
        ("stop 10100", "10100", UP),
        ("stop 9999.9", "9999.9", DOWN),
        ("stop -1%", "9900", DOWN),
        ("stop +0.0003%", "10000.1", UP),
    ],
)
@pytest.mark.parametrize("side", Side)
def test_the_direction_is_told_by_the_last_price(side: Side, text: str, price: str, direction: Direction) -> None:
    assert ticket(side, f"0.01btc {text}").wait == Trigger(Decimal(price), direction)


def test_a_stop_at_the_market_says_nothing_and_is_refused() -> None:
    assert refusal(BUY, "0.01btc stop 10000") == ("stop_at_market", [])


def test_what_a_stop_costs_is_reckoned_at_its_own_price() -> None:
    shown = ticket(BUY, "100 stop 12500")
    assert (shown.price, shown.size, shown.impact) == (Decimal(12_500), Decimal("0.008"), None)
    assert shown.reference == Decimal(10_000), "and its distance from the market of now"


def test_a_limit_behind_a_stop_is_relative_to_the_stop_and_bound_to_it() -> None:
    shown = ticket(BUY, "0.01btc stop 12000 @ +1%")
    assert (shown.spec.type, shown.spec.price) == (OrderType.LIMIT, Decimal(12_120))
    key, offers = refusal(BUY, "0.01btc stop 12000 @ 14000")
    assert (key, offers) == ("price_too_high", ["buy:BTC-USDT 0.01btc @ 13200 stop 12000"])


def test_coins_held_are_sold_by_two_prices_of_which_one_cancels_the_other() -> None:
    shown = ticket(SELL, "0.5 tp +4% sl -2%")
    assert (shown.spec.type, shown.spec.size, shown.spec.price) == (OrderType.LIMIT, Decimal("0.5"), Decimal(10_400))
    assert shown.wait == StopLeg(Decimal(9_800), Decimal(9_702)), "one per cent lower it still sells"


@pytest.mark.parametrize(
    ("text", "key", "offers"),
    [
        ("0.5 tp 10000 sl 9000", "tp_not_above", []),
        ("0.5 tp 11000 sl 10000", "sl_not_below", []),
        ("0.5 tp 10100.55 sl 9000", "price_increment", ["sell:BTC-USDT 0.5 tp 10100.6 sl 9000"]),
        ("0.5 tp 11000 sl 9000.04", "price_increment", ["sell:BTC-USDT 0.5 tp 11000 sl 9000"]),
        ("0.5 stop 9000.04", "price_increment", ["sell:BTC-USDT 0.5 stop 9000"]),
        ("0.5 tp 11000 sl 9000 @ 10500", "exits_exclude", []),
        ("0.5 tp 11000 stop 9000", "exits_exclude", []),
        ("0.5 tp 11000 sl 9000 post", "limit_only", []),
        ("3 tp 11000 sl 9000", "no_funds", ["sell:BTC-USDT max tp 11000 sl 9000"]),
    ],
)
def test_what_cannot_be_is_refused_with_what_could(text: str, key: str, offers: list[str]) -> None:
    assert refusal(SELL, text) == (key, offers)


def test_both_sides_of_an_oco_must_be_worth_the_least() -> None:
    """0.1 USDT at the lower of its prices."""
    assert refusal(SELL, "0.00002 tp 11000 sl 4000")[0] == "too_small"
    assert ticket(SELL, "0.00003 tp 11000 sl 4000").spec.size == Decimal("0.00003")


def test_an_oco_is_reached_at_either_price() -> None:
    shown = ticket(SELL, "0.5 tp 11000 sl 9000", market())
    assert shown.wait is not None
    reached = [
        last for last in (8_999, 9_000, 9_001, 10_999, 11_000) if is_reached(shown.spec, shown.wait, Decimal(last))
    ]
    assert reached == [8_999, 9_000, 11_000]
