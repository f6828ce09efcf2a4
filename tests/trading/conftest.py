import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from tests.ids import CountingIds
from tests.kucoin.conftest import HurryClock, client, ssl_context
from tests.trading.desk import BotClock, Desk
from tests.trading.rules.markets import rule
from tgbot.core.market import SymbolRule
from tgbot.db.engine import Database
from tgbot.kucoin.market import SpotMarket
from tgbot.kucoin.rest import Rest
from tgbot.markets.symbols import Symbols
from tgbot.paper.exchange import PaperExchange
from tgbot.paper.faults import Faults
from tgbot.paper.prices import Handed
from tgbot.paper.server import listening
from tgbot.trading.witness import Witness

__all__ = ["client", "ssl_context"]

PRICES: dict[str, str | int] = {
    "BTC-USDT": 67_000,
    "ETH-USDT": 3_200,
    "ETH-BTC": "0.0477",
    "BTC-USDC": 66_990,
    "BTC-EUR": 60_000,
}


@pytest.fixture
def clock() -> HurryClock:
    """Whoever sleeps has slept already; a test says how much time passes else."""
    clock = HurryClock()
    clock.hurries = True
    return clock


def pairs() -> list[SymbolRule]:
    least = Decimal("0.0001")
    crossed = {"price_increment": Decimal("0.00001"), "base_increment": least, "quote_min": least, "min_funds": least}
    return [rule(symbol, **(crossed if symbol == "ETH-BTC" else {})) for symbol in PRICES]


@pytest.fixture
def desk_url(request: pytest.FixtureRequest) -> str:
    """On SQLite, unless a test asks for both databases."""
    url: str = request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_url")
    return url


on_both_databases = pytest.mark.parametrize(
    "desk_url", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)


@pytest.fixture
async def desk(desk_url: str, clock: HurryClock, ids: CountingIds, client: httpx.AsyncClient) -> AsyncIterator[Desk]:
    """Ann's key is linked: 5,000 USDT and 0.1 BTC. BTC-USDT stands at 67,000, quoted 66,999.9 to 67,000.1."""
    async with open_desk(desk_url, clock, ids, client) as desk:
        yield desk


@asynccontextmanager
async def open_desk(
    database_url: str, clock: HurryClock, ids: CountingIds, client: httpx.AsyncClient
) -> AsyncIterator[Desk]:
    wall = BotClock(clock)
    market = Handed(clock)
    market.hand_rules(pairs())
    exchange = PaperExchange(market, clock, ids)
    faults = Faults(exchange.app, clock)
    database = Database(database_url)
    # Without its background work, which would never rest on a clock on which nobody sleeps.
    async with listening(faults, "127.0.0.1", 0) as served:
        folder = Path(tempfile.mkdtemp())
        rest = Rest(client, wall, ids, served.url)
        symbols = Symbols(SpotMarket(rest), wall)
        desk = Desk(database, clock, wall, ids, rest, exchange, market, faults, symbols, Witness(folder / "last-order"))
        for symbol, price in PRICES.items():
            desk.price(symbol, price)
        await symbols.load()
        await desk.link()
        yield desk
    exchange.close()
    shutil.rmtree(folder)
    await database.close()
