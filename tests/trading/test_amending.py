"""What is left of an order that is changed. The rest is in tests/faults/test_amend.py."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.trading.conftest import on_both_databases
from tests.trading.desk import ANN, CARD, FILLS, Desk, read
from tests.trading.test_reconcile import fill_of, part
from tgbot.core.errors import LostRace, TooLate
from tgbot.core.reply import Reply
from tgbot.core.routing import Incoming
from tgbot.paper.faults import Mode
from tgbot.trading import rests
from tgbot.trading.handlers import TradingHandlers
from tgbot.trading.rules.settlement import State
from tgbot.trading.store import Intent
from tgbot.trading.tickets import request_of


async def test_only_what_remains_is_shown_anew(desk: Desk) -> None:
    intent = await desk.send("btc 0.01btc @ 66000")
    size = Decimal("0.004")
    rows = {"dealSize": str(size), "dealFunds": str(size * 66_000), "fee": "0.26"}
    desk.show(lambda data: data | rows | {"active": True})
    await desk.rounds(31, 31)
    assert (await desk.intent(intent)).state is State.PARTIAL
    desk.faults.clear()
    desk.show(lambda data: data | rows | {"cancelExist": True})
    done = await desk.amend(await desk.intent(intent))
    assert done.old.state is State.CANCELLED
    assert done.shown is not None
    assert done.shown.intent.spec.size == Decimal("0.006")


async def test_two_taps_bring_one_ticket_and_the_rest_is_sent_once(desk: Desk) -> None:
    intent = await desk.send("btc 0.01btc @ 66000")
    first = await desk.amend(intent)
    second = await desk.amend(await desk.intent(intent))
    assert first.shown is not None
    assert second.shown is not None
    assert second.shown.intent.id == first.shown.intent.id
    await desk.confirm(first.shown.intent)
    with pytest.raises(TooLate):
        await desk.amend(await desk.intent(intent))
    assert sum(order.is_active for order in desk.placed()) == 1


async def test_a_ticket_that_was_dropped_or_ran_out_is_followed_by_another(desk: Desk) -> None:
    intent = await desk.send("btc 0.01btc @ 66000")
    first = await desk.amend(intent)
    assert first.shown is not None
    await desk.now.tickets.drop(first.shown.intent)
    second = await desk.amend(await desk.intent(intent))
    desk.clock.advance(61)
    third = await desk.amend(await desk.intent(intent))
    assert second.shown is not None
    assert third.shown is not None
    assert len({done.shown.intent.id for done in (first, second, third) if done.shown}) == 3


# --- The order has not ended as it seemed ----------------------------------------------------------------------------


def show_filled(desk: Desk, share: str, *, is_active: bool) -> None:
    """KuCoin shows Ann's order so from now on, with the one fill that this takes."""
    desk.faults.clear()
    (order, *_) = desk.placed()

    def as_filled(data: Any) -> Any:
        return part(share)(data) | {"active": is_active, "cancelExist": not is_active}

    def listed(data: Any) -> Any:
        fills = fill_of(1001, str(order.size * Decimal(share)))(data)
        return fills | {"items": [row | {"orderId": order.id} for row in fills["items"]]}

    desk.show(as_filled, 999)
    if Decimal(share):
        desk.show(listed, 999, FILLS)


async def edited(desk: Desk, share: str) -> tuple[Intent, Intent]:
    """An order of which so much has filled, as KuCoin says when it is cancelled, and the ticket for its rest. The
    order rests on: its cancellation has not arrived."""
    old = await desk.send("btc 0.01btc @ 66000")
    await desk.rounds(0)
    show_filled(desk, share, is_active=False)
    desk.faults.add("DELETE", "/api/v1/hf/orders/client-order/.*", Mode.DROP)
    done = await desk.amend(old)
    assert done.shown is not None
    await desk.told()
    return done.old, done.shown.intent


async def tap_fresh_ticket(desk: Desk, ticket: Intent) -> str:
    desk.updates += 1
    now = desk.now
    handlers = TradingHandlers(now.tickets, now.sending, now.orders, now.amending, desk.symbols)
    press = Incoming(desk.updates, ANN, True, None, ANN, "Ann", "en", CARD, desk.clock.now(), args=ticket.short)
    answer = await handlers.renew(desk.person(), press)
    assert isinstance(answer, Reply)
    return read(answer)


