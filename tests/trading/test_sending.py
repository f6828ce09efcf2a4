"""From the tap to the exchange: one POST at most, and every outcome told for what it is."""

import asyncio
import json
import os
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import httpx
import pytest
from sqlalchemy import event

from tests.ids import CountingIds
from tests.trading.conftest import on_both_databases, open_desk
from tests.trading.desk import ANN, BORIS, CARD, PLACE, RENDERER, Desk, Killed, at_point, die, edited
from tests.trading.racer import tap_as_told
from tests.trading.races import two_racers
from tgbot.core.errors import ExchangeUnavailable, NotFound, Refused, TooLate, UserError
from tgbot.core.orders import Side
from tgbot.core.people import Mode as AccountMode
from tgbot.delivery.codec import decode
from tgbot.delivery.store import CardRow, OutboxRow
from tgbot.paper.faults import Mode
from tgbot.system import SystemClock
from tgbot.texts.notation import Reader
from tgbot.trading import store
from tgbot.trading.rules.settlement import State

IS_LONG = "FAULTS_LONG" in os.environ


@on_both_databases
async def test_confirmed_ticket_is_one_order_and_is_told_as_placed_then_filled(desk: Desk) -> None:
    intent = await desk.send("btc 100")
    (order,) = desk.placed()
    assert order.client_oid.startswith("tb")
    assert (intent.state, intent.order_id) == (State.OPEN, order.id)
    assert await desk.told() == [f"✎ Placed: buy BTC for 100 USDT at market\n#{intent.short} · BTC-USDT"]
    await desk.rounds(0)
    (filled,) = await desk.told()
    assert filled.startswith("✎ Filled: buy BTC for 100 USDT at market\n0.00149 BTC at 67,000.1 on average")
    assert (await desk.intent(intent)).state is State.FILLED


async def test_what_is_sent_is_what_the_ticket_stored(desk: Desk) -> None:
    shown = await desk.ticket("btc 0.01btc @ 66000 gtt 1h post iceberg 0.005")
    await desk.confirm(shown.intent)
    (order,) = desk.placed()
    assert (order.size, order.price, order.post_only, order.iceberg, order.visible_size, order.cancel_after) == (
        Decimal("0.01"),
        Decimal(66_000),
        True,
        True,
        Decimal("0.005"),
        3600,
    )


async def test_ticket_s_message_becomes_the_card_of_the_order(desk: Desk) -> None:
    intent = await desk.send("btc 100")
    async with desk.database.read() as session:
        card = await session.get(CardRow, 1)
    assert card is not None
    assert (card.chat_id, card.card, card.message_id) == (ANN, f"order:{intent.id}", CARD)


# --- Outcomes --------------------------------------------------------------------------------------------------------


def without_data(body: bytes) -> bytes:
    return json.dumps({"code": "200000"}).encode()


def with_code(code: str, message: str = "sorry") -> Callable[[bytes], bytes]:
    return lambda body: json.dumps({"code": code, "msg": message}).encode()


# How the POST fails, whether the exchange has taken the order all the same.
AMBIGUOUS = {
    "the reply is lost": ({"mode": Mode.LOST}, True),
    "the reply breaks off": ({"mode": Mode.TRUNCATED}, True),
    "success without data": ({"mode": Mode.EDITED, "edit": without_data}, True),
    "success with null data": ({"mode": Mode.EDITED, "edit": edited(lambda data: None)}, True),
    "success with an empty order id": ({"mode": Mode.EDITED, "edit": edited(lambda data: {"orderId": ""})}, True),
    "success with an order id longer than any": (
        {"mode": Mode.EDITED, "edit": edited(lambda data: {"orderId": "f" * 200})},
        True,
    ),
    "success with a list": ({"mode": Mode.EDITED, "edit": edited(lambda data: [data])}, True),
    "another clientOid is echoed": (
        {"mode": Mode.EDITED, "edit": edited(lambda data: data | {"clientOid": "tbSomebodyElse"})},
        True,
    ),
    "a body that is no JSON": ({"mode": Mode.EDITED, "edit": lambda body: body[:-3]}, True),
    "300000 though it was taken": ({"mode": Mode.EDITED, "edit": with_code("300000")}, True),
    "duplicate clientOid": (
        {"mode": Mode.EDITED, "edit": with_code("400100", "validation.createOrder.clientOidDuplicated")},
        True,
    ),
    "it never arrived": ({"mode": Mode.DROP}, False),
    "300000": ({"mode": Mode.ERROR, "code": "300000", "message": "Internal error"}, False),
    "500000": ({"mode": Mode.ERROR, "status": 500}, False),
    "429000": ({"mode": Mode.ERROR, "status": 429, "code": "429000"}, False),
    "a code that nobody knows": ({"mode": Mode.ERROR, "code": "987654"}, False),
    "a page of a proxy": ({"mode": Mode.HTML, "status": 502}, False),
    "a page that says no": ({"mode": Mode.HTML, "status": 403}, False),
}


