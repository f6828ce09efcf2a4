"""The paper exchange in a process of its own, one account with very much money on it.

`python -m bench.paper` prints its address, key, secret and passphrase.
"""

import asyncio
import sys
from decimal import Decimal

import structlog

from tgbot.core.market import SymbolRule, Tick
from tgbot.paper.exchange import PaperExchange
from tgbot.paper.prices import Handed
from tgbot.system import SystemClock, SystemIds

SYMBOL = "BTC-USDT"
PRICE = Decimal(67_000)
ONE = Decimal(1)
RULE = SymbolRule(
    symbol=SYMBOL,
    base="BTC",
    quote="USDT",
    fee_currency="USDT",
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


async def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    clock, ids = SystemClock(), SystemIds()
    prices = Handed(clock)
    prices.hand_rules([RULE])
    exchange = PaperExchange(prices, clock, ids)
    made = await exchange.open_account({"USDT": Decimal(100_000_000)})
    async with exchange.serve() as served:
        print(served.url, made.key, made.secret, made.passphrase, flush=True)
        sequence = 0
        while True:
            sequence += 1
            prices.hand(Tick(SYMBOL, PRICE, PRICE - ONE, PRICE + ONE, sequence, clock.now()))
            await clock.sleep(1)


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        sys.exit(0)
