"""Every answer and every frame against KuCoin's own catalogue, beside this repository."""

import re

import pytest
from starlette.routing import Route

from tests.contract.catalogue import Catalogue, Schema, faults_of, needs_catalogue
from tests.paper.conftest import Floor
from tests.paper.reader import dial
from tests.paper.trader import Trader, order_body

ORDERS = "/api/v1/hf/orders"

pytestmark = [pytest.mark.rig, needs_catalogue]


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue()


READS = [
    ("/api/v1/timestamp", ""),
    ("/api/v1/status", ""),
    ("/api/v2/symbols", ""),
    ("/api/v2/symbols/{symbol}", ""),
    ("/api/v3/currencies", ""),
    ("/api/v3/currencies/{currency}", ""),
    ("/api/v1/market/orderbook/level1", "?symbol=BTC-USDT"),
    ("/api/v1/market/orderbook/level2_{size}", "?symbol=BTC-USDT"),
    ("/api/v1/market/allTickers", ""),
    ("/api/v1/market/stats", "?symbol=BTC-USDT"),
    ("/api/v1/market/candles", "?symbol=BTC-USDT&type=1min"),
    ("/api/v1/market/histories", "?symbol=BTC-USDT"),
    ("/api/v1/prices", ""),
    ("/api/v3/announcements", "?annType=delistings&lang=en_US"),
    ("/api/v3/margin/symbols", ""),
    ("/api/v1/isolated/symbols", ""),
    ("/api/v1/user/api-key", ""),
    ("/api/v1/accounts", ""),
    ("/api/v1/hf/accounts/opened", ""),
    ("/api/v1/base-fee", ""),
    ("/api/v1/trade-fees", "?symbols=BTC-USDT,ETH-USDT"),
    (ORDERS + "/active", "?symbol=BTC-USDT"),
    (ORDERS + "/active/symbols", ""),
    (ORDERS + "/active/page", "?symbol=BTC-USDT"),
    (ORDERS + "/done", "?symbol=BTC-USDT"),
    (ORDERS + "/{orderId}", "?symbol=BTC-USDT"),
    (ORDERS + "/client-order/{clientOid}", "?symbol=BTC-USDT"),
    ("/api/v1/hf/fills", "?symbol=BTC-USDT"),
]

STOPS = "/api/v1/stop-order"
OCOS = "/api/v3/oco"
STOP: dict[str, object] = {
    "symbol": "BTC-USDT",
    "side": "buy",
    "stop": "entry",
    "stopPrice": "68000",
    "clientOid": "tb3",
}
STOP_FORMS: list[dict[str, object]] = [
    {"type": "market", "funds": "10"},
    {"type": "market", "size": "0.001"},
    {"type": "limit", "price": "68100", "size": "0.001", "remark": "note"},
    {"type": "limit", "price": "68100", "size": "0.001", "iceberg": True, "visibleSize": "0.0005", "postOnly": True},
]
OCO = {
    "symbol": "BTC-USDT", "side": "buy", "size": "0.001", "clientOid": "tb4",
    "price": "60000", "stopPrice": "70000", "limitPrice": "70100",
}  # fmt: skip
STOP_READS = ["", "/{orderId}", "/queryOrderByClientOid"]
STOP_CANCELS = ["/{orderId}", "/cancelOrderByClientOid", "/cancel"]
OCO_READS = ["/orders", "/order/{orderId}", "/order/details/{orderId}", "/client-order/{clientOid}"]
OCO_CANCELS = ["/orders", "/order/{orderId}", "/client-order/{clientOid}"]

POSTS = [ORDERS, ORDERS + "/sync", ORDERS + "/test"]
BULLETS = ["/api/v1/bullet-public", "/api/v1/bullet-private"]
CANCELS = [
    ORDERS + path
    for path in (
        "/{orderId}",
        "/client-order/{clientOid}",
        "/sync/{orderId}",
        "/sync/client-order/{clientOid}",
        "",
        "/cancelAll",
    )
]
MODE = "/api/ua/v1/account/mode"
TRIED = {
    *(("GET", path) for path in (*(path for path, _ in READS), MODE)),
    *(("POST", path) for path in POSTS + BULLETS),
    *(("DELETE", path) for path in CANCELS),
    ("POST", STOPS),
    *(("GET", STOPS + path) for path in STOP_READS),
    *(("DELETE", STOPS + path) for path in STOP_CANCELS),
    ("POST", OCOS + "/order"),
    *(("GET", OCOS + path) for path in OCO_READS),
    *(("DELETE", OCOS + path) for path in OCO_CANCELS),
}

