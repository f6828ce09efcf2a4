"""However a buy fills, and whatever happens meanwhile, none of it is left unguarded in silence. Judged by oracles."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.faults.test_exits import ENTRY, RESTING, exits_of
from tests.faults.test_refused_exits import bought, half_filled, refuse, states
from tests.faults.test_stops import OCOS, waiting
from tests.trading.desk import ANN, Desk, at_point
from tgbot.accounts.guards.store import By
from tgbot.paper.faults import Mode
from tgbot.trading.rules.settlement import State

PRICES = "/api/(ua/)?v1/market/.*"


@pytest.mark.parametrize("how", ["the bid is a step below", "it falls before the POST"])
async def test_a_price_at_the_profit_does_not_leave_the_loss_unguarded(desk: Desk, how: str) -> None:
    entry = await desk.send(ENTRY)
    if how == "the bid is a step below":
        desk.price("BTC-USDT", "69680.2")
        await desk.rounds(0, 6)
    else:
        desk.price("BTC-USDT", 70_000)
        with at_point("C5", lambda: desk.price("BTC-USDT", 69_000)):
            await desk.rounds(0)
    desk.price("BTC-USDT", 69_000)
    await desk.rounds(31, 31)
    desk.price("BTC-USDT", 65_600)  # below its loss, above the limit of the stop side of an OCO
    await desk.rounds(31, 31)
    assert (await exits_of(desk, entry))[-1].state is State.FILLED


async def test_a_fill_that_shows_after_nobody_could_tell_gets_its_exit(desk: Desk) -> None:
    entry = await half_filled(desk)
    await desk.rounds(6)
    desk.faults.clear()
    first = desk.placed()[0]
    for path in (f"/api/v1/hf/orders/client-order/{first.client_oid}", f"/api/v1/hf/orders/{first.id}"):
        desk.faults.add("GET", path, Mode.ERROR, 9999, code="400100", message="The order does not exist.")
    desk.show(lambda data: [], 9999, "/api/v1/hf/orders/active")
    desk.show(lambda data: {"items": [], "lastId": 0}, 9999, "/api/v1/hf/orders/done")
    await desk.rounds(*[31] * 25)
    assert (await desk.intent(entry)).state is State.INDETERMINATE
    desk.faults.clear()
    desk.price("BTC-USDT", 65_990)
    await desk.now.reconciler.look_at_client_oid(first.client_oid)
    await desk.rounds(0, 6, 31, 31)
    assert (await desk.intent(entry)).filled_size == Decimal("0.01")
    sizes = [(one.spec.size, one.state) for one in await exits_of(desk, entry)]
    assert sizes == [(Decimal("0.004"), State.WAITING), (Decimal("0.006"), State.WAITING)]


async def fills_so_far(desk: Desk, size: Decimal) -> None:
    funds = size * 66_000
    rows: dict[str, object] = {"dealSize": str(size), "dealFunds": str(funds), "fee": str(funds / 1000)}
    rows |= {"active": True, "cancelExist": False}
    oid = desk.placed()[0].client_oid
    desk.faults.clear()
    desk.show(lambda data: data | rows, 999, f"/api/v1/hf/orders/client-order/{oid}")
    await desk.now.reconciler.look_at_client_oid(oid)  # as the stream does


async def all_of_it(desk: Desk) -> None:
    desk.faults.clear()
    desk.price("BTC-USDT", 65_990)
    await desk.rounds(31, 31, 31)


async def test_an_order_that_fills_a_little_every_four_seconds_is_guarded_all_the_same(desk: Desk) -> None:
    entry = await desk.send(RESTING)
    for step in range(1, 10):
        await fills_so_far(desk, Decimal("0.001") * step)
        await desk.rounds(4)
    sent = [one.spec.size for one in await exits_of(desk, entry)]
    await all_of_it(desk)
    assert sent != [], "0.009 BTC of 0.01, and more than half a minute without an exit"


async def test_what_fills_after_the_fifth_part_is_guarded_too(desk: Desk) -> None:
    entry = await desk.send(RESTING)
    for step in range(1, 9):
        await fills_so_far(desk, Decimal("0.001") * step)
        await desk.rounds(31, 31)
    await desk.rounds(*[600] * 24)  # four hours in which the rest does not fill
    told = await desk.told()
    sent = sum(one.spec.size or Decimal(0) for one in await exits_of(desk, entry))
    await all_of_it(desk)
    assert sent == Decimal("0.008") or any("no exit" in text.lower() for text in told)


@pytest.mark.parametrize("how", ["refused", "not sent"])
async def test_a_clock_that_is_put_back_does_not_leave_the_loss_unguarded(desk: Desk, how: str) -> None:
    if how == "refused":
        refuse(desk)
    else:
        desk.faults.add("POST", OCOS, Mode.ERROR, code="400002", status=401)
    short = await bought(desk)
    desk.wall.skew = timedelta(hours=-1)
    await desk.rounds(*[10] * 30)
    assert State.WAITING in await states(desk, short)


async def test_a_clock_that_is_put_back_while_it_fills_does_not_either(desk: Desk) -> None:
    entry = await half_filled(desk)
    desk.wall.skew = timedelta(hours=-1)
    await desk.rounds(*[31] * 10)
    assert [one.state for one in await exits_of(desk, entry)] == [State.WAITING]


async def test_an_exit_whose_pair_has_no_price_any_more_is_not_left_in_silence(desk: Desk) -> None:
    await desk.send(ENTRY)
    await desk.now.reconciler.look()
    await desk.told()
    desk.faults.add("GET", PRICES, Mode.ERROR, 999, code="900001", message="symbol not exists")
    await desk.rounds(*[60] * 20)
    (told,) = await desk.told()
    assert "waits in the bot" in told
    assert "KuCoin said no: symbol not exists (900001)." in told
    desk.faults.clear()
    await desk.rounds(6)
    assert len(waiting(desk)) == 2


async def test_an_exit_that_waits_a_second_time_says_so(desk: Desk) -> None:
    entry = await half_filled(desk)
    await desk.now.tickets._guards.freeze(ANN, By.SELF)
    await desk.rounds(6)
    await desk.now.tickets._guards.thaw(ANN, By.SELF)
    await desk.rounds(6)
    assert [one.spec.size for one in await exits_of(desk, entry)] == [Decimal("0.004")]
    await desk.told()
    desk.faults.clear()
    desk.price("BTC-USDT", 65_990)
    await desk.now.reconciler.look_at_client_oid(desk.placed()[0].client_oid)
    await desk.now.reconciler.look()
    await desk.now.tickets._guards.freeze(ANN, By.SELF)
    await desk.rounds(31, 31, 31)
    assert [one.spec.size for one in await exits_of(desk, entry)] == [Decimal("0.004")]
    assert any("waits in the bot" in text for text in await desk.told())


async def test_stopped_as_an_exit_ends_the_next_life_says_why(desk: Desk) -> None:
    """What is left is too little to sell: that it has ended and what is told of that are one."""
    entry = await desk.send(ENTRY)
    await desk.now.reconciler.look()
    desk.rules(base_min=Decimal(1))
    await desk.symbols.refresh()
    await desk.told()

    async with desk.database.write() as session:
        await session.execute(
            text("CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'disk full'); END")
        )
    with pytest.raises((IntegrityError, BaseExceptionGroup)):
        await desk.now.exits.look()
    async with desk.database.write() as session:
        await session.execute(text("DROP TRIGGER full"))
    desk.restart()
    await desk.now.reconciler.begin()
    await desk.rounds(6, 31)
    told = await desk.told()
    assert any(f"#{entry.short}" in text for text in told)
