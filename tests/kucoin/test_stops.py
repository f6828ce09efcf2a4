import hashlib
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.clock import JumpClock
from tests.kucoin.conftest import HurryClock
from tests.kucoin.host import Answer, Host, Request, html, refusal, success
from tests.kucoin.test_account import LOST, assert_signed
from tgbot.core.errors import ExchangeRejected, ExchangeUnavailable, NotSent, OutcomeUnknown, Reason
from tgbot.core.orders import (
    Direction,
    OcoSpec,
    OrderAck,
    OrderSpec,
    OrderType,
    Side,
    StopSpec,
    StopStatus,
    TimeInForce,
    Trigger,
)
from tgbot.kucoin.account import SpotAccount
from tgbot.kucoin.rest import Rest
from tgbot.kucoin.sign import Credentials
from tgbot.kucoin.signed import PreparedOrder

BTC = "BTC-USDT"
PLACE_STOP, PLACE_OCO = ("POST", "/api/v1/stop-order"), ("POST", "/api/v3/oco/order")
LIMIT = OrderSpec(
    BTC, Side.SELL, OrderType.LIMIT, size=Decimal("0.10"), price=Decimal(65900), time_in_force=TimeInForce.IOC
)
BREAKOUT = StopSpec(
    OrderSpec(BTC, Side.BUY, OrderType.MARKET, funds=Decimal(100)), Trigger(Decimal("70000.0"), Direction.UP)
)
STOP_LIMIT = StopSpec(LIMIT, Trigger(Decimal(66000), Direction.DOWN))
OCO = OcoSpec(BTC, Side.SELL, Decimal("0.10"), Decimal(70000), Decimal(66000), Decimal(65900))
STOP: dict[str, Any] = {
    "id": "vs1",
    "symbol": BTC,
    "userId": "u1",
    "status": "NEW",
    "type": "limit",
    "side": "sell",
    "price": "65900.00000000000000000000",
    "size": "0.10000000000000000000",
    "funds": None,
    "clientOid": "tb1",
    "stop": "loss",
    "stopPrice": "66000.00000000000000000000",
    "stopTriggerTime": None,
    "createdAt": 1740626554884,
}
BY_ID, BY_CLIENT_OID = "/api/v1/stop-order/vs1", "/api/v1/stop-order/queryOrderByClientOid"
CANCEL = ("DELETE", "/api/v1/stop-order/cancel")


@pytest.fixture
def account(rest: Rest, credentials: Credentials) -> SpotAccount:
    return SpotAccount(rest, credentials)


def prepared(account: SpotAccount, spec: StopSpec | OcoSpec) -> PreparedOrder:
    if isinstance(spec, OcoSpec):
        return account.ocos.prepare("tb1", spec)
    return account.stops.prepare("tb1", spec)


KINDS = pytest.mark.parametrize(("spec", "place"), [(STOP_LIMIT, PLACE_STOP), (OCO, PLACE_OCO)])


async def test_a_market_stop_goes_out_as_prepared(account: SpotAccount, host: Host, credentials: Credentials) -> None:
    host.on(*PLACE_STOP, success({"orderId": "vs1"}))
    order = account.stops.prepare("tb1", BREAKOUT)
    assert not host.requests
    assert await account.send(order) == OrderAck("vs1", "tb1")
    (request,) = host.seen("POST")
    assert_signed(request, credentials)
    assert json.loads(request.body) == {
        "clientOid": "tb1",
        "symbol": BTC,
        "side": "buy",
        "type": "market",
        "funds": "100",
        "stop": "entry",
        "stopPrice": "70000",
    }
    assert order.digest == hashlib.sha256(request.body).hexdigest()


async def test_a_stop_limit_carries_the_options_of_its_order(account: SpotAccount, host: Host) -> None:
    host.on(*PLACE_STOP, success({"orderId": "vs1"}))
    await account.send(account.stops.prepare("tb1", STOP_LIMIT))
    assert json.loads(host.seen("POST")[0].body) == {
        "clientOid": "tb1",
        "symbol": BTC,
        "side": "sell",
        "type": "limit",
        "size": "0.1",
        "price": "65900",
        "timeInForce": "IOC",
        "stop": "loss",
        "stopPrice": "66000",
    }


async def test_an_oco_goes_out_as_prepared(account: SpotAccount, host: Host, credentials: Credentials) -> None:
    host.on(*PLACE_OCO, success({"orderId": "o1"}))
    assert await account.send(account.ocos.prepare("tb1", OCO)) == OrderAck("o1", "tb1")
    (request,) = host.seen("POST")
    assert_signed(request, credentials)
    assert json.loads(request.body) == {
        "clientOid": "tb1",
        "symbol": BTC,
        "side": "sell",
        "size": "0.1",
        "price": "70000",
        "stopPrice": "66000",
        "limitPrice": "65900",
    }


