"""Exits that their person takes back, between two tries or before anybody knows whether they are there. Judged by the
oracles."""

from decimal import Decimal
from functools import partial

import pytest

from tests.faults.test_amend import held_at
from tests.faults.test_exits import ENTRY, RESTING, exits_of, listed, said_to_cancel
from tests.faults.test_refused_exits import bought, half_filled, listed_exits, refuse
from tests.faults.test_stops import OCOS, waiting
from tests.trading.desk import Desk, read
from tgbot.paper.faults import Mode
from tgbot.trading.rules.settlement import State
from tgbot.trading.store import Intent
from tgbot.trading.views import orders as views

GOES_ON = "The bot goes on with this exit by itself"


async def test_between_the_tries_it_lives_in_the_bot_and_can_be_taken_back(desk: Desk) -> None:
    refused = refuse(desk, times=99)
    short = await bought(desk)
    assert f"#{short} exit" in await listed(desk)
    entry = await desk.now.tickets.find(desk.person(), short)
    assert f"#{short}: exit dropped" in await said_to_cancel(desk, entry)
    await desk.rounds(31, 31)
    assert refused.hits == 1


async def test_an_exit_called_back_while_the_next_try_leaves_is_not_left_at_kucoin(desk: Desk) -> None:
    refuse(desk)
    entry = await desk.send(ENTRY)
    await desk.rounds(0)
    (exit_,) = await exits_of(desk, entry)
    assert exit_.state is State.REJECTED
    desk.clock.advance(4)  # the pause is over, the next round a second away
    asked = ("DELETE", "/api/v3/oco/client-order/.*")
    said = await held_at(desk, asked, partial(said_to_cancel, desk, exit_), desk.now.exits.look)
    assert waiting(desk) == [] or f"order_cancel:{(await exits_of(desk, entry))[-1].short}" in said


async def test_a_cancel_of_an_old_refusal_takes_nothing_back_that_dust_alone_speaks_for(desk: Desk) -> None:
    entry = await desk.send(RESTING)
    rows: dict[str, object] = {"dealSize": "0.004", "dealFunds": "264", "fee": "0.0000033", "feeCurrency": "BTC"}
    rows |= {"active": True, "cancelExist": False}
    desk.show(lambda data: data | rows, 999, f"/api/v1/hf/orders/client-order/{desk.placed()[0].client_oid}")
    await desk.rounds(0, 21)
    refuse(desk)
    await desk.rounds(6, 6)
    first, second = await exits_of(desk, entry)
    assert (first.state, second.state) == (State.REJECTED, State.WAITING)
    assert "no further exit" not in await said_to_cancel(desk, first)


async def unknown_exit(desk: Desk, entry: Intent, mode: Mode) -> Intent:
    desk.faults.add("POST", OCOS, mode)
    await desk.now.reconciler.look()
    await desk.now.exits.look()
    (exit_,) = await exits_of(desk, entry)
    assert exit_.state is State.UNKNOWN
    return exit_


@pytest.mark.parametrize("mode", [Mode.LOST, Mode.DROP])
async def test_an_exit_that_is_cancelled_while_it_is_unknown_is_not_sent_again(desk: Desk, mode: Mode) -> None:
    entry = await desk.send(ENTRY)
    exit_ = await unknown_exit(desk, entry, mode)
    said = await said_to_cancel(desk, exit_)
    if mode is Mode.DROP:
        assert f"#{entry.short}: the bot places no further exit" in said
    await desk.settle()
    await desk.rounds(31, 31)
    assert waiting(desk) == []
    assert len(await exits_of(desk, entry)) == 1
    assert await listed_exits(desk) == []


async def test_an_exit_that_is_cancelled_between_its_tries_is_not_sent_again(desk: Desk) -> None:
    refused = refuse(desk, times=99)
    entry = await desk.send(ENTRY)
    await desk.rounds(0)
    (exit_,) = await exits_of(desk, entry)
    assert f"#{entry.short}: the bot places no further exit" in await said_to_cancel(desk, exit_)
    await desk.rounds(31, 31)
    assert refused.hits == 1


async def test_it_is_said_that_what_the_order_still_buys_has_no_exit_either(desk: Desk) -> None:
    entry = await half_filled(desk)
    desk.clock.advance(6)
    exit_ = await unknown_exit(desk, entry, Mode.DROP)
    said = await said_to_cancel(desk, exit_)
    assert f"#{entry.short}: the bot places no further exit for what it has bought and still buys." in said
    desk.faults.clear()
    desk.price("BTC-USDT", 65_990)
    await desk.settle()
    await desk.rounds(31, 31)
    assert len(await exits_of(desk, entry)) == 1


async def test_a_part_that_is_cancelled_at_kucoin_leaves_the_exits_of_what_is_still_bought(desk: Desk) -> None:
    entry = await half_filled(desk)
    await desk.rounds(6)
    (part,) = await exits_of(desk, entry)
    assert "no further exit" not in await said_to_cancel(desk, part)
    desk.faults.clear()
    desk.price("BTC-USDT", 65_990)
    await desk.rounds(31, 6)
    sizes = [(one.spec.size, one.state) for one in await exits_of(desk, entry)]
    assert sizes == [(Decimal("0.004"), State.CANCELLED), (Decimal("0.006"), State.WAITING)]


async def test_what_was_taken_back_is_not_said_to_go_on(desk: Desk) -> None:
    entry = await desk.send(ENTRY)
    exit_ = await unknown_exit(desk, entry, Mode.DROP)
    assert f"#{entry.short}: the bot places no further exit" in await said_to_cancel(desk, exit_)
    await desk.told()
    await desk.settle()
    assert not any(GOES_ON in text for text in await desk.told())


async def test_what_was_given_up_is_not_said_to_go_on(desk: Desk) -> None:
    desk.faults.add("POST", OCOS, Mode.DROP, 99)
    entry = await desk.send(ENTRY)
    await desk.rounds(0, *[10] * 40)
    last = (await exits_of(desk, entry))[-1]
    assert last.state is State.NOT_PLACED
    assert GOES_ON not in read(views.detail(last))
