import asyncio
import gc
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from tgbot.db.engine import Database


async def test_a_task_that_is_cancelled_gives_its_connection_back_whole(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    entered = asyncio.Event()

    async def read() -> None:
        async with database.read() as session:
            await session.execute(text("SELECT 1"))
            entered.set()

    for turns in range(60):
        entered.clear()
        async with asyncio.TaskGroup() as tasks:
            reading = tasks.create_task(read())
            await entered.wait()
            for _ in range(turns % 6):
                await asyncio.sleep(0)  # noqa: TID251 - one step further, no time
            reading.cancel()
    assert await database.is_reachable()
    assert caplog.records == []


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Garbage stays, as it does between two runs of the collector in a process that has a lot to do."""
    gc.disable()
    yield
    gc.enable()


async def test_a_write_that_is_cancelled_does_not_keep_the_right_to_write(uncollected: None, sqlite_url: str) -> None:
    database = Database(sqlite_url)
    async with database.write() as session:
        await session.execute(text("CREATE TABLE counted (at INTEGER)"))

    async def write() -> None:
        async with database.write() as session:
            for _ in range(3):
                await session.execute(text("INSERT INTO counted VALUES (1)"))
                await session.scalar(text("SELECT count(*) FROM counted"))

    for turns in range(40):
        async with asyncio.TaskGroup() as tasks:
            writing = tasks.create_task(write())
            for _ in range(turns * 13):
                await asyncio.sleep(0)  # noqa: TID251 - one step further, no time
            for _ in range(1 + turns % 3):
                writing.cancel()
                await asyncio.sleep(0)  # noqa: TID251 - one step further, no time
            await write()  # fails where the database stays locked
    async with database.read() as reading:
        assert await reading.scalar(text("SELECT count(*) FROM counted")) % 3 == 0
    await database.close()
