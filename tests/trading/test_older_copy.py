"""What holds orders back while an account has not been searched since an older copy was put back, on both databases."""

import pytest

from tests.trading.conftest import on_both_databases
from tests.trading.desk import BORIS, Desk
from tgbot.core.errors import Refused
from tgbot.trading import older_copy
from tgbot.trading.older_copy import Restored

RESTING = "btc 0.01btc @ 66000"
HELD_BACK = r"trading\.being_searched"


async def note_older_copy(desk: Desk) -> None:
    """As `begin` does, but tickets and exits stay as they are."""
    async with desk.database.write() as session:
        await older_copy.note_restored(session, Restored(desk.wall.now(), "tblost"))


@on_both_databases
async def test_a_ticket_made_before_the_copy_was_noticed_is_not_sent_either(desk: Desk) -> None:
    """Its state alone would do; the guard is asked all the same, in the transaction that uses up the right."""
    shown = await desk.ticket("btc 100")
    await note_older_copy(desk)
    with pytest.raises(Refused, match=HELD_BACK):
        await desk.confirm(shown.intent)
    assert desk.placed() == []
    await desk.now.restoration.look()
    assert await desk.confirm(shown.intent) is None


@on_both_databases
async def test_an_exit_that_is_held_back_waits_and_has_not_been_tried(desk: Desk) -> None:
    entry = await desk.send("btc 0.01btc tp +4% sl -2%")
    await desk.now.reconciler.look()
    await desk.told()
    await note_older_copy(desk)
    await desk.rounds(0, *[31] * 8)
    (waits,) = await desk.told()
    assert f"The exit of #{entry.short} waits in the bot" in waits
    assert "backup" in waits
    assert desk.exchange._store.waiting_stops() == []
    await desk.now.restoration.run()
    await desk.rounds(0)
    assert len(desk.exchange._store.waiting_stops()) == 2


@on_both_databases
async def test_edit_cancels_nothing_while_there_could_be_no_new_ticket(desk: Desk) -> None:
    intent = await desk.send(RESTING)
    await note_older_copy(desk)
    with pytest.raises(Refused, match=HELD_BACK):
        await desk.amend(intent)
    assert [order.is_active for order in desk.placed()] == [True]


@on_both_databases
async def test_every_account_is_searched_anew_for_every_copy(desk: Desk) -> None:
    await desk.link(BORIS)
    for _ in range(2):
        await note_older_copy(desk)
        for person in (desk.person(), desk.person(BORIS)):
            with pytest.raises(Refused, match=HELD_BACK):
                await desk.ticket("btc 100", person=person)
        await desk.now.restoration.run()
        for person in (desk.person(), desk.person(BORIS)):
            await desk.ticket("btc 100", person=person)
