"""The pairs of the seeded walk with KuCoin's trading rules, and how KuCoin writes a pair's rules."""

from decimal import Decimal

from tgbot.core.market import SymbolRule
from tgbot.core.money import plain

# symbol, first price, price increment, base increment, smallest base size
_PAIRS = """
BTC-USDT   67000      0.1           0.00000001 0.00001
ETH-USDT   2480.5     0.01          0.0000001  0.0001
SOL-USDT   148.62     0.01          0.0001     0.01
KCS-USDT   11.384     0.001         0.0001     0.01
XRP-USDT   1.4271     0.0001        0.0001     0.1
BNB-USDT   884.3      0.1           0.0001     0.001
DOGE-USDT  0.16482    0.00001       0.0001     1
ADA-USDT   0.5713     0.0001        0.0001     1
TRX-USDT   0.28841    0.00001       0.0001     1
AVAX-USDT  18.374     0.001         0.0001     0.01
LINK-USDT  14.918     0.001         0.0001     0.01
DOT-USDT   3.1262     0.0001        0.0001     0.1
LTC-USDT   93.47      0.01          0.00001    0.001
BCH-USDT   512.31     0.01          0.00001    0.001
TON-USDT   2.1935     0.0001        0.0001     0.1
SUI-USDT   2.0846     0.0001        0.0001     0.1
NEAR-USDT  2.7154     0.0001        0.0001     0.1
ATOM-USDT  3.3417     0.0001        0.0001     0.1
XLM-USDT   0.24518    0.00001       0.0001     1
HBAR-USDT  0.17246    0.00001       0.0001     1
UNI-USDT   6.8253     0.0001        0.0001     0.1
AAVE-USDT  214.76     0.01          0.0001     0.001
ARB-USDT   0.3124     0.0001        0.0001     1
OP-USDT    0.4267     0.0001        0.0001     1
SHIB-USDT  0.00000941 0.00000000001 1          100
PEPE-USDT  0.00000612 0.00000000001 1          100
ETH-BTC    0.037022   0.000001      0.0000001  0.0001
SOL-BTC    0.0022182  0.0000001     0.0001     0.01
KCS-BTC    0.00016991 0.00000001    0.0001     0.01
XRP-BTC    0.0000213  0.00000001    0.0001     0.1
ETH-USDC   2480.1     0.01          0.0000001  0.0001
BTC-USDC   66990      0.1           0.00000001 0.00001
"""

# quote currency: increment, smallest funds
_QUOTES = {
    "USDT": (Decimal("0.000001"), Decimal("0.1")),
    "USDC": (Decimal("0.000001"), Decimal("0.1")),
    "BTC": (Decimal("0.00000001"), Decimal("0.000001")),
}

_MARKETS = {"USDT": "USDS", "USDC": "USDS", "BTC": "BTC", "KCS": "KCS"}


def walk_pairs() -> list[tuple[SymbolRule, Decimal]]:
    """Each pair's rule and the price it starts from."""
    return [_pair(line.split()) for line in _PAIRS.strip().splitlines()]


def market_of(rule: SymbolRule) -> str:
    """The trading zone that KuCoin would list this pair in."""
    return _MARKETS.get(rule.quote, "ALTS")


def symbol_view(rule: SymbolRule) -> dict[str, object]:
    """As `GET /api/v2/symbols` shows it."""
    return {
        "symbol": rule.symbol,
        "name": rule.symbol,
        "baseCurrency": rule.base,
        "quoteCurrency": rule.quote,
        "feeCurrency": rule.fee_currency,
        "market": market_of(rule),
        "baseMinSize": plain(rule.base_min),
        "quoteMinSize": plain(rule.quote_min),
        "baseMaxSize": plain(rule.base_max),
        "quoteMaxSize": plain(rule.quote_max),
        "baseIncrement": plain(rule.base_increment),
        "quoteIncrement": plain(rule.quote_increment),
        "priceIncrement": plain(rule.price_increment),
        "priceLimitRate": plain(rule.price_limit_rate),
        "minFunds": plain(rule.min_funds),
        "isMarginEnabled": False,
        "enableTrading": rule.is_trading,
        "feeCategory": 1,
        "makerFeeCoefficient": f"{rule.maker_coefficient:.2f}",
        "takerFeeCoefficient": f"{rule.taker_coefficient:.2f}",
        "st": False,
        "callauctionIsEnabled": False,
        "callauctionPriceFloor": None,
        "callauctionPriceCeiling": None,
        "callauctionFirstStageStartTime": None,
        "callauctionSecondStageStartTime": None,
        "callauctionThirdStageStartTime": None,
        "tradingStartTime": None,
    }


def _pair(columns: list[str]) -> tuple[SymbolRule, Decimal]:
    symbol, price, price_increment, base_increment, base_min = columns
    base, quote = symbol.split("-")
    quote_increment, min_funds = _QUOTES[quote]
    rule = SymbolRule(
        symbol=symbol,
        base=base,
        quote=quote,
        fee_currency=quote,
        base_min=Decimal(base_min),
        base_max=Decimal(10_000_000_000),
        base_increment=Decimal(base_increment),
        quote_min=min_funds,
        quote_max=Decimal(99_999_999),
        quote_increment=quote_increment,
        price_increment=Decimal(price_increment),
        price_limit_rate=Decimal("0.1"),
        min_funds=min_funds,
        is_trading=True,
        maker_coefficient=Decimal(1),
        taker_coefficient=Decimal(1),
    )
    return rule, Decimal(price)
