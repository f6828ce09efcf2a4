"""Changing an open order: never are the old one and the right to send a new one alive. Judged by the oracles."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.faults.test_ends import NOTHING_YET, ended, nothing
from tests.faults.test_stops import waiting
from tests.trading.desk import ANN, FILLS, PLACE, Desk, Killed, at_point, die, read
from tgbot.accounts.guards.store import By
from tgbot.core.errors import NotAllowed, Refused, TooLate
from tgbot.core.orders import Side
from tgbot.paper.faults import Mode
from tgbot.trading.rules.settlement import State
from tgbot.trading.store import Intent
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


# --- KuCoin's first answer says too little ---------------------------------------------------------------------------


TICKER = ("GET", "/api/v1/market/orderbook/level1")


async def ticket_for_too_much(desk: Desk) -> tuple[Intent, Intent]:
    """All of an order has filled, and KuCoin says at first that nothing has: there is a ticket for the rest."""
    old = await desk.send(RESTING)
    await desk.rounds(0)
    desk.show(ended(**NOTHING_YET), 1)
    desk.show(nothing, 1, FILLS)
    desk.price("BTC-USDT", 65_990)
    done = await desk.amend(old)
    desk.faults.clear()
    assert done.shown is not None
    assert done.shown.intent.spec.size == old.spec.size
    await desk.told()
    return old, done.shown.intent


async def held_at(
    desk: Desk, path: tuple[str, str], act: Callable[[], Awaitable[object]], meanwhile: Callable[[], Awaitable[object]]
) -> Any:
    """What comes of it when somebody waits for this answer of KuCoin while something else happens."""
    going_on = asyncio.Event()
    fault = desk.faults.add(*path, Mode.DELAY, until=going_on)

    async def interfere() -> None:
        while not fault.hits:
            await desk.database.is_reachable()  # the request is on its way
        await meanwhile()
        going_on.set()

    outcome, interference = await asyncio.gather(act(), interfere(), return_exceptions=True)
    assert interference is None
    return outcome


async def test_a_late_fill_voids_the_ticket_for_the_rest_and_its_card_says_so(desk: Desk) -> None:
    old, ticket = await ticket_for_too_much(desk)
    await desk.rounds(2)
    assert (await desk.intent(ticket)).state is State.OVERTAKEN
    void, card, news = await desk.told()
    assert void.startswith(f"✎ Ticket #{ticket.short} is void, nothing of it was sent")
    assert f"All of #{old.short} has filled after all" in void
    assert card.startswith("✎ Filled")
    assert news.startswith("↩ Filled")
    with pytest.raises(TooLate, match=r"trading\.ticket_overtaken"):
        await desk.confirm(ticket)
    again = await desk.amend(await desk.intent(old))
    assert (again.old.state, again.shown) == (State.FILLED, None)
    assert len(desk.placed()) == 1


async def test_a_confirm_in_the_very_moment_of_a_late_fill_loses_cleanly(desk: Desk) -> None:
    _, ticket = await ticket_for_too_much(desk)
    error = await held_at(desk, TICKER, lambda: desk.confirm(ticket), lambda: desk.rounds(2))
    assert isinstance(error, TooLate)
    assert error.text.key == "trading.ticket_overtaken"
    assert len(desk.placed()) == 1


async def test_a_confirm_just_before_a_late_fill_wins_cleanly(desk: Desk) -> None:
    old, ticket = await ticket_for_too_much(desk)
    assert await held_at(desk, ("POST", PLACE), lambda: desk.confirm(ticket), lambda: desk.rounds(2)) is None
    assert (await desk.intent(old)).state is State.FILLED
    assert len(desk.placed()) == 2
    await desk.rounds(2)
    headlines = await desk.headlines()
    assert headlines.count("↩ Filled") >= 1, "the late fill is told"
    assert not any("void" in line for line in headlines)
    again = await desk.amend(await desk.intent(old))
    assert (again.old.state, again.shown) == (State.FILLED, None)
    assert len(desk.placed()) == 2


async def test_a_fill_that_shows_between_the_cancel_and_its_ticket_is_not_in_the_ticket(desk: Desk) -> None:
    """What remained was read before; while the ticket is made, the reconciler hears of the fill."""
    old = await desk.send(RESTING)
    await desk.rounds(0)
    desk.show(ended(**NOTHING_YET), 1)
    desk.show(nothing, 1, FILLS)
    desk.price("BTC-USDT", 65_990)
    done = await held_at(desk, TICKER, lambda: desk.amend(old), lambda: desk.rounds(2))
    assert (done.old.state, done.shown) == (State.FILLED, None)
