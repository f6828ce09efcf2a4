from decimal import Decimal

import pytest

from tgbot.core.orders import Balance
from tgbot.portfolio.rules.valuation import shown_unit, usdt_rate, value

PRICES = {
    "BTC-USDT": Decimal(50_000),
    "ETH-BTC": Decimal("0.05"),
    "USDT-EUR": Decimal("0.8"),
    "SHIB-USDT": Decimal("0.00001"),
}


def balance(currency: str, available: str, hold: str = "0") -> Balance:
    return Balance(currency, Decimal(available), Decimal(hold))


@pytest.mark.parametrize(
    ("currency", "rate"),
    [("USDT", 1), ("USDC", 1), ("BTC", 50_000), ("ETH", 2_500), ("EUR", Decimal("1.25")), ("UNKNOWN", None)],
)
def test_worth_is_found_directly_over_a_bridge_or_the_other_way_round(currency: str, rate: Decimal | None) -> None:
    assert usdt_rate(currency, PRICES) == rate


def test_the_dearest_comes_first_and_dust_is_folded() -> None:
    held = [balance("SHIB", "1000"), balance("USDT", "100"), balance("BTC", "0.1", "0.1"), balance("ETH", "0")]
    found = value(held, PRICES, "USDT")
    assert [(h.balance.currency, h.worth) for h in found.holdings] == [
        ("BTC", Decimal(10_000)),
        ("USDT", Decimal(100)),
    ]
    assert (found.dust, found.dust_worth) == (1, Decimal("0.01"))
    assert found.total == Decimal("10100.01")


def test_what_has_no_price_is_shown_and_not_counted() -> None:
    found = value([balance("UNKNOWN", "5"), balance("USDT", "1")], PRICES, "USDT")
    assert [(h.balance.currency, h.worth) for h in found.holdings] == [("USDT", Decimal(1)), ("UNKNOWN", None)]
    assert found.total == 1


def test_a_display_currency_without_a_price_gives_way_to_usdt() -> None:
    assert shown_unit("EUR", PRICES) == ("EUR", Decimal("1.25"))
    assert shown_unit("XXX", PRICES) == ("USDT", Decimal(1))
    assert value([balance("USDT", "125")], PRICES, "EUR").total == 100
