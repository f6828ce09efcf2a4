"""What an amount means for a pair."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trading.rules.markets import rule
from tgbot.core.errors import UsageError
from tgbot.core.orders import OrderSpec, OrderType, Side
from tgbot.trading.rules.amounts import Amount, Unit, read_amount, repeats, size_to_type, spelled
from tgbot.trading.rules.grammar import OrderRequest

PAIRS = ["BTC-USDT", "ETH-BTC", "1INCH-USDT", "1000SATS-USDC", "KCS-USDT", "M-USDT", "K-BTC", "U-USDT", "USD-USDC"]


def read(text: str, side: Side = Side.BUY, symbol: str = "BTC-USDT") -> tuple[str, Unit]:
    amount = read_amount(OrderRequest(side, symbol, text), rule(symbol))
    return str(amount.value), amount.unit


@pytest.mark.parametrize(
    ("text", "side", "symbol", "value", "unit"),
    [
        ("100", Side.BUY, "BTC-USDT", "100", Unit.QUOTE),
        ("0.5", Side.SELL, "BTC-USDT", "0.5", Unit.BASE),
        ("50u", Side.SELL, "BTC-USDT", "50", Unit.QUOTE),
        ("$50", Side.SELL, "BTC-USDT", "50", Unit.QUOTE),
        ("$50usdt", Side.BUY, "BTC-USDT", "50", Unit.QUOTE),
        ("50USDT", Side.SELL, "BTC-USDT", "50", Unit.QUOTE),
        ("50 usd", Side.BUY, "BTC-USDC", "50", Unit.QUOTE),
        ("0.01BTC", Side.BUY, "BTC-USDT", "0.01", Unit.BASE),
        ("0.01 btc", Side.BUY, "BTC-USDT", "0.01", Unit.BASE),
        ("0.01btc", Side.SELL, "ETH-BTC", "0.01", Unit.QUOTE),
        ("25%", Side.BUY, "BTC-USDT", "25", Unit.PERCENT),
        ("12.5 %", Side.SELL, "BTC-USDT", "12.5", Unit.PERCENT),
        ("MAX", Side.BUY, "BTC-USDT", "100", Unit.PERCENT),
        ("5k", Side.BUY, "BTC-USDT", "5E+3", Unit.QUOTE),
        ("5ku", Side.SELL, "BTC-USDT", "5E+3", Unit.QUOTE),
        ("5k usdt", Side.SELL, "BTC-USDT", "5E+3", Unit.QUOTE),
        ("1.5m", Side.SELL, "PEPE-USDT", "1.5E+6", Unit.BASE),
        ("5kcs", Side.BUY, "KCS-USDT", "5", Unit.BASE),
        ("5k", Side.BUY, "KCS-USDT", "5E+3", Unit.QUOTE),
        ("101inch", Side.BUY, "1INCH-USDT", "10", Unit.BASE),
        ("10 1inch", Side.BUY, "1INCH-USDT", "10", Unit.BASE),
        ("101000sats", Side.SELL, "1000SATS-USDC", "10", Unit.BASE),
        ("5 m", Side.BUY, "M-USDT", "5", Unit.BASE),
        ("5mm", Side.BUY, "M-USDT", "5E+6", Unit.BASE),
        ("5 u", Side.SELL, "U-USDT", "5", Unit.BASE),
    ],
)
def test_reads(text: str, side: Side, symbol: str, value: str, unit: Unit) -> None:
    assert read(text, side, symbol) == (value, unit)


@pytest.mark.parametrize(
    ("text", "symbol", "key"),
    [
        ("0", "BTC-USDT", "trading.bad_amount"),
        ("0btc", "BTC-USDT", "trading.bad_amount"),
        ("-5", "BTC-USDT", "trading.bad_amount"),
        ("lots", "BTC-USDT", "trading.bad_amount"),
        ("101%", "BTC-USDT", "trading.bad_amount"),
        ("0%", "BTC-USDT", "trading.bad_amount"),
        ("$", "BTC-USDT", "trading.bad_amount"),
        ("$50btc", "BTC-USDT", "trading.bad_amount"),
        ("٥", "BTC-USDT", "trading.bad_amount"),
        ("5xrp", "BTC-USDT", "trading.wrong_unit"),
        ("5 k", "BTC-USDT", "trading.wrong_unit"),
        ("5 ku", "BTC-USDT", "trading.wrong_unit"),
        ("1e5", "BTC-USDT", "trading.bad_amount"),
        ("1,2,3", "BTC-USDT", "trading.bad_amount"),
        ("5０", "BTC-USDT", "trading.bad_amount"),
        ("10%%", "BTC-USDT", "trading.bad_amount"),
        ("101 inch", "1INCH-USDT", "trading.wrong_unit"),
        ("50u", "ETH-BTC", "trading.wrong_unit"),
        ("$50", "ETH-BTC", "trading.bad_amount"),
    ],
)
def test_says_what_it_cannot_read(text: str, symbol: str, key: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(text, symbol=symbol)
    assert caught.value.text.key == key


@pytest.mark.parametrize(
    ("text", "symbol", "side", "offers"),
    [
        ("5m", "M-USDT", Side.BUY, ["buy:M-USDT 5000000usdt", "buy:M-USDT 5 m"]),
        ("5m", "M-USDT", Side.SELL, ["sell:M-USDT 5000000 m", "sell:M-USDT 5 m"]),
        ("5k", "K-BTC", Side.BUY, ["buy:K-BTC 5000btc", "buy:K-BTC 5 k"]),
        ("5u", "U-USDT", Side.BUY, ["buy:U-USDT 5 u", "buy:U-USDT 5usdt"]),
    ],
)
def test_unclear_unit_is_asked_back_with_both_as_buttons(text: str, symbol: str, side: Side, offers: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        read(text, side, symbol)
    assert caught.value.text.key == "trading.ambiguous"
    assert [button.data for row in caught.value.buttons for button in row] == offers


numbers = st.decimals(Decimal("0.00000001"), 10**9, places=8).filter(bool)


@given(numbers, st.sampled_from([Unit.QUOTE, Unit.BASE]), st.sampled_from(PAIRS), st.sampled_from(Side))
def test_spelled_amount_reads_back_on_either_side(value: Decimal, unit: Unit, symbol: str, side: Side) -> None:
    amount = Amount(value, unit)
    text = spelled(amount, rule(symbol))
    assert read_amount(OrderRequest(side, symbol, text), rule(symbol)) == amount


@given(
    st.text(max_size=12) | st.from_regex(r"\$?[0-9.,]{1,5} ?[kmu%]?[a-z0-9]{0,4}", fullmatch=True),
    st.sampled_from(PAIRS),
)
def test_any_amount_is_read_or_refused(text: str, symbol: str) -> None:
    try:
        amount = read_amount(OrderRequest(Side.BUY, symbol, text), rule(symbol))
    except UsageError:
        return
    assert amount.value > 0
    assert amount.unit is not Unit.PERCENT or amount.value <= 100


@pytest.mark.parametrize(
    ("text", "sign", "is_it"),
    [
        ("2500", ".", True),
        (" 2500.0 ", ".", True),
        ("2500 usdt", ".", True),
        ("2500u", ".", True),
        ("$2500", ".", True),
        ("2.5k", ".", True),
        ("2,500", ".", True),
        ("2.500", ",", True),
        ("2500,0", ",", True),
        ("2501", ".", False),
        ("250", ".", False),
        ("2500 btc", ".", False),
        ("2500 please", ".", False),
        ("yes", ".", False),
        ("", ".", False),
    ],
)
def test_size_is_repeated_as_people_write_it(text: str, sign: str, is_it: bool) -> None:
    amount = Amount(Decimal(2500), Unit.QUOTE)
    assert repeats(text, amount, rule(), sign) is is_it  # type: ignore[arg-type]  # one of the two signs


def test_size_to_type_is_what_was_written_or_what_a_share_has_come_to() -> None:
    limit = OrderSpec("BTC-USDT", Side.BUY, OrderType.LIMIT, size=Decimal("0.4"), price=Decimal(10_000))
    market = OrderSpec("BTC-USDT", Side.BUY, OrderType.MARKET, funds=Decimal(4000))
    written, share = OrderRequest(Side.BUY, "btc", "4000"), OrderRequest(Side.BUY, "btc", "50%")
    assert size_to_type(written, limit, rule()) == Amount(Decimal(4000), Unit.QUOTE)
    assert size_to_type(share, limit, rule()) == Amount(Decimal("0.4"), Unit.BASE)
    assert size_to_type(share, market, rule()) == Amount(Decimal(4000), Unit.QUOTE)
