"""Changing an open order: never are the old one and the right to send a new one alive. Judged by the oracles."""

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.faults.test_stops import waiting
from tests.trading.desk import ANN, Desk, Killed, at_point, die, read
from tgbot.accounts.guards.store import By
from tgbot.core.errors import NotAllowed, Refused, TooLate
from tgbot.core.orders import Side
from tgbot.paper.faults import Mode
from tgbot.trading.rules.settlement import State
from tgbot.trading.views import tickets as views

RESTING = "btc 0.01btc @ 66000"
CANCEL = "/api/v1/hf/orders/client-order/.*"


def live(desk: Desk) -> int:
    return sum(order.is_active for order in desk.placed()) + len({stop.client_oid for stop in waiting(desk)})


@pytest.mark.parametrize(
    ("side", "text", "again"),
    [
        (Side.BUY, RESTING, "BTC-USDT 0.01btc @ 66000"),
        (Side.BUY, "btc 1000u @ -1% post", "BTC-USDT 0.01507btc @ 66330 post"),
        (Side.BUY, "btc 100 stop +1%", "BTC-USDT 100usdt stop 67670"),
        (Side.BUY, "btc 0.01btc @ 66000 tp +4% sl -2%", "BTC-USDT 0.01btc @ 66000 tp +4% sl -2%"),
        (Side.SELL, "btc 0.01 stop 66000 @ 65900", "BTC-USDT 0.01btc @ 65900 stop 66000"),
        (Side.SELL, "btc 0.01 tp +4% sl -2%", "BTC-USDT 0.01btc tp 69680 sl 65660"),
    ],
)
async def test_it_is_cancelled_and_shown_anew_at_the_prices_it_had(
    desk: Desk, side: Side, text: str, again: str
) -> None:
    intent = await desk.send(text, side)
    desk.price("BTC-USDT", 67_100)
    done = await desk.amend(intent)
    assert done.old.state is State.CANCELLED
    assert live(desk) == 0
    assert done.shown is not None
    assert done.shown.intent.request == again
    assert (done.shown.intent.spec, done.shown.intent.wait) == (intent.spec, intent.wait)
    shown = read(views.amended(done))
    assert shown.startswith(f"#{intent.short} is cancelled.")
    assert f"/{side} {again}" in shown
    await desk.confirm(done.shown.intent)
    assert live(desk) == 1


async def test_an_order_that_fills_meanwhile_has_no_successor(desk: Desk) -> None:
    intent = await desk.send(RESTING)
    desk.price("BTC-USDT", 65_990)
    done = await desk.amend(intent)
    assert (done.old.state, done.shown) == (State.FILLED, None)
    assert read(views.amended(done)).startswith("Filled")


async def test_without_a_confirmed_end_there_is_no_ticket(desk: Desk) -> None:
    intent = await desk.send(RESTING)
    desk.faults.add("DELETE", CANCEL, Mode.DROP)
    done = await desk.amend(intent)
    assert (done.old.state, done.shown) == (State.OPEN, None)
    assert "has been asked to cancel" in read(views.amended(done))
    assert live(desk) == 1


@pytest.mark.parametrize("point", ["C14", "C14 asked", "C12", "C14 ended"])
async def test_killed_in_between_the_same_tap_goes_on_from_there(desk: Desk, point: str) -> None:
    intent = await desk.send(RESTING)
    with at_point(point, die), pytest.raises(Killed):
        await desk.amend(intent)
    desk.updates -= 1
    desk.restart()
    done = await desk.amend(await desk.intent(intent))
    assert done.shown is not None
    assert live(desk) == 0
    desk.updates -= 1
    again = await desk.amend(await desk.intent(intent))
    assert again.shown is not None
    assert again.shown.intent.id == done.shown.intent.id, "an update that is handled again makes no second ticket"


async def test_what_could_not_be_sent_anew_is_not_cancelled(desk: Desk) -> None:
    intent = await desk.send(RESTING)
    await desk.now.tickets._guards.freeze(ANN, By.SELF)
    with pytest.raises(NotAllowed):
        await desk.amend(intent)
    await desk.now.tickets._guards.thaw(ANN, By.SELF)
    await desk.link()
    with pytest.raises(TooLate) as caught:
        await desk.amend(intent)
    assert caught.value.text.key == "trading.order_of_other_account"
    with pytest.raises(Refused):
        await desk.amend(replace(intent, chat_id=-100))
    assert live(desk) == 1


async def test_a_rest_that_nobody_takes_is_said_to_be_cancelled_all_the_same(desk: Desk) -> None:
    intent = await desk.send(RESTING)
    desk.rules(base_min=Decimal("0.02"))
    await desk.now.tickets._symbols.load()
    done = await desk.amend(intent)
    shown = read(views.amended(done))
    assert shown.startswith(f"#{intent.short} is cancelled.")
    assert "too small" in shown
    assert live(desk) == 0
