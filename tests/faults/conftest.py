import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from tests.faults import oracle, truth
from tests.faults.crashes import House, open_house
from tests.flows.conftest import ann, stage, trader
from tests.flows.stage import kept_open
from tests.ids import CountingIds
from tests.kucoin.conftest import HurryClock
from tests.trading.conftest import client, clock, open_desk, ssl_context
from tests.trading.desk import Desk

__all__ = ["ann", "client", "clock", "ssl_context", "stage", "trader"]


@pytest.fixture(scope="session")
def blank_sqlite(blank_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As that of all tests; it also notes how long orders are in doubt."""
    return truth.noting(blank_sqlite, tmp_path_factory.mktemp("noting"))


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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def built(blank_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("house")
    file = shutil.copy(blank_sqlite, folder / "tgbot.db")
    async with kept_open(open_house(folder, Path(file))) as house:
        yield house


@pytest_asyncio.fixture(loop_scope="module")
async def house(built: House) -> AsyncIterator[House]:
    """Alive and quiet at the beginning, judged at the end."""
    if not built.life:
        await built.begin()
    await built.quiet()
    yield built
    for answer in built.held:
        answer.set()
    if not built.life:
        await built.begin()
    built.arm("")
    await built.quiet()
    assert await built.judge() == []