NAMES = {"symbol": "BTC-USDT", "currency": "BTC", "size": "20", "clientOid": "tb1"}


@pytest.mark.parametrize(("path", "query"), READS)
async def test_read_answers_as_the_catalogue_says(trader: Trader, catalogue: Catalogue, path: str, query: str) -> None:
    placed = await trader.buy(clientOid="tb1", price="66000", size="0.01", remark="note", tags="tag")
    await trader.buy(clientOid="tb2", funds="100")
    target = path.format(**NAMES, orderId=placed["orderId"]) + query
    await fits(trader, catalogue, "GET", path, target)


LISTS = [ORDERS + "/active", ORDERS + "/active/symbols", ORDERS + "/active/page", ORDERS + "/done", "/api/v1/hf/fills"]


@pytest.mark.parametrize("path", [*LISTS, STOPS, OCOS + "/orders"])
async def test_list_of_nothing_is_answered_as_the_catalogue_says(
    trader: Trader, catalogue: Catalogue, path: str
) -> None:
    await fits(trader, catalogue, "GET", path, path + "?symbol=BTC-USDT")


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("fields", [{"funds": "10"}, {"size": "0.001"}, {"price": "66000", "size": "0.001"}])
async def test_order_is_answered_as_the_catalogue_says(
    trader: Trader, catalogue: Catalogue, path: str, fields: dict[str, str]
) -> None:
    await fits(trader, catalogue, "POST", path, path, order_body(side="buy", clientOid="tb1", **fields))


@pytest.mark.parametrize("path", CANCELS)
async def test_cancel_is_answered_as_the_catalogue_says(trader: Trader, catalogue: Catalogue, path: str) -> None:
    placed = await trader.buy(clientOid="tb1", price="66000", size="0.01")
    target = path.format(**NAMES, orderId=placed["orderId"])
    await fits(trader, catalogue, "DELETE", path, f"{target}?symbol=BTC-USDT")


@pytest.mark.parametrize("form", STOP_FORMS)
@pytest.mark.parametrize("path", STOP_CANCELS)
async def test_stop_order_is_answered_and_shown_as_the_catalogue_says(
    trader: Trader, catalogue: Catalogue, form: dict[str, object], path: str
) -> None:
    await fits(trader, catalogue, "POST", STOPS, STOPS, {**STOP, **form})
    (stop,) = (await trader.get(STOPS))["items"]
    for read in STOP_READS:
        await fits(trader, catalogue, "GET", STOPS + read, STOPS + read.format(orderId=stop["id"]) + "?clientOid=tb3")
    target = STOPS + path.format(orderId=stop["id"]) + "?symbol=BTC-USDT&clientOid=tb3"
    await fits(trader, catalogue, "DELETE", STOPS + path, target)


@pytest.mark.parametrize("path", OCO_CANCELS)
async def test_oco_is_answered_and_shown_as_the_catalogue_says(trader: Trader, catalogue: Catalogue, path: str) -> None:
    await fits(trader, catalogue, "POST", OCOS + "/order", OCOS + "/order", OCO)
    (oco,) = (await trader.get(OCOS + "/orders"))["items"]
    names = {"orderId": oco["orderId"], "clientOid": "tb4"}
    for read in OCO_READS:
        await fits(trader, catalogue, "GET", OCOS + read, OCOS + read.format(**names))
    await fits(trader, catalogue, "DELETE", OCOS + path, OCOS + path.format(**names))


@pytest.mark.parametrize("path", BULLETS)
async def test_bullet_is_answered_as_the_catalogue_says(trader: Trader, catalogue: Catalogue, path: str) -> None:
    await fits(trader, catalogue, "POST", path, path)