@pytest.mark.parametrize("case", AMBIGUOUS)
async def test_no_definite_answer_is_unknown_and_the_truth_follows(desk: Desk, case: str) -> None:
    how, has_taken = AMBIGUOUS[case]
    fault = desk.faults.add("POST", PLACE, **how)  # type: ignore[arg-type]  # the arguments of `add`
    intent = await desk.send("btc 100")
    (told,) = await desk.told()
    assert told.startswith("✎ Unknown, checking: buy BTC for 100 USDT")
    assert intent.state is State.UNKNOWN
    await desk.settle()
    truth = "Filled" if has_taken else "Not placed"
    assert (await desk.headlines())[0] == f"✎ {truth}"
    assert len(desk.placed()) == (1 if has_taken else 0)
    assert fault.hits == 1, "nothing is ever posted again"


@pytest.mark.parametrize(
    ("code", "message", "advice"),
    [
        ("200004", "Balance insufficient!", "/balance"),
        ("400100", "Order size increment invalid.", ""),
        ("400003", "KC-API-KEY not exists", "/keys"),
        ("400006", "The requested ip address is not in the api whitelist", "IP list"),
        ("400370", "Max. price: 0.025", "nearer one"),
        ("200001", "Order creation for this pair suspended", "suspended"),
    ],
)
async def test_definite_no_is_told_as_rejected_with_kucoin_s_words(
    desk: Desk, code: str, message: str, advice: str
) -> None:
    desk.faults.add("POST", PLACE, Mode.ERROR, code=code, message=message)
    intent = await desk.send("btc 100")
    (told,) = await desk.told()
    assert told.startswith("✎ Rejected: buy BTC for 100 USDT")
    assert f"{message} ({code})" in told
    assert advice in told
    assert intent.state is State.REJECTED
    await desk.settle()
    assert await desk.told() == []
    assert desk.placed() == []


@on_both_databases
async def test_words_of_kucoin_never_become_markup(desk: Desk) -> None:
    desk.faults.add("POST", PLACE, Mode.ERROR, code="200004", message="<b>free</b> & <a href='x'>money</a>\u202e\0")
    await desk.send("btc 100")
    async with desk.database.read() as session:
        row = await session.get(OutboxRow, 1)
    assert row is not None
    html = RENDERER.render(decode(row.payload), Reader("en", "UTC")).html
    assert "&lt;b&gt;free&lt;/b&gt; &amp; &lt;a href='x'&gt;money&lt;/a&gt;" in html


async def test_wrong_timestamp_was_never_looked_at(desk: Desk) -> None:
    desk.faults.add("POST", PLACE, Mode.ERROR, status=401, code="400002", message="KC-API-TIMESTAMP Invalid")
    intent = await desk.send("btc 100")
    (told,) = await desk.told()
    assert told.startswith("✎ Not sent: buy BTC for 100 USDT")
    assert intent.state is State.NOT_SENT


NOT_SENT: dict[str, Callable[[Desk], None]] = {
    "nobody listens": lambda desk: setattr(desk.rest, "_base_url", "http://127.0.0.1:1"),
    "the quota is used up": lambda desk: desk.rest.budget.close_host(),
    "the machine slept": lambda desk: desk.clock.advance(600),
}


@pytest.mark.parametrize("case", NOT_SENT)
async def test_what_has_not_left_is_told_as_not_sent(desk: Desk, case: str) -> None:
    with at_point("C6", lambda: NOT_SENT[case](desk)):
        intent = await desk.send("btc 100")
    assert await desk.headlines() == ["✎ Not sent"]
    assert intent.state is State.NOT_SENT
    assert desk.placed() == []


async def test_stalled_post_is_unknown_after_its_deadline(desk: Desk) -> None:
    desk.rest._deadline = 0.2
    desk.faults.add("POST", PLACE, Mode.DELAY, until=asyncio.Event())
    await desk.send("btc 100")
    assert await desk.headlines() == ["✎ Unknown, checking"]
    desk.rest._deadline = 10
    await desk.settle()
    assert (await desk.headlines())[0] == "✎ Not placed"


