"""A ticket shows what will be sent, is made once, and opens for a tap only when it should."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from tests.trading.conftest import on_both_databases
from tests.trading.desk import ANN, BORIS, Desk, read
from tgbot.core.errors import NotFound, Refused, TooLate, UsageError
from tgbot.core.orders import Side
from tgbot.core.people import Mode
from tgbot.trading import store
from tgbot.trading.rules.grammar import parse_order
from tgbot.trading.rules.settlement import State
from tgbot.trading.tickets import Shown, request_of
from tgbot.trading.views import tickets as views


async def test_ticket_shows_in_full_what_will_be_sent(desk: Desk) -> None:
    desk.rules(price_increment=Decimal("0.00000001"))
    await desk.now.tickets._symbols.load()
    shown = await desk.ticket("btc 0.01234btc @ 66666.12345678 post")
    lines = read(views.ticket(shown)).splitlines()
    assert lines[:4] == [
        "Buy BTC-USDT, limit order",
        "Size: 0.01234 BTC / ≈ 822.66 USDT",
        "Price: 66,666.12345678 USDT (-0.5%)",
        "Post-only: never pays the taker fee",
    ]
    assert shown.intent.spec.price == Decimal("66666.12345678")


async def test_ticket_of_a_market_order_shows_what_to_expect(desk: Desk) -> None:
    text = read(views.ticket(await desk.ticket("btc 100")))
    assert text.startswith("Buy BTC-USDT, market order\nSize: ≈ 0.00149 BTC / 100 USDT\nPrice: ≈ 67,000")
    assert "\nFee: ≈ 0.1 USDT (0.1%)\n" in text
    assert "\nFree afterwards: ≈ 4,899.9 USDT\n" in text


async def test_refused_order_leaves_nothing_behind(desk: Desk) -> None:
    with pytest.raises(Refused):
        await desk.ticket("btc 10000")
    async with desk.database.read() as session:
        assert await store.by_update(session, desk.updates) is None


@on_both_databases
async def test_update_that_is_handled_twice_makes_one_ticket_and_shows_that_one(desk: Desk) -> None:
    """Even if the balance has changed: what is shown is what was stored and would be sent."""
    person, request = desk.person(), parse_order(Side.BUY, "btc 25%", ".")
    first = await desk.now.tickets.prepare(person, request, 77)
    await desk.send("btc 400")
    second = await desk.now.tickets.prepare(person, request, 77)
    assert second.intent.id == first.intent.id
    assert second.ticket.spec == first.ticket.spec == second.intent.spec
    assert "/ 1,248.751248 USDT" in read(views.ticket(second))


async def test_pair_is_the_one_that_was_shown_whatever_the_default_is_later(desk: Desk) -> None:
    shown = await desk.ticket("btc 10")
    desk.price("BTC-USDT", 68_000)
    person = replace(desk.person(), quote="USDC")
    fresh = await desk.now.sending.confirm(person, shown.intent, 900, 1)
    assert fresh is not None
    assert fresh.intent.spec.symbol == "BTC-USDT"


async def test_unknown_pair_offers_the_same_order_of_the_nearest(desk: Desk) -> None:
    with pytest.raises(NotFound) as caught:
        await desk.ticket("btx-usdt 10 @ 66000 post")
    assert caught.value.buttons[0][0].data == "buy:BTC-USDT 10 @ 66000 post"


async def test_order_too_long_for_a_button_is_not_offered_without_its_price(desk: Desk) -> None:
    with pytest.raises(NotFound) as caught:
        await desk.ticket("btx-usdt 0.12345678 btc @ 66000.12345678 gtt 2591999s post hidden")
    assert caught.value.buttons[0][0].data == "price:BTC-USDT"


async def test_ids_are_unique_for_the_person(desk: Desk) -> None:
    shorts = [(await desk.ticket("btc 10")).intent.short for _ in range(12)]
    assert len(set(shorts)) == 12


# --- Typing the size of a large order --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "is_locked"), [("btc 1000", False), ("btc 1000.000001", True), ("btc 0.015btc", True)]
)
async def test_above_a_thousand_the_size_has_to_be_typed(desk: Desk, text: str, is_locked: bool) -> None:
    shown = await desk.ticket(text)
    assert shown.intent.is_locked is is_locked
    labels = [button.label.key for row in views.ticket(shown).buttons for button in row]
    assert ("common.confirm" in labels) is not is_locked


@pytest.mark.parametrize(("above", "is_locked"), [("0", True), ("99.9", True), ("100", False)])
async def test_from_where_on_the_size_has_to_be_typed_is_for_the_person_to_say(
    desk: Desk, above: str, is_locked: bool
) -> None:
    ann = replace(desk.person(), typed_above=Decimal(above))
    shown = await desk.now.tickets.prepare(ann, parse_order(Side.BUY, "btc 100", "."), 900)
    assert shown.intent.is_locked is is_locked


async def test_what_nothing_tells_the_worth_of_is_large(desk: Desk) -> None:
    await desk.link(balances={"EUR": "5000", "BTC": "1"})
    assert (await desk.ticket("btc-eur 10eur")).intent.is_locked
    assert not (await desk.ticket("eth-btc 0.01btc")).intent.is_locked
    assert (await desk.ticket("eth-btc 0.1btc")).intent.is_locked


async def test_locked_ticket_is_not_confirmed(desk: Desk) -> None:
    shown = await desk.ticket("btc 2000")
    with pytest.raises(TooLate) as caught:
        await desk.confirm(shown.intent)
    assert caught.value.text.key == "trading.type_first"
    locked = replace(shown.intent, is_locked=False)  # as a client that knows better might claim
    with pytest.raises(TooLate):
        await desk.now.sending.confirm(desk.person(), locked, 900, 1)
    assert desk.placed() == []


@on_both_databases
async def test_typed_size_opens_the_very_same_ticket(desk: Desk) -> None:
    shown = await desk.ticket("btc 50%")
    desk.clock.advance(50)
    opened = await desk.now.tickets.unlock(desk.person(), read_size(shown.intent.spec.funds))
    assert (opened.intent.id, opened.intent.spec, opened.intent.is_locked) == (
        shown.intent.id,
        shown.intent.spec,
        False,
    )
    desk.clock.advance(50)
    assert await desk.confirm(opened.intent) is None, "it has its full minute again"
    assert desk.placed()[0].funds == shown.intent.spec.funds


def read_size(funds: Decimal | None) -> str:
    assert funds is not None
    return f"{funds}"


async def test_wrong_size_opens_nothing_and_may_be_typed_again(desk: Desk) -> None:
    shown = await desk.ticket("btc 2000")
    with pytest.raises(UsageError) as caught:
        await desk.now.tickets.unlock(desk.person(), "200")
    assert caught.value.text.key == "trading.type_mismatch"
    assert (await desk.intent(shown.intent)).is_locked
    assert not (await desk.now.tickets.unlock(desk.person(), "2000")).intent.is_locked


async def test_size_is_typed_in_the_person_s_notation(desk: Desk) -> None:
    await desk.ticket("btc 2000.5")
    assert not (await desk.now.tickets.unlock(desk.person(language="ru"), "2000,5")).intent.is_locked


async def test_size_typed_twice_is_too_late_the_second_time(desk: Desk) -> None:
    await desk.ticket("btc 2000")
    await desk.now.tickets.unlock(desk.person(), "2000")
    with pytest.raises(TooLate):
        await desk.now.tickets.unlock(desk.person(), "2000")


async def test_size_typed_after_a_minute_opens_nothing(desk: Desk) -> None:
    shown = await desk.ticket("btc 2000")
    desk.clock.advance(60)
    with pytest.raises(TooLate):
        await desk.now.tickets.unlock(desk.person(), "2000")
    assert (await desk.intent(shown.intent)).is_locked


async def test_somebody_else_s_size_opens_nothing(desk: Desk) -> None:
    await desk.link(BORIS)
    shown = await desk.ticket("btc 2000")
    with pytest.raises(TooLate):
        await desk.now.tickets.unlock(desk.person(BORIS), "2000")
    assert (await desk.intent(shown.intent)).is_locked


@pytest.mark.parametrize("drop_first", [True, False])
async def test_dropping_a_locked_ticket_ends_the_question_it_asked_and_no_other(desk: Desk, drop_first: bool) -> None:
    first, second = await desk.ticket("btc 2000"), await desk.ticket("btc 3000")
    await desk.now.tickets.drop((first if drop_first else second).intent)
    if drop_first:
        assert not (await desk.now.tickets.unlock(desk.person(), "3000")).intent.is_locked
    else:
        with pytest.raises(TooLate):
            await desk.now.tickets.unlock(desk.person(), "3000")


async def test_large_ticket_that_is_quoted_anew_need_not_be_typed_again(desk: Desk) -> None:
    await desk.ticket("btc 2000")
    opened = await desk.now.tickets.unlock(desk.person(), "2000")
    desk.price("BTC-USDT", 67_500)
    fresh = await desk.confirm(opened.intent)
    assert fresh is not None
    assert not fresh.intent.is_locked


@pytest.mark.parametrize("text", ["btc 0.0149btc", "btc 20%"])
async def test_small_ticket_that_has_become_large_is_locked(desk: Desk, text: str) -> None:
    """998.3 and 999.0 USDT; then the price rises, or the balance."""
    shown = await desk.ticket(text)
    assert not shown.intent.is_locked
    desk.price("BTC-USDT", 68_000)
    if "%" in text:
        account = next(iter(desk.exchange._store._db.execute("SELECT account FROM balances")))[0]
        await desk.exchange.reset_account(account, {"USDT": Decimal(20_000)})
    fresh = await desk.confirm(shown.intent)
    assert fresh is not None
    assert fresh.intent.is_locked
    assert desk.placed() == []


# --- The end of a ticket ---------------------------------------------------------------------------------------------


@on_both_databases
async def test_dropped_ticket_is_not_sent(desk: Desk) -> None:
    shown = await desk.ticket("btc 100")
    await desk.now.tickets.drop(shown.intent)
    for again in (desk.now.tickets.drop(shown.intent), desk.confirm(shown.intent)):
        with pytest.raises(TooLate):
            await again
    assert desk.placed() == []


async def test_ticket_that_was_used_is_not_dropped(desk: Desk) -> None:
    intent = await desk.send("btc 100")
    with pytest.raises(TooLate) as caught:
        await desk.now.tickets.drop(intent)
    assert caught.value.text.key == "trading.already_used"
    assert (await desk.intent(intent)).state is State.OPEN


async def test_fresh_ticket_says_whose_money_it_uses_when_that_has_changed(desk: Desk) -> None:
    live = (await desk.ticket("btc 100")).intent
    await desk.now.keys.switch(desk.person(), Mode.PAPER)
    paper = await desk.now.tickets.prepare(desk.person(), parse_order(Side.BUY, live.request, "."), 900)
    shown = read(views.renewed(paper, live))
    assert shown.startswith("You are on paper now: this ticket uses play money.\nBuy BTC-USDT, market order · PAPER\n")
    await desk.now.keys.switch(desk.person(), Mode.LIVE)
    again = await desk.now.tickets.prepare(desk.person(), parse_order(Side.BUY, live.request, "."), 901)
    assert read(views.renewed(again, paper.intent)).startswith("You are live now: this ticket uses real money")
    assert read(views.renewed(again, live)).startswith("Buy BTC-USDT")


async def test_stored_ticket_is_found_by_its_id_in_any_spelling(desk: Desk) -> None:
    intent = (await desk.ticket("btc 100")).intent
    for spelling in (intent.short, intent.short.lower(), f"#{intent.short}"):
        assert (await desk.now.tickets.find(desk.person(), spelling)).id == intent.id
    for nonsense in ("", "#", "nope!", "ZZZZ", intent.id):
        with pytest.raises(NotFound):
            await desk.now.tickets.find(desk.person(), nonsense)


async def test_ticket_lasts_a_minute_from_its_making(desk: Desk) -> None:
    intent = (await desk.ticket("btc 100")).intent
    assert (intent.person_id, intent.expires_at - intent.created_at) == (ANN, timedelta(seconds=60))


@pytest.mark.postgres
@pytest.mark.parametrize("desk_url", ["postgres"], indirect=True)
async def test_a_new_quote_in_one_process_and_a_tap_in_another_do_not_wait_for_each_other(desk: Desk) -> None:
    """Each locks the key and the ticket; whoever has the key first has both."""
    old = (await desk.ticket("btc 100")).intent
    request, person = request_of(old), desk.person()
    async with asyncio.TaskGroup() as tasks:
        async with desk.database.write() as session:
            await desk.now.keys.require_sound(session, old.key_id)
            quoting = tasks.create_task(_refused(desk.now.tickets.prepare(person, request, 99, replaced=old)))
            waiting = text("SELECT 1 FROM pg_locks WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))")
            while not await session.scalar(waiting):
                assert not quoting.done()
            assert await store.move(session, old, {State.TICKET}, State.SENT, desk.clock.now())
        assert await quoting


async def _refused(preparing: Awaitable[Shown]) -> bool:
    try:
        await preparing
    except TooLate:
        return True
    return False
