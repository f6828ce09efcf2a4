"""The oracles can fail: each is shown a breach of its own."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy import text

from tests.faults import oracle
from tests.faults.test_exits import ENTRY
from tests.ids import CountingIds
from tests.kucoin.conftest import HurryClock
from tests.trading.conftest import open_desk
from tests.trading.desk import Desk


@pytest.fixture
async def sound(
    sqlite_url: str,
    clock: HurryClock,
    ids: CountingIds,
    client: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Desk]:
    """A buy that has filled, its exit that waits, and a buy that rests. What is found here is nobody's breach."""
    monkeypatch.setattr(oracle, "FIGURES", oracle.Figures())
    async with open_desk(sqlite_url, clock, ids, client) as desk:
        await desk.send(ENTRY)
        await desk.rounds(0)
        await desk.send("btc 0.01btc @ 66000")
        yield desk


async def breaches(desk: Desk, said: str = "") -> list[str]:
    return await oracle.judge(desk.exchange, desk.database, said)


# What is written into sound books, and what the oracles say of it.
BREACHES = {
    "an order that nobody knows": (
        "DELETE FROM attempts WHERE intent_id = (SELECT id FROM intents WHERE state = 'open')",
        "O1: nobody here knows of",
    ),
    "exits that sell more than was bought": (
        "UPDATE intents SET filled_size = '0.00999' WHERE exits IS NOT NULL",
        "has brought 0.00999, and its exits sell 0.01",
    ),
    "exits that sell the fee as well": (
        "UPDATE intents SET fee = '0.00001', fee_currency = 'BTC' WHERE exits IS NOT NULL",
        "has brought 0.00999, and its exits sell 0.01",
    ),
    "an order that is there and was called not placed": (
        "UPDATE intents SET state = 'not_placed' WHERE state = 'open'",
        "was called not_placed and is at the exchange",
    ),
    "an order that rests and was called cancelled": (
        "UPDATE intents SET state = 'cancelled' WHERE state = 'open'",
        "was called cancelled and can still fill",
    ),
    "an exit that waits and was called cancelled": (
        "UPDATE intents SET state = 'cancelled' WHERE entry_id IS NOT NULL",
        "was called cancelled and can still fill",
    ),
    "a fill that was lost": ("DELETE FROM fills", "O3: "),
    "a message that is not the truth": ("UPDATE intents SET state = 'unknown' WHERE state = 'open'", "O4: "),
}


@pytest.mark.parametrize("breach", BREACHES)
async def test_each_breach_is_seen(sound: Desk, breach: str) -> None:
    change, words = BREACHES[breach]
    assert await breaches(sound) == []
    async with sound.database.write() as session:
        await session.execute(text(change))
    assert any(words in found for found in await breaches(sound))


async def test_a_secret_that_is_said_is_seen(sound: Desk) -> None:
    (secret, *_) = oracle.secrets_of(sound.exchange)
    assert await breaches(sound, f"it is {secret}.") == ["O5: a secret is in the log"]


async def test_messages_without_end_are_seen(sound: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oracle, "MOST_NOTICES", 0)
    found = await breaches(sound)
    assert len(found) == 3
    assert all(breach.startswith("O6: 1 messages about ") for breach in found)


async def test_tasks_without_end_are_seen(sound: Desk) -> None:
    over = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(oracle.MOST_TASKS):
            tasks.create_task(over.wait())
        (found,) = await breaches(sound)
        over.set()
    assert found.startswith("O6: ")