async def test_order_that_a_round_finds_before_the_reply_is_told_once(desk: Desk) -> None:
    shown = await desk.ticket("btc 100")
    slow = asyncio.Event()
    desk.faults.add("POST", PLACE, Mode.EDITED, until=slow)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(desk.confirm(shown.intent))
        while not desk.placed():
            await desk.intent(shown.intent)
        await desk.now.reconciler.look()
        slow.set()
    assert await desk.headlines() == ["✎ Filled"]
    await desk.rounds(0)
    assert await desk.told() == []


async def test_acceptance_that_comes_after_we_gave_up_is_taken(desk: Desk) -> None:
    """The answer was on its way for very long, and somebody else has settled the order meanwhile."""
    shown = await desk.ticket("btc 0.01btc @ 66000")
    slow = asyncio.Event()
    desk.faults.add("POST", PLACE, Mode.EDITED, until=slow)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(desk.confirm(shown.intent))
        while not desk.placed():
            await desk.intent(shown.intent)
        async with desk.database.write() as session:
            assert await store.move(session, shown.intent, {State.SENT}, State.NOT_PLACED, desk.clock.now())
        slow.set()
    assert (await desk.intent(shown.intent)).state is State.OPEN
    assert await desk.headlines() == ["✎ Placed"]


async def test_right_to_send_is_on_disk_when_the_exchange_hears_of_the_order(desk: Desk) -> None:
    """As another process sees it, at the moment when the POST arrives."""
    seen: list[tuple[str, str]] = []

    def look(body: bytes) -> bytes:
        with closing(sqlite3.connect(str(desk.database.url.database))) as other:
            seen.extend(other.execute("SELECT state, client_oid FROM intents JOIN attempts ON intent_id = intents.id"))
        return body

    desk.faults.add("POST", PLACE, Mode.EDITED, edit=look)
    await desk.send("btc 100")
    assert seen == [("sent", desk.placed()[0].client_oid)]


async def test_two_commits_lie_between_the_tap_and_its_answer(desk: Desk) -> None:
    """The right to send, and the outcome with its message; the third is that of the update itself."""
    shown = await desk.ticket("btc 100")
    commits: list[object] = []
    event.listen(desk.database._writer.sync_engine, "commit", commits.append)
    await desk.confirm(shown.intent)
    assert len(commits) == 2
    assert await desk.headlines() == ["✎ Placed"]


async def test_fee_on_the_ticket_is_the_fee_that_is_paid(desk: Desk) -> None:
    desk.rules(taker_coefficient=Decimal(2))
    await desk.now.tickets._symbols.load()
    shown = await desk.ticket("btc 0.001btc")
    await desk.confirm(shown.intent)
    assert shown.ticket.fee.quantize(Decimal("0.001")) == desk.placed()[0].fee.quantize(Decimal("0.001"))


# --- One use ---------------------------------------------------------------------------------------------------------


@on_both_databases
async def test_second_tap_places_nothing(desk: Desk) -> None:
    shown = await desk.ticket("btc 100")
    await desk.confirm(shown.intent)
    for _ in range(2):
        with pytest.raises(TooLate) as caught:
            await desk.confirm(shown.intent)
        assert caught.value.text.key == "trading.already_used"
    assert len(desk.placed()) == 1


# Each with the state in which it is sent.
TAPPED = (
    ("btc 100", Side.BUY, State.OPEN),
    ("btc 0.01 tp +4% sl -2%", Side.SELL, State.WAITING),
    *([("btc 0.01 stop 66000", Side.SELL, State.WAITING)] if IS_LONG else []),
)


@pytest.mark.long
@pytest.mark.processes
@on_both_databases
async def test_two_hundred_taps_at_once_in_two_processes_are_one_order(
    desk_url: str, client: httpx.AsyncClient
) -> None:
    """By the real clock, which is the only one that processes share. What is shown here is confirmed by two others."""
    clock, ids = SystemClock(), CountingIds()
    async with (
        open_desk(desk_url, clock, ids, client) as desk,  # type: ignore[arg-type]  # nobody moves this one
        two_racers(tap_as_told, desk_url, desk.rest._base_url) as racers,
    ):
        for sent, (text, side, state) in enumerate(TAPPED, 1):
            shown = await desk.ticket(text, side)
            for racer in racers:
                racer.tell(f"100 {shown.intent.short}")
            ends = [json.loads(await racer.answer()) for racer in racers]
            assert Counter(ends[0]) + Counter(ends[1]) == {"NoneType": 1, "TooLate": 199}
            waiting = {stop.client_oid for stop in desk.exchange._store.waiting_stops()}
            assert len(desk.placed()) + len(waiting) == sent
            assert (await desk.intent(shown.intent)).state is state


