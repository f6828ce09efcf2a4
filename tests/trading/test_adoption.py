"""Orders of this installation that its database does not know, and those that only look like it."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import delete, event

from tests.trading.conftest import on_both_databases
from tests.trading.desk import MARK, Desk, read
from tgbot.core.errors import ExchangeUnavailable
from tgbot.core.ids import mark_of
from tgbot.core.orders import ChangeKind, Direction, OrderChange, OrderSpec, OrderType, Side, StopLeg, Trigger, Wait
from tgbot.credentials.service import Linked
from tgbot.kucoin.market import SpotMarket
from tgbot.markets.symbols import Symbols
from tgbot.paper.faults import Mode
from tgbot.trading import elsewhere, kinds, older_copy, store
from tgbot.trading.adoption import AT_ONCE
from tgbot.trading.older_copy import Restored
from tgbot.trading.rules.settlement import State
from tgbot.trading.store import AttemptRow, Intent, IntentRow
from tgbot.trading.views import lists

RESTING = "btc 0.01btc @ 66000"
SPEC = OrderSpec("BTC-USDT", Side.BUY, OrderType.LIMIT, size=Decimal("0.002"), price=Decimal(65_000))
SALE = OrderSpec("BTC-USDT", Side.SELL, OrderType.LIMIT, size=Decimal("0.002"), price=Decimal(70_000))


async def account(desk: Desk) -> Linked:
    (key,) = await desk.now.keys.linked(desk.person())
    linked = await desk.now.keys.account_of(key.id)
    assert linked is not None
    return linked


async def forgotten(desk: Desk, text: str = RESTING, side: Side = Side.BUY) -> str:
    """An order that was sent here, and of which the rows are lost; its clientOid."""
    intent = await desk.send(text, side)
    async with desk.database.write() as session:
        attempt = await store.attempt_of(session, intent)
        await session.execute(delete(AttemptRow))
        await session.execute(delete(IntentRow))
    await desk.told()
    assert attempt is not None
    return attempt.client_oid


async def sent_as(desk: Desk, client_oid: str, spec: OrderSpec = SPEC, wait: Wait | None = None) -> None:
    linked = await account(desk)
    await linked.spot.know_the_time()
    await linked.spot.send(kinds.prepare(linked.spot, client_oid, spec, wait))


def change_of(desk: Desk) -> OrderChange:
    order = desk.placed()[0]
    return OrderChange(
        order.client_oid, order.id, order.symbol, ChangeKind.OPEN, False, None, None, None, desk.clock.now()
    )


async def intents(desk: Desk) -> list[Intent]:
    async with desk.database.read() as session:
        return await store.pending(session, set(State))


@on_both_databases
async def test_one_that_a_stream_tells_of_is_taken_over_told_and_followed(desk: Desk) -> None:
    client_oid = await forgotten(desk)
    assert desk.now.adoption.is_ours(client_oid)
    await desk.now.adoption.heard(await account(desk), change_of(desk))
    (intent,) = await intents(desk)
    assert intent.state is State.UNKNOWN
    assert intent.spec.size == Decimal("0.01")
    await desk.rounds(0)
    found, card = await desk.told()
    assert found.startswith("· 1 order found at KuCoin that was not known here.")
    assert "one of this bot’s" in found
    assert card.startswith("✎ Placed: buy 0.01 BTC at 66,000")
    desk.price("BTC-USDT", 65_990)
    await desk.rounds(31)
    assert await desk.headlines() == ["✎ Filled", "↩ Filled"]


async def test_heard_of_again_and_again_it_is_taken_over_once(desk: Desk) -> None:
    await forgotten(desk)
    linked = await account(desk)
    await asyncio.gather(*(desk.now.adoption.heard(linked, change_of(desk)) for _ in range(5)))
    await desk.now.adoption.search(linked)
    assert len(await intents(desk)) == 1
    assert len([text for text in await desk.told() if "order found" in text]) == 1


async def test_one_that_is_listed_is_shown_as_ours_and_can_be_cancelled(desk: Desk) -> None:
    await forgotten(desk)
    found = await desk.now.orders.open(desk.person())
    assert (len(found.ours), found.others) == (1, [])
    assert f"#{found.ours[0].short}" in read(lists.open_orders(found))
    ((done, error),) = (await desk.now.orders.cancel_many(desk.person())).ours
    assert (done.state, error) == (State.CANCELLED, None)
    assert not desk.placed()[0].is_active


@pytest.mark.parametrize(
    ("spec", "wait"),
    [
        (SPEC, Trigger(Decimal(66_000), Direction.DOWN)),
        (SALE, StopLeg(Decimal(60_000), Decimal(59_000))),
    ],
)
async def test_a_connection_finds_those_that_wait_for_a_price(desk: Desk, spec: OrderSpec, wait: Wait) -> None:
    await sent_as(desk, MARK + "a" * 32, spec, wait)
    await desk.now.adoption.search(await account(desk))
    await desk.rounds(0)
    (intent,) = await intents(desk)
    assert (intent.state, intent.wait) == (State.WAITING, wait)


@pytest.mark.parametrize("client_oid", [mark_of("another") + "a" * 32, "tb" + "a" * 32, "web1"])
async def test_what_another_bot_or_an_older_one_has_sent_stays_made_elsewhere(desk: Desk, client_oid: str) -> None:
    await sent_as(desk, client_oid)
    linked = await account(desk)
    assert not desk.now.adoption.is_ours(client_oid)
    await desk.now.adoption.search(linked)
    found = await desk.now.orders.open(desk.person())
    assert (found.ours, len(found.others)) == ([], 1)
    assert await intents(desk) == []


async def test_what_is_known_is_left_alone(desk: Desk) -> None:
    intent = await desk.send(RESTING)
    await desk.now.adoption.search(await account(desk))
    assert [one.id for one in await intents(desk)] == [intent.id]


async def test_while_an_account_awaits_its_search_nothing_else_takes_over(desk: Desk) -> None:
    client_oid = await forgotten(desk)
    async with desk.database.write() as session:
        await older_copy.note_restored(session, Restored(desk.clock.now(), client_oid))
    await desk.now.adoption.search(await account(desk))
    assert await intents(desk) == []


@pytest.mark.parametrize(
    ("client_oid", "ours"),
    [(MARK + "a" * 32, 1), ("tb" + "a" * 32, 1), (mark_of("another") + "a" * 32, 0), ("tbsomething", 0)],
)
async def test_after_a_backup_was_put_back_what_has_no_mark_may_be_ours_and_what_has_another_is_not(
    desk: Desk, client_oid: str, ours: int
) -> None:
    await sent_as(desk, client_oid)
    async with desk.database.write() as session:
        await older_copy.note_restored(session, Restored(desk.clock.now(), "tblost"))
    await desk.now.restoration.run()
    assert len(await intents(desk)) == ours


async def test_with_a_key_that_has_gone_meanwhile_nothing_is_taken_over(desk: Desk) -> None:
    await forgotten(desk)
    linked = await account(desk)
    (key,) = await desk.now.keys.linked(desk.person())
    await desk.now.keys.disconnect(desk.person(), key)
    await desk.now.adoption.search(linked)
    assert await intents(desk) == []


@on_both_databases
async def test_two_of_one_client_oid_are_no_reason_to_stumble(desk: Desk) -> None:
    """A stop order and an order in the book, made by hand to look like ours."""
    await sent_as(desk, MARK + "a" * 32)
    await sent_as(desk, MARK + "a" * 32, SPEC, Trigger(Decimal(66_000), Direction.DOWN))
    await desk.now.adoption.search(await account(desk))
    assert len(await intents(desk)) == 1


async def test_a_connection_searches_until_kucoin_has_answered(desk: Desk) -> None:
    await forgotten(desk)
    fault = desk.faults.add("GET", "/api/v1/hf/orders/active/symbols", Mode.HTML, 4)
    await desk.now.adoption.search(await account(desk))
    assert fault.hits == 4
    assert len(await intents(desk)) == 1
    desk.faults.add(
        "GET", "/api/v1/hf/orders/active/symbols", Mode.ERROR, code="400003", message="KC-API-KEY not exists"
    )
    await desk.now.adoption.search(await account(desk))


async def test_before_the_pairs_are_known_nothing_of_ours_passes_for_made_elsewhere(desk: Desk) -> None:
    await forgotten(desk)
    desk.symbols = Symbols(SpotMarket(desk.rest), desk.clock)
    desk.restart()
    with pytest.raises(ExchangeUnavailable):
        await desk.now.orders.open(desk.person())
    searched = desk.show(lambda names: names, path="/api/v1/hf/orders/active/symbols")

    async def load_late() -> None:
        while searched.hits < 2:
            await desk.database.is_reachable()  # the requests are on their way
        await desk.symbols.load()

    await asyncio.gather(desk.now.adoption.search(await account(desk)), load_late())
    assert len(await intents(desk)) == 1


async def test_what_was_shown_as_made_elsewhere_before_it_was_taken_over_is_told_once(desk: Desk) -> None:
    client_oid = await forgotten(desk)
    async with desk.database.write() as session:
        await older_copy.note_restored(session, Restored(desk.clock.now(), client_oid))
    (key,) = await desk.now.keys.linked(desk.person())
    assert len((await desk.now.orders.open(desk.person())).others) == 1
    await desk.now.restoration.run()
    await desk.rounds(0)
    await desk.told()
    desk.price("BTC-USDT", 65_990)
    await desk.now.fills_elsewhere.look_at_account(key.id)
    await desk.now.fills_elsewhere.look()
    await desk.rounds(31)
    assert await desk.headlines() == ["✎ Filled", "↩ Filled"]


@on_both_databases
async def test_two_processes_that_find_it_at_once_take_it_over_once(desk: Desk) -> None:
    await forgotten(desk)
    both, linked = [desk.now.adoption, desk.process(desk.database).adoption], await account(desk)
    listed = await elsewhere.list_open(linked.spot, None)
    adopted = await asyncio.gather(*(one.adopt(linked, listed) for one in both for _ in range(4)))
    assert sum(map(len, adopted)) == 1
    assert len(await intents(desk)) == 1


async def test_very_many_are_taken_over_a_few_at_a_time(desk: Desk) -> None:
    """Whoever makes hundreds by hand does not keep everybody's orders waiting."""
    count = 2 * AT_ONCE + 1
    for number in range(count):
        await sent_as(desk, MARK + f"{number:032x}", replace(SPEC, size=Decimal("0.0001")))
    commits = 0

    def note(_: object) -> None:
        nonlocal commits
        commits += 1

    event.listen(desk.database._writer.sync_engine, "commit", note)
    await desk.now.adoption.search(await account(desk))
    assert len(await intents(desk)) == count
    assert commits == 3
