"""What is left of an order that is changed. The rest is in tests/faults/test_amend.py."""

from decimal import Decimal

import pytest

from tests.trading.desk import Desk
from tgbot.core.errors import TooLate
from tgbot.trading.rules.settlement import State


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
