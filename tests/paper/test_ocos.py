"""OCO orders over HTTP: two orders wait, at most one is placed."""

from typing import Any

import pytest

from tests.paper.conftest import Floor
from tests.paper.reader import dial
from tests.paper.trader import Trader

OCO = "/api/v3/oco"
STOPS = "/api/v1/stop-order"
ORDERS = "/api/v1/hf/orders"
OF_BTC = "?symbol=BTC-USDT"
EXIT = {
    "clientOid": "tb1", "symbol": "BTC-USDT", "side": "sell", "size": "0.5",
    "price": "70000", "stopPrice": "64000", "limitPrice": "63900",
}  # fmt: skip
ENTRANCE = {**EXIT, "side": "buy", "size": "0.1", "price": "65000", "stopPrice": "69000", "limitPrice": "69100"}


@pytest.fixture
async def holder(floor: Floor) -> Trader:
    return await floor.trader(BTC="1")


async def place(trader: Trader, body: dict[str, str] = EXIT, **fields: str) -> str:
    order_id: str = (await trader.post(f"{OCO}/order", {**body, **fields}))["orderId"]
    return order_id


async def details(trader: Trader, order_id: str) -> Any:
    return await trader.get(f"{OCO}/order/details/{order_id}")


async def legs(trader: Trader, order_id: str) -> list[str]:
    return [leg["status"] for leg in (await details(trader, order_id))["orders"]]


async def status(trader: Trader, order_id: str) -> str:
    word: str = (await trader.get(f"{OCO}/order/{order_id}"))["status"]
    return word


async def order_of(trader: Trader) -> Any:
    return await trader.get(f"{ORDERS}/client-order/tb1{OF_BTC}")


async def test_oco_waits_as_two_stops_and_holds_nothing(holder: Trader) -> None:
    order_id = await place(holder)
    assert await holder.balances() == {"BTC": ("1", "0")}
    shown = await details(holder, order_id)
    limit, stop = shown["orders"]
    assert (limit["price"], limit["stopPrice"]) == (f"70000.{'0' * 20}", f"70000.{'0' * 20}")
    assert (stop["price"], stop["stopPrice"]) == (f"63900.{'0' * 20}", f"64000.{'0' * 20}")
    assert {leg["id"][:2] for leg in (limit, stop)} == {"vs"}
    summary = {name: value for name, value in shown.items() if name != "orders"}
    assert (summary["clientOid"], summary["status"]) == ("tb1", "NEW")
    assert await holder.get(f"{OCO}/order/{order_id}") == summary
    assert await holder.get(f"{OCO}/client-order/tb1") == summary
    assert (await holder.get(f"{OCO}/orders"))["items"] == [summary]


async def test_price_on_the_good_side_places_the_limit_order_and_cancels_the_stop(floor: Floor, holder: Trader) -> None:
    order_id = await place(holder)
    floor.quote("69999.9")
    assert await status(holder, order_id) == "NEW"
    floor.quote("70001")
    order = await order_of(holder)
    assert (order["active"], order["price"], order["dealFunds"]) == (False, "70000", "35000")
    assert await status(holder, order_id) == "DONE"
    assert await legs(holder, order_id) == ["TRIGGERED", "CANCELLED"]
    floor.quote("60000")
    assert await holder.balances() == {"BTC": ("0.5", "0"), "USDT": ("34965", "0")}


async def test_price_on_the_bad_side_places_the_stop_and_cancels_the_limit_order(floor: Floor, holder: Trader) -> None:
    order_id = await place(holder)
    floor.quote("63000")
    assert await legs(holder, order_id) == ["CANCELLED", "TRIGGERED"]
    assert (await order_of(holder))["price"] == "63900"
    assert await status(holder, order_id) == "TRIGGERED"
    assert await holder.balances() == {"BTC": ("0.5", "0.5")}
    floor.quote("64500")
    assert await status(holder, order_id) == "DONE"
    floor.quote("70001")
    assert len((await holder.get(f"{ORDERS}/done{OF_BTC}"))["items"]) == 1


@pytest.mark.parametrize(("price", "deal_price", "is_active"), [("65000", "65000", True), ("69000", "69100", False)])
async def test_oco_of_a_buyer_has_its_limit_below_and_its_stop_above(
    floor: Floor, trader: Trader, price: str, deal_price: str, is_active: bool
) -> None:
    await place(trader, ENTRANCE)
    floor.quote(price)
    order = await order_of(trader)
    assert (order["price"], order["active"]) == (deal_price, is_active)


