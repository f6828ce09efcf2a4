"""A key that was replaced: the orders of its account go on with the next one, and none is out of sight."""

import sqlite3
from contextlib import closing
from decimal import Decimal

import pytest

from tests.trading.desk import BORIS, FILLS, Desk, at_point, read
from tgbot.core.errors import TooLate
from tgbot.kucoin.operations import PLACE_ORDER
from tgbot.paper.faults import Mode
from tgbot.trading import store
from tgbot.trading.rules.settlement import State
from tgbot.trading.views import lists

RESTING = "btc 0.01btc @ 66000"
ENTRY = "btc 0.01btc tp +4% sl -2%"


async def listed(desk: Desk) -> str:
    return read(lists.open_orders(await desk.now.orders.open(desk.person())))


async def test_an_open_order_is_listed_filled_and_cancelled_with_the_next_key(desk: Desk) -> None:
    first, second = await desk.send(RESTING), await desk.send(RESTING)
    credentials = await desk.disconnect()
    await desk.rounds(*[31] * 3)
    await desk.now.keys.link(desk.person(), credentials)
    assert first.short in await listed(desk)
    await desk.now.orders.cancel(await desk.intent(first))
    desk.price("BTC-USDT", 65_900)
    await desk.rounds(31)
    assert [(await desk.intent(one)).state for one in (first, second)] == [State.CANCELLED, State.FILLED]
    (key,) = await desk.now.keys.linked(desk.person())
    assert len(await desk.now.orders.fills(key.id)) == 1


async def test_what_filled_while_it_was_out_of_sight_is_told_when_the_next_key_is_linked(desk: Desk) -> None:
    intent = await desk.send(RESTING)
    credentials = await desk.disconnect()
    await desk.rounds(31)
    assert (await desk.intent(intent)).state is State.INDETERMINATE
    desk.price("BTC-USDT", 65_900)
    await desk.told()
    await desk.now.keys.link(desk.person(), credentials)
    await desk.rounds(0)
    assert (await desk.intent(intent)).state is State.FILLED
    assert await desk.headlines() == ["✎ Filled", "↩ Filled"]


@pytest.mark.parametrize("is_killed", [False, True])
async def test_what_kucoin_does_not_answer_for_when_the_next_key_is_linked_is_asked_again(
    desk: Desk, is_killed: bool
) -> None:
    intent = await desk.send(RESTING)
    credentials = await desk.disconnect()
    await desk.rounds(31)
    await desk.now.keys.link(desk.person(), credentials)
    desk.price("BTC-USDT", 65_900)
    desk.faults.add("GET", "/api/v1/hf/.*", Mode.HTML, 99)
    await desk.rounds(0, 2)
    assert (await desk.intent(intent)).state is State.INDETERMINATE
    desk.faults.clear()
    if is_killed:
        desk.restart()
        await desk.now.reconciler.begin()
    await desk.rounds(2)
    assert (await desk.intent(intent)).state is State.FILLED


async def test_the_history_is_in_one_piece(desk: Desk) -> None:
    await desk.send("btc 0.01btc")
    await desk.rounds(0)
    key = await desk.relink()
    await desk.send("btc 0.005btc")
    await desk.rounds(0)
    assert [fill.size for fill in await desk.now.orders.fills(key.id)] == [Decimal("0.01"), Decimal("0.005")]


@pytest.mark.parametrize("is_late", [False, True], ids=["taken over", "listed late"])
async def test_a_fill_that_is_read_while_the_key_is_replaced_is_in_the_history_of_the_next(
    desk: Desk, is_late: bool
) -> None:
    intent = await desk.send("btc 0.01btc")
    if is_late:
        desk.show(lambda data: {"items": [], "lastId": 0}, 999, FILLS)
        await desk.rounds(*[2] * 12)
        assert (await desk.intent(intent)).state is State.FILLED
        desk.faults.clear()
    with at_point("C13", lambda: hand_over_elsewhere(desk, "the next key")):
        await desk.rounds(*[31] * 3)
    assert await desk.now.orders.fills(intent.key_id) == []
    assert [fill.size for fill in await desk.now.orders.fills("the next key")] == [Decimal("0.01")]


def hand_over_elsewhere(desk: Desk, next_key: str) -> None:
    """As another task does it in the middle of a look."""
    with closing(sqlite3.connect(desk.database.url.database or "")) as database, database:
        for table in ("intents", "fills"):
            database.execute(f"UPDATE {table} SET key_id = ?", (next_key,))  # noqa: S608 - the names are above


async def test_an_exit_waits_for_the_next_key_and_that_is_said_once(desk: Desk) -> None:
    entry = await desk.send(ENTRY)
    await desk.now.reconciler.look()
    await desk.told()
    credentials = await desk.disconnect()
    await desk.rounds(*[31] * 5)
    (said,) = await desk.told()
    assert f"The exit of #{entry.short} waits in the bot" in said
    assert "/connect one of the same account" in said
    await desk.now.keys.link(desk.person(), credentials)
    await desk.rounds(31)
    assert len(desk.exchange._store.waiting_stops()) == 2


async def test_a_pair_in_doubt_stays_so(desk: Desk) -> None:
    desk.lose()
    intent = await desk.send(RESTING)
    async with desk.database.write() as session:
        await store.move(session, intent, {State.UNKNOWN}, State.INDETERMINATE, desk.wall.now())
    key = await desk.relink()
    assert (await desk.intent(intent)).key_id == key.id


async def test_a_ticket_is_not_confirmed_with_another_key_than_it_says(desk: Desk) -> None:
    shown = await desk.ticket(RESTING)
    await desk.relink()
    assert (await desk.intent(shown.intent)).key_id == shown.intent.key_id
    with pytest.raises(TooLate):
        await desk.confirm(shown.intent)
    assert desk.placed() == []


async def test_what_somebody_else_sent_on_the_same_account_was_made_elsewhere(desk: Desk) -> None:
    await desk.send(RESTING)
    (key,) = await desk.now.keys.linked(desk.person())
    await desk.now.keys.link(desk.person(BORIS), desk.credentials_of(key))
    found = await desk.now.orders.open(desk.person(BORIS))
    assert (len(found.ours), len(found.others)) == (0, 1)
    await desk.now.orders.cancel_many(desk.person(BORIS))
    assert not any(order.is_active for order in desk.placed())


async def test_a_quota_that_is_used_up_is_no_failed_try_of_an_exit(desk: Desk) -> None:
    await desk.send("btc 0.01btc tp +4%")
    await desk.now.reconciler.look()
    (key,) = await desk.now.keys.linked(desk.person())
    empty = {"gw-ratelimit-remaining": "0", "gw-ratelimit-reset": "150000"}
    desk.rest.budget.learn(PLACE_ORDER, desk.credentials_of(key).key, empty)
    await desk.rounds(0, *[31] * 3)
    assert len(desk.placed()) == 1
    await desk.rounds(*[31] * 3)
    assert len(desk.placed()) == 2
