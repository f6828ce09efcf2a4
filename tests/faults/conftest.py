from collections.abc import AsyncIterator

import httpx
import pytest

from tests.faults import oracle
from tests.flows.conftest import ann, stage, trader
from tests.ids import CountingIds
from tests.kucoin.conftest import HurryClock
from tests.trading.conftest import client, clock, open_desk, ssl_context
from tests.trading.desk import Desk

__all__ = ["ann", "client", "clock", "ssl_context", "stage", "trader"]


@pytest.fixture
def foreign() -> set[str]:
    """ClientOids of orders that the scenario's database cannot know; a scenario adds them."""
    return set()


@pytest.fixture
async def desk(
    sqlite_url: str,
    clock: HurryClock,
    ids: CountingIds,
    client: httpx.AsyncClient,
    capsys: pytest.CaptureFixture[str],
    foreign: set[str],
) -> AsyncIterator[Desk]:
    """As that of tests/trading, with the oracles at the end of every scenario."""
    async with open_desk(sqlite_url, clock, ids, client) as desk:
        yield desk
        printed = capsys.readouterr()
        breaches = await oracle.judge(desk.exchange, desk.database, printed.out + printed.err, foreign)
        await desk.database.close()  # a scenario may have put another one in its place
    assert breaches == []
