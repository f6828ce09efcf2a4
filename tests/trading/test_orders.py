"""Open orders, ours and others, and how they end."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.trading.desk import BY_CLIENT_OID, Desk, read
from tgbot.core.errors import ExchangeError, ExchangeRejected, NotSent
from tgbot.core.orders import OrderSpec, OrderType, Side
from tgbot.kucoin.account import SpotAccount
from tgbot.kucoin.sign import Credentials
from tgbot.paper.faults import Mode
from tgbot.trading.rules.settlement import State
from tgbot.trading.store import Intent
from tgbot.trading.views import lists
from tgbot.trading.views import orders as views

RESTING = "btc 0.01btc @ 66000"
CANCEL, CANCEL_BY_ID = "/api/v1/hf/orders/client-order/.*", "/api/v1/hf/orders/[0-9a-f]*"


async def resting(desk: Desk, text: str = RESTING) -> Intent:
    """An order that the bot knows to rest."""
    intent = await desk.send(text)
    await desk.rounds(0)
    await desk.told()
    return intent


async def made_elsewhere(desk: Desk, client_oid: str = "web123", price: int = 65_000) -> str:
    """An order of the same account that the bot knows nothing of; its id."""
    account = next(iter(desk.exchange._store._db.execute("SELECT key, secret, passphrase FROM accounts")))
    spot = SpotAccount(desk.rest, Credentials(*account))
    spec = OrderSpec("BTC-USDT", Side.BUY, OrderType.LIMIT, size=Decimal("0.002"), price=Decimal(price))
    return (await spot.send(spot.prepare_order(client_oid, spec))).order_id


# --- Lists -----------------------------------------------------------------------------------------------------------


async def test_list_shows_ours_and_those_made_elsewhere_of_all_pairs(desk: Desk) -> None:
    first, second = await resting(desk), await resting(desk, "eth 0.1eth @ 3000")
    other = await made_elsewhere(desk)
    found = await desk.now.orders.open(desk.person())
    assert {intent.id for intent in found.ours} == {first.id, second.id}
    assert [order.order_id for order in found.others] == [other]
    text = read(lists.open_orders(found))
    assert text.startswith("3 open orders\n")
    assert f"#{first.short} buy 0.01 BTC at 66,000\nBTC-USDT · filled 0 · lives at KuCoin" in text
    assert "buy 0.002 BTC at 65,000\nBTC-USDT · filled 0 · made elsewhere" in text


async def test_list_of_a_pair_shows_that_pair_only(desk: Desk) -> None:
    await resting(desk)
    eth = await resting(desk, "eth 0.1eth @ 3000")
    found = await desk.now.orders.open(desk.person(), "ETH-USDT")
    assert [intent.id for intent in found.ours] == [eth.id]
    assert found.others == []


async def test_order_that_has_ended_meanwhile_is_not_listed(desk: Desk) -> None:
    intent = await resting(desk)
    desk.price("BTC-USDT", 65_990)
    found = await desk.now.orders.open(desk.person())
    assert found.ours == []
    assert (await desk.intent(intent)).state is State.FILLED
    assert await desk.headlines() == ["✎ Filled"], "its card is brought up to date"


async def test_ended_order_that_the_list_still_shows_is_not_taken_for_another_s(desk: Desk) -> None:
    intent = await resting(desk)
    active: list[Any] = []

    def remember(data: Any) -> Any:
        active.append(data)
        return data

    desk.show(remember, 1, "/api/v1/hf/orders/active")
    await desk.now.orders.open(desk.person(), "BTC-USDT")
    await desk.now.orders.cancel(intent)
    desk.show(lambda data: active[0], 1, "/api/v1/hf/orders/active")
    found = await desk.now.orders.open(desk.person(), "BTC-USDT")
    assert (found.ours, found.others) == ([], [])


async def test_unknown_order_is_listed_as_such(desk: Desk) -> None:
    desk.lose()
    desk.hide(9)
    await desk.send("btc 100")
    text = read(lists.open_orders(await desk.now.orders.open(desk.person())))
    assert "filled 0 · unknown, checking" in text


async def test_long_list_stays_within_one_message(desk: Desk) -> None:
    for number in range(40):
        await made_elsewhere(desk, f"web{number}", 60_000 + number)
    reply = lists.open_orders(await desk.now.orders.open(desk.person()))
    text = read(reply)
    assert text.startswith("40 open orders\n")
    assert text.endswith("\n… and 10 more")
    assert len(text) < 4096
    assert len(reply.buttons) == 11
    assert all(len(button.data.encode()) <= 64 for row in reply.buttons for button in row)


# --- The end of one --------------------------------------------------------------------------------------------------


async def test_cancelled_order_is_told_when_it_is_and_not_before(desk: Desk) -> None:
    intent = await resting(desk)
    after = await desk.now.orders.cancel(intent)
    assert after.state is State.CANCELLED
    assert read(views.cancelled(after)).startswith("Cancelled: buy 0.01 BTC at 66,000")
    assert await desk.headlines() == ["✎ Cancelled"]


def still_active(data: Any) -> Any:
    return data | {"active": True, "cancelExist": False}


async def test_cancel_that_shows_late_is_said_to_be_asked(desk: Desk) -> None:
    intent = await resting(desk)
    desk.show(still_active, 5)
    after = await desk.now.orders.cancel(intent)
    assert after.state is State.OPEN
    text = read(views.cancelled(after))
    assert "Cancelled" not in text
    assert text.splitlines()[1].startswith("KuCoin has been asked to cancel it and has not confirmed yet")
    await desk.rounds(31)
    assert await desk.headlines() == ["✎ Cancelled", "↩ Cancelled"]


async def test_order_that_fills_while_it_is_cancelled_is_filled(desk: Desk) -> None:
    intent = await resting(desk)
    desk.price("BTC-USDT", 65_990)
    after = await desk.now.orders.cancel(intent)
    assert after.state is State.FILLED
    assert read(views.cancelled(after)).startswith("Filled: buy 0.01 BTC at 66,000")


@pytest.mark.parametrize("how", [Mode.LOST, Mode.TRUNCATED])
async def test_cancel_whose_reply_is_lost_is_looked_up(desk: Desk, how: Mode) -> None:
    intent = await resting(desk)
    desk.faults.add("DELETE", CANCEL, how)
    assert (await desk.now.orders.cancel(intent)).state is State.CANCELLED


async def test_cancel_that_never_arrived_leaves_the_order_and_says_so(desk: Desk) -> None:
    intent = await resting(desk)
    desk.faults.add("DELETE", CANCEL, Mode.DROP)
    after = await desk.now.orders.cancel(intent)
    assert after.state is State.OPEN
    assert "has not confirmed yet" in read(views.cancelled(after))
    assert desk.placed()[0].is_active


async def test_cancel_that_cannot_be_followed_up_is_not_an_error(desk: Desk) -> None:
    intent = await resting(desk)
    desk.faults.add("GET", BY_CLIENT_OID, Mode.HTML, 99, status=502)
    assert (await desk.now.orders.cancel(intent)).state is State.OPEN
    desk.faults.clear()
    await desk.rounds(31)
    assert (await desk.intent(intent)).state is State.CANCELLED


async def test_refused_cancel_is_an_error(desk: Desk) -> None:
    intent = await resting(desk)
    desk.faults.add("DELETE", CANCEL, Mode.ERROR, status=401, code="400007", message="Require more permission")
    with pytest.raises(ExchangeRejected):
        await desk.now.orders.cancel(intent)


async def test_cancel_of_an_unknown_order_says_what_to_do(desk: Desk) -> None:
    desk.lose()
    desk.hide(6)
    intent = await desk.send(RESTING)
    desk.faults.add("DELETE", CANCEL, Mode.ERROR, code="400100", message="order_not_exist_or_not_allow_to_cancel")
    after = await desk.now.orders.cancel(intent)
    assert after.state is State.UNKNOWN
    assert read(views.cancelled(after)).splitlines()[1].startswith("Whether KuCoin has it is not known yet")
    await desk.rounds(2, 2)
    after = await desk.now.orders.cancel(await desk.intent(intent))
    assert after.state is State.CANCELLED


async def test_order_that_has_ended_is_not_cancelled_again(desk: Desk) -> None:
    intent = await resting(desk)
    fault = desk.faults.add("DELETE", ".*", Mode.DROP)
    desk.price("BTC-USDT", 65_990)
    await desk.rounds(31)
    done = await desk.intent(intent)
    assert await desk.now.orders.cancel(done) == done
    assert fault.hits == 0


# --- Orders made elsewhere, and many at once -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("meanwhile", "first_words"),
    [
        (lambda desk: None, "buy 0.002 BTC at 65,000 · BTC-USDT, made elsewhere: cancelled"),
        (
            lambda desk: desk.price("BTC-USDT", 64_900),
            "buy 0.002 BTC at 65,000 · BTC-USDT, made elsewhere: filled before",
        ),
        (lambda desk: desk.show(still_active, 6, CANCEL_BY_ID), "KuCoin has been asked to cancel it"),
        (
            lambda desk: desk.faults.add("GET", CANCEL_BY_ID, Mode.ERROR, code="400100", message="order not exist"),
            "KuCoin does not know this order of BTC-USDT any more",
        ),
    ],
)
async def test_order_made_elsewhere_can_be_cancelled_and_what_became_of_it_is_said(
    desk: Desk, meanwhile: Callable[[Desk], Any], first_words: str
) -> None:
    order_id = await made_elsewhere(desk)
    meanwhile(desk)
    after = await desk.now.orders.cancel_other(desk.person(), "order", "BTC-USDT", order_id)
    assert read(lists.cancelled_other("BTC-USDT", after)).startswith(first_words)


@pytest.mark.parametrize("order_id", ["", "cancelAll", "client-order/x", "../../v1/accounts", "f" * 24])
async def test_made_up_id_deletes_nothing(desk: Desk, order_id: str) -> None:
    intent = await resting(desk)
    fault = desk.faults.add("DELETE", ".*", Mode.DROP)
    with suppress(ExchangeError):
        assert await desk.now.orders.cancel_other(desk.person(), "order", "BTC-USDT", order_id) is None
    assert fault.hits == 0
    assert (await desk.intent(intent)).state is State.OPEN


async def test_all_of_a_pair_are_cancelled_and_the_others_stay(desk: Desk) -> None:
    btc, eth = await resting(desk), await resting(desk, "eth 0.1eth @ 3000")
    await made_elsewhere(desk)
    results = await desk.now.orders.cancel_many(desk.person(), "BTC-USDT")
    assert [(intent.id, intent.state, error) for intent, error in results.ours] == [(btc.id, State.CANCELLED, None)]
    assert [order.is_active for order in desk.placed()] == [False, True, False]
    assert (await desk.intent(eth)).state is State.OPEN
    text = read(lists.cancelled_many(results))
    assert text.startswith("Cancelled: 2 of 2\n")
    assert f"#{btc.short}: cancelled\nbuy 0.002 BTC at 65,000 · BTC-USDT: cancelled" in text


async def test_what_had_ended_before_all_were_to_be_cancelled_is_told(desk: Desk) -> None:
    """The answer lists what was cancelled, and this was not."""
    await resting(desk)
    desk.clock.advance(10)
    desk.price("BTC-USDT", 65_990)
    assert read(lists.cancelled_many(await desk.now.orders.cancel_many(desk.person()))) == "No open orders."
    assert await desk.headlines() == ["✎ Filled", "↩ Filled"]


async def test_one_that_cannot_be_cancelled_does_not_keep_the_others_from_it(desk: Desk) -> None:
    first, second = await resting(desk), await resting(desk)
    await made_elsewhere(desk)
    desk.faults.add("DELETE", CANCEL, Mode.ERROR, code="400007", message="<no>")
    results = await desk.now.orders.cancel_many(desk.person())
    assert [order.is_active for order in desk.placed()] == [True, False, False]
    text = read(lists.cancelled_many(results))
    assert f"#{first.short}: not cancelled: <no> (400007)" in text
    assert f"#{second.short}: cancelled" in text


async def test_nothing_left_for_the_exchange_when_its_quota_is_used_up(desk: Desk) -> None:
    intent = await resting(desk)
    desk.rest.budget.close_host()
    with pytest.raises(NotSent):
        await desk.now.orders.cancel(intent)
    assert desk.placed()[0].is_active


# --- One order -------------------------------------------------------------------------------------------------------


async def test_detail_is_as_the_exchange_has_it_now(desk: Desk) -> None:
    intent = await resting(desk)
    desk.price("BTC-USDT", 65_990)
    text = read(views.detail(await desk.now.orders.current(intent)))
    assert text.startswith("Filled: buy 0.01 BTC at 66,000\n0.01 BTC at 66,000 on average = 660 USDT")
    assert desk.placed()[0].id in text


async def test_detail_of_a_ticket_says_that_nothing_was_sent(desk: Desk) -> None:
    shown = await desk.ticket("btc 100")
    assert read(views.detail(shown.intent)).startswith(
        "Not confirmed, nothing was sent: buy BTC for 100 USDT at market"
    )
    await desk.now.tickets.drop(shown.intent)
    dropped = await desk.intent(shown.intent)
    assert read(views.detail(dropped)).startswith("Not confirmed, nothing was sent")
    assert read(views.cancelled(dropped)).startswith("Not confirmed, nothing was sent")


@pytest.mark.parametrize("state", State)
async def test_every_state_has_its_words_in_every_language(desk: Desk, state: State) -> None:
    intent = replace((await desk.ticket("btc 100")).intent, state=state)
    for language in ("en", "ru"):
        for reply in (views.detail(intent), views.cancelled(intent)):
            assert "trading." not in read(reply, language)
