"""Placing, finding and cancelling orders over HTTP, as KuCoin does it."""

from decimal import Decimal

import pytest

from tests.paper.conftest import Floor
from tests.paper.trader import Trader, order_body
from tgbot.core.market import Tick

ORDERS = "/api/v1/hf/orders"
OF_BTC = "?symbol=BTC-USDT"


async def test_market_buy_is_filled_and_paid_at_once(trader: Trader) -> None:
    done = await trader.buy(clientOid="tb1", funds="100")
    assert (done["status"], done["clientOid"]) == ("done", "tb1")
    found = await trader.get(f"{ORDERS}/client-order/tb1{OF_BTC}")
    assert found["dealSize"] == done["dealSize"] == "0.00149251"
    assert not found["active"]
    assert not found["cancelExist"]
    (fill,) = (await trader.get(f"/api/v1/hf/fills{OF_BTC}&orderId={done['orderId']}"))["items"]
    assert (fill["price"], fill["liquidity"], fill["feeCurrency"]) == ("67001", "taker", "USDT")
    spent = Decimal(fill["funds"]) + Decimal(fill["fee"])
    assert await trader.balances() == {"BTC": ("0.00149251", "0"), "USDT": (str(10000 - spent), "0")}


async def test_limit_buy_rests_until_the_price_comes(floor: Floor, trader: Trader) -> None:
    placed = await trader.buy(price="66000", size="0.1")
    assert placed["status"] == "open"
    assert await trader.balances() == {"USDT": ("3393.4", "6606.6")}
    assert [order["id"] for order in await trader.get(f"{ORDERS}/active{OF_BTC}")] == [placed["orderId"]]
    floor.clock.advance(1)
    floor.quote("65990")
    found = await trader.get(f"{ORDERS}/{placed['orderId']}{OF_BTC}")
    assert (found["active"], found["dealFunds"], found["fee"]) == (False, "6600", "6.6")
    assert found["lastUpdatedAt"] == found["createdAt"] + 1000
    assert await trader.balances() == {"BTC": ("0.1", "0"), "USDT": ("3393.4", "0")}


async def test_rehearsed_order_is_checked_and_forgotten(trader: Trader) -> None:
    assert (await trader.post(f"{ORDERS}/test", order_body(side="buy", funds="100", clientOid="tb1")))["orderId"]
    assert (await trader.refusal("GET", f"{ORDERS}/client-order/tb1{OF_BTC}"))[0] == "400100"
    assert await trader.balances() == {"USDT": ("10000", "0")}
    assert (await trader.refusal("POST", f"{ORDERS}/test", order_body(side="buy", funds="20000")))[0] == "200004"


@pytest.mark.parametrize(
    ("fields", "code", "message"),
    [
        ({"price": "66000.05", "size": "0.1"}, "400100", "Price increment invalid."),
        ({"price": "66000", "size": "0.123456789"}, "400100", "Order size increment invalid."),
        ({"price": "66000", "size": "0.000001"}, "400100", "Order size below the minimum requirement."),
        ({"price": "66000", "size": "10000000001"}, "400100", "Order size exceeds the maximum requirement."),
        ({"price": "100", "size": "0.00001"}, "600101", "The order funds should more then 0.1 USDT."),
        ({"funds": "0.01"}, "600100", "Funds below the minimum requirement."),
        ({"funds": "10.0000001"}, "400100", "Funds increment invalid."),
        ({"funds": "100000000"}, "400100", "Funds exceed the maximum requirement."),
        ({"funds": "10001"}, "200004", "Balance insufficient!"),
        ({"funds": "10", "size": "0.1"}, "400100", "Exactly one of size and funds is required"),
        ({}, "400100", "Exactly one of size and funds is required"),
        ({"price": "0", "size": "1"}, "400100", "price is required"),
        ({"price": "66000"}, "400100", "size is required"),
        ({"price": "66000", "size": "0.1", "timeInForce": "GTT"}, "400100", "cancelAfter is invalid"),
        (
            {"price": "66000", "size": "0.1", "timeInForce": "GTT", "cancelAfter": 2592000},
            "400100",
            "cancelAfter is invalid",
        ),
        (
            {"price": "66000", "size": "0.1", "timeInForce": "IOC", "postOnly": True},
            "400100",
            "postOnly is not supported with IOC or FOK",
        ),
        ({"price": "66000", "size": "0.1", "iceberg": True}, "400100", "visibleSize is invalid"),
        ({"symbol": "NO-PE", "funds": "10"}, "900001", "symbol not exists"),
        ({"symbol": "PEPE-USDT", "funds": "10"}, "400600", "symbolNotAvailable"),
        ({"funds": "10", "clientOid": "with blanks"}, "400100", "validation.createOrder.clientOidInvalid"),
        ({"funds": "10", "side": "hold"}, "400100", "Invalid enum value 'hold' - at `$.side`"),
    ],
)
async def test_order_that_breaks_a_rule_is_refused_and_holds_nothing(
    trader: Trader, fields: dict[str, object], code: str, message: str
) -> None:
    refusal = await trader.refusal("POST", ORDERS, order_body(**{"side": "buy", **fields}))
    assert refusal == (code, message)
    assert await trader.balances() == {"USDT": ("10000", "0")}


