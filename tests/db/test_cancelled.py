import asyncio

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
