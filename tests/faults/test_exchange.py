"""Rows R: KuCoin's REST misbehaves while an order is on its way. The oracles of `oracle.py` judge each of these."""

from datetime import timedelta
from decimal import Decimal

import pytest
from starlette.types import Receive, Scope, Send

from tests.trading.desk import BY_CLIENT_OID, PLACE, Desk, read
from tgbot.core.errors import ExchangeUnavailable, Refused, TooLate
from tgbot.paper.faults import Mode
from tgbot.trading import store
from tgbot.trading.rules.settlement import State
from tgbot.trading.views import orders as views

EVERYTHING = r"/api/.*"
RESTING = "btc 0.01btc @ 66000"


def requests(desk: Desk) -> list[str]:
    """From now on, the paths that the exchange is asked for."""
    seen: list[str] = []
    app = desk.faults._app

    async def noted(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope.get("path", ""))
        await app(scope, receive, send)

    desk.faults._app = noted
    return seen


async def test_after_a_429_nothing_is_asked_until_the_reset_and_the_order_is_settled_then(desk: Desk) -> None:
    headers = {"gw-ratelimit-limit": "4000", "gw-ratelimit-remaining": "0", "gw-ratelimit-reset": "20000"}
    desk.faults.add("POST", PLACE, Mode.ERROR, status=429, code="429000", headers=headers)
    intent = await desk.send("btc 100")
    assert intent.state is State.UNKNOWN, "nothing proves that a 429 may not follow an acceptance"
    seen = requests(desk)
    desk.clock.hurries = False
    await desk.rounds(0, 8)
    assert seen == []
    desk.clock.hurries = True
    await desk.settle()
    assert (await desk.intent(intent)).state is State.NOT_PLACED


async def test_page_1015_silences_the_whole_host_for_half_a_minute(desk: Desk) -> None:
    desk.faults.add("POST", PLACE, Mode.HTML, status=403, page="error code: 1015")
    intent = await desk.send("btc 100")
    assert intent.state is State.UNKNOWN
    seen = requests(desk)
    desk.clock.hurries = False
    await desk.rounds(0, 9, 9)
    assert seen == []
    desk.clock.hurries = True
    await desk.settle()
    assert seen != []
    assert (await desk.intent(intent)).state is State.NOT_PLACED


async def test_refused_clock_costs_one_order_not_sent_and_the_next_one_passes(desk: Desk) -> None:
    """The exchange's clock was set right by minutes since we last asked it."""
    shown = await desk.ticket("btc 100")
    assert desk.rest.server_clock._anchor is not None
    desk.rest.server_clock._anchor -= timedelta(seconds=40)
    await desk.confirm(shown.intent)
    assert await desk.headlines() == ["✎ Not sent"]
    assert (await desk.send("btc 100")).state is State.OPEN
    assert len(desk.placed()) == 1


async def test_order_beyond_the_look_up_window_is_left_to_a_human_and_never_settles_itself(desk: Desk) -> None:
    desk.lose()
    intent = await desk.send(RESTING)
    desk.clock.advance(timedelta(days=3).total_seconds())
    desk.faults.add("GET", "/api/v1/hf/orders.*", Mode.EDITED, 99, edit=_nothing)
    await desk.rounds(0, 4)
    assert (await desk.intent(intent)).state is State.INDETERMINATE
    await desk.rounds(*[60] * 10)
    assert (await desk.intent(intent)).state is State.INDETERMINATE


async def test_nothing_is_sent_in_the_pair_of_an_order_in_doubt_until_its_person_has_looked_it_up(desk: Desk) -> None:
    desk.lose()
    before = await desk.ticket("btc 100")
    intent = await desk.send(RESTING)
    await desk.told()
    desk.clock.advance(timedelta(days=3).total_seconds())
    desk.faults.add("GET", "/api/v1/hf/orders.*", Mode.EDITED, 99, edit=_nothing)
    await desk.rounds(0, 4)
    desk.faults.clear()
    with pytest.raises(Refused) as caught:
        await desk.ticket("btc 100")
    assert caught.value.text.key == "trading.pair_in_doubt"
    assert caught.value.buttons[0][0].data == f"order_checked:{intent.short}"
    assert (await desk.send("eth 100")).state is State.OPEN, "other pairs are traded on"
    with pytest.raises(TooLate):
        await desk.confirm(before.intent)
    checked = await desk.now.orders.acknowledge(await desk.intent(intent))
    assert read(views.detail(checked)).startswith("Unknown, looked up by you: buy 0.01 BTC at 66,000")
    assert (await desk.send("btc 100")).state is State.OPEN


