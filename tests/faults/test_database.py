"""Rows D: many write at once, a page is damaged, a migration is killed, while orders are on their way."""

import asyncio
import sqlite3
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import event

from tests.faults.copies import back_up, restore
from tests.trading.desk import Desk
from tgbot.core.errors import ConfigError
from tgbot.db.engine import Database
from tgbot.paper.faults import Mode
from tgbot.schema import alembic_config, migrate
from tgbot.trading.rules.settlement import State
from tgbot.trading.store import Intent

RESTING = "btc 0.01btc @ 66000"
AT_ONCE = 12
PAGE_SIZE = 4096


def file_of(desk: Desk) -> Path:
    return Path(desk.database.url.database or "")


async def test_taps_and_looks_of_two_processes_wait_their_turn_and_none_is_lost(desk: Desk) -> None:
    """Each process has its own connections; every second answer is lost on the way."""
    other = Database(desk.database.url.render_as_string())
    second = desk.process(other)
    shown = [await desk.ticket("btc 20") for _ in range(AT_ONCE)]
    desk.faults.add("POST", "/api/v1/hf/orders", Mode.LOST, AT_ONCE // 2)
    async with asyncio.TaskGroup() as tasks:
        for number, ticket in enumerate(shown):
            tasks.create_task(desk.confirm(ticket.intent, second if number % 2 else desk.now))
            tasks.create_task((second if number % 3 else desk.now).reconciler.look())
    await desk.settle()
    await other.close()
    assert len(desk.placed()) == AT_ONCE
    assert {(await desk.intent(ticket.intent)).state for ticket in shown} == {State.FILLED}


async def test_a_damaged_database_is_refused_and_its_copy_knows_the_order(desk: Desk, tmp_path: Path) -> None:
    """The order fills meanwhile."""
    intent = await desk.send(RESTING)
    copy = tmp_path / "copy.db"
    back_up(desk.database, copy)
    await desk.database.close()
    damaged = await asyncio.to_thread(damage, file_of(desk))
    database = Database(desk.database.url.render_as_string())
    with pytest.raises(ConfigError, match=r"damaged|malformed"):
        await migrate(database)
    await database.close()
    assert await asyncio.to_thread(file_of(desk).read_bytes) == damaged
    desk.price("BTC-USDT", 65_990)
    await restore(desk, copy)
    await desk.rounds(31)
    assert await filled_once(desk, intent)


def damage(file: Path) -> bytes:
    """What is in the file then: all of it but its second page."""
    whole = file.read_bytes()
    damaged = whole[:PAGE_SIZE] + b"\xa5" * PAGE_SIZE + whole[2 * PAGE_SIZE :]
    file.write_bytes(damaged)
    return damaged


BEFORE = "0015"


class Killed(Exception):
    pass


async def test_an_order_outlives_a_migration_that_is_killed_at_any_statement(desk: Desk) -> None:
    """Sent by an earlier release, and filled while the next one tries to start."""
    intent = await desk.send(RESTING)
    await desk.database.close()
    await take_back(desk)
    desk.price("BTC-USDT", 65_990)
    for survived in count(0, step=3):
        if await is_migrated(desk, survived):
            break
        assert revision_of(file_of(desk)) == BEFORE, "all of it or nothing"
    assert survived > 0
    desk.database = Database(desk.database.url.render_as_string())
    desk.restart()
    await desk.now.reconciler.begin()
    await desk.rounds(31)
    assert await filled_once(desk, intent)


async def take_back(desk: Desk) -> None:
    """To the tables of that release, with what is in them."""
    database = Database(desk.database.url.render_as_string())
    async with database.exclusive() as session:
        connection = await session.connection()
        await connection.run_sync(lambda sync: command.downgrade(alembic_config(sync), BEFORE))
    await database.close()


async def is_migrated(desk: Desk, survived: int) -> bool:
    """Unless it is killed after so many statements."""
    database = Database(desk.database.url.render_as_string())
    statements = count()

    def count_down(*_: object) -> None:
        if next(statements) >= survived:
            raise Killed

    event.listen(database._writer.sync_engine, "before_cursor_execute", count_down)
    try:
        await migrate(database)
    except Killed:
        return False
    finally:
        await database.close()
    return True


def revision_of(file: Path) -> str:
    with closing(sqlite3.connect(file)) as database:
        return str(database.execute("SELECT version_num FROM alembic_version").fetchone()[0])


async def filled_once(desk: Desk, intent: Intent) -> bool:
    told = [line for line in await desk.headlines() if "Filled" in line]
    return (await desk.intent(intent)).state is State.FILLED and len(desk.placed()) == 1 and len(told) == 2
