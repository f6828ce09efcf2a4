"""Exits of buys: standing rules that place an order of their own once the entry has filled, judged by the oracles."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest

from tests.faults.test_amend import held_at
from tests.faults.test_ends import cancelled_halfway
from tests.faults.test_stops import OCOS, waiting
from tests.trading.desk import ANN, CARD, FILLS, Desk, Killed, at_point, die, read
from tgbot.accounts.guards.rules import Limit
from tgbot.accounts.guards.store import By
from tgbot.core.reply import Reply
from tgbot.core.routing import Incoming
from tgbot.paper.faults import Mode
from tgbot.trading import standing, store
from tgbot.trading.handlers import TradingHandlers
from tgbot.trading.rules.settlement import State
from tgbot.trading.standing import Standing
from tgbot.trading.store import Intent
from tgbot.trading.views import lists

ENTRY = "btc 0.01btc tp +4% sl -2%"
RESTING = "btc 0.01btc @ 66000 tp +4% sl -2%"
FOUR_UP, TWO_DOWN = Decimal("69680.2"), Decimal(65660)  # of 67,000.1, what the market asks


async def exits_of(desk: Desk, entry: Intent) -> list[Intent]:
    async with desk.database.read() as session:
        return await store.exits_of(session, entry.id)


async def listed(desk: Desk) -> str:
    return read(lists.open_orders(await desk.now.orders.open(desk.person())))


async def test_a_filled_buy_gets_its_oco_once_at_per_cent_of_the_average_fill(desk: Desk) -> None:
    entry = await desk.send(ENTRY)
    (placed,) = await desk.told()
    await desk.rounds(0)
    filled, out = await desk.told()
    assert "Then: profit at +4%, loss at -2%. Lives in the bot" in placed.replace("−", "-")
    assert filled.startswith("✎ Filled: buy 0.01 BTC")
    (exit_,) = await exits_of(desk, entry)
    words = "sell 0.01 BTC at 69,680.2, or when it falls to 65,660"
    assert out == f"✎ Placed: {words}\n#{exit_.short} · exit of #{entry.short} · BTC-USDT"
    legs = waiting(desk)
    assert {leg.stop_price for leg in legs} == {FOUR_UP, TWO_DOWN}
    await desk.rounds(*[31] * 4)
    assert len(waiting(desk)) == 2
    desk.price("BTC-USDT", 69_700)
    await desk.rounds(31)
    assert (await exits_of(desk, entry))[0].state is State.FILLED


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("btc 0.01btc sl -2%", "stop"),
        ("btc 0.01btc sl 65000", "stop"),
        ("btc 0.01btc tp +4%", "limit"),
        ("btc 0.01btc tp 70000 sl 65000", "oco"),
        ("btc 670u tp +4% sl -2%", "oco"),
    ],
)
async def test_what_is_placed_fits_what_was_asked_for(desk: Desk, text: str, kind: str) -> None:
    entry = await desk.send(text)
    await desk.rounds(0, 2)
    (exit_,) = await exits_of(desk, entry)
    assert exit_.spec.size == (await desk.intent(entry)).filled_size
    assert len(waiting(desk)) == {"stop": 1, "limit": 0, "oco": 2}[kind]
    assert (exit_.wait is None) == (kind == "limit")


@pytest.mark.parametrize(("last", "kind"), [(70_000, "limit"), (65_000, "stop")])
async def test_a_price_beyond_one_side_already_places_that_side_alone(desk: Desk, last: int, kind: str) -> None:
    entry = await desk.send(ENTRY)
    desk.price("BTC-USDT", last)
    await desk.rounds(0, 2)
    (exit_,) = await exits_of(desk, entry)
    assert (exit_.wait is None) == (kind == "limit")
    assert exit_.state is State.FILLED, "it was due at once"


async def test_the_entry_that_does_not_fill_has_no_exit_and_is_listed_with_one_in_the_bot(desk: Desk) -> None:
    entry = await desk.send(RESTING)
    await desk.rounds(2, 31)
    shown = await listed(desk)
    assert f"#{entry.short} exit: profit at +4%, loss at -2%\nBTC-USDT · lives in the bot" in shown.replace("−", "-")
    await desk.now.orders.cancel(entry)
    await desk.rounds(31)
    assert await exits_of(desk, entry) == []
    assert await listed(desk) == "No open orders."


async def test_a_restart_between_fill_and_exit_forgets_nothing(desk: Desk) -> None:
    entry = await desk.send(RESTING)
    desk.price("BTC-USDT", 65_990)
    desk.restart()
    await desk.now.reconciler.begin()
    await desk.rounds(0)
    assert [one.state for one in await exits_of(desk, entry)] == [State.WAITING]


# --- One exit per filled size ----------------------------------------------------------------------------------------


def fill_to(desk: Desk, share: str) -> None:
    """The exchange says that so much of the entry has filled."""
    size = Decimal("0.01") * Decimal(share)
    desk.faults.clear()
    funds = size * 66_000
    rows = {"dealSize": str(size), "dealFunds": str(funds), "fee": str(funds / 1000)}
    desk.show(lambda data: data | rows | {"active": True, "cancelExist": False})


async def test_what_fills_bit_by_bit_is_gathered_and_covered_once(desk: Desk) -> None:
    entry = await desk.send(RESTING)
    for share in ("0.1", "0.2", "0.3"):
        fill_to(desk, share)
        await desk.rounds(31)
        await desk.rounds(31)
    sizes = [one.spec.size for one in await exits_of(desk, entry)]
    assert sum(size for size in sizes if size) <= Decimal("0.003")
    desk.faults.clear()
    desk.price("BTC-USDT", 65_990)
    await desk.rounds(31, 6)
    exits = await exits_of(desk, entry)
    assert sum(one.spec.size for one in exits if one.spec.size) == Decimal("0.01")


async def test_where_the_fee_is_taken_out_of_what_was_bought_no_more_is_sold_than_is_held(desk: Desk) -> None:
    in_kind = {"fee": "0.0000067", "feeCurrency": "BTC"}
    desk.show(lambda data: data | in_kind)
    desk.show(lambda data: data | {"items": [fill | in_kind for fill in data["items"]]}, path=FILLS)
    entry = await desk.send(ENTRY)
    await desk.rounds(0, 31)
    assert [one.spec.size for one in await exits_of(desk, entry)] == [Decimal("0.00999")], (
        "a whole step below 0.0099933"
    )
    assert {leg.request.size for leg in waiting(desk)} == {Decimal("0.00999")}


async def test_two_processes_place_one(desk: Desk) -> None:
    entry = await desk.send(ENTRY)
    await desk.now.reconciler.look()
    others = [desk.process(desk.database) for _ in range(4)]
    for _ in range(3):
        await asyncio.gather(*(process.exits.look() for process in (desk.now, *others)))
    assert len(await exits_of(desk, entry)) == 1
    assert len(waiting(desk)) == 2


@pytest.mark.parametrize(
    "how",
    [
        {"mode": Mode.LOST},
        {"mode": Mode.TRUNCATED},
        {"mode": Mode.DROP},
        {"mode": Mode.ERROR, "code": "300000"},
        {"mode": Mode.HTML, "status": 502},
        {"mode": Mode.ERROR, "code": "400002", "status": 401},
    ],
)
async def test_whatever_becomes_of_its_post_there_is_one_exit_in_the_end(desk: Desk, how: dict[str, object]) -> None:
    """Doubt is settled before anything is sent anew."""
    fault = desk.faults.add("POST", OCOS, **how)  # type: ignore[arg-type]  # the arguments of `add`
    entry = await desk.send(ENTRY)
    await desk.rounds(0)
    assert fault.hits == 1
    await desk.settle()
    await desk.rounds(31, 31)
    assert [one.state for one in await exits_of(desk, entry)][-1] is State.WAITING
    assert len(waiting(desk)) == 2


@pytest.mark.parametrize("point", ["C5", "C6", "C9", "C10", "C12", "C13"])
async def test_killed_anywhere_on_its_way_there_is_one_exit_in_the_end(desk: Desk, point: str) -> None:
    entry = await desk.send(ENTRY)
    with at_point(point, die):
        try:
            await desk.rounds(0, 0)
        except (Killed, BaseExceptionGroup):
            desk.restart()
    await desk.now.reconciler.begin()
    await desk.settle()
    await desk.rounds(31, 31)
    live = [one for one in await exits_of(desk, entry) if one.state is State.WAITING]
    assert len(live) == 1
    assert len(waiting(desk)) == 2


async def test_a_refused_oco_is_followed_by_the_stop_alone(desk: Desk) -> None:
    desk.faults.add("POST", OCOS, Mode.ERROR, code="404000", message="closed")
    entry = await desk.send(ENTRY)
    await desk.rounds(0)
    await desk.rounds(2, 2)
    assert [one.state for one in await exits_of(desk, entry)] == [State.REJECTED, State.WAITING]
    (stop,) = waiting(desk)
    assert (stop.stop_price, stop.request.price) == (TWO_DOWN, None)
    told = [text for text in await desk.told() if "profit of" in text]
    words = (
        f"The profit of #{entry.short} at 69,680.2 is not placed for 0.01 BTC. KuCoin refused profit and loss together"
    )
    assert [text.partition(": what")[0] for text in told] == [f"↩ {words}: closed (404000). The stop is placed alone"]
    assert told[0].endswith("/alert BTC-USDT 69680.2")


@pytest.mark.parametrize("text", ["btc 0.01btc sl -2%", ENTRY])
async def test_nothing_is_said_to_be_left_out_where_nothing_is(desk: Desk, text: str) -> None:
    await desk.send(text)
    desk.price("BTC-USDT", 65_000)
    await desk.rounds(0, 2)
    assert not any("profit of" in text for text in await desk.told())


async def test_an_exit_that_never_arrives_is_given_up_after_five_times_and_offered(desk: Desk) -> None:
    fault = desk.faults.add("POST", OCOS, Mode.DROP, 99)
    entry = await desk.send(ENTRY)
    await desk.rounds(0, *[10] * 40)
    assert fault.hits == 5
    last = (await desk.told())[-1]
    assert last.startswith(f"↩ No exit for 0.01 BTC of #{entry.short}")
    assert (await listed(desk)) == "No open orders."


async def test_one_that_turns_up_while_the_next_is_prepared_is_not_followed_by_it(desk: Desk) -> None:
    """Nobody has sent for this fill meanwhile, so only counting anew tells."""
    desk.faults.add("POST", OCOS, Mode.LOST)
    entry = await desk.send(ENTRY)
    await desk.rounds(0)
    desk.faults.clear()
    await set_state(desk, entry, State.NOT_PLACED)
    desk.clock.advance(31)
    with at_point("C5", lambda: turn_up(desk, entry)):
        await desk.now.exits.look()
    await desk.rounds(2)
    assert [one.state for one in await exits_of(desk, entry)] == [State.WAITING]
    assert len(waiting(desk)) == 2


async def test_what_has_turned_up_since_it_was_counted_is_not_given_up(desk: Desk) -> None:
    entry = await desk.send(ENTRY)
    await desk.rounds(0)
    await set_state(desk, entry, State.NOT_PLACED)
    async with desk.database.read() as session:
        (one,) = await standing.with_fills(session)
    due = await desk.now.exits._due(one)
    assert due is not None
    turn_up(desk, entry)
    await desk.now.exits._end(due, Standing.GIVEN_UP, None)
    async with desk.database.read() as session:
        assert len(await standing.with_fills(session)) == 1
    await desk.rounds(2)
    assert [one.state for one in await exits_of(desk, entry)] == [State.WAITING]


async def set_state(desk: Desk, entry: Intent, state: State) -> None:
    (exit_,) = await exits_of(desk, entry)
    async with desk.database.write() as session:
        assert await store.move(session, exit_, {exit_.state}, state, desk.clock.now())


def turn_up(desk: Desk, entry: Intent) -> None:
    """As another process that looks at it again."""
    with closing(sqlite3.connect(desk.database.url.database or "")) as database, database:
        database.execute("UPDATE intents SET state = 'unknown' WHERE entry_id = ?", (entry.id,))


# --- What holds it back ----------------------------------------------------------------------------------------------


async def test_a_frozen_trader_s_exit_waits_in_the_bot_and_goes_when_thawed(desk: Desk) -> None:
    entry = await desk.send(ENTRY)
    await desk.now.reconciler.look()
    await desk.now.tickets._guards.freeze(ANN, By.SELF)
    await desk.told()
    await desk.rounds(31, 31)
    (told,) = await desk.told()
    assert told.startswith(f"↩ The exit of #{entry.short} waits in the bot")
    assert (await listed(desk)).startswith(f"No open orders.\n#{entry.short} exit: ")
    assert f"#{entry.short} exit" in await listed(desk)
    await desk.now.tickets._guards.thaw(ANN, By.SELF)
    await desk.rounds(6)
    assert len(waiting(desk)) == 2


async def test_limits_that_the_entry_has_kept_do_not_hold_its_exit_back(desk: Desk) -> None:
    entry = await desk.send(ENTRY)
    await desk.now.reconciler.look()
    await desk.now.tickets._guards.set_limit(desk.person(), Limit.ORDER, "1")
    await desk.rounds(2)
    assert [one.state for one in await exits_of(desk, entry)] == [State.WAITING]


async def test_while_kucoin_is_away_it_waits_and_goes_when_it_is_back(desk: Desk) -> None:
    entry = await desk.send(ENTRY)
    await desk.now.reconciler.look()
    for symbol in ("GET", "POST"):
        desk.faults.add(symbol, "/api/.*", Mode.HTML, 999, status=502)
    await desk.rounds(6, 6)
    desk.faults.clear()
    await desk.settle()
    await desk.rounds(31, 31)
    assert [one.state for one in await exits_of(desk, entry)][-1] is State.WAITING


async def test_it_can_be_taken_back_while_it_lives_in_the_bot(desk: Desk) -> None:
    entry = await desk.send(ENTRY)
    await desk.now.reconciler.look()
    assert await desk.now.orders.drop_exit(await desk.intent(entry))
    await desk.rounds(6)
    assert await exits_of(desk, entry) == []
    assert not await desk.now.orders.drop_exit(await desk.intent(entry))


async def test_cancelling_all_takes_back_what_lives_in_the_bot(desk: Desk) -> None:
    entry = await desk.send(ENTRY)
    await desk.now.reconciler.look()
    done = await desk.now.orders.cancel_many(desk.person())
    assert f"#{entry.short}: exit dropped" in read(lists.cancelled_many(done))
    await desk.rounds(6)
    assert waiting(desk) == []


async def said_to_cancel(desk: Desk, entry: Intent) -> str:
    """What `/cancel ENTRY` answers."""
    now = desk.now
    handlers = TradingHandlers(now.tickets, now.sending, now.orders, now.amending, desk.symbols)
    desk.updates += 1
    typed = Incoming(desk.updates, ANN, True, None, ANN, "Ann", "en", CARD, desk.clock.now(), args=entry.short)
    answer = await handlers.cancel(desk.person(), typed)
    assert isinstance(answer, Reply)
    return f"{read(answer)}\n{[offer.data for row in answer.buttons for offer in row]}"


async def test_an_exit_that_is_at_kucoin_is_not_said_to_be_dropped_and_can_be_cancelled_there(desk: Desk) -> None:
    entry = await desk.send(ENTRY)
    await desk.rounds(0)
    assert len(waiting(desk)) == 2
    (exit_,) = await exits_of(desk, entry)
    assert not await desk.now.orders.drop_exit(await desk.intent(entry))
    said = await said_to_cancel(desk, entry)
    assert "dropped" not in said
    assert f"Its exit has been sent already. Cancel that order:\n#{exit_.short} sell 0.01 BTC at 69,680.2" in said
    assert f"order_cancel:{exit_.short}" in said
    await said_to_cancel(desk, exit_)
    assert waiting(desk) == []
    assert "Its exit has been sent" not in await said_to_cancel(desk, entry)


@pytest.mark.parametrize("mode", [Mode.LOST, Mode.DROP])
async def test_an_exit_that_may_be_at_kucoin_is_not_said_to_be_dropped_and_never_sent_again(
    desk: Desk, mode: Mode
) -> None:
    desk.faults.add("POST", OCOS, mode)
    entry = await desk.send(ENTRY)
    await desk.now.reconciler.look()
    await desk.now.exits.look()
    (exit_,) = await exits_of(desk, entry)
    assert exit_.state is State.UNKNOWN
    assert not await desk.now.orders.drop_exit(await desk.intent(entry))
    said = await said_to_cancel(desk, entry)
    assert f"#{entry.short}: the bot places no further exit" in said
    assert f"#{exit_.short} sell 0.01 BTC" in said
    assert "unknown, checking" in said
    await desk.settle()
    await desk.rounds(31, 31)
    (exit_,) = await exits_of(desk, entry)
    assert exit_.state is (State.WAITING if mode is Mode.LOST else State.NOT_PLACED)


async def test_a_rest_that_lives_in_the_bot_is_dropped_and_the_part_at_kucoin_named(desk: Desk) -> None:
    entry = await partly_covered(desk)
    (part,) = await exits_of(desk, entry)
    assert part.spec.size == Decimal("0.004")
    said = await said_to_cancel(desk, entry)
    assert "nothing will sell" not in said
    assert f"#{entry.short}: the bot places no further exit" in said
    assert f"order_cancel:{part.short}" in said
    await desk.rounds(31, 31)
    assert len(await exits_of(desk, entry)) == 1


async def test_cancelling_all_tells_of_a_part_that_stays_at_kucoin(desk: Desk) -> None:
    entry = await partly_covered(desk)
    (part,) = await exits_of(desk, entry)
    desk.faults.add("DELETE", "/api/v3/oco/.*", Mode.ERROR, code="400007", message="no")
    said = read(lists.cancelled_many(await desk.now.orders.cancel_many(desk.person())))
    assert f"#{part.short}: not cancelled: no (400007)" in said
    assert f"#{entry.short}: the bot places no further exit" in said
    assert "nothing will sell" not in said
    assert len(waiting(desk)) == 2
    said = read(lists.cancelled_many(await desk.now.orders.cancel_many(desk.person())))
    assert f"#{part.short}: cancelled" in said
    assert waiting(desk) == []


async def test_cancelling_all_cancels_an_exit_that_is_sent_while_it_lists_what_is_open(desk: Desk) -> None:
    """It hears of the fill itself, and is not done with its list when the exit goes."""
    entry, _ = await desk.send(RESTING), await desk.send("eth 0.1eth @ 3000")
    await desk.rounds(0)
    desk.price("BTC-USDT", 65_990)
    desk.price("ETH-USDT", 2_990)
    cancelling = partial(desk.now.orders.cancel_many, desk.person())
    look_up = ("GET", f"/api/v1/hf/orders/client-order/{desk.placed()[1].client_oid}")
    done = await held_at(desk, look_up, cancelling, desk.now.exits.look)
    (exit_,) = await exits_of(desk, entry)
    assert waiting(desk) == []
    assert f"#{exit_.short}: cancelled" in read(lists.cancelled_many(done))


async def partly_covered(desk: Desk) -> Intent:
    """An entry that is done: of what it has bought a part has its exit at KuCoin, and the rest awaits one."""
    entry = await cancelled_halfway(desk)
    await desk.now.exits.look()
    desk.clock.advance(31)
    await desk.now.reconciler.look()
    return await desk.intent(entry)


async def test_an_exit_that_is_cancelled_is_not_placed_again(desk: Desk) -> None:
    entry = await desk.send(ENTRY)
    await desk.rounds(0)
    (exit_,) = await exits_of(desk, entry)
    await desk.now.orders.cancel(exit_)
    await desk.rounds(31, 31)
    assert len(await exits_of(desk, entry)) == 1


async def test_a_sell_is_counted_once_and_its_exit_not_at_all(desk: Desk) -> None:
    await desk.send(ENTRY)
    await desk.rounds(0)
    async with desk.database.read() as session:
        since = desk.clock.now() - timedelta(days=1)
        spent = await store.spent(session, ANN, desk.person().mode or "live", since)  # type: ignore[arg-type]  # a mode
    assert Decimal(669) < spent < Decimal(671)