async def test_somebody_else_s_ticket_is_not_there(desk: Desk) -> None:
    await desk.link(BORIS)
    shown = await desk.ticket("btc 100")
    with pytest.raises(NotFound):
        await desk.now.tickets.find(desk.person(BORIS), shown.intent.short)


async def test_expired_ticket_sends_nothing_and_offers_a_fresh_one(desk: Desk) -> None:
    shown = await desk.ticket("btc 100")
    desk.clock.advance(60)
    with pytest.raises(TooLate) as caught:
        await desk.confirm(shown.intent)
    assert caught.value.text.key == "trading.expired"
    assert caught.value.buttons[0][0].data == f"ticket_fresh:{shown.intent.short}"
    assert desk.placed() == []


async def test_clock_that_was_put_back_does_not_lengthen_a_ticket(desk: Desk) -> None:
    shown = await desk.ticket("btc 100")
    desk.clock.advance(90)
    desk.wall.skew = -timedelta(hours=1)
    with pytest.raises(TooLate) as caught:
        await desk.confirm(shown.intent)
    assert caught.value.text.key == "trading.expired"
    assert desk.placed() == []


async def test_ticket_expires_between_the_look_and_the_right_to_send(desk: Desk) -> None:
    shown = await desk.ticket("btc 100")
    with at_point("C5", lambda: desk.clock.advance(61)), pytest.raises(TooLate):
        await desk.confirm(shown.intent)
    assert desk.placed() == []


@pytest.mark.parametrize(
    ("change", "refused"), [("UPDATE keys SET trouble = 'withdrawal'", Refused), ("DELETE FROM keys", NotFound)]
)
async def test_key_suspended_or_gone_in_the_last_moment_sends_nothing(
    desk: Desk, change: str, refused: type[UserError]
) -> None:
    shown = await desk.ticket("btc 100")

    def meanwhile() -> None:
        with closing(sqlite3.connect(str(desk.database.url.database))) as other, other:
            other.execute(change)

    with at_point("C5", meanwhile), pytest.raises(refused):
        await desk.confirm(shown.intent)
    assert desk.placed() == []
    assert (await desk.intent(shown.intent)).state is State.TICKET


# --- The price has moved ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "text"), [(Side.BUY, "btc 100"), (Side.SELL, "btc 0.01"), (Side.BUY, "btc 100 @ -1%")]
)
@pytest.mark.parametrize("percent", ["0.6", "-0.6"])
async def test_drifted_ticket_is_quoted_anew_and_nothing_is_sent(
    desk: Desk, side: Side, text: str, percent: str
) -> None:
    shown = await desk.ticket(text, side)
    desk.price("BTC-USDT", str((67_000 * (100 + Decimal(percent)) / 100).quantize(Decimal("0.1"))))
    fresh = await desk.confirm(shown.intent)
    assert fresh is not None
    assert desk.placed() == []
    assert (await desk.intent(shown.intent)).state is State.REPLACED
    with pytest.raises(TooLate):
        await desk.confirm(shown.intent)
    assert await desk.confirm(fresh.intent) is None
    assert len(desk.placed()) == 1


async def test_how_much_drift_is_too_much_is_for_the_person_to_say(desk: Desk) -> None:
    shown = await desk.ticket("btc 100")
    desk.price("BTC-USDT", "67201")
    strict, calm = (replace(desk.person(), most_drift=Decimal(drift)) for drift in ("0.2", "1"))
    fresh = await desk.now.sending.confirm(strict, shown.intent, 901, 1)
    assert fresh is not None
    assert desk.placed() == []
    desk.price("BTC-USDT", "67603")
    assert await desk.now.sending.confirm(calm, fresh.intent, 902, 1) is None
    assert len(desk.placed()) == 1


@pytest.mark.parametrize("percent", ["0.4", "-0.4"])
async def test_small_drift_is_sent(desk: Desk, percent: str) -> None:
    shown = await desk.ticket("btc 100")
    desk.price("BTC-USDT", str((67_000 * (100 + Decimal(percent)) / 100).quantize(Decimal("0.1"))))
    assert await desk.confirm(shown.intent) is None


