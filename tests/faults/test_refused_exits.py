"""Exits that KuCoin refuses: what passes is tried again without leaving the loss unguarded for long, and what does not
is told in KuCoin's words. Judged by the oracles."""

from decimal import Decimal

import pytest

from tests.faults.test_ends import cancelled_halfway
from tests.faults.test_exits import ENTRY, RESTING, exits_of
from tests.faults.test_stops import OCOS, STOPS, waiting
from tests.trading.desk import Desk, Killed, at_point, die
from tgbot.core.orders import Side
from tgbot.paper.faults import Fault, Mode
from tgbot.trading.rules.settlement import State
from tgbot.trading.store import Intent

LOSS_ONLY = "btc 0.01btc sl -2%"
PASSES = ["400006", "400007", "200001", "200003", "200004", "411100"]
UNTIL_GIVEN_UP = (21, 5, 13, 1, 109, 1, 901, 1, 1, 1)
LACKS = "200004"
SUSPENDED, WORDS = "200001", "Trading is suspended"


def refuse(desk: Desk, path: str = OCOS, times: int = 1, code: str = SUSPENDED, message: str = WORDS) -> Fault:
    return desk.faults.add("POST", path, Mode.ERROR, times, code=code, message=message)


async def bought(desk: Desk, text: str = ENTRY) -> str:
    """The short id of an entry that has filled, and whose exit has been tried once."""
    entry = await desk.send(text)
    await desk.rounds(0)
    return entry.short


async def half_filled(desk: Desk) -> Intent:
    """An entry of which the exchange says that 0.004 have filled, and that it is still in the book."""
    entry = await desk.send(RESTING)
    rows = {"dealSize": "0.004", "dealFunds": "264", "fee": "0.264", "active": True, "cancelExist": False}
    desk.show(lambda data: data | rows, 999, f"/api/v1/hf/orders/client-order/{desk.placed()[0].client_oid}")
    await desk.rounds(0, 21)
    return entry


async def states(desk: Desk, short: str) -> list[State]:
    return [one.state for one in await exits_of(desk, await desk.now.tickets.find(desk.person(), short))]


@pytest.mark.parametrize("code", PASSES)
async def test_an_oco_refused_for_what_passes_is_sent_again_and_keeps_its_profit(desk: Desk, code: str) -> None:
    refuse(desk, code=code, message="not now")
    short = await bought(desk)
    await desk.rounds(3)
    assert await states(desk, short) == [State.REJECTED]
    await desk.rounds(2)
    assert await states(desk, short) == [State.REJECTED, State.WAITING]
    assert len(waiting(desk)) == 2, "the two legs of an OCO"
    told = await desk.told()
    assert not any("profit of" in text for text in told)
    assert any(f"KuCoin said no: not now ({code})." in text for text in told)


@pytest.mark.parametrize(
    ("mode", "code", "headline"),
    [(Mode.ERROR, SUSPENDED, "Rejected"), (Mode.ERROR, "400002", "Not sent"), (Mode.DROP, "", "Not placed")],
)
async def test_what_follows_by_itself_is_said_so_and_has_no_button_that_would_sell_twice(
    desk: Desk, mode: Mode, code: str, headline: str
) -> None:
    desk.faults.add("POST", OCOS, mode, code=code)
    short = await bought(desk)
    offered: dict[str, list[str]] = {}
    for _ in range(14):
        await desk.rounds(5)
        offered |= await desk.offered()
    told = {text: labels for text, labels in offered.items() if text.startswith(headline)}
    assert told
    for text, labels in told.items():
        assert "The bot goes on with this exit by itself, and says so if it gives up." in text
        assert labels == []
    assert (await states(desk, short))[-1] is State.WAITING


async def test_what_does_not_pass_is_left_to_its_person_with_a_button(desk: Desk) -> None:
    refuse(desk, STOPS, code="404000")
    await bought(desk, LOSS_ONLY)
    (labels,) = [labels for text, labels in (await desk.offered()).items() if text.startswith("Rejected")]
    assert labels == ["Fresh ticket"]


