"""Stop orders over HTTP: taken in, triggered, cancelled, found, as KuCoin does it."""

from decimal import Decimal
from typing import Any

import pytest

from tests.paper.conftest import Floor
from tests.paper.reader import dial
from tests.paper.trader import Trader, order_body

STOPS = "/api/v1/stop-order"
ORDERS = "/api/v1/hf/orders"
OF_BTC = "?symbol=BTC-USDT"
LOSS = {"side": "sell", "stop": "loss", "stopPrice": "66000"}
ENTRY = {"side": "buy", "stop": "entry", "stopPrice": "68000"}


async def place(trader: Trader, **fields: object) -> str:
    placed = await trader.post(STOPS, order_body(**fields))
    order_id: str = placed["orderId"]
    return order_id


async def ids(trader: Trader, query: str = "") -> list[str]:
    return [row["id"] for row in (await trader.get(STOPS + query))["items"]]


async def order_of(trader: Trader, client_oid: str) -> Any:
    """The order that a stop order has become."""
    return await trader.get(f"{ORDERS}/client-order/{client_oid}{OF_BTC}")


async def test_stop_waits_with_an_id_of_its_own_and_holds_nothing(trader: Trader) -> None:
    stop_id = await place(trader, **ENTRY, clientOid="tb1", funds="100", remark="note")
    assert (stop_id[:2], len(stop_id)) == ("vs", 24)
    assert await trader.balances() == {"USDT": ("10000", "0")}
    found = await trader.get(f"{STOPS}/{stop_id}")
    assert found["status"] == "NEW"
    assert found["stopTriggerTime"] is None
    assert found["orderTime"] == found["createdAt"] * 1_000_000
    assert (found["stop"], found["stopPrice"], found["clientOid"]) == ("entry", f"68000.{'0' * 20}", "tb1")
    assert (found["funds"], found["size"], found["remark"]) == (f"100.{'0' * 20}", f"0.{'0' * 20}", "note")
    assert (await trader.get(f"{STOPS}/queryOrderByClientOid?clientOid=tb1"))[0] == found
    assert await trader.refusal("GET", f"{ORDERS}/client-order/tb1{OF_BTC}") == ("400100", "The order does not exist.")


async def test_entry_is_triggered_at_or_above_its_price(floor: Floor, trader: Trader) -> None:
    stop_id = await place(trader, **ENTRY, clientOid="tb1", funds="100")
    floor.quote("67999.9")
    assert await ids(trader) == [stop_id]
    floor.clock.advance(2)
    floor.quote("68000")
    assert await ids(trader) == []
    order = await order_of(trader, "tb1")
    assert (order["active"], order["dealSize"]) == (False, "0.00147056")
    assert order["id"] != stop_id
    stop = await trader.get(f"{STOPS}/{stop_id}")
    assert (stop["status"], stop["stopTriggerTime"]) == ("TRIGGERED", stop["createdAt"] + 2000)


async def test_loss_is_triggered_at_or_below_its_price(floor: Floor) -> None:
    trader = await floor.trader(BTC="1")
    await place(trader, **LOSS, clientOid="tb1", size="0.5")
    floor.quote("66000.1")
    assert len(await ids(trader)) == 1
    floor.quote("65000")
    order = await order_of(trader, "tb1")
    assert (order["side"], order["dealFunds"]) == ("sell", "32499.5")
    assert (await trader.balances())["BTC"] == ("0.5", "0")


async def test_stop_limit_becomes_a_resting_order_with_a_hold(floor: Floor) -> None:
    trader = await floor.trader(BTC="1")
    await place(trader, **LOSS, clientOid="tb1", price="66500", size="0.5")
    floor.quote("66000")
    order = await order_of(trader, "tb1")
    assert (order["active"], order["price"]) == (True, "66500")
    assert await trader.balances() == {"BTC": ("0.5", "0.5")}
    floor.quote("66501")
    assert not (await order_of(trader, "tb1"))["active"]


async def test_stop_is_triggered_once(floor: Floor, trader: Trader) -> None:
    await place(trader, **ENTRY, funds="100")
    for price in ("68100", "67000", "68200"):
        floor.quote(price)
    assert len((await trader.get(f"{ORDERS}/done{OF_BTC}"))["items"]) == 1


async def test_stop_without_a_direction_is_a_loss_and_a_buy_above_the_market_is_executed_at_once(
    trader: Trader,
) -> None:
    stop_id = await place(trader, side="buy", stopPrice="68000", clientOid="tb1", funds="100")
    assert (await trader.get(f"{STOPS}/{stop_id}"))["status"] == "TRIGGERED"
    assert (await order_of(trader, "tb1"))["dealSize"] == "0.00149251"