async def test_an_exit_waits_while_an_order_of_its_pair_is_in_doubt(desk: Desk) -> None:
    entry = await desk.send("btc 0.01btc tp +4% sl -2%")
    await desk.now.reconciler.look()
    doubt = await desk.ticket("btc 100")
    async with desk.database.write() as session:
        await store.move(session, doubt.intent, {State.TICKET}, State.INDETERMINATE, desk.clock.now())
    await desk.now.exits.look()
    assert desk.exchange._store.waiting_stops() == []
    assert any(f"The exit of #{entry.short} waits" in text for text in await desk.told())
    async with desk.database.write() as session:
        await store.move(session, doubt.intent, {State.INDETERMINATE}, State.DROPPED, desk.clock.now())
    await desk.now.exits.look()
    assert len(desk.exchange._store.waiting_stops()) == 2


def _nothing(body: bytes) -> bytes:
    return b'{"code":"200000","data":null}' if b'"items"' not in body else b'{"code":"200000","data":{"items":[]}}'


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"base_increment": Decimal("0.01")}, "increment"),
        ({"base_min": Decimal(5)}, "minimum"),
        ({"price_increment": Decimal(7)}, "increment"),
        ({"is_trading": False}, "suspended"),
    ],
)
async def test_changed_rules_refuse_the_order_and_never_change_it(
    desk: Desk, change: dict[str, object], words: str
) -> None:
    """Between ticket and tap. What was shown is what is sent, to the digit; KuCoin's no is told."""
    shown = await desk.ticket("btc 0.00123btc @ 66000.1")
    desk.rules(**change)
    await desk.confirm(shown.intent)
    (told,) = await desk.told()
    assert told.startswith("✎ Rejected")
    assert words in told.lower()
    assert desk.placed() == []


async def test_a_no_by_the_rules_fetches_them_anew_and_the_next_ticket_knows(desk: Desk) -> None:
    shown = await desk.ticket("btc 0.00123btc @ 66000.1")
    desk.rules(price_increment=Decimal("0.5"))
    await desk.confirm(shown.intent)
    assert (await desk.intent(shown.intent)).state is State.REJECTED
    with pytest.raises(Refused) as caught:
        await desk.ticket("btc 0.00123btc @ 66000.1")
    assert caught.value.text.values["step"] == Decimal("0.5")


async def test_rules_that_cannot_be_fetched_stay_what_they_were(desk: Desk) -> None:
    shown = await desk.ticket("btc 0.00123btc @ 66000.1")
    desk.rules(price_increment=Decimal("0.5"))
    desk.faults.add("GET", "/api/v2/symbols", Mode.HTML, 9, status=502)
    await desk.confirm(shown.intent)
    assert (await desk.intent(shown.intent)).state is State.REJECTED
    assert await desk.ticket("btc 0.00123btc @ 66000.1")


async def test_delisted_pair_is_rejected_and_its_open_order_stays_known(desk: Desk) -> None:
    resting = await desk.send(RESTING)
    shown = await desk.ticket("btc 100")
    desk.faults.add("POST", PLACE, Mode.ERROR, code="900001", message="symbol not exists")
    await desk.confirm(shown.intent)
    await desk.rounds(31)
    assert (await desk.intent(shown.intent)).state is State.REJECTED
    assert (await desk.intent(resting)).state is State.OPEN


async def test_half_an_hour_of_maintenance_loses_nothing_and_sends_nothing_late(desk: Desk) -> None:
    desk.lose()
    unknown = await desk.send("btc 100")
    waiting = await desk.ticket("eth 100")
    await desk.told()
    down = [desk.faults.add(m, EVERYTHING, Mode.HTML, 99_999, status=503) for m in ("GET", "POST", "DELETE")]
    with pytest.raises(ExchangeUnavailable):
        await desk.confirm(waiting.intent)
    await desk.rounds(*[20] * 90)
    assert (await desk.intent(unknown)).state is State.UNKNOWN
    assert await desk.told() == [], "one notice when it became unknown, and no other"
    desk.faults.clear()
    with pytest.raises(TooLate):
        await desk.confirm(waiting.intent)
    await desk.settle()
    assert (await desk.intent(unknown)).state is State.FILLED
    assert [order.symbol for order in desk.placed()] == ["BTC-USDT"]
    assert down[1].hits == 0, "not one order was posted meanwhile"


async def test_an_order_that_is_seen_by_the_list_alone_while_lookups_fail_is_found(desk: Desk) -> None:
    desk.lose()
    desk.faults.add("GET", BY_CLIENT_OID, Mode.EDITED, 99, edit=lambda _: b'{"code":"200000","data":null}')
    intent = await desk.send(RESTING)
    await desk.settle()
    assert (await desk.intent(intent)).state is State.OPEN
