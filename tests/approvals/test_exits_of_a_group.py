"""Exits of what a group has bought: the group hears of them, and learns nothing of the account."""

import sqlite3
from contextlib import closing

from tests.approvals.group import CHAT, Group
from tests.approvals.test_decision import granted
from tests.trading.desk import ANN, at_point
from tgbot.paper.faults import Mode
from tgbot.trading.store import exits_of

OCOS = "/api/v3/oco/order"


async def test_the_group_does_not_learn_what_is_the_matter_with_the_key(group: Group) -> None:
    world = group.world
    words = "The requested ip address is not in the api whitelist, your ip is 203.0.113.7"
    world.faults.add("POST", OCOS, Mode.ERROR, 99, code="400006", message=words)
    await granted(group, "btc 0.01btc tp +4% sl -2%")
    await world.settle()
    told = await world.told()
    assert not any("203.0.113.7" in text for text in told)
    assert any("KuCoin said no: its owner sees why under /keys." in text for text in told)


async def test_an_exit_that_is_placed_while_the_group_moves_is_the_groups(group: Group) -> None:
    world = group.world
    bought = await granted(group, "btc 0.01btc tp +4% sl -2%")
    await world.now.reconciler.look()
    new = CHAT - 500

    def move() -> None:
        with closing(sqlite3.connect(world.database.url.database or "")) as database, database:
            database.execute("UPDATE intents SET chat_id = ? WHERE chat_id = ?", (new, CHAT))

    with at_point("C5", move):
        await world.now.exits.look()
    await world.rounds(6)
    async with world.database.read() as session:
        (exit_,) = await exits_of(session, bought.id)
    assert exit_.chat_id == new


async def test_an_exit_that_its_treasurer_takes_back_in_private_is_told_to_the_group(group: Group) -> None:
    world = group.world
    world.faults.add("POST", OCOS, Mode.ERROR, 99, code="200001", message="Trading is suspended")
    bought = await granted(group, "btc 0.01btc tp +4% sl -2%")
    await world.now.reconciler.look()
    await world.now.exits.look()
    await world.told()
    await world.now.orders.cancel_many(group.person(ANN))
    await world.rounds(31, 31)
    told = await world.told()
    assert any(f"#{bought.short}" in text and "exit" in text for text in told)