async def test_stop_that_cannot_be_paid_when_triggered_is_cancelled(floor: Floor, trader: Trader) -> None:
    stop_id = await place(trader, **ENTRY, clientOid="tb1", funds="6000")
    await trader.buy(price="60000", size="0.1")
    balances = await trader.balances()
    async with dial(floor, trader) as reader:
        await reader.subscribe("/spotMarket/advancedOrders")
        floor.quote("68000")
        told = (await reader.next())["data"]
    assert (told["orderId"], told["type"], told["triggerSuccess"]) == (stop_id, "triggered", False)
    assert await trader.balances() == balances
    assert await ids(trader) == []
    assert await trader.refusal("GET", f"{STOPS}/{stop_id}") == ("400100", "The order does not exist.")
    assert (await trader.refusal("GET", f"{ORDERS}/client-order/tb1{OF_BTC}"))[0] == "400100"


async def test_gtt_of_a_stop_begins_when_it_is_triggered(floor: Floor) -> None:
    trader = await floor.trader(BTC="1")
    await place(trader, **LOSS, clientOid="tb1", price="66500", size="0.5", timeInForce="GTT", cancelAfter=3)
    await floor.clock.until_sleeping()
    floor.clock.advance(1)
    floor.quote("66000")
    for _ in range(3):
        await floor.clock.until_sleeping()
        floor.clock.advance(1)
    await floor.clock.until_sleeping()
    assert (await order_of(trader, "tb1"))["cancelExist"]
    assert await trader.balances() == {"BTC": ("1", "0")}


@pytest.mark.parametrize(
    ("fields", "code", "message"),
    [
        ({"stop": "up"}, "400100", "Stop order type invalid."),
        ({"stopPrice": "0"}, "400100", "stopPrice is invalid"),
        ({"stopPrice": "68000.05"}, "400100", "Stop price increment invalid."),
        ({"stopPrice": None}, "400100", "Expected `decimal`, got `null` - at `$.stopPrice`"),
        ({"funds": "0.01"}, "600100", "Funds below the minimum requirement."),
        ({"funds": None}, "400100", "Exactly one of size and funds is required"),
        ({"funds": None, "type": "limit", "price": "68000.05", "size": "1"}, "400100", "Price increment invalid."),
        ({"symbol": "NO-PE"}, "900001", "symbol not exists"),
        ({"symbol": "PEPE-USDT"}, "400600", "symbolNotAvailable"),
        ({"tradeType": "MARGIN_TRADE"}, "400100", "Invalid enum value 'MARGIN_TRADE' - at `$.tradeType`"),
    ],
)
async def test_stop_that_breaks_a_rule_is_refused(
    trader: Trader, fields: dict[str, object], code: str, message: str
) -> None:
    body = order_body(**{**ENTRY, "funds": "100", **fields})
    assert await trader.refusal("POST", STOPS, body) == (code, message)
    assert await ids(trader) == []


async def test_pair_bears_twenty_stops(trader: Trader) -> None:
    for _ in range(20):
        await place(trader, **ENTRY, funds="100")
    assert (await trader.refusal("POST", STOPS, order_body(**ENTRY, funds="100")))[0] == "200003"
    await place(trader, **{**ENTRY, "stopPrice": "2500"}, symbol="ETH-USDT", funds="100")


async def test_client_oid_is_unique_among_waiting_stops(floor: Floor, trader: Trader) -> None:
    body = order_body(**ENTRY, clientOid="tb1", funds="100")
    first = (await trader.post(STOPS, body))["orderId"]
    assert await trader.refusal("POST", STOPS, body) == ("400100", "validation.createOrder.clientOidDuplicated")
    floor.quote("68000")
    floor.quote("67000")
    second = (await trader.post(STOPS, body))["orderId"]
    found = await trader.get(f"{STOPS}/queryOrderByClientOid?clientOid=tb1&symbol=BTC-USDT")
    assert [(stop["id"], stop["status"]) for stop in found] == [(first, "TRIGGERED"), (second, "NEW")]


async def test_cancelled_stop_is_gone_and_is_not_triggered(floor: Floor, trader: Trader) -> None:
    stop_id = await place(trader, **ENTRY, clientOid="tb1", funds="100")
    assert await trader.delete(f"{STOPS}/{stop_id}") == {"cancelledOrderIds": [stop_id]}
    for target in (f"{STOPS}/{stop_id}", f"{STOPS}/cancelOrderByClientOid?clientOid=tb1"):
        assert await trader.refusal("DELETE", target) == ("400100", "order_not_exist_or_not_allow_to_cancel")
    assert (await trader.refusal("GET", f"{STOPS}/{stop_id}"))[0] == "400100"
    assert await trader.get(f"{STOPS}/queryOrderByClientOid?clientOid=tb1") == []
    floor.quote("69000")
    assert (await trader.get(f"{ORDERS}/done{OF_BTC}"))["items"] == []


async def test_triggered_stop_cannot_be_cancelled_any_more(trader: Trader) -> None:
    stop_id = await place(trader, **{**ENTRY, "stop": "loss"}, funds="100")
    assert (await trader.refusal("DELETE", f"{STOPS}/{stop_id}"))[0] == "400100"
    assert await trader.delete(f"{STOPS}/cancel?orderIds={stop_id}") == {"cancelledOrderIds": []}