async def test_limit_that_the_person_wrote_does_not_drift(desk: Desk) -> None:
    shown = await desk.ticket("btc 0.01btc @ 60000")
    desk.price("BTC-USDT", 64_000)
    assert await desk.confirm(shown.intent) is None
    assert len(desk.placed()) == 1


async def test_relative_limit_on_a_coarse_grid_is_not_quoted_for_ever(desk: Desk) -> None:
    """Rounding to KuCoin's step moves the price by more than the drift allowed; that is no drift."""
    desk.rules(price_increment=Decimal(1000))
    await desk.now.tickets._symbols.load()
    shown = await desk.ticket("btc 0.01btc @ -1%")
    assert await desk.confirm(shown.intent) is None
    assert desk.placed()[0].price == 66_000


async def test_price_that_cannot_be_asked_sends_nothing_and_leaves_the_ticket(desk: Desk) -> None:
    shown = await desk.ticket("btc 100")
    desk.faults.add("GET", "/api/v1/market/orderbook/level1", Mode.HTML, times=3, status=502)
    with pytest.raises(ExchangeUnavailable):
        await desk.confirm(shown.intent)
    assert desk.placed() == []
    assert await desk.confirm(shown.intent) is None


# --- Whose account ---------------------------------------------------------------------------------------------------


async def test_ticket_of_another_mode_is_not_sent(desk: Desk) -> None:
    person = desk.person()
    live = await desk.ticket("btc 100")
    await desk.now.keys.switch(person, AccountMode.PAPER)
    with pytest.raises(TooLate) as caught:
        await desk.confirm(live.intent)
    assert caught.value.text.key == "trading.account_changed"
    paper = await desk.ticket("btc 200")
    assert paper.intent.mode is AccountMode.PAPER
    await desk.now.keys.switch(desk.person(), AccountMode.LIVE)
    with pytest.raises(TooLate):
        await desk.confirm(paper.intent)
    assert desk.placed() == []
    assert await desk.confirm(live.intent) is None, "back again, within its minute"


async def test_ticket_of_another_key_is_not_sent(desk: Desk) -> None:
    shown = await desk.ticket("btc 100")
    await desk.link()
    with pytest.raises(TooLate) as caught:
        await desk.confirm(shown.intent)
    assert caught.value.text.key == "trading.account_changed"
    assert desk.placed() == []


async def test_ticket_of_a_disconnected_account_is_not_sent(desk: Desk) -> None:
    shown = await desk.ticket("btc 100")
    (key,) = await desk.now.keys.linked(desk.person())
    await desk.now.keys.disconnect(desk.person(), key)
    with pytest.raises(TooLate) as caught:
        await desk.confirm(shown.intent)
    assert caught.value.text.key == "trading.account_gone"
    assert desk.placed() == []


# --- Time ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("skew", [30, -30, 4, -4])
async def test_wrong_wall_clock_costs_no_order(desk: Desk, skew: int) -> None:
    desk.wall.skew = timedelta(seconds=skew)
    shown = await desk.ticket("btc 100")
    desk.rest.server_clock.forget()  # a restart between ticket and tap
    desk.restart()
    await desk.confirm(shown.intent)
    assert await desk.headlines() == ["✎ Placed"]


# --- The process dies ------------------------------------------------------------------------------------------------


@on_both_databases
@pytest.mark.parametrize(
    ("point", "orders", "truth"),
    [("C5", 0, None), ("C6", 0, "✎ Not placed"), ("C9", 1, "✎ Filled"), ("C10", 1, "✎ Filled")],
)
async def test_a_kill_at_any_point_leaves_one_order_at_most_and_the_truth_is_told(
    desk: Desk, point: str, orders: int, truth: str | None
) -> None:
    shown = await desk.ticket("btc 100")
    with at_point(point, die), pytest.raises(Killed):
        await desk.confirm(shown.intent)
    desk.restart()
    await desk.now.reconciler.begin()
    told = await desk.headlines()
    if truth is None:
        assert told == []
        assert await desk.confirm(shown.intent) is None, "nothing was used up: the tap still works"
        return
    assert told == (["✎ Placed"] if point == "C10" else ["✎ Unknown, checking"])
    with pytest.raises(TooLate):
        await desk.confirm(shown.intent)
    await desk.settle()
    assert (await desk.headlines())[0] == truth
    assert len(desk.placed()) == orders