async def test_oco_that_cannot_be_paid_when_triggered_is_cancelled(floor: Floor, holder: Trader) -> None:
    order_id = await place(holder)
    await holder.sell(price="90000", size="0.9")
    floor.quote("64000")
    assert await status(holder, order_id) == "CANCELLED"
    assert await legs(holder, order_id) == ["CANCELLED", "CANCELLED"]
    assert (await holder.get(f"{OCO}/orders"))["items"] == []
    assert await holder.balances() == {"BTC": ("0.1", "0.9")}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"price": "66000"}, "400100"),
        ({"stopPrice": "68000"}, "400100"),
        ({"price": "64000", "stopPrice": "70000"}, "400100"),
        ({"stopPrice": "64000.05"}, "400100"),
        ({"limitPrice": "63900.05"}, "400100"),
        ({"limitPrice": "0"}, "400100"),
        ({"size": "0.000001"}, "400100"),
        ({"clientOid": "with blanks"}, "400100"),
        ({"symbol": "NO-PE"}, "900001"),
        ({"tradeType": "MARGIN_TRADE"}, "400100"),
    ],
)
async def test_oco_that_breaks_a_rule_is_refused_whole(holder: Trader, fields: dict[str, str], code: str) -> None:
    assert (await holder.refusal("POST", f"{OCO}/order", {**EXIT, **fields}))[0] == code
    assert (await holder.get(STOPS))["items"] == []


async def test_oco_without_a_client_oid_is_refused(holder: Trader) -> None:
    body = {name: value for name, value in EXIT.items() if name != "clientOid"}
    assert (await holder.refusal("POST", f"{OCO}/order", body))[0] == "400100"


async def test_cancelled_oco_gives_up_both_legs_once(floor: Floor, holder: Trader) -> None:
    order_id = await place(holder)
    ids = [leg["id"] for leg in (await details(holder, order_id))["orders"]]
    assert await holder.delete(f"{OCO}/order/{order_id}") == {"cancelledOrderIds": ids}
    assert await status(holder, order_id) == "CANCELLED"
    for target in (f"{OCO}/order/{order_id}", f"{OCO}/client-order/tb1"):
        assert await holder.refusal("DELETE", target) == ("400100", "order_not_exist_or_not_allow_to_cancel")
    floor.quote("60000")
    floor.quote("80000")
    assert await holder.balances() == {"BTC": ("1", "0")}


async def test_ocos_are_cancelled_by_client_oid_by_pair_and_all_together(holder: Trader) -> None:
    other = {**EXIT, "symbol": "ETH-USDT", "price": "2600", "stopPrice": "2400", "limitPrice": "2390"}
    await place(holder)
    second, third = await place(holder, clientOid="tb2"), await place(holder, other, clientOid="tb3")
    assert len((await holder.delete(f"{OCO}/client-order/tb1"))["cancelledOrderIds"]) == 2
    assert len((await holder.delete(f"{OCO}/orders?symbol=ETH-USDT"))["cancelledOrderIds"]) == 2
    assert [await status(holder, order_id) for order_id in (second, third)] == ["NEW", "CANCELLED"]
    assert (await holder.delete(f"{OCO}/orders?orderIds={third}"))["cancelledOrderIds"] == []
    assert len((await holder.delete(f"{OCO}/orders"))["cancelledOrderIds"]) == 2


async def test_client_oid_finds_the_newest_oco(holder: Trader) -> None:
    first = await place(holder)
    assert (await holder.refusal("POST", f"{OCO}/order", EXIT))[1] == "validation.createOrder.clientOidDuplicated"
    await holder.delete(f"{OCO}/order/{first}")
    second = await place(holder)
    assert (await holder.get(f"{OCO}/client-order/tb1"))["orderId"] == second
    assert (await holder.refusal("GET", f"{OCO}/client-order/tb9"))[1] == "The order does not exist."


async def test_legs_are_listed_among_the_stops_but_not_cancelled_there(holder: Trader) -> None:
    await place(holder)
    assert [row["stop"] for row in (await holder.get(f"{STOPS}?stop=oco"))["items"]] == ["l_s_o", "e_l_o"]
    assert (await holder.get(f"{STOPS}?stop=stop"))["items"] == []
    (leg, _) = (await holder.get(STOPS))["items"]
    assert (await holder.refusal("DELETE", f"{STOPS}/{leg['id']}"))[0] == "400100"
    assert (await holder.refusal("DELETE", f"{STOPS}/cancelOrderByClientOid?clientOid=tb1"))[0] == "400100"
    assert await holder.delete(f"{STOPS}/cancel") == {"cancelledOrderIds": []}


async def test_oco_is_found_only_by_its_owner(floor: Floor, holder: Trader) -> None:
    order_id = await place(holder)
    stranger = await floor.trader()
    for target in (f"{OCO}/order/{order_id}", f"{OCO}/client-order/tb1"):
        assert (await stranger.refusal("GET", target))[0] == (await stranger.refusal("DELETE", target))[0] == "400100"
    assert (await stranger.get(f"{OCO}/orders"))["items"] == []


async def test_stream_tells_what_becomes_of_both_legs(floor: Floor, holder: Trader) -> None:
    async with dial(floor, holder) as reader:
        await reader.subscribe("/spotMarket/advancedOrders")
        await place(holder)
        floor.quote("64000")
        told = [(await reader.next())["data"] for _ in range(4)]
        await reader.pong()
    assert [(data["stop"], data["type"]) for data in told] == [
        ("e_l_o", "open"), ("l_s_o", "open"), ("l_s_o", "triggered"), ("e_l_o", "cancel")
    ]  # fmt: skip