async def test_body_that_is_not_json_is_a_bad_request(trader: Trader) -> None:
    answer = await trader.http.post(ORDERS, content="{", headers=trader.headers("POST", ORDERS, "{"))
    assert answer.json() == {"code": "400000", "msg": "Bad Request"}


async def test_number_in_the_body_is_read_exactly(trader: Trader) -> None:
    assert (await trader.buy(price=66000.1, size=0.00012345))["originSize"] == "0.00012345"
    body = order_body(side="buy", price=66000, size=0.1 + 0.2)
    assert await trader.refusal("POST", ORDERS, body) == ("400100", "Order size increment invalid.")


async def test_client_oid_is_unique_among_active_orders_only(trader: Trader) -> None:
    await trader.buy(clientOid="tb1", price="66000", size="0.01")
    again = order_body(side="buy", clientOid="tb1", funds="10")
    assert await trader.refusal("POST", ORDERS, again) == ("400100", "validation.createOrder.clientOidDuplicated")
    await trader.delete(f"{ORDERS}/client-order/tb1{OF_BTC}")
    second = await trader.post(ORDERS, again)
    assert (await trader.get(f"{ORDERS}/client-order/tb1{OF_BTC}"))["id"] == second["orderId"]


async def test_order_that_arrives_outside_its_window_is_dropped(trader: Trader) -> None:
    sent = int(trader.clock.now().timestamp() * 1000)
    late = order_body(side="buy", funds="10", clientTimestamp=sent - 2001, allowMaxTimeWindow=2000)
    assert (await trader.refusal("POST", ORDERS, late))[0] == "400100"
    assert await trader.post(ORDERS, {**late, "clientTimestamp": sent - 2000})


async def test_gtt_order_is_cancelled_when_its_time_is_over(floor: Floor, trader: Trader) -> None:
    placed = await trader.buy(price="66000", size="0.1", timeInForce="GTT", cancelAfter=3)
    for _ in range(3):
        await floor.clock.until_sleeping()
        floor.clock.advance(1)
    await floor.clock.until_sleeping()
    found = await trader.get(f"{ORDERS}/{placed['orderId']}{OF_BTC}")
    assert (found["active"], found["cancelExist"], found["cancelAfter"]) == (False, True, 3)
    assert await trader.balances() == {"USDT": ("10000", "0")}


async def test_cancelled_order_gives_its_hold_back_once(trader: Trader) -> None:
    placed = await trader.buy(price="66000", size="0.1", clientOid="tb1")
    target = f"{ORDERS}/sync/{placed['orderId']}{OF_BTC}"
    cancelled = await trader.delete(target)
    assert (cancelled["canceledSize"], cancelled["remainSize"], cancelled["status"]) == ("0.1", "0", "done")
    assert await trader.balances() == {"USDT": ("10000", "0")}
    assert await trader.refusal("DELETE", target) == ("400100", "order_not_exist_or_not_allow_to_cancel")