async def test_no_longer_than_half_a_minute_the_loss_is_unguarded_and_the_words_about_it_are_kucoin_s(
    desk: Desk,
) -> None:
    refused = refuse(desk, times=99)
    short = await bought(desk)
    await desk.rounds(*[5] * 5)
    assert refused.hits == 3
    (stop,) = waiting(desk)
    assert (stop.stop_price, stop.request.price) == (Decimal(65660), None)
    await desk.rounds(5, 31)
    (told,) = [text for text in await desk.told() if "profit of" in text]
    assert told.startswith(f"↩ The profit of #{short} at 69,680.2 is not placed for 0.01 BTC.")
    assert f"KuCoin refused profit and loss together: {WORDS} ({SUSPENDED})." in told
    assert refused.hits == 3


async def test_where_the_stop_is_refused_as_well_both_come_back_with_the_pair(desk: Desk) -> None:
    """The OCO was not the reason, so its profit is not given up."""
    ocos, stops = refuse(desk, times=99), refuse(desk, STOPS, 99)
    short = await bought(desk)
    await desk.rounds(*[5] * 12)
    assert (ocos.hits, stops.hits) == (3, 1)
    desk.faults.clear()
    await desk.rounds(*[5] * 24)
    assert (await states(desk, short))[-1] is State.WAITING
    assert len(waiting(desk)) == 2
    assert not any("profit of" in text for text in await desk.told())


async def test_what_is_refused_for_too_long_is_given_up_and_offered(desk: Desk) -> None:
    ocos, stops = refuse(desk, times=99), refuse(desk, STOPS, 99)
    short = await bought(desk)
    await desk.rounds(*UNTIL_GIVEN_UP)
    assert (ocos.hits, stops.hits) == (5, 3)
    told = await desk.told()
    assert told[-1].startswith(f"↩ No exit for 0.01 BTC of #{short}")
    assert not any("profit of" in text for text in told)
    await desk.rounds(*[300] * 4)
    assert (ocos.hits, stops.hits) == (5, 3)


async def test_coins_bought_by_hand_later_are_not_sold_by_the_stop_of_an_oco_that_found_none(desk: Desk) -> None:
    """KuCoin looks at the balance when an OCO comes; a stop order freezes nothing before it is due."""
    refuse(desk, times=99, code=LACKS, message="Balance insufficient!")
    entry = await desk.send(ENTRY)
    for _ in range(8):  # by hand: its 0.01, and the 0.1 of before
        await desk.send("btc 0.01375", Side.SELL)
    await desk.rounds(*[5] * 24)
    assert (await desk.told())[-1].startswith(f"↩ No exit for 0.01 BTC of #{entry.short}")
    await desk.send("btc 0.01btc")  # bought by hand, later, to be kept
    desk.price("BTC-USDT", 65_000)
    await desk.rounds(31, 31)
    assert [one for one in await exits_of(desk, entry) if one.state is State.FILLED] == []


async def test_coins_that_are_credited_after_half_a_minute_get_their_exit(desk: Desk) -> None:
    refuse(desk, times=99, code=LACKS, message="Balance insufficient!")
    refuse(desk, STOPS, 99, code=LACKS, message="Balance insufficient!")
    short = await bought(desk)
    await desk.rounds(*[5] * 6)
    desk.faults.clear()
    await desk.rounds(*[5] * 24)
    assert State.WAITING in await states(desk, short)


@pytest.mark.parametrize(("code", "message"), [("404000", "closed"), ("401000", "old"), ("400330", "too far off")])
async def test_where_no_oco_is_to_be_had_the_stop_goes_at_once(desk: Desk, code: str, message: str) -> None:
    refused = refuse(desk, times=99, code=code, message=message)
    short = await bought(desk)
    await desk.rounds(1)
    assert await states(desk, short) == [State.REJECTED, State.WAITING]
    await desk.rounds(5)
    assert any(f"{message} ({code})" in text for text in await desk.told() if "profit of" in text)
    assert refused.hits == 1


