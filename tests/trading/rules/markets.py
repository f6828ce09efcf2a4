"""Markets for tickets: one that is easy to reckon with, and any that an exchange could have."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import strategies as st

from tests.clock import START
from tgbot.core.market import Book, Level, SymbolRule, Tick
from tgbot.core.money import ceil_to
from tgbot.core.orders import Fees
from tgbot.trading.rules.market import Market

ONE = Decimal(1)
FEE = Decimal("0.001")


def rule(symbol: str = "BTC-USDT", **changes: object) -> SymbolRule:
    base, quote = symbol.split("-")
    plain = SymbolRule(
        symbol=symbol,
        base=base,
        quote=quote,
        fee_currency=quote,
        base_min=Decimal("0.00001"),
        base_max=Decimal(10_000_000),
        base_increment=Decimal("0.00001"),
        quote_min=Decimal("0.1"),
        quote_max=Decimal(99_999_999),
        quote_increment=Decimal("0.000001"),
        price_increment=Decimal("0.1"),
        price_limit_rate=Decimal("0.1"),
        min_funds=Decimal("0.1"),
        is_trading=True,
        maker_coefficient=ONE,
        taker_coefficient=ONE,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # the fields of SymbolRule


def levels(*pairs: tuple[str, str]) -> tuple[Level, ...]:
    return tuple(Level(Decimal(price), Decimal(size)) for price, size in pairs)


def market(**changes: object) -> Market:
    """Last 10,000, quoted 9,999 to 10,001, five coins a level, with 1,001 USDT and 2 BTC in the account."""
    plain = Market(
        rule=rule(),
        tick=Tick("BTC-USDT", Decimal(10_000), Decimal(9_999), Decimal(10_001), 1, START),
        book=Book("BTC-USDT", levels(("9999", "5"), ("9998", "5")), levels(("10001", "5"), ("10002", "5")), START),
        fees=Fees(maker=FEE, taker=FEE),
        free_base=Decimal(2),
        free_quote=Decimal(1001),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # the fields of Market


steps = st.integers(-8, 1).map(ONE.scaleb)
shares = st.decimals(0, Decimal("0.02"), places=4)


@st.composite
def markets(draw: st.DrawFn) -> Market:
    """Any rules, prices and balances that fit together."""
    base_step, quote_step, price_step = draw(steps), draw(steps), draw(steps)
    price = draw(st.integers(20, 10**7)) * price_step
    spread = draw(st.integers(0, 3))
    bid, ask = price - spread * price_step, price + spread * price_step
    base_min, min_funds = draw(st.integers(1, 50)) * base_step, draw(st.integers(1, 10**4)) * quote_step
    least = max(base_min, ceil_to(min_funds / price, base_step))
    some_rule = rule(
        draw(st.sampled_from(["BTC-USDT", "ETH-BTC", "1INCH-USDT", "M-USDT", "K-BTC", "U-USDC"])),
        base_min=base_min,
        base_max=least * draw(st.integers(1_000, 10**7)),
        base_increment=base_step,
        quote_min=draw(st.integers(1, 50)) * quote_step,
        quote_max=ceil_to(least * price, quote_step) * draw(st.integers(1_000, 10**7)) + 50 * quote_step,
        quote_increment=quote_step,
        price_increment=price_step,
        price_limit_rate=draw(st.sampled_from(["0", "0.05", "0.1", "1"]).map(Decimal)),
        min_funds=min_funds,
        maker_coefficient=draw(st.sampled_from([ONE, Decimal("0.5"), Decimal(2)])),
        taker_coefficient=draw(st.sampled_from([ONE, Decimal("0.5"), Decimal(2)])),
    )
    sizes = st.integers(1, 300).map(lambda count: count * least / 10)
    asks = [Level(ask + place * price_step, draw(sizes)) for place in range(draw(st.integers(0, 4)))]
    bids = [Level(bid - place * price_step, draw(sizes)) for place in range(draw(st.integers(0, 4)))]
    balances = st.integers(0, 3_000).map(lambda count: count * least / 7)
    return Market(
        rule=some_rule,
        tick=Tick(some_rule.symbol, price, draw(st.sampled_from([bid, bid, Decimal(0)])), ask, 1, START),
        book=Book(some_rule.symbol, tuple(bids), tuple(asks), START),
        fees=Fees(maker=draw(shares | st.just(Decimal("-0.0001"))), taker=draw(shares)),
        free_base=draw(balances),
        free_quote=draw(balances) * price,
    )
