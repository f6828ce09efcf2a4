"""Every answer and every frame against KuCoin's own catalogue, beside this repository."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.paper.conftest import Floor
from tests.paper.reader import dial
from tests.paper.trader import Trader, order_body

SHARED = Path(__file__).parents[2] / "../shared/kucoin"
ORDERS = "/api/v1/hf/orders"

pytestmark = [pytest.mark.rig, pytest.mark.skipif(not SHARED.exists(), reason="../shared is not here")]

Schema = dict[str, Any]

KINDS: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}


def faults_of(value: object, schema: Schema, where: str = "$", *, is_required: bool = True) -> Iterator[str]:
    """What keeps a value from fitting its schema. KuCoin's examples give `null` for optional fields only."""
    if value is None:
        if is_required:
            yield f"{where} is null"
        return
    kind = schema.get("type", "object")
    if not isinstance(value, KINDS[kind]) or (kind in ("integer", "number") and isinstance(value, bool)):
        yield f"{where} is {value!r}, not {kind}"
    elif "enum" in schema and value not in schema["enum"]:
        yield f"{where} is {value!r}, not one of {schema['enum']}"
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from faults_of(item, schema.get("items", {}), f"{where}[{index}]")
    elif isinstance(value, dict):
        yield from _faults_of_object(value, schema, where)


def _faults_of_object(value: dict[str, object], schema: Schema, where: str) -> Iterator[str]:
    properties, required = schema.get("properties", {}), schema.get("required", [])
    yield from (f"{where}.{name} is missing" for name in required if name not in value)
    for name, item in value.items():
        if name in properties:
            yield from faults_of(item, properties[name], f"{where}.{name}", is_required=name in required)
        elif "additionalProperties" in schema:
            yield from faults_of(item, schema["additionalProperties"], f"{where}.{name}")
        elif properties:
            yield f"{where}.{name} is not in the catalogue"


@pytest.fixture(scope="session")
def operations() -> dict[tuple[str, str], Schema]:
    listed = json.loads((SHARED / "rest.json").read_text())
    return {(entry["method"], entry["path"]): entry for entry in listed if entry["host"] == "Spot"}


@pytest.fixture(scope="session")
def topics() -> dict[str, Schema]:
    listed = json.loads((SHARED / "ws.json").read_text())
    return {entry["name"]: entry["message"] for entry in listed if entry["channel"].startswith("spot")}


PUBLIC = [
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

NAMES = {"symbol": "BTC-USDT", "currency": "BTC", "size": "20", "clientOid": "tb1"}


@pytest.mark.parametrize(("path", "query"), PUBLIC)
async def test_read_answers_as_the_catalogue_says(
    trader: Trader, operations: dict[tuple[str, str], Schema], path: str, query: str
) -> None:
    placed = await trader.buy(clientOid="tb1", price="66000", size="0.01", remark="note", tags="tag")
    await trader.buy(clientOid="tb2", funds="100")
    target = path.format(**NAMES, orderId=placed["orderId"]) + query
    await fits(trader, operations["GET", path], target)


@pytest.mark.parametrize("path", [ORDERS, ORDERS + "/sync", ORDERS + "/test"])
@pytest.mark.parametrize("fields", [{"funds": "10"}, {"size": "0.001"}, {"price": "66000", "size": "0.001"}])
async def test_order_is_answered_as_the_catalogue_says(
    trader: Trader, operations: dict[tuple[str, str], Schema], path: str, fields: dict[str, str]
) -> None:
    await fits(trader, operations["POST", path], path, order_body(side="buy", clientOid="tb1", **fields))


@pytest.mark.parametrize(
    "path",
    ["/{orderId}", "/client-order/{clientOid}", "/sync/{orderId}", "/sync/client-order/{clientOid}", "", "/cancelAll"],
)
async def test_cancel_is_answered_as_the_catalogue_says(
    trader: Trader, operations: dict[tuple[str, str], Schema], path: str
) -> None:
    placed = await trader.buy(clientOid="tb1", price="66000", size="0.01")
    target = (ORDERS + path).format(**NAMES, orderId=placed["orderId"])
    await fits(trader, operations["DELETE", ORDERS + path], f"{target}?symbol=BTC-USDT")


@pytest.mark.parametrize("path", ["/api/v1/bullet-public", "/api/v1/bullet-private"])
async def test_bullet_is_answered_as_the_catalogue_says(
    trader: Trader, operations: dict[tuple[str, str], Schema], path: str
) -> None:
    await fits(trader, operations["POST", path], path)


async def test_right_that_the_catalogue_names_is_demanded_and_its_weight_taken(
    floor: Floor, operations: dict[tuple[str, str], Schema]
) -> None:
    nobody = await floor.trader(permission="Margin")
    for path, query in PUBLIC:
        operation = operations["GET", path]
        answer = await nobody.send("GET", path.format(**NAMES, orderId="1") + query)
        assert (answer.status_code == 401) == (operation["channel"] == "Private"), path
        limit = {"Public": 2000, "Management": 2000, "Spot": 4000}[operation["rate_pool"]]
        assert answer.headers["gw-ratelimit-limit"] == str(limit), path


PUSHED = {
    "/market/ticker:BTC-USDT": "ticker",
    "/market/ticker:all": "allTickers",
    "/market/snapshot:BTC-USDT": "symbolSnapshot",
    "/market/match:BTC-USDT": "trade",
    "/market/candles:BTC-USDT_1hour": "klines",
    "/spotMarket/level2Depth5:BTC-USDT": "orderbookLevel5",
}


@pytest.mark.parametrize(("topic", "name"), PUSHED.items())
async def test_public_frame_is_as_the_catalogue_says(
    floor: Floor, topics: dict[str, Schema], topic: str, name: str
) -> None:
    async with dial(floor) as reader:
        await reader.subscribe(topic)
        floor.quote("67100")
        for _ in range(2):
            await floor.clock.until_sleeping()
            floor.clock.advance(1)
        assert list(faults_of(await reader.next(), topics[name])) == []


@pytest.mark.parametrize(
    ("topic", "name", "count"),
    [
        ("/spotMarket/tradeOrdersV2", "orderV2", 8),
        ("/spotMarket/tradeOrders", "orderV1", 6),
        ("/account/balance", "account", 7),
    ],
)
async def test_private_frame_is_as_the_catalogue_says(
    floor: Floor, trader: Trader, topics: dict[str, Schema], topic: str, name: str, count: int
) -> None:
    async with dial(floor, trader) as reader:
        await reader.subscribe(topic)
        await trader.buy(size="0.01")
        await trader.sell(price="68000", size="0.01")
        floor.quote("69000")
        await trader.buy(price="60000", size="0.01")
        for _ in range(count):
            # Funds orders carry originFunds, which the dossier names and the catalogue lacks; none is placed here.
            assert list(faults_of(await reader.next(), topics[name])) == []


async def fits(trader: Trader, operation: Schema, target: str, body: object = None) -> None:
    answer = await trader.send(operation["method"], target, body)
    assert answer.status_code == 200
    assert list(faults_of(answer.json(), operation["response"])) == []