async def test_a_price_that_was_beyond_one_side_for_a_moment_costs_no_profit(desk: Desk) -> None:
    """Between the price that was looked up and the one by which KuCoin judges."""
    entry = await desk.send(ENTRY)
    with at_point("C5", lambda: desk.price("BTC-USDT", 69_700)):
        await desk.rounds(0)
    assert await states(desk, entry.short) == [State.REJECTED]
    desk.price("BTC-USDT", 69_600)
    await desk.rounds(6)
    assert len(waiting(desk)) == 2
    assert not any("profit of" in text for text in await desk.told())


async def test_words_that_nobody_knows_are_a_no_when_they_are_said_twice(desk: Desk) -> None:
    refused = refuse(desk, times=99, code="400100", message="Parameter error")
    short = await bought(desk)
    await desk.rounds(6, 1)
    assert await states(desk, short) == [State.REJECTED, State.REJECTED, State.WAITING]
    assert refused.hits == 2


# --- Of one price alone ----------------------------------------------------------------------------------------------


async def test_a_stop_refused_for_what_passes_is_sent_again(desk: Desk) -> None:
    refused = refuse(desk, STOPS, 2)
    short = await bought(desk, LOSS_ONLY)
    await desk.rounds(*[5] * 5)
    assert refused.hits == 2
    assert (await states(desk, short))[-1] is State.WAITING
    assert not any("profit of" in text for text in await desk.told())


async def test_a_stop_refused_for_good_is_told_and_left_to_its_person(desk: Desk) -> None:
    refused = refuse(desk, STOPS, 99, code="900001", message="symbol not exists")
    short = await bought(desk, LOSS_ONLY)
    await desk.rounds(*[31] * 5)
    assert refused.hits == 1
    (told,) = [text for text in await desk.told() if "Rejected" in text]
    assert "symbol not exists (900001)" in told
    assert f"exit of #{short}" in told
    assert "goes on" not in told


# --- Meanwhile -------------------------------------------------------------------------------------------------------


async def test_killed_between_the_tries_the_next_life_goes_on_where_it_was(desk: Desk) -> None:
    refused = refuse(desk, times=99)
    short = await bought(desk)
    for _ in range(4):
        desk.restart()
        await desk.now.reconciler.begin()
        await desk.rounds(3, 3, 3, 3)
    assert refused.hits == 3
    assert await states(desk, short) == [State.REJECTED] * 3 + [State.WAITING]
    assert sum("profit of" in text for text in await desk.told()) == 1


async def test_a_no_that_was_not_written_down_is_found_out_and_the_oco_sent_again(desk: Desk) -> None:
    """On disk it is as if the process had died before the POST: nobody can tell these cases apart."""
    refuse(desk)
    short = await bought(desk)
    with at_point("C6", die), pytest.raises((Killed, BaseExceptionGroup)):
        await desk.rounds(6)
    desk.restart()
    await desk.now.reconciler.begin()
    await desk.settle()
    await desk.rounds(31)
    assert await states(desk, short) == [State.REJECTED, State.NOT_PLACED, State.WAITING]
    assert len(waiting(desk)) == 2


@pytest.mark.parametrize("point", ["C10", "C6"])
async def test_killed_around_the_stop_that_takes_its_place_there_is_one_and_it_is_told(desk: Desk, point: str) -> None:
    refuse(desk, code="404000", message="closed", times=99)
    short = await bought(desk)
    with at_point(point, die), pytest.raises((Killed, BaseExceptionGroup)):
        await desk.rounds(1)
    desk.restart()
    await desk.now.reconciler.begin()
    await desk.settle()
    await desk.rounds(31, 6)
    assert (await states(desk, short))[-1] is State.WAITING
    assert len(waiting(desk)) == 1
    assert sum("profit of" in text for text in await desk.told()) == 1


