"""Orders made elsewhere that somebody has seen here: what fills of them is told, once, until they have ended."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.trading.conftest import on_both_databases
from tests.trading.desk import Desk
from tgbot.core.orders import (
    ChangeKind,
    Direction,
    OrderChange,
    OrderSpec,
    OrderType,
    Side,
    StopLeg,
    Trigger,
    Wait,
)
from tgbot.credentials.store import KeyRow, LinkedKey
from tgbot.delivery.store import OutboxRow
from tgbot.paper.faults import Mode
from tgbot.trading import kinds, watched
from tgbot.trading.fills_elsewhere import AT_ONCE
from tgbot.trading.foreign import ForeignOrders
from tgbot.trading.watched import MOST_OF_ONE_ACCOUNT, Watched

BUY = OrderSpec("BTC-USDT", Side.BUY, OrderType.LIMIT, size=Decimal("0.002"), price=Decimal(65_000))
SELL = OrderSpec("BTC-USDT", Side.SELL, OrderType.LIMIT, size=Decimal("0.002"), price=Decimal(70_000))
BY_ID = "/api/v1/hf/orders/[0-9a-f]*"


async def made_elsewhere(desk: Desk, spec: OrderSpec = BUY, wait: Wait | None = None, client_oid: str = "web1") -> str:
    """With Ann's own key, by another program; the account's id here."""
    (key,) = await desk.now.keys.linked(desk.person())
    linked = await desk.now.keys.account_of(key.id)
    assert linked is not None
    await linked.spot.know_the_time()
    await linked.spot.send(kinds.prepare(linked.spot, client_oid, spec, wait))
    return key.id


async def shown(desk: Desk, spec: OrderSpec = BUY, wait: Wait | None = None) -> str:
    key_id = await made_elsewhere(desk, spec, wait)
    assert len((await desk.now.orders.open(desk.person())).others) == 1
    return key_id


async def stream_tells(desk: Desk, key_id: str, times: int = 1) -> None:
    """Of everything, whatever has happened."""
    await desk.now.fills_elsewhere.accounts()
    for _ in range(times):
        for order in desk.placed():
            await desk.now.fills_elsewhere.heard(key_id, order.id, order.client_oid)
        await desk.now.fills_elsewhere.look()


async def still_watched(desk: Desk, key_id: str) -> list[Watched]:
    async with desk.database.read() as session:
        return await watched.of_account(session, key_id)


def show_part(desk: Desk, size: str, *, is_active: bool = True) -> None:
    filled = {"dealSize": size, "dealFunds": str(Decimal(size) * 65_000), "fee": "0.065", "active": is_active}

    def change(data: Any) -> Any:
        return data | filled | {"cancelExist": not is_active}

    desk.show(change, path=BY_ID)


@on_both_databases
@pytest.mark.parametrize("who", ["a frame", "a new connection", "a new connection after a restart"])
async def test_what_fills_of_an_order_that_was_shown_is_told_once(desk: Desk, who: str) -> None:
    key_id = await shown(desk)
    desk.price("BTC-USDT", 64_990)
    if who == "a new connection after a restart":
        desk.restart()
    if who == "a frame":
        await stream_tells(desk, key_id, 3)
    else:
        assert await desk.now.fills_elsewhere.accounts() == {key_id}
        for _ in range(3):
            await desk.now.fills_elsewhere.look_at_account(key_id)
            await desk.now.fills_elsewhere.look()
    (told,) = await desk.told()
    assert told == (
        "✎ Filled: buy 0.002 BTC at 65,000\n"
        "0.002 BTC at 65,000 on average = 130 USDT, fee 0.13 USDT\n"
        "BTC-USDT · made elsewhere"
    )
    assert await still_watched(desk, key_id) == []
    assert await desk.now.fills_elsewhere.accounts() == set()


async def test_parts_keep_one_message_up_to_date_and_the_end_answers_it(desk: Desk) -> None:
    key_id = await shown(desk)
    show_part(desk, "0.001")
    await stream_tells(desk, key_id, 2)
    (part,) = await desk.told()
    assert part.startswith("✎ Partly filled: buy 0.002 BTC at 65,000\n0.001 BTC")
    assert "0.001 BTC remain" in part
    desk.faults.clear()
    desk.price("BTC-USDT", 64_990)
    await stream_tells(desk, key_id, 2)
    assert await desk.headlines() == ["✎ Filled", "↩ Filled"]


async def test_a_part_that_was_there_when_it_was_shown_is_no_news(desk: Desk) -> None:
    await made_elsewhere(desk)
    desk.show(lambda data: [row | {"dealSize": "0.001", "dealFunds": "65"} for row in data], path=".*/active")
    show_part(desk, "0.001")
    (order,) = (await desk.now.orders.open(desk.person())).others
    (key,) = await desk.now.keys.linked(desk.person())
    await stream_tells(desk, key.id)
    desk.faults.clear()
    show_part(desk, "0.001", is_active=False)
    await stream_tells(desk, key.id)
    assert await desk.told() == []
    assert await still_watched(desk, key.id) == []
    assert order.order_id == desk.placed()[0].id


async def test_one_that_is_cancelled_without_a_fill_is_let_go_in_silence(desk: Desk) -> None:
    key_id = await shown(desk)
    order = desk.placed()[0]
    await desk.now.orders.cancel_other(desk.person(), "order", "BTC-USDT", order.id)
    await stream_tells(desk, key_id)
    assert await desk.told() == []
    assert await still_watched(desk, key_id) == []


async def test_two_whose_client_oids_are_long_and_alike_have_a_message_each(desk: Desk) -> None:
    for number in "12":
        key_id = await made_elsewhere(desk, client_oid="strategy-".ljust(39, "0") + number)
    await desk.now.orders.open(desk.person())
    desk.price("BTC-USDT", 64_990)
    await stream_tells(desk, key_id)
    async with desk.database.read() as session:
        cards = set(await session.scalars(select(OutboxRow.card)))
    assert len(cards) == 2


@pytest.mark.parametrize(
    ("spec", "wait", "price"),
    [
        (BUY, Trigger(Decimal(66_000), Direction.DOWN), 64_000),
        (SELL, StopLeg(Decimal(60_000), Decimal(59_000)), 70_100),
    ],
)
async def test_a_stop_and_an_oco_are_followed_into_the_book(
    desk: Desk, spec: OrderSpec, wait: Wait, price: int
) -> None:
    key_id = await shown(desk, spec, wait)
    await stream_tells(desk, key_id)
    assert await desk.told() == []
    desk.price("BTC-USDT", price)
    await stream_tells(desk, key_id, 2)
    assert await desk.headlines() == ["✎ Filled"]
    assert await still_watched(desk, key_id) == []


async def test_one_that_kucoin_does_not_answer_for_is_asked_about_again(desk: Desk) -> None:
    key_id = await shown(desk)
    desk.price("BTC-USDT", 64_990)
    desk.faults.add("GET", BY_ID, Mode.HTML, 9)
    await stream_tells(desk, key_id)
    assert await desk.told() == []
    desk.faults.clear()
    await desk.now.fills_elsewhere.look()
    assert await desk.headlines() == ["✎ Filled"]


async def test_nothing_is_asked_of_one_whose_key_is_suspended(desk: Desk) -> None:
    key_id = await shown(desk)
    asked = desk.faults.add("GET", BY_ID, Mode.ERROR, 99, code="400003", message="KC-API-KEY not exists")
    await stream_tells(desk, key_id)
    assert asked.hits == 1
    async with desk.database.write() as session:
        await session.execute(update(KeyRow).values(trouble="revoked"))
    for _ in range(3):
        await desk.now.fills_elsewhere.look()
    assert asked.hits == 1


async def test_one_that_kucoin_does_not_find_is_let_go_after_a_while_and_not_before(desk: Desk) -> None:
    key_id = await shown(desk)
    desk.faults.add("GET", BY_ID, Mode.ERROR, 99, code="400100", message="The order does not exist.")
    await stream_tells(desk, key_id)
    assert len(await still_watched(desk, key_id)) == 1
    desk.clock.advance(61)
    await desk.now.fills_elsewhere.look()
    assert await still_watched(desk, key_id) == []


async def test_of_one_account_so_many_are_watched_and_no_more(desk: Desk) -> None:
    for number in range(MOST_OF_ONE_ACCOUNT + 3):
        key_id = await made_elsewhere(desk, client_oid=f"web{number}")
    await desk.now.orders.open(desk.person())
    await desk.now.orders.open(desk.person())
    assert len(await still_watched(desk, key_id)) == MOST_OF_ONE_ACCOUNT


async def test_while_kucoin_is_slow_they_leave_most_connections_to_orders_of_ours(desk: Desk) -> None:
    tiny, watching = replace(BUY, size=Decimal("0.0001")), desk.now.fills_elsewhere
    for person_id in range(100, 106):
        key = await desk.link(person_id)
        linked = await desk.now.keys.account_of(key.id)
        assert linked is not None
        await linked.spot.know_the_time()
        for number in range(2):
            await linked.spot.send(kinds.prepare(linked.spot, f"web{number}", tiny, None))
        await watching.watch(key.id, await linked.spot.open_orders("BTC-USDT"))
        await watching.look_at_account(key.id)
    going_on = asyncio.Event()
    slow = desk.faults.add("GET", BY_ID, Mode.DELAY, 99, until=going_on)
    looking = asyncio.ensure_future(watching.look())
    while slow.hits < AT_ONCE:
        await desk.database.is_reachable()  # the requests are on their way
    for _ in range(20):
        await desk.database.is_reachable()
    assert slow.hits == AT_ONCE
    going_on.set()
    await looking
    assert slow.hits == 12


async def test_one_that_was_told_of_is_watched_as_well(desk: Desk) -> None:
    key_id = await made_elsewhere(desk)
    order = desk.placed()[0]
    linked = await desk.now.keys.account_of(key_id)
    assert linked is not None
    foreign = ForeignOrders(desk.database, desk.clock, desk.now.keys, desk.outbox, desk.now.fills_elsewhere)
    change = OrderChange("web1", order.id, "BTC-USDT", ChangeKind.OPEN, False, None, None, None, desk.clock.now())
    await foreign.tell(linked, change)
    assert [one.order_id for one in await still_watched(desk, key_id)] == [order.id]


@on_both_databases
async def test_of_two_that_look_at_once_one_tells(desk: Desk) -> None:
    """Two processes, each of which has its answer before the other has noted what it says."""
    key_id = await shown(desk)
    show_part(desk, "0.001")
    await stream_tells(desk, key_id)
    assert await desk.headlines() == ["✎ Partly filled"]
    desk.faults.clear()
    desk.price("BTC-USDT", 64_990)
    both = [desk.now.fills_elsewhere, desk.process(desk.database).fills_elsewhere]
    going_on = asyncio.Event()
    held = desk.faults.add("GET", BY_ID, Mode.DELAY, 2, until=going_on)

    async def let_go() -> None:
        while held.hits < 2:
            await desk.database.is_reachable()  # the requests are on their way
        going_on.set()

    for one in both:
        await one.look_at_account(key_id)
    await asyncio.gather(*(one.look() for one in both), let_go())
    assert await desk.headlines() == ["✎ Filled", "↩ Filled"]


async def test_orders_of_ours_are_not_watched(desk: Desk) -> None:
    await desk.send("btc 0.01btc @ 66000")
    await desk.now.orders.open(desk.person())
    assert await desk.now.fills_elsewhere.accounts() == set()


@on_both_databases
async def test_a_key_that_goes_takes_them_along_or_leaves_them_to_the_next(desk: Desk) -> None:
    await shown(desk)
    (first,) = await desk.now.keys.linked(desk.person())
    second = await another_key(desk, first)
    await desk.now.keys.disconnect(desk.person(), first)
    assert await desk.now.fills_elsewhere.accounts() == {second}
    (key,) = await desk.now.keys.linked(desk.person())
    await desk.now.keys.disconnect(desk.person(), key)
    assert await desk.now.fills_elsewhere.accounts() == set()


async def another_key(desk: Desk, first: LinkedKey) -> str:
    """Of Ann's account."""
    key = await desk.link()
    async with desk.database.write() as session:
        await session.execute(update(KeyRow).where(KeyRow.id == key.id).values(uid=first.uid))
    return key.id