async def test_orders_are_cancelled_by_client_oid_by_pair_and_all_together(trader: Trader) -> None:
    for name in ("tb1", "tb2", "tb3"):
        await trader.buy(clientOid=name, price="66000", size="0.01")
    await trader.buy(clientOid="tb4", symbol="ETH-USDT", price="2400", size="0.1")
    assert await trader.get(f"{ORDERS}/active/symbols") == {"symbols": ["BTC-USDT", "ETH-USDT"]}
    assert await trader.delete(f"{ORDERS}/client-order/tb1{OF_BTC}") == {"clientOid": "tb1"}
    by_oid = await trader.delete(f"{ORDERS}/sync/client-order/tb2{OF_BTC}")
    assert (by_oid["clientOid"], by_oid["canceledSize"]) == ("tb2", "0.01")
    assert await trader.delete(f"{ORDERS}{OF_BTC}") == "success"
    assert await trader.get(f"{ORDERS}/active{OF_BTC}") == []
    assert await trader.delete(f"{ORDERS}/cancelAll") == {"succeedSymbols": ["ETH-USDT"], "failedSymbols": []}


async def test_order_is_found_only_by_its_owner_and_under_its_pair(floor: Floor, trader: Trader) -> None:
    placed = await trader.buy(funds="10")
    stranger = await floor.trader()
    target = f"{ORDERS}/{placed['orderId']}"
    assert await stranger.refusal("GET", target + OF_BTC) == ("400100", "The order does not exist.")
    assert (await trader.refusal("GET", f"{target}?symbol=ETH-USDT"))[0] == "400100"
    assert await trader.refusal("GET", target) == ("400100", "symbol is required")


async def test_finished_orders_come_newest_first_page_by_page(trader: Trader) -> None:
    placed = [(await trader.buy(funds="10"))["orderId"] for _ in range(5)]
    first = await trader.get(f"{ORDERS}/done{OF_BTC}&limit=3")
    second = await trader.get(f"{ORDERS}/done{OF_BTC}&limit=3&lastId={first['lastId']}")
    assert [order["id"] for order in first["items"] + second["items"]] == placed[::-1]
    assert (await trader.get(f"{ORDERS}/done{OF_BTC}&side=sell"))["items"] == []
    now = int(trader.clock.now().timestamp() * 1000)
    assert len((await trader.get(f"/api/v1/hf/fills{OF_BTC}&startAt={now}&endAt={now}"))["items"]) == 5
    assert (await trader.get(f"/api/v1/hf/fills{OF_BTC}&endAt={now - 1}"))["items"] == []


async def test_active_orders_come_page_by_page(trader: Trader) -> None:
    for _ in range(3):
        await trader.buy(price="66000", size="0.01")
    page = await trader.get(f"{ORDERS}/active/page{OF_BTC}&pageNum=2&pageSize=2")
    assert (page["totalNum"], page["totalPage"], len(page["items"])) == (3, 2, 1)


async def test_order_is_filled_at_a_price_that_is_fetched_for_it(floor: Floor, trader: Trader) -> None:
    now = floor.clock.now()
    floor.elsewhere["BTC-USDT"] = Tick("BTC-USDT", Decimal(60000), Decimal(59999), Decimal(60001), 9, now)
    assert (await trader.buy(funds="60.001"))["dealSize"] == "0.001"


async def test_price_of_the_last_five_seconds_will_do_when_none_can_be_fetched(floor: Floor, trader: Trader) -> None:
    floor.clock.advance(4.9)
    assert (await trader.buy(funds="67.001"))["dealSize"] == "0.001"


async def test_order_is_refused_when_no_fresh_price_can_be_had(floor: Floor, trader: Trader) -> None:
    floor.clock.advance(5)
    assert await trader.refusal("POST", ORDERS, order_body(side="buy", funds="10")) == ("400600", "symbolNotAvailable")
    assert await trader.balances() == {"USDT": ("10000", "0")}