@KINDS
async def test_the_deadline_is_that_of_the_signature(
    spec: StopSpec | OcoSpec, place: tuple[str, str], account: SpotAccount, host: Host, clock: JumpClock
) -> None:
    host.on(*place, success({"orderId": "vs1"}))
    order, late = prepared(account, spec), prepared(account, spec)
    assert order.deadline == order.signed_at + timedelta(seconds=5)
    clock.advance(4.5)
    await account.send(order)
    clock.advance(0.1)
    with pytest.raises(NotSent):
        await account.send(late)
    assert len(host.seen("POST")) == 1


@KINDS
@pytest.mark.parametrize("name", LOST)
async def test_an_unclear_answer_leaves_the_outcome_unknown(
    name: str, spec: StopSpec | OcoSpec, place: tuple[str, str], account: SpotAccount, host: Host
) -> None:
    host.on(*place, LOST[name])
    with pytest.raises(OutcomeUnknown):
        await account.send(prepared(account, spec))
    assert len(host.seen("POST")) == 1


@KINDS
@pytest.mark.parametrize(
    ("code", "message", "reason"),
    [
        ("400100", "Stop order type invalid.", Reason.OTHER),
        ("200003", "Too many stop orders", Reason.TOO_MANY),
        ("900001", "symbol not exists", Reason.SYMBOL),
        ("404000", "Url not found", Reason.CLOSED),
        ("401000", "The interface has been deprecated", Reason.CLOSED),
    ],
)
async def test_a_definite_no_is_told_with_its_reason(
    code: str,
    message: str,
    reason: Reason,
    spec: StopSpec | OcoSpec,
    place: tuple[str, str],
    account: SpotAccount,
    host: Host,
) -> None:
    host.on(*place, refusal(code, message))
    with pytest.raises(ExchangeRejected) as refused:
        await account.send(prepared(account, spec))
    assert (refused.value.code, refused.value.reason) == (code, reason)


async def test_a_stop_order_is_found_by_its_id(account: SpotAccount, host: Host) -> None:
    host.on("GET", BY_ID, success({**STOP, "status": "TRIGGERED", "stopTriggerTime": 1740626559884}))
    order = await account.stops.find("vs1")
    assert order is not None
    assert (order.client_oid, order.price, order.size, order.funds) == (
        "tb1",
        Decimal(65900),
        Decimal("0.1"),
        Decimal(0),
    )
    assert (order.trigger, order.status) == (Trigger(Decimal(66000), Direction.DOWN), StopStatus.TRIGGERED)
    assert order.triggered_at == order.created_at + timedelta(seconds=5)


async def test_of_several_stop_orders_with_one_client_oid_the_newest_counts(account: SpotAccount, host: Host) -> None:
    old, new = {**STOP, "id": "old"}, {**STOP, "createdAt": STOP["createdAt"] + 1, "clientOid": None}
    leg = {**STOP, "id": "leg", "stop": "l_s_o", "createdAt": STOP["createdAt"] + 2}
    host.on("GET", BY_CLIENT_OID, success([old, new, leg]))
    order = await account.stops.find_by_client_oid("tb1", BTC)
    assert order is not None
    assert order.order_id == "vs1"
    assert host.seen("GET", BY_CLIENT_OID)[0].query == {"clientOid": "tb1", "symbol": BTC}


NOTHING = [
    success(None),
    refusal("400100", "The order does not exist."),
    refusal("400100", "order_not_exist_or_not_allow_to_cancel"),
]


@pytest.mark.parametrize("answer", NOTHING)
async def test_no_such_order_is_none(answer: Answer, account: SpotAccount, host: Host) -> None:
    host.otherwise = answer
    assert await account.stops.find("vs1") is None
    assert await account.stops.find_by_client_oid("tb1", BTC) is None
    assert await account.ocos.find("o1") is None
    assert await account.ocos.find_by_client_oid("tb1") is None


async def test_an_empty_list_is_no_such_order(account: SpotAccount, host: Host) -> None:
    host.on("GET", BY_CLIENT_OID, success([]))
    assert await account.stops.find_by_client_oid("tb1", BTC) is None


@pytest.mark.parametrize(
    "answer",
    [html(404), html(502), success({}), success({**STOP, "status": "EXPLODED"}), success({**STOP, "stopPrice": "0"})],
)
async def test_a_failed_look_up_is_not_a_miss(
    answer: Answer, account: SpotAccount, host: Host, clock: HurryClock
) -> None:
    clock.hurries = True
    host.on("GET", BY_ID, answer)
    with pytest.raises(ExchangeUnavailable):
        await account.stops.find("vs1")


