import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal

import httpx
import pytest

from tests.clock import JumpClock
from tests.ids import CountingIds
from tests.paper.trader import Trader
from tgbot.core.errors import ExchangeUnavailable
from tgbot.core.market import SymbolRule, Tick
from tgbot.paper.exchange import PaperExchange
from tgbot.paper.prices import Handed
from tgbot.paper.rules import walk_pairs

RULES = {rule.symbol: rule for rule, _ in walk_pairs()}
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # everything is on loopback; loading real roots takes a while


@dataclass
class Floor:
    """A running exchange whose prices the test hands over; BTC-USDT stands at 67000, quoted 66999 to 67001. Prices
    that the test puts `elsewhere` can be fetched."""

    exchange: PaperExchange
    prices: Handed
    elsewhere: dict[str, Tick]
    clock: JumpClock
    http: httpx.AsyncClient
    url: str

    def quote(self, price: str, symbol: str = "BTC-USDT", spread: str = "1") -> None:
        middle, half = Decimal(price), Decimal(spread)
        now = self.clock.now()
        self.prices.hand(Tick(symbol, middle, middle - half, middle + half, int(self.clock.monotonic() * 10), now))

    async def trader(self, permission: str = "General,Spot", **balances: str) -> Trader:
        """Somebody new with these balances, 10,000 USDT if none are given."""
        amounts = {currency: Decimal(amount) for currency, amount in (balances or {"USDT": "10000"}).items()}
        credentials = await self.exchange.open_account(amounts, permission=permission)
        return Trader(self.http, self.clock, credentials)


@pytest.fixture
def rule() -> SymbolRule:
    return RULES["BTC-USDT"]


@pytest.fixture
async def floor(clock: JumpClock, ids: CountingIds) -> AsyncIterator[Floor]:
    elsewhere: dict[str, Tick] = {}

    async def fetch(symbol: str) -> Tick:
        if symbol not in elsewhere:
            raise ExchangeUnavailable("timeout", symbol)
        return elsewhere[symbol]

    prices = Handed(clock, fetch)
    prices.hand_rules([RULES[name] for name in ("BTC-USDT", "ETH-USDT", "PEPE-USDT", "ETH-BTC")])
    exchange = PaperExchange(prices, clock, ids)
    async with exchange.serve() as served, httpx.AsyncClient(base_url=served.url, verify=NO_TLS) as http:
        running = Floor(exchange, prices, elsewhere, clock, http, served.url)
        running.quote("67000")
        running.quote("2480", "ETH-USDT")
        yield running


@pytest.fixture
async def trader(floor: Floor) -> Trader:
    return await floor.trader()
