"""Rows D: the disk is full, the database is an older one than the exchange knows."""

import resource
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from tests.faults.copies import back_up, restore
from tests.trading.desk import Desk, at_point
from tgbot.core.errors import TooLate
from tgbot.core.orders import Side
from tgbot.paper.faults import Mode
from tgbot.trading import store
from tgbot.trading.rules.settlement import State
from tgbot.trading.store import IntentRow

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


async def test_restored_older_database_uses_no_ticket_again_and_adopts_the_order_it_lacks(
    desk: Desk, tmp_path: Path
) -> None:
    """A copy from just before the tap takes the place of the database: its ticket is still good, and was used."""
    shown = await desk.ticket(RESTING)
    unused = await desk.ticket("btc 100")
    known = await desk.send("btc 0.01btc @ 65000")
    older = tmp_path / "older.db"
    back_up(desk.database, older)
    await desk.confirm(shown.intent)
    await desk.told()
    await restore(desk, older)
    for ticket in (shown, unused):
        with pytest.raises(TooLate) as caught:
            await desk.confirm(ticket.intent)
        assert caught.value.text.key == "trading.ticket_void"
    await desk.now.restoration.run()
    await desk.rounds(0)
    summary = next(text for text in await desk.told() if "backup" in text)
    assert "1 order" in summary
    listed = await desk.now.orders.open(desk.person())
    assert listed.others == []
    (adopted,) = [intent for intent in listed.ours if intent.id != known.id]
    assert (adopted.state, adopted.spec) == (State.OPEN, shown.intent.spec)
    assert len(desk.placed()) == 2
    fresh = await desk.ticket("btc 100")
    desk.restart()
    await desk.now.restoration.begin()
    assert await desk.confirm(fresh.intent) is None, "what the copy lacked is there now"


@pytest.mark.parametrize(
    ("text", "side", "state"),
    [
        ("btc 100", Side.BUY, State.FILLED),
        ("btc 0.01", Side.SELL, State.FILLED),
        ("btc 0.01 stop 66000", Side.SELL, State.WAITING),
        ("btc 0.01 tp 70000 sl 66000", Side.SELL, State.WAITING),
        ("eth 0.1eth", Side.BUY, State.FILLED),
    ],
)
async def test_every_kind_of_order_that_an_older_copy_lacks_is_adopted_with_what_became_of_it(
    desk: Desk, tmp_path: Path, text: str, side: Side, state: State
) -> None:
    """The copy has never heard of the pair either."""
    older = tmp_path / "older.db"
    back_up(desk.database, older)
    lost = await desk.send(text, side)
    await desk.rounds(0)
    await restore(desk, older)
    await desk.now.restoration.run()
    await desk.rounds(0, 31)
    async with desk.database.read() as session:
        (adopted,) = await store.with_ids(session, await _ids(desk))
    assert (adopted.state, adopted.wait, adopted.spec.side) == (state, lost.wait, side)
    assert adopted.spec.symbol == lost.spec.symbol


async def test_an_exit_that_an_older_copy_believes_to_be_in_the_bot_is_not_placed_again(
    desk: Desk, tmp_path: Path
) -> None:
    entry = await desk.send("btc 0.01btc tp +4% sl -2%")
    await desk.now.reconciler.look()
    older = tmp_path / "older.db"
    back_up(desk.database, older)
    await desk.rounds(0)
    assert len(desk.exchange._store.waiting_stops()) == 2
    await desk.told()
    await restore(desk, older)
    assert any(f"#{entry.short}" in text and "backup" in text for text in await desk.told())
    await desk.now.restoration.run()
    await desk.rounds(6, 31, 31)
    assert len(desk.exchange._store.waiting_stops()) == 2
    assert len((await desk.now.orders.open(desk.person())).ours) == 1, "the exit that was placed is adopted"


async def test_an_account_that_cannot_be_searched_is_searched_when_it_can(desk: Desk, tmp_path: Path) -> None:
    older = tmp_path / "older.db"
    back_up(desk.database, older)
    await desk.send(RESTING)
    await restore(desk, older)
    desk.faults.add("GET", "/api/v1/hf/.*", Mode.HTML, 7, status=502)
    await desk.now.restoration.run()
    await desk.rounds(0)
    assert len((await desk.now.orders.open(desk.person())).ours) == 1


async def test_a_database_that_is_no_older_copy_is_left_alone(desk: Desk, tmp_path: Path) -> None:
    """Also when a copy is put back since which nothing was sent."""
    await desk.send(RESTING)
    shown = await desk.ticket("btc 100")
    older = tmp_path / "older.db"
    back_up(desk.database, older)
    await restore(desk, older)
    assert await desk.confirm(shown.intent) is None


async def test_restored_older_database_catches_up_with_what_it_knows(desk: Desk, tmp_path: Path) -> None:
    """It thinks that the order rests; the order has filled since."""
    intent = await desk.send(RESTING)
    older = tmp_path / "older.db"
    back_up(desk.database, older)
    desk.price("BTC-USDT", 65_990)
    await desk.rounds(31)
    assert (await desk.intent(intent)).state is State.FILLED
    await restore(desk, older)
    await desk.now.reconciler.begin()
    await desk.rounds(0)
    assert (await desk.intent(intent)).state is State.FILLED


async def _ids(desk: Desk) -> list[str]:
    async with desk.database.read() as session:
        return list(await session.scalars(select(IntentRow.id)))