async def test_waiting_orders_are_read_page_by_page_without_the_legs_of_ocos(account: SpotAccount, host: Host) -> None:
    pages = {"1": [STOP, {**STOP, "id": "leg", "stop": "e_l_o"}], "2": [{**STOP, "id": "vs2", "stop": "entry"}]}

    def page(request: Request) -> Answer:
        return success({"totalPage": 2, "items": pages[request.query["currentPage"]]})

    host.on("GET", "/api/v1/stop-order", page)
    orders = await account.stops.waiting()
    assert [(order.order_id, order.trigger.direction) for order in orders] == [
        ("vs1", Direction.DOWN),
        ("vs2", Direction.UP),
    ]
    await account.stops.waiting(BTC)
    assert host.seen("GET", "/stop-order")[-1].query["symbol"] == BTC


async def test_a_cancel_names_one_order_and_its_pair(account: SpotAccount, host: Host) -> None:
    host.on(*CANCEL, success({"cancelledOrderIds": ["vs1"]}))
    await account.stops.cancel("vs1", BTC)
    assert host.seen("DELETE")[0].query == {"symbol": BTC, "tradeType": "TRADE", "orderIds": "vs1"}


@pytest.mark.parametrize(
    "answer", [success({"cancelledOrderIds": []}), refusal("400100", "order_not_exist_or_not_allow_to_cancel")]
)
async def test_a_cancel_of_nothing_says_so(answer: Answer, account: SpotAccount, host: Host) -> None:
    host.on(*CANCEL, answer)
    with pytest.raises(ExchangeRejected) as refused:
        await account.stops.cancel("vs1", BTC)
    assert refused.value.reason is Reason.NOT_FOUND


async def test_a_cancel_by_client_oid_looks_the_order_up_first(account: SpotAccount, host: Host) -> None:
    host.on("GET", BY_CLIENT_OID, success([STOP]), success([]))
    host.on(*CANCEL, success({"cancelledOrderIds": ["vs1"]}))
    await account.stops.cancel_by_client_oid("tb1", BTC)
    with pytest.raises(ExchangeRejected) as refused:
        await account.stops.cancel_by_client_oid("tb1", BTC)
    assert refused.value.reason is Reason.NOT_FOUND
    assert [request.query["orderIds"] for request in host.seen("DELETE")] == ["vs1"]


@pytest.mark.parametrize("answer", [html(502), success(None), success({}), refusal("500000"), refusal("429000")])
async def test_a_cancel_is_sent_once_and_its_lost_reply_is_unknown(
    answer: Answer, account: SpotAccount, host: Host
) -> None:
    host.otherwise = answer
    for cancel in (
        account.stops.cancel("vs1", BTC),
        account.stops.cancel_all(BTC),
        account.ocos.cancel("o1"),
        account.ocos.cancel_by_client_oid("tb1"),
        account.ocos.cancel_all(BTC),
    ):
        account._calls._rest.budget._windows.clear()
        with pytest.raises(OutcomeUnknown):
            await cancel
    assert len(host.seen("DELETE")) == 5


async def test_an_oco_shows_its_legs(account: SpotAccount, host: Host) -> None:
    leg = {"symbol": BTC, "side": "sell", "size": "0.10000000000000000000"}
    low = {**leg, "id": "vs1", "price": "65900.0", "stopPrice": "66000.0", "status": "TRIGGERED"}
    high = {**leg, "id": "vs2", "price": "70000.0", "stopPrice": "70000.0", "status": "CANCELLED"}
    oco = {"orderId": "o1", "symbol": BTC, "clientOid": "tb1", "orderTime": 1733049198863, "status": "DONE"}
    host.on("GET", "/api/v3/oco/order/details/o1", success({**oco, "orders": [low, high]}))
    order = await account.ocos.find("o1")
    assert order is not None
    assert (order.client_oid, order.status) == ("tb1", StopStatus.DONE)
    assert [(leg.order_id, leg.price, leg.stop_price, leg.status) for leg in order.legs] == [
        ("vs1", Decimal(65900), Decimal(66000), StopStatus.TRIGGERED),
        ("vs2", Decimal(70000), Decimal(70000), StopStatus.CANCELLED),
    ]


async def test_only_ocos_that_wait_are_waiting(account: SpotAccount, host: Host) -> None:
    oco = {"symbol": BTC, "clientOid": "tb1", "orderTime": 1733049198863}
    rows = [{**oco, "orderId": status, "status": status} for status in ("NEW", "TRIGGERED", "DONE", "CANCELED")]
    host.on("GET", "/api/v3/oco/orders", success({"totalPage": 1, "items": rows}))
    assert [order.order_id for order in await account.ocos.waiting(BTC)] == ["NEW"]
