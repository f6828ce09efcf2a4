"""An end that was said too early: the answer lagged behind a fill, the fills behind the order, or the order was hidden.
Judged by the oracles."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.faults.test_stops import hide, waiting
from tests.trading.desk import FILLS, Desk, read
from tgbot.core.money import ZERO
from tgbot.core.orders import Side
from tgbot.trading import fills as fills_book
from tgbot.trading import standing
from tgbot.trading.rules.settlement import State
from tgbot.trading.store import Intent
from tgbot.trading.views import lists

RESTING = "btc 0.01btc @ 66000"
PROTECTED = f"{RESTING} tp +4% sl -2%"
ACTIVE, DONE = "/api/v1/hf/orders/active", "/api/v1/hf/orders/done"
NOTHING_YET = {"dealSize": "0", "dealFunds": "0", "fee": "0"}


def nothing(data: Any) -> Any:
    return [] if isinstance(data, list) else {"items": [], "lastId": 0}


def ended(**shown: str) -> Callable[[Any], Any]:
    """KuCoin says that it is over, and has not counted all that has filled."""
    return lambda data: data | {"active": False, "cancelExist": True} | shown


def in_two(fills: list[Any]) -> list[Any]:
    """The one fill of 0.01 as two trades."""
    (row,) = fills
    parts = (("0.004", "264", "0.264"), ("0.006", "396", "0.396"))
    return [
        row | {"tradeId": 1001 + number, "size": size, "funds": funds, "fee": fee}
        for number, (size, funds, fee) in enumerate(parts)
    ]


async def kept(desk: Desk, intent: Intent) -> Decimal:
    async with desk.database.read() as session:
        fills = await fills_book.fills_of(session, intent.key_id)
    order_id = (await desk.intent(intent)).order_id
    return sum((fill.size for fill in fills if fill.order_id == order_id), ZERO)


async def cancelled_too_early(desk: Desk, text: str = PROTECTED) -> Intent:
    """A cancel meets a fill, and neither the order nor the list of fills shows that yet when they are first read."""
    intent = await desk.send(text)
    await desk.rounds(0)
    desk.show(ended(**NOTHING_YET), 1)
    desk.show(nothing, 1, FILLS)
    desk.price("BTC-USDT", 65_990)
    assert (await desk.now.orders.cancel(intent)).state is State.CANCELLED
    await desk.told()
    desk.faults.clear()
    return intent


# --- A fill after the end --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["the stream", "time", "time, after a restart"])
async def test_a_fill_that_shows_after_cancelled_was_said_is_told_and_gets_its_exit(desk: Desk, who: str) -> None:
    intent = await cancelled_too_early(desk)
    match who:
        case "the stream":
            await desk.now.reconciler.look_at_client_oid(desk.placed()[0].client_oid)
            await desk.rounds(0)
        case "time":
            await desk.rounds(2)
        case "time, after a restart":
            desk.clock.advance(300)
            desk.restart()
            await desk.now.reconciler.begin()
            await desk.rounds(0)
    now = await desk.intent(intent)
    assert (now.state, now.filled_size) == (State.FILLED, Decimal("0.01"))
    card, news, *_ = await desk.told()
    assert card.startswith("✎ Filled: buy 0.01 BTC at 66,000\nI had called it over, but it was not.")
    assert news.startswith("↩ Filled")
    assert await kept(desk, intent) == Decimal("0.01")
    await desk.rounds(6)
    assert len(waiting(desk)) == 2, "the two legs of its exit"


async def test_a_cancelled_order_is_looked_at_for_ten_minutes_at_growing_distances(desk: Desk) -> None:
    intent = await desk.send(RESTING)
    await desk.now.orders.cancel(intent)
    looks = desk.show(lambda data: data, 999)
    await desk.rounds(*[2] * 300)
    assert 8 <= looks.hits <= 10
    await desk.rounds(*[31] * 60)
    assert looks.hits <= 10
    assert await desk.headlines() == ["✎ Cancelled"]


async def test_a_fill_that_shows_after_ten_minutes_is_found_when_the_stream_tells_of_it(desk: Desk) -> None:
    intent = await desk.send(PROTECTED)
    await desk.rounds(0)
    desk.show(ended(**NOTHING_YET), 999)
    desk.show(nothing, 999, FILLS)
    desk.price("BTC-USDT", 65_990)
    await desk.now.orders.cancel(intent)
    await desk.rounds(*[31] * 22)
    assert (await desk.intent(intent)).state is State.CANCELLED
    desk.faults.clear()
    await desk.rounds(3600)
    assert (await desk.intent(intent)).state is State.CANCELLED, "nobody looks any more"
    await desk.now.reconciler.look_at_client_oid(desk.placed()[0].client_oid)
    await desk.rounds(0, 6)
    assert (await desk.intent(intent)).state is State.FILLED
    assert len(waiting(desk)) == 2


async def test_a_second_cancel_of_what_is_called_cancelled_does_not_give_its_exit_up(desk: Desk) -> None:
    intent = await cancelled_too_early(desk)
    assert not await desk.now.orders.drop_exit(await desk.intent(intent))
    assert (await desk.now.orders.cancel(await desk.intent(intent))).state is State.FILLED
    await desk.rounds(6)
    assert len(waiting(desk)) == 2


async def test_an_end_that_does_not_fit_its_fills_is_waited_for_and_not_told(desk: Desk) -> None:
    """The order lags behind, the list of fills does not."""
    intent = await desk.send(PROTECTED)
    await desk.rounds(0)
    await desk.told()
    desk.show(ended(**NOTHING_YET), 3)
    desk.price("BTC-USDT", 65_990)
    await desk.rounds(31, 2)
    assert await desk.told() == []
    await desk.rounds(2, 2)
    assert (await desk.headlines())[:2] == ["✎ Filled", "↩ Filled"]
    assert (await desk.intent(intent)).state is State.FILLED


async def test_what_has_been_traded_counts_also_if_the_order_never_says_so(desk: Desk) -> None:
    intent = await desk.send(PROTECTED)
    await desk.rounds(0)
    desk.show(ended(**NOTHING_YET), 999)
    desk.price("BTC-USDT", 65_990)
    await desk.rounds(31, *[2] * 11, 6)
    now = await desk.intent(intent)
    assert (now.filled_size, now.filled_funds) == (Decimal("0.01"), Decimal(660))
    assert len(waiting(desk)) == 2


async def cancelled_halfway(desk: Desk) -> Intent:
    """It is told as cancelled with 0.004 filled; the other 0.006 show at the next look."""
    intent = await desk.send(PROTECTED)
    await desk.rounds(0)
    desk.price("BTC-USDT", 65_990)
    desk.show(ended(dealSize="0.004", dealFunds="264", fee="0.264"), 1)
    desk.show(lambda data: {"items": in_two(data["items"])[:1], "lastId": 1}, 1, FILLS)
    desk.show(lambda data: {"items": in_two(data["items"]), "lastId": 1}, 99, FILLS)
    await desk.now.orders.cancel(intent)
    assert (await desk.intent(intent)).filled_size == Decimal("0.004")
    return intent


async def test_an_exit_that_was_done_goes_on_when_more_has_filled(desk: Desk) -> None:
    intent = await cancelled_halfway(desk)
    await desk.now.exits.look()
    await desk.now.exits.look()
    async with desk.database.read() as session:
        assert await standing.with_fills(session) == [], "that exit is done"
    assert sum((leg.request.size or ZERO for leg in waiting(desk)), ZERO) == Decimal("0.008")
    await desk.rounds(31, 6)
    assert (await desk.intent(intent)).filled_size == Decimal("0.01")
    assert sum((leg.request.size or ZERO for leg in waiting(desk)), ZERO) == Decimal("0.02"), (
        "two legs of 0.004 and two of 0.006"
    )


async def test_an_exit_is_not_done_by_a_reading_of_before_more_had_filled(desk: Desk) -> None:
    """That reading waits for its turn while the reconciler takes the late fill over."""
    intent = await cancelled_halfway(desk)
    await desk.now.exits.look()
    (late,) = await desk.now.exits._pieces(set(), True)
    desk.clock.advance(31)
    await desk.now.reconciler.look()
    assert (await desk.intent(intent)).filled_size == Decimal("0.01")
    await late.work()
    await desk.rounds(31, 6)
    assert sum((leg.request.size or ZERO for leg in waiting(desk)), ZERO) == Decimal("0.02"), (
        "two legs of 0.004 and two of 0.006"
    )


# --- Fills that are listed late --------------------------------------------------------------------------------------


@pytest.mark.parametrize("wait", [timedelta(seconds=40), timedelta(hours=3), timedelta(days=5)])
@pytest.mark.parametrize("is_restarted", [False, True])
async def test_fills_that_are_listed_long_after_the_order_was_told_are_kept(
    desk: Desk, wait: timedelta, is_restarted: bool
) -> None:
    intent = await desk.send("btc 100")
    desk.show(nothing, 999, FILLS)
    await desk.rounds(0, *[2] * 13)
    assert (await desk.intent(intent)).state is State.FILLED
    desk.clock.advance(wait.total_seconds())
    if is_restarted:
        desk.restart()
        await desk.now.reconciler.begin()
    await desk.rounds(0, *[2] * 13)
    assert await kept(desk, intent) == 0
    desk.faults.clear()
    await desk.rounds(3601)
    assert await kept(desk, intent) == Decimal("0.00149")
    assert [line for line in await desk.headlines() if "Filled" in line] == ["✎ Filled", "↩ Filled"]


# --- Called cancelled, and there after all ---------------------------------------------------------------------------


async def hidden_until_called_cancelled(desk: Desk) -> Intent:
    """A stop that KuCoin has, and shows nowhere for a while."""
    intent = await desk.send("btc 0.01btc stop 68000 @ 67500")
    hide(desk, 999)
    desk.price("BTC-USDT", 68_000)
    desk.show(nothing, 999, ACTIVE)
    desk.show(nothing, 999, DONE)
    await desk.rounds(31, *[2] * 8)
    assert (await desk.intent(intent)).state is State.CANCELLED
    await desk.told()
    desk.faults.clear()
    return intent


@pytest.mark.parametrize("who", ["the stream", "time", "the list"])
async def test_a_stop_that_was_called_cancelled_and_is_in_the_book_is_told_and_listed(desk: Desk, who: str) -> None:
    intent = await hidden_until_called_cancelled(desk)
    match who:
        case "the stream":
            desk.clock.advance(3600)
            await desk.now.reconciler.look_at_client_oid(desk.placed()[0].client_oid)
            await desk.rounds(0)
        case "time":
            await desk.rounds(2, 31)
        case "the list":
            desk.clock.advance(3600)
    found = await desk.now.orders.open(desk.person())
    assert [one.short for one in found.ours] == [intent.short]
    assert f"#{intent.short}" in read(lists.open_orders(found))
    assert (await desk.intent(intent)).state is State.OPEN
    card, news = await desk.told()
    assert "I had called it over, but it was not." in card
    assert news.startswith("↩ Placed")
    ((done, error),) = (await desk.now.orders.cancel_many(desk.person())).ours
    assert (done.state, error) == (State.CANCELLED, None)
    assert not desk.placed()[0].is_active


async def test_an_order_that_kucoin_lists_is_shown_and_can_be_cancelled_whatever_was_said_of_it(desk: Desk) -> None:
    """Looked up, it is not found."""
    desk.lose()
    hide(desk, 999)
    desk.show(nothing, 999, ACTIVE)
    desk.show(nothing, 999, DONE)
    intent = await desk.send(RESTING)
    await desk.settle()
    assert (await desk.intent(intent)).state is State.NOT_PLACED
    desk.faults.clear()
    hide(desk, 999)
    found = await desk.now.orders.open(desk.person())
    assert [one.short for one in found.ours] == [intent.short]
    await desk.now.orders.cancel_many(desk.person())
    assert not desk.placed()[0].is_active
    desk.faults.clear()
    await desk.now.reconciler.look_at_client_oid(desk.placed()[0].client_oid)
    await desk.rounds(0)
    assert (await desk.headlines())[-1] == "↩ Cancelled"


async def test_answers_of_before_its_end_do_not_reopen_an_order(desk: Desk) -> None:
    """Both the lookup and the list lag behind a cancel."""
    intent = await desk.send(RESTING)
    await desk.rounds(0)
    (order,) = desk.placed()
    seen: dict[str, Any] = {}

    def remember(data: Any) -> Any:
        seen.setdefault("order", data)
        return seen["order"]

    def listed(data: Any) -> Any:
        return [*data, seen["order"]] if isinstance(data, list) else data

    desk.show(remember, 1)
    await desk.now.reconciler.refresh(intent)
    await desk.now.orders.cancel(intent)
    desk.show(remember, 999)
    desk.show(listed, 999, ACTIVE)
    for _ in range(4):
        await desk.now.reconciler.look_at_client_oid(order.client_oid)
        await desk.rounds(2)
    assert (await desk.intent(intent)).state is State.CANCELLED
    assert await desk.headlines() == ["✎ Cancelled"]
    assert (await desk.now.orders.open(desk.person())).ours == []


async def test_a_stop_that_was_triggered_and_then_cancelled_is_not_reopened_by_its_trigger(desk: Desk) -> None:
    """KuCoin forgets a cancelled order after two days, and still shows that its stop was triggered."""
    intent = await desk.send("btc 0.01 stop 66000 @ 67500", Side.SELL)
    desk.price("BTC-USDT", 66_000)
    await desk.rounds(31)
    await desk.now.orders.cancel(intent)
    assert (await desk.intent(intent)).state is State.CANCELLED
    await desk.told()
    desk.hide(999)
    desk.show(nothing, 999, DONE)
    desk.clock.advance(3 * 86_400)
    await desk.now.reconciler.look_at_client_oid(desk.placed()[0].client_oid)
    await desk.rounds(0, 2)
    assert (await desk.intent(intent)).state is State.CANCELLED
    assert await desk.told() == []
