"""The truth about every order: found late, in parts, out of order, or never, and told once."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.clock import a_moment
from tests.trading.conftest import on_both_databases
from tests.trading.desk import ANN, BY_CLIENT_OID, FILLS, Desk, Killed, at_point, die
from tgbot.core.orders import Side
from tgbot.db.engine import Database
from tgbot.paper.faults import Mode
from tgbot.trading import fills as fills_book
from tgbot.trading.rules.settlement import State
from tgbot.trading.store import Intent

RESTING = "btc 0.01btc @ 66000"
ACTIVE, DONE, BY_ID = "/api/v1/hf/orders/active", "/api/v1/hf/orders/done", "/api/v1/hf/orders/[0-9a-f]*"


async def fills_of(desk: Desk, intent: Intent) -> list[Decimal]:
    async with desk.database.read() as session:
        return [fill.size for fill in await fills_book.fills_of(session, intent.key_id)]


def part(share: str) -> Callable[[Any], Any]:
    """An order of which so much has filled, and which rests on."""

    def change(data: Any) -> Any:
        filled = Decimal(data["size"]) * Decimal(share)
        funds = filled * Decimal(data["price"])
        progress = {"dealSize": str(filled), "dealFunds": str(funds), "fee": str(funds / 1000)}
        return data | progress | {"active": True, "cancelExist": False}

    return change


def fill_of(trade_id: int, size: str) -> Callable[[Any], Any]:
    """The list of fills with one more in front."""

    def change(data: Any) -> Any:
        funds = Decimal(size) * 66_000
        row = {
            "orderId": "set below",
            "tradeId": trade_id,
            "symbol": "BTC-USDT",
            "side": "buy",
            "liquidity": "maker",
            "price": "66000",
            "size": size,
            "funds": str(funds),
            "fee": str(funds / 1000),
            "feeCurrency": "USDT",
            "createdAt": 1795000000000 + trade_id,
        }
        return {"items": [row, *data["items"]], "lastId": trade_id}

    return change


# --- When silence proves something -----------------------------------------------------------------------------------


async def test_not_placed_is_said_after_the_last_moment_it_could_have_come_and_not_before(desk: Desk) -> None:
    """The deadline is 3 s after the tap; two for the clocks, ten for a list that lags."""
    desk.faults.add("POST", "/api/v1/hf/orders", Mode.DROP)
    intent = await desk.send("btc 100")
    await desk.told()
    await desk.rounds(0, *[1] * 15)
    assert (await desk.intent(intent)).state is State.UNKNOWN
    assert await desk.told() == []
    await desk.rounds(1)
    card, news = await desk.told()
    assert card.startswith("✎ Not placed: buy BTC for 100 USDT")
    assert news.startswith("↩ Not placed: buy BTC for 100 USDT")


@pytest.mark.parametrize("lookups", [1, 3, 5, 7])
async def test_order_that_the_query_lags_behind_is_never_called_not_placed(desk: Desk, lookups: int) -> None:
    desk.lose()
    desk.hide(lookups)
    await desk.send("btc 100")
    await desk.rounds(*[2] * 8)
    assert [line for line in await desk.headlines() if "✎" in line] == ["✎ Filled"]
    assert len(desk.placed()) == 1


@pytest.mark.parametrize("text", ["btc 100", RESTING])
async def test_order_that_only_the_lists_show_is_found_there(desk: Desk, text: str) -> None:
    desk.lose()
    desk.hide(999)
    intent = await desk.send(text)
    await desk.told()
    await desk.settle()
    truth = "Filled" if text == "btc 100" else "Placed"
    assert await desk.headlines() == [f"✎ {truth}", f"↩ {truth}"]
    assert (await desk.intent(intent)).order_id == desk.placed()[0].id


def nothing(data: Any) -> Any:
    return [] if isinstance(data, list) else {"items": [], "lastId": 0}


@pytest.mark.parametrize("after", ["a while", "a day, by a stream", "a day, by the list of open orders"])
async def test_order_that_turns_up_after_all_is_adopted_and_said_to_be(desk: Desk, after: str) -> None:
    """KuCoin has hidden it everywhere, for longer than it ever should."""
    desk.lose()
    desk.hide(999)
    desk.show(nothing, 999, ACTIVE)
    desk.show(nothing, 999, DONE)
    intent = await desk.send(RESTING)
    await desk.settle()
    assert (await desk.intent(intent)).state is State.NOT_PLACED
    await desk.told()
    desk.faults.clear()
    if after == "a while":
        await desk.rounds(31)
    else:
        await desk.rounds(86_400)
        assert (await desk.intent(intent)).state is State.NOT_PLACED, "nobody looks any more"
        if after == "a day, by a stream":
            await desk.now.reconciler.look_at_client_oid(desk.placed()[0].client_oid)
            await desk.rounds(0)
        else:
            shown = await desk.now.orders.open(desk.person())
            assert [order.short for order in shown.ours] == [intent.short]
            assert shown.others == []
    card, news = await desk.told()
    assert card.startswith("✎ Placed: buy 0.01 BTC at 66,000\nI had given it up, but KuCoin has it after all")
    assert news.startswith("↩ Placed")
    assert len(desk.placed()) == 1


async def test_wall_clock_that_jumps_ahead_proves_nothing(desk: Desk) -> None:
    desk.lose()
    desk.hide(3)
    await desk.send("btc 100")
    desk.wall.skew = timedelta(hours=1)
    await desk.rounds(2, 2, 2)
    desk.wall.skew = timedelta(hours=-1)
    await desk.rounds(2)
    assert [line for line in await desk.headlines() if "✎" in line] == ["✎ Filled"]


async def test_order_too_old_to_be_found_is_for_the_person_to_check(desk: Desk) -> None:
    desk.lose()
    desk.hide(999)
    desk.show(nothing, 999, DONE)
    intent = await desk.send("btc 100")
    await desk.told()
    await desk.rounds(2, 3 * 86_400)
    assert await desk.headlines() == ["✎ Unknown, for you to check", "↩ Unknown, for you to check"]
    assert (await desk.intent(intent)).state is State.INDETERMINATE


# --- What can go wrong while looking ---------------------------------------------------------------------------------

SHAPES: dict[str, Callable[[Any], Any]] = {
    "nothing": lambda data: {},
    "a list": lambda data: [data],
    "a word": lambda data: "order",
    "no id": lambda data: {**data, "id": None},
    "not a number": lambda data: {**data, "dealSize": "NaN"},
    "a number of a hundred digits": lambda data: {**data, "dealFunds": "0." + "1" * 100},
    "a huge number": lambda data: {**data, "dealFunds": "1e999999"},
    "an id longer than any": lambda data: {**data, "id": "f" * 200},
    "a side that does not exist": lambda data: {**data, "side": "hold"},
    "another order": lambda data: {**data, "clientOid": "tbSomebodyElse"},
    "another pair": lambda data: {**data, "symbol": "ETH-USDT"},
}


@on_both_databases
@pytest.mark.parametrize("shape", SHAPES)
async def test_unreadable_order_is_looked_at_again_and_changes_nothing(desk: Desk, shape: str) -> None:
    fault = desk.show(SHAPES[shape], times=3)
    intent = await desk.send("btc 100")
    await desk.rounds(0)
    assert fault.hits > 0
    assert (await desk.intent(intent)).state is State.OPEN
    await desk.rounds(*[31] * 4)
    assert (await desk.intent(intent)).state is State.FILLED


@pytest.mark.parametrize(
    "how",
    [
        {"mode": Mode.DROP},
        {"mode": Mode.TRUNCATED},
        {"mode": Mode.HTML, "status": 502},
        {"mode": Mode.HTML, "status": 403},
        {"mode": Mode.ERROR, "status": 429, "code": "429000"},
        {"mode": Mode.ERROR, "code": "300000"},
        {"mode": Mode.ERROR, "status": 401, "code": "400003"},
        {"mode": Mode.ERROR, "status": 401, "code": "400002"},
        {"mode": Mode.ERROR, "code": "987654"},
    ],
)
async def test_no_failure_of_the_exchange_ends_the_reconciler(desk: Desk, how: dict[str, Any]) -> None:
    desk.faults.add("GET", "/api/v1/hf/.*", times=8, **how)
    intent = await desk.send("btc 100")
    await desk.rounds(0, *[31] * 8)
    assert (await desk.intent(intent)).state is State.FILLED
    assert (await desk.headlines())[-1] in {"✎ Filled", "↩ Filled"}


async def test_one_account_in_trouble_does_not_keep_the_others_waiting(desk: Desk) -> None:
    first = await desk.send("btc 100")
    await desk.link()
    second = await desk.send("btc 200")
    await desk.exchange.revoke(desk.placed()[0].account)
    await desk.rounds(0)
    assert (await desk.intent(first)).state is State.OPEN
    assert (await desk.intent(second)).state is State.FILLED


# --- Fills -----------------------------------------------------------------------------------------------------------


@on_both_databases
async def test_fills_are_kept_once_however_often_they_are_heard_of(desk: Desk) -> None:
    intent = await desk.send("btc 100")
    repeated = {"items": 2}
    desk.show(lambda data: data | {"items": data["items"] * repeated["items"]}, path=FILLS)
    await desk.rounds(0, 31, 31)
    assert await fills_of(desk, intent) == [Decimal("0.00149")]


async def test_fills_of_other_orders_are_not_ours(desk: Desk) -> None:
    intent = await desk.send("btc 100")

    def with_a_stranger(data: Any) -> Any:
        return data | {"items": [{**data["items"][0], "orderId": "f" * 24, "tradeId": 99}, *data["items"]]}

    desk.show(with_a_stranger, path=FILLS)
    await desk.rounds(0)
    assert await fills_of(desk, intent) == [Decimal("0.00149")]


async def test_fills_that_are_listed_late_are_waited_for(desk: Desk) -> None:
    intent = await desk.send("btc 100")
    desk.show(nothing, 2, FILLS)
    await desk.rounds(0, 2)
    assert (await desk.intent(intent)).state is State.OPEN
    await desk.rounds(2)
    assert (await desk.intent(intent)).state is State.FILLED
    assert await fills_of(desk, intent) == [Decimal("0.00149")]


async def test_fills_that_are_never_listed_do_not_hold_the_truth_back_for_ever(desk: Desk) -> None:
    intent = await desk.send("btc 100")
    desk.show(nothing, 99, FILLS)
    await desk.rounds(0, *[2] * 9)
    assert (await desk.intent(intent)).state is State.OPEN
    await desk.rounds(2, 2)
    assert (await desk.intent(intent)).state is State.FILLED


async def test_fills_that_are_never_listed_are_asked_for_less_and_less_and_not_for_ever(desk: Desk) -> None:
    await desk.send("btc 100")
    asked = desk.show(nothing, 9999, FILLS)
    await desk.rounds(0, *[2] * 13)
    before = asked.hits
    await desk.rounds(*[2] * 30, *[30] * 18)
    assert asked.hits - before <= 10
    await desk.rounds(*[6 * 3600] * 4 * 8)
    after = asked.hits
    await desk.rounds(*[6 * 3600] * 4)
    assert asked.hits == after


async def test_partial_fills_are_told_with_what_remains_and_so_is_the_last(desk: Desk) -> None:
    """Also the one that comes a second after another: only what happens at the tap is told by the card alone."""
    intent = await desk.send(RESTING)
    await desk.rounds(0, 31)
    await desk.told()
    order = desk.placed()[0]

    def mine(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def named(data: Any) -> Any:
            changed = change(data)
            return changed | {"items": [row | {"orderId": order.id} for row in changed["items"]]}

        return named

    desk.show(part("0.4"), 1)
    desk.show(mine(fill_of(1001, "0.004")), 1, FILLS)
    await desk.rounds(31)
    card, news = await desk.told()
    assert card.startswith("✎ Partly filled: buy 0.01 BTC at 66,000\n0.004 BTC at 66,000 on average = 264 USDT")
    assert "0.006 BTC remain" in card
    assert news.startswith("↩ Partly filled")
    assert (await desk.intent(intent)).state is State.PARTIAL

    desk.price("BTC-USDT", 65_990)
    await desk.now.reconciler.look_at_client_oid(order.client_oid)
    await desk.rounds(1)
    card, news = await desk.told()
    assert card.startswith("✎ Filled: buy 0.01 BTC at 66,000")
    assert news.startswith("↩ Filled: buy 0.01 BTC at 66,000")


async def test_partly_filled_and_cancelled_order_says_how_much(desk: Desk) -> None:
    intent = await desk.send(RESTING)
    order_id = desk.placed()[0].id

    def ended(data: Any) -> Any:
        return part("0.4")(data) | {"active": False, "cancelExist": True}

    def listed(data: Any) -> Any:
        changed = fill_of(1001, "0.004")(data)
        return changed | {"items": [row | {"orderId": order_id} for row in changed["items"]]}

    desk.show(ended)
    desk.show(listed, path=FILLS)
    await desk.rounds(31)
    assert (
        "\n0.004 BTC at 66,000 on average = 264 USDT, fee 0.264 USDT; the rest is cancelled\n"
        in (await desk.told())[-1]
    )
    assert (await desk.intent(intent)).state is State.CANCELLED


async def test_market_order_that_found_too_little_is_partly_filled(desk: Desk) -> None:
    """KuCoin stops a market order at its price limit and gives the rest back."""
    await desk.send("btc 0.01 btc")
    order_id = desk.placed()[0].id
    half = {"dealSize": "0.005", "dealFunds": "335.0005", "fee": "0.3350005", "cancelExist": True}
    desk.show(lambda data: data | half)
    desk.show(
        lambda data: {"items": [data["items"][0] | {"size": "0.005", "orderId": order_id}], "lastId": 1}, path=FILLS
    )
    await desk.rounds(0)
    (told,) = await desk.told()
    assert told.startswith("✎ Partly filled: buy 0.01 BTC at market\n0.005 BTC at 67,000.1 on average")
    assert "the rest is cancelled" in told


# --- What happens meanwhile ------------------------------------------------------------------------------------------


async def test_order_that_ended_before_anybody_looked_is_told_once(desk: Desk) -> None:
    with at_point("C10", die), pytest.raises(Killed):
        await desk.send(RESTING)
    desk.price("BTC-USDT", 65_990)
    desk.clock.advance(3600)
    desk.restart()
    await desk.now.reconciler.begin()
    await desk.rounds(0, 2, 31)
    assert await desk.headlines() == ["✎ Filled", "↩ Filled"]


async def test_order_cancelled_elsewhere_is_told(desk: Desk) -> None:
    await desk.send(RESTING)
    await desk.rounds(0)
    await desk.told()
    desk.exchange._engine.cancel(desk.placed()[0])
    await desk.rounds(31)
    assert await desk.headlines() == ["✎ Cancelled", "↩ Cancelled"]


async def test_what_happens_at_the_tap_does_not_ring(desk: Desk) -> None:
    await desk.send("btc 100")
    await desk.rounds(0, 2)
    assert await desk.headlines() == ["✎ Filled"]


async def test_unknown_that_is_settled_later_rings(desk: Desk) -> None:
    desk.lose()
    desk.hide(4)
    await desk.send("btc 100")
    await desk.rounds(*[2] * 6)
    assert await desk.headlines() == ["✎ Filled", "↩ Filled"]


async def test_known_order_that_is_no_longer_listed_is_for_the_person_to_check(desk: Desk) -> None:
    """After two days KuCoin forgets a cancelled order; the bot was away for longer."""
    intent = await desk.send(RESTING)
    desk.exchange._engine.cancel(desk.placed()[0])
    for path in (BY_CLIENT_OID, BY_ID):
        desk.faults.add("GET", path, Mode.ERROR, 999, code="400100", message="The order does not exist.")
    desk.show(nothing, 999, DONE)
    await desk.told()
    await desk.rounds(0, 31, 31)
    assert (await desk.intent(intent)).state is State.OPEN, "a lag proves nothing"
    await desk.rounds(600, 31)
    assert await desk.headlines() == ["✎ Unknown, for you to check", "↩ Unknown, for you to check"]


async def test_misses_count_only_in_a_row(desk: Desk) -> None:
    intent = await desk.send(RESTING)
    for _ in range(3):
        for path in (BY_CLIENT_OID, BY_ID):
            desk.faults.add("GET", path, Mode.ERROR, code="400100", message="The order does not exist.")
        desk.show(nothing, 999, ACTIVE)
        await desk.rounds(31, 301)
    assert (await desk.intent(intent)).state is State.OPEN


async def test_order_whose_account_is_disconnected_is_said_to_be_out_of_sight(desk: Desk) -> None:
    intent = await desk.send(RESTING)
    await desk.told()
    (key,) = await desk.now.keys.linked(desk.person())
    await desk.now.keys.disconnect(desk.person(), key)
    await desk.rounds(31)
    card, news = await desk.told()
    assert card.startswith("✎ Unknown, for you to check: buy 0.01 BTC at 66,000\nIts account cannot be used")
    assert news.startswith("↩ Unknown, for you to check")
    assert (await desk.intent(intent)).state is State.INDETERMINATE


# --- Several at once -------------------------------------------------------------------------------------------------


@on_both_databases
async def test_two_reconcilers_side_by_side_tell_once(desk: Desk, desk_url: str) -> None:
    other = Database(desk_url)
    second = desk.process(other)
    intents = [await desk.send("btc 100") for _ in range(4)]
    await desk.told()
    for _ in range(3):
        await asyncio.gather(desk.now.reconciler.look(), second.reconciler.look())
    await other.close()
    assert await desk.headlines() == ["✎ Filled"] * 4
    assert sorted(await fills_of(desk, intents[0])) == [Decimal("0.00149")] * 4


@on_both_databases
async def test_what_an_earlier_process_left_is_told_as_unknown_by_one_of_two(desk: Desk, desk_url: str) -> None:
    with at_point("C6", die), pytest.raises(Killed):
        await desk.send("btc 100")
    other = Database(desk_url)
    await asyncio.gather(desk.now.reconciler.begin(), desk.process(other).reconciler.begin())
    await other.close()
    assert await desk.headlines() == ["✎ Unknown, checking"]


async def test_the_listener_hears_which_accounts_have_something_on_their_way(desk: Desk) -> None:
    heard: list[set[str]] = []
    desk.now.reconciler.listen(lambda key_ids: heard.append(set(key_ids)))
    await desk.rounds(0)
    intent = await desk.send(RESTING)
    await desk.rounds(0)
    desk.price("BTC-USDT", 65_990)
    await desk.rounds(31, 0)
    assert heard == [set(), {intent.key_id}, {intent.key_id}, set()]


async def test_role_begins_with_what_was_left_over_and_goes_on_until_it_is_cancelled(desk: Desk) -> None:
    """Then it looks every two seconds, and at once when there is news."""
    with at_point("C6", die), pytest.raises(Killed):
        await desk.send("btc 100")
    desk.clock.hurries = False
    running = asyncio.ensure_future(desk.now.reconciler.run())
    await desk.clock.until_sleeping()
    assert await desk.headlines() == ["✎ Unknown, checking"]
    intent = await desk.send("btc 100")
    async with asyncio.timeout(5):
        while (await desk.intent(intent)).state is not State.FILLED:
            await a_moment(0.003)
    running.cancel()
    await asyncio.wait([running])
    assert (await desk.headlines())[-1] == "✎ Filled"


async def test_order_of_a_sell_is_settled_like_any_other(desk: Desk) -> None:
    desk.lose()
    intent = await desk.send("btc 0.01", Side.SELL)
    await desk.rounds(0)
    after = await desk.intent(intent)
    assert (after.state, after.filled_size, after.person_id) == (State.FILLED, Decimal("0.01"), ANN)