async def test_the_mode_of_an_account_is_answered_as_is_known_of_it(trader: Trader, catalogue: Catalogue) -> None:
    known = catalogue.operation("GET", MODE)["response"]
    assert (await trader.send("GET", MODE)).json() == known


async def test_right_that_the_catalogue_names_is_demanded_and_its_weight_taken(
    floor: Floor, catalogue: Catalogue
) -> None:
    nobody = await floor.trader(permission="Margin")
    left = {"Public": 2000, "Management": 2000, "Spot": 4000}
    for method, path in TRIED:
        entry = catalogue.operation(method, path)
        answer = await nobody.send(method, path.format(**NAMES, orderId="1") + "?symbol=BTC-USDT&type=1min")
        assert (answer.status_code == 401) == (entry["permission"] != "NULL"), path
        left[entry["rate_pool"]] -= entry["rate_weight"]
        assert answer.headers["gw-ratelimit-remaining"] == str(left[entry["rate_pool"]]), path


async def test_everything_that_is_served_is_in_the_catalogue_and_tried_here(floor: Floor) -> None:
    routes = [route for route in floor.exchange.app.routes if isinstance(route, Route)]
    served = {(method, _nameless(route.path)) for route in routes for method in route.methods or () if method != "HEAD"}
    assert served == {(method, _nameless(path)) for method, path in TRIED}


PUSHED = [
    "/market/ticker:BTC-USDT",
    "/market/ticker:all",
    "/market/snapshot:BTC-USDT",
    "/market/match:BTC-USDT",
    "/market/candles:BTC-USDT_1hour",
    "/spotMarket/level2Depth5:BTC-USDT",
]


@pytest.mark.parametrize("topic", PUSHED)
async def test_public_frame_is_as_the_catalogue_says(floor: Floor, catalogue: Catalogue, topic: str) -> None:
    async with dial(floor) as reader:
        await reader.subscribe(topic)
        floor.quote("67100")
        for _ in range(2):
            await floor.clock.until_sleeping()
            floor.clock.advance(1)
        assert list(faults_of(await reader.next(), _schema(catalogue, topic))) == []


async def test_frame_of_a_stop_order_is_as_the_catalogue_says(
    floor: Floor, trader: Trader, catalogue: Catalogue
) -> None:
    async with dial(floor, trader) as reader:
        await reader.subscribe("/spotMarket/advancedOrders")
        await trader.post(OCOS + "/order", OCO)
        await trader.delete(OCOS + "/orders")
        for form in STOP_FORMS:
            await trader.post(STOPS, {**STOP, **form, "clientOid": ""})
        floor.quote("68000")
        for _ in range(2 + 2 + 2 * len(STOP_FORMS)):
            frame = await reader.next()
            assert list(faults_of(frame, _schema(catalogue, "/spotMarket/advancedOrders"))) == []
        await reader.pong()


@pytest.mark.parametrize("topic", ["/spotMarket/tradeOrdersV2", "/spotMarket/tradeOrders", "/account/balance"])
async def test_private_frame_is_as_the_catalogue_says(
    floor: Floor, trader: Trader, catalogue: Catalogue, topic: str
) -> None:
    async with dial(floor, trader) as reader:
        await reader.subscribe(topic)
        await trader.buy(size="0.01")
        await trader.buy(funds="10")
        await trader.sell(price="68000", size="0.01")
        floor.quote("69000")
        await trader.buy(price="60000", size="0.01")
        await reader.send(id="p", type="ping")
        pushed = 0
        while (frame := await reader.next())["type"] != "pong":
            pushed += 1
            assert list(faults_of(frame, _schema(catalogue, topic))) == []
        assert pushed > 5


async def fits(trader: Trader, catalogue: Catalogue, method: str, path: str, target: str, body: object = None) -> None:
    answer = await trader.send(method, target, body)
    assert answer.status_code == 200
    assert list(faults_of(answer.json(), catalogue.operation(method, path)["response"])) == []


def _schema(catalogue: Catalogue, topic: str) -> Schema:
    entry = catalogue.topic(topic)
    assert entry is not None
    message: Schema = entry["message"]
    return message


def _nameless(path: str) -> str:
    return re.sub(r"{.*?}", "{}", path)