@on_both_databases
async def test_one_that_was_triggered_and_is_shown_once_more_before_it_is_looked_at_is_one(desk: Desk) -> None:
    """The list shows the order that the stop has become while that stop is still watched."""
    limit = OrderSpec("BTC-USDT", Side.BUY, OrderType.LIMIT, size=Decimal("0.002"), price=Decimal(63_000))
    key_id = await shown(desk, limit, Trigger(Decimal(66_000), Direction.DOWN))
    desk.price("BTC-USDT", 65_500)
    assert len((await desk.now.orders.open(desk.person())).others) == 1
    await desk.now.fills_elsewhere.look_at_account(key_id)
    await desk.now.fills_elsewhere.look()
    desk.price("BTC-USDT", 62_900)
    await stream_tells(desk, key_id, 2)
    assert await desk.headlines() == ["✎ Filled"]
    assert await still_watched(desk, key_id) == []


async def test_one_that_was_triggered_and_is_not_found_yet_is_told_all_the_same(desk: Desk) -> None:
    key_id = await shown(desk, BUY, Trigger(Decimal(66_000), Direction.DOWN))
    desk.clock.advance(3600)
    desk.price("BTC-USDT", 64_000)
    desk.hide(times=2)
    await stream_tells(desk, key_id)
    await desk.now.fills_elsewhere.look()
    await desk.now.fills_elsewhere.look()
    assert await desk.headlines() == ["✎ Filled"]
    assert await still_watched(desk, key_id) == []