async def test_what_fills_between_the_tries_goes_with_the_next(desk: Desk) -> None:
    entry = await half_filled(desk)
    refuse(desk)
    await desk.rounds(6)
    assert [one.spec.size for one in await exits_of(desk, entry)] == [Decimal("0.004")]
    desk.faults.clear()
    desk.price("BTC-USDT", 65_990)
    await desk.rounds(31)
    sizes = [(one.spec.size, one.state) for one in await exits_of(desk, entry)]
    assert sizes == [(Decimal("0.004"), State.REJECTED), (Decimal("0.01"), State.WAITING)]


async def test_tries_of_a_part_do_not_use_up_the_parts_of_an_order(desk: Desk) -> None:
    entry = await half_filled(desk)
    refuse(desk, times=99)
    refuse(desk, STOPS)
    await desk.rounds(*[6] * 30)
    assert [one.state for one in await exits_of(desk, entry)] == [*[State.REJECTED] * 5, State.WAITING]
    assert [leg.request.size for leg in waiting(desk)] == [Decimal("0.004")]


async def test_what_is_stored_of_a_refusal_means_the_same_as_what_was_told(desk: Desk) -> None:
    refuse(desk, STOPS, 1, code="400100", message="x" * 300 + " Balance insufficient!")
    short = await bought(desk, LOSS_ONLY)
    await desk.rounds(*[5] * 6)
    goes_on = any("The bot goes on with this exit" in text for text in await desk.told())
    assert goes_on == (State.WAITING in await states(desk, short))


# --- After it was given up -------------------------------------------------------------------------------------------


async def given_up(desk: Desk, text: str) -> list[str]:
    """Rounds in which every exit is refused, until one is given up; what is told of that."""
    refuse(desk, times=99)
    refuse(desk, STOPS, 99)
    await desk.rounds(*UNTIL_GIVEN_UP)
    desk.faults.clear()
    return [said for said in await desk.told() if text in said]


async def test_what_fills_after_an_exit_was_given_up_gets_its_own(desk: Desk) -> None:
    entry = await half_filled(desk)
    (told,) = await given_up(desk, "No exit for")
    assert told.startswith(f"↩ No exit for 0.004 BTC of #{entry.short}")
    desk.price("BTC-USDT", 65_990)
    await desk.rounds(31, 6)
    placed = [one.spec.size for one in await exits_of(desk, entry) if one.state is State.WAITING]
    assert placed == [Decimal("0.006")], "the other 0.004 may have been sold by hand"
    assert not any("No exit for" in said for said in await desk.told())
    await desk.rounds(31, 31)
    assert await listed_exits(desk) == [], "nothing lives in the bot any more"


async def test_a_fill_that_shows_after_the_end_of_all_gets_its_exit_though_the_part_before_was_given_up(
    desk: Desk,
) -> None:
    entry = await cancelled_halfway(desk)
    unsent = desk.faults.add("POST", OCOS, Mode.ERROR, 5, code="400002", status=401)
    for _ in range(7):
        desk.clock.advance(31)
        await desk.now.exits.look()
    assert unsent.hits == 5
    assert sum("No exit for 0.004 BTC" in said for said in await desk.told()) == 1
    assert await listed_exits(desk) == []
    await desk.rounds(31, 6)
    placed = [one.spec.size for one in await exits_of(desk, entry) if one.state is State.WAITING]
    assert placed == [Decimal("0.006")]


async def test_killed_when_it_is_given_up_that_is_told_once(desk: Desk) -> None:
    short = (await desk.send(ENTRY)).short
    told = await given_up(desk, "No exit for")
    for _ in range(2):
        desk.restart()
        await desk.now.reconciler.begin()
        await desk.rounds(31)
        told += [said for said in await desk.told() if "No exit for" in said]
    assert [said.partition(":")[0] for said in told] == [f"↩ No exit for 0.01 BTC of #{short}"]


async def listed_exits(desk: Desk) -> list[str]:
    """Those that live in the bot."""
    return [entry.short for entry in (await desk.now.orders.open(desk.person())).exits]
