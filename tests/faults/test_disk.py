"""Rows D: the disk is full, the database is an older one than the exchange knows."""

import resource
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from tests.trading.desk import Desk, at_point
from tgbot.core.errors import TooLate
from tgbot.db.engine import Database
from tgbot.trading.rules.settlement import State

RESTING = "btc 0.01btc @ 66000"


@contextmanager
def full_disk() -> Iterator[None]:
    """No file takes another byte beyond its first pages; what is there can be read."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_full_disk_before_the_right_to_send_sends_nothing_and_the_tap_works_again(desk: Desk) -> None:
    shown = await desk.ticket("btc 100")
    with full_disk(), pytest.raises(OperationalError):
        await desk.confirm(shown.intent)
    assert desk.placed() == []
    assert (await desk.intent(shown.intent)).state is State.TICKET
    assert await desk.confirm(shown.intent) is None
    await desk.settle()
    assert len(desk.placed()) == 1


async def test_disk_that_fills_behind_the_post_leaves_the_truth_to_be_asked_for(desk: Desk) -> None:
    """Nothing of the answer could be kept. No restart is needed once there is room again."""
    shown = await desk.ticket("btc 100")
    with ExitStack() as disk:
        with at_point("C9", lambda: disk.enter_context(full_disk())), pytest.raises(OperationalError):
            await desk.confirm(shown.intent)
        with pytest.raises(ExceptionGroup):
            await desk.rounds(2)
    with pytest.raises(TooLate):
        await desk.confirm(shown.intent)
    await desk.settle()
    assert (await desk.intent(shown.intent)).state is State.FILLED
    assert len(desk.placed()) == 1


async def test_restored_older_database_sends_nothing_again_and_shows_what_it_does_not_know(
    desk: Desk, tmp_path: Path, foreign: set[str]
) -> None:
    """A copy from before the tap takes the place of the database. The ticket in it has long expired; the order that it
    does not know is listed among those made elsewhere, and can be cancelled there."""
    shown = await desk.ticket(RESTING)
    known = await desk.send("btc 0.01btc @ 65000")
    older = tmp_path / "older.db"
    _back_up(desk.database, older)
    await desk.confirm(shown.intent)
    lost = desk.placed()[-1]
    foreign.add(lost.client_oid)
    desk.clock.advance(61)
    await _restore(desk, older)
    with pytest.raises(TooLate):
        await desk.confirm(shown.intent)
    listed = await desk.now.orders.open(desk.person())
    assert [intent.id for intent in listed.ours] == [known.id]
    assert [order.client_oid for order in listed.others] == [lost.client_oid]
    await desk.now.orders.cancel_other(desk.person(), "order", "BTC-USDT", lost.id)
    assert [order.price for order in desk.placed() if order.is_active] == [65_000]


async def test_restored_older_database_catches_up_with_what_it_knows(desk: Desk, tmp_path: Path) -> None:
    """It thinks that the order rests; the order has filled since."""
    intent = await desk.send(RESTING)
    older = tmp_path / "older.db"
    _back_up(desk.database, older)
    desk.price("BTC-USDT", 65_990)
    await desk.rounds(31)
    assert (await desk.intent(intent)).state is State.FILLED
    await _restore(desk, older)
    await desk.now.reconciler.begin()
    await desk.rounds(0)
    assert (await desk.intent(intent)).state is State.FILLED


def _back_up(database: Database, file: Path) -> None:
    with closing(sqlite3.connect(database.url.database or "")) as source, closing(sqlite3.connect(file)) as copy:
        source.backup(copy)


async def _restore(desk: Desk, file: Path) -> None:
    await desk.database.close()
    path = Path(desk.database.url.database or "")
    shutil.copy(file, path)
    desk.database = Database(f"sqlite+aiosqlite:///{path}")
    desk.restart()