async def newest_rest(desk: Desk, old: Intent) -> Intent:
    async with desk.database.read() as session:
        return (await rests.of_order(session, old))[-1]


@on_both_databases
async def test_after_a_late_fill_a_fresh_ticket_is_for_what_really_remains(desk: Desk) -> None:
    old, ticket = await edited(desk, "0")
    assert ticket.spec.size == Decimal("0.01")
    show_filled(desk, "0.4", is_active=False)
    await desk.rounds(2)
    told = "\n".join(await desk.told())
    assert f"✎ Ticket #{ticket.short} is void" in told
    assert f"More of #{old.short} had filled" in told
    assert "✎ Cancelled" in told
    shown = await tap_fresh_ticket(desk, ticket)
    assert "/buy BTC-USDT 0.006btc @ 66000" in shown
    fresh = await newest_rest(desk, old)
    assert (fresh.state, fresh.spec.size) == (State.TICKET, Decimal("0.006"))
    assert await desk.confirm(fresh) is None
    with pytest.raises(TooLate):
        await tap_fresh_ticket(desk, ticket)


async def test_an_order_called_cancelled_after_a_part_and_found_in_the_book_is_followed_to_its_end(desk: Desk) -> None:
    old, ticket = await edited(desk, "0.4")
    assert ticket.spec.size == Decimal("0.006")
    show_filled(desk, "0.4", is_active=True)
    await desk.rounds(2)
    assert (await desk.intent(old)).state is State.CANCELLED, "so early it may be an answer of before"
    await desk.rounds(20)
    assert ((now := await desk.intent(old)).state, now.filled_size) == (State.PARTIAL, Decimal("0.004"))
    assert (await desk.intent(ticket)).state is State.OVERTAKEN
    void, card, news = await desk.told()
    assert card.startswith("✎ Partly filled: buy 0.01 BTC at 66,000\nI had called it over, but it was not.")
    assert f"#{old.short} was not over" in void
    assert news.startswith("↩ Partly filled")
    desk.faults.clear()
    desk.price("BTC-USDT", 65_990)
    await desk.rounds(31)
    assert (await desk.intent(old)).state is State.FILLED
    assert (await tap_fresh_ticket(desk, ticket)).startswith("Filled")
    assert len(desk.placed()) == 1


async def test_a_part_filled_order_is_not_reopened_by_an_answer_of_before_that_part(desk: Desk) -> None:
    old, ticket = await edited(desk, "0.4")
    desk.faults.clear()
    await desk.rounds(20, 20)
    assert (await desk.intent(old)).state is State.CANCELLED
    assert (await desk.intent(ticket)).state is State.TICKET


@on_both_databases
async def test_a_requoted_ticket_for_the_rest_is_void_too_whoever_comes_first(desk: Desk) -> None:
    old, ticket = await edited(desk, "0")
    again = await desk.now.tickets.prepare(desk.person(), request_of(ticket), desk.updates + 9, replaced=ticket)
    assert again.intent.rest_of == old.id

    async def overtake() -> list[Intent]:
        async with desk.database.write() as session:
            await rests.hold(session, old.id, None)
            return await rests.overtake(session, old, desk.clock.now())

    async with asyncio.TaskGroup() as tasks, desk.database.write() as session:
        await rests.hold(session, old.id, None)
        overtaking = tasks.create_task(overtake())
        await asyncio.wait({overtaking}, timeout=0.05)
        assert not overtaking.done(), "the ticket that is being made would be missed"
    assert [one.id for one in overtaking.result()] == [again.intent.id]


async def test_no_ticket_is_made_for_a_rest_that_has_changed_meanwhile(desk: Desk) -> None:
    old, ticket = await edited(desk, "0")
    stale = replace(old, filled_size=Decimal("0.001"))
    with pytest.raises(LostRace):
        await desk.now.tickets.prepare(desk.person(), request_of(ticket), desk.updates + 9, rest_of=stale)