async def test_stops_are_cancelled_by_client_oid_by_ids_by_pair_and_all_together(trader: Trader) -> None:
    first, second, third = [await place(trader, **ENTRY, clientOid=f"tb{n}", funds="100") for n in range(3)]
    other = await place(trader, **{**ENTRY, "stopPrice": "2500"}, symbol="ETH-USDT", funds="100")
    by_oid = await trader.delete(f"{STOPS}/cancelOrderByClientOid?clientOid=tb0&symbol=BTC-USDT")
    assert by_oid == {"cancelledOrderId": first, "clientOid": "tb0"}
    assert await trader.delete(f"{STOPS}/cancel?orderIds={second},nope") == {"cancelledOrderIds": [second]}
    assert await trader.delete(f"{STOPS}/cancel?symbol=BTC-USDT&tradeType=TRADE") == {"cancelledOrderIds": [third]}
    assert await trader.delete(f"{STOPS}/cancel") == {"cancelledOrderIds": [other]}


async def test_waiting_stops_are_listed_newest_first_and_filtered(floor: Floor) -> None:
    trader = await floor.trader(USDT="1000", BTC="1")
    buy, sell = await place(trader, **ENTRY, funds="100"), await place(trader, **LOSS, price="65900", size="0.1")
    eth = await place(trader, **{**ENTRY, "stopPrice": "2500"}, symbol="ETH-USDT", funds="100")
    now = int(floor.clock.now().timestamp() * 1000)
    assert await ids(trader) == [eth, sell, buy]
    assert await ids(trader, OF_BTC) == [sell, buy]
    assert await ids(trader, "?side=sell&type=limit&tradeType=TRADE&stop=stop") == [sell]
    assert await ids(trader, f"?orderIds={buy},{eth}&startAt={now}&endAt={now}") == [eth, buy]
    assert await ids(trader, f"?startAt={now + 1}") == await ids(trader, "?stop=oco") == []
    assert await ids(trader, "?tradeType=MARGIN_TRADE") == []
    page = await trader.get(f"{STOPS}?pageSize=10&currentPage=2")
    assert (page["totalNum"], page["totalPage"], page["items"]) == (3, 1, [])


async def test_stop_is_found_only_by_its_owner(floor: Floor, trader: Trader) -> None:
    stop_id = await place(trader, **ENTRY, clientOid="tb1", funds="100")
    stranger = await floor.trader()
    assert (await stranger.refusal("GET", f"{STOPS}/{stop_id}"))[0] == "400100"
    assert (await stranger.refusal("DELETE", f"{STOPS}/{stop_id}"))[0] == "400100"
    assert await stranger.get(f"{STOPS}/queryOrderByClientOid?clientOid=tb1") == []
    assert await ids(stranger) == []


async def test_stream_tells_the_life_of_a_stop(floor: Floor, trader: Trader) -> None:
    async with dial(floor, trader) as reader:
        await reader.subscribe("/spotMarket/advancedOrders")
        first = await place(trader, **ENTRY, funds="100")
        second = await place(trader, **{**ENTRY, "stopPrice": "69000"}, price="69100", size="0.01")
        floor.quote("68500")
        await trader.delete(f"{STOPS}/{second}")
        told = [(await reader.next())["data"] for _ in range(4)]
        await reader.pong()
    assert [(data["orderId"], data["type"]) for data in told] == [
        (first, "open"), (second, "open"), (first, "triggered"), (second, "cancel")
    ]  # fmt: skip
    assert (told[1]["orderPrice"], told[1]["size"], told[1]["stopPrice"]) == ("69100", "0.01", "69000")


class Feed:
    def __init__(self) -> None:
        self.held: list[str] = []

    def hold(self, symbol: str) -> None:
        self.held.append(symbol)

    def release(self, symbol: str) -> None:
        self.held.remove(symbol)


async def test_prices_of_a_pair_are_followed_while_a_stop_or_an_order_waits(floor: Floor, trader: Trader) -> None:
    feed = Feed()
    floor.prices.feed_from(feed)
    await place(trader, **ENTRY, clientOid="tb1", price="67500", size="0.01")
    await trader.buy(symbol="ETH-USDT", price="2000", size="0.1")
    assert sorted(feed.held) == ["BTC-USDT", "ETH-USDT"]
    floor.quote("68000")
    assert sorted(feed.held) == ["BTC-USDT", "ETH-USDT"]
    await trader.delete(f"{ORDERS}/client-order/tb1{OF_BTC}")
    assert feed.held == ["ETH-USDT"]


async def test_reset_cancels_stops_too(floor: Floor, trader: Trader) -> None:
    await place(trader, **ENTRY, funds="100")
    await floor.exchange.reset_account(trader.credentials.key, {"USDT": Decimal(500)})
    floor.quote("69000")
    assert await trader.balances() == {"USDT": ("500", "0")}
