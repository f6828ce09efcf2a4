from collections.abc import AsyncIterator

import pytest

from tests.alerts.chat import Chat
from tests.alerts.desk import Desk
from tests.alerts.watch_desk import WatchDesk
from tests.clock import JumpClock
from tests.markets.exchange import MemoryExchange
from tgbot.db.engine import Database


@pytest.fixture
def desk(database: Database, clock: JumpClock) -> Desk:
    """Twice: on SQLite and on PostgreSQL."""
    return Desk(database, clock, MemoryExchange(clock))


@pytest.fixture
def watching(database: Database, clock: JumpClock) -> WatchDesk:
    exchange = MemoryExchange(clock)
    for symbol in exchange.rules:
        exchange.trade(symbol, "100")
    return WatchDesk(database, clock, exchange)


@pytest.fixture
async def chat(desk: Desk) -> AsyncIterator[Chat]:
    async with desk.life():
        yield await Chat(desk).open()
