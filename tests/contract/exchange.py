"""A KuCoin that answers with the examples of its catalogue, and our whole client in front of it."""

import json
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import Any

from tests.contract.amendments import Entry
from tests.contract.catalogue import Catalogue, Schema, faults_of_request
from tests.kucoin.host import Answer, Request, refusal, success
from tgbot.core.market import Interval, Topic
from tgbot.core.orders import Direction, OcoSpec, OrderSpec, OrderType, Side, StopSpec, Trigger
from tgbot.kucoin.account import PAGE, SpotAccount
from tgbot.kucoin.dialer import Dialer
from tgbot.kucoin.market import SpotMarket
from tgbot.kucoin.sign import Credentials
from tgbot.kucoin.signed import PreparedOrder

BTC = "BTC-USDT"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
# As in the examples.
CLIENT_OID = "5c52e11203aa677f33e493fb"
ORDER_ID, STOP_ID, OCO_ID = "670fd33bf9406e0007ab3945", "vs8hoo8q2ceshiue003b67c0", "674c3cfa72cf2800072ee7ce"
CREDENTIALS = Credentials("the-key", "the-secret", "the-passphrase")
ORDER = OrderSpec(BTC, Side.BUY, OrderType.MARKET, funds=Decimal(10))
STOP = StopSpec(ORDER, Trigger(Decimal(70000), Direction.UP))
OCO = OcoSpec(BTC, Side.SELL, Decimal("0.1"), Decimal(94000), Decimal(88000), Decimal(87900))

# Every call that our client can make, in every form that it can take. An order's many forms have a test of their own.
FORMS: dict[str, list[tuple[object, ...]]] = {
    "server_time": [()],
    "status": [()],
    "symbols": [()],
    "ticker": [(BTC,)],
    "all_tickers": [()],
    "stats": [(BTC,)],
    "candles": [(BTC, interval, NOON - timedelta(minutes=2000), NOON) for interval in Interval],
    "book": [(BTC,)],
    "announcements": [(topic, NOON) for topic in Topic],
    "key_info": [()],
    "account_mode": [()],
    "know_the_time": [()],
    "balances": [()],
    "fees": [(BTC,)],
    "send": [(ORDER,), (STOP,), (OCO,)],
    "order": [(ORDER_ID, BTC)],
    "order_by_client_oid": [(CLIENT_OID, BTC)],
    "open_symbols": [()],
    "open_orders": [(BTC,)],
    "done_orders": [(BTC, NOON - timedelta(days=7), NOON)],
    "fills": [(BTC, ORDER_ID)],
    "cancel": [(ORDER_ID, BTC)],
    "cancel_by_client_oid": [(CLIENT_OID, BTC)],
    "cancel_all": [(BTC,)],
    "stops.find": [(STOP_ID,)],
    "stops.find_by_client_oid": [(CLIENT_OID, BTC)],
    "stops.waiting": [(BTC,), ()],
    "stops.cancel": [(STOP_ID, BTC)],
    "stops.cancel_by_client_oid": [(CLIENT_OID, BTC)],
    "stops.cancel_all": [(BTC,)],
    "ocos.find": [(OCO_ID,)],
    "ocos.find_by_client_oid": [(CLIENT_OID,)],
    "ocos.waiting": [(BTC,), ()],
    "ocos.cancel": [(OCO_ID,)],
    "ocos.cancel_by_client_oid": [(CLIENT_OID,)],
    "ocos.cancel_all": [(BTC,)],
    "public": [()],
    "private": [(CREDENTIALS,)],
}


@dataclass
class Exchange:
    """`asked` is what the catalogue says of each call that came in, `faults` what KuCoin would have had against it."""

    catalogue: Catalogue
    url: str
    socket_url: str
    leaves_out_what_it_may: bool = False
    asked: list[Entry] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def answer(self, request: Request) -> Answer:
        entry = self.catalogue.asked(request)
        if entry is None:
            self.faults.append(f"{request.method} {request.target} is not in the catalogue")
            return refusal("404000", "Url not found", 404)
        self.asked.append(entry)
        self.faults += [f"{request.method} {request.target} {fault}" for fault in faults_of_request(entry, request)]
        answer = deepcopy(entry.get("response_example") or entry["response"])
        if self.leaves_out_what_it_may:
            answer = necessary(answer, entry["response"])
        return success(self._fitted(answer["data"], request))

    def _fitted(self, data: Any, request: Request) -> object:
        """The example, with three things put right: sockets are on this machine, a first page is full, and what is
        cancelled is what was asked for."""
        if isinstance(data, dict) and "instanceServers" in data:
            data["instanceServers"][0]["endpoint"] = self.socket_url
        if "limit" in request.query and "lastId" not in request.query:
            (row,) = data["items"]
            data["items"] = [row | {"id": f"{number}", "tradeId": number} for number in range(PAGE)]
        if request.method == "DELETE" and "orderIds" in request.query:
            data["cancelledOrderIds"] = [request.query["orderIds"]]
        return data


@dataclass
class Client:
    market: SpotMarket
    account: SpotAccount
    dialer: Dialer

    async def call(self, name: str, *arguments: object) -> Any:
        """By the name of the method, whichever of the three has it."""
        if name == "send":
            arguments = (self.prepared(*arguments),)
        first = name.partition(".")[0]
        owner = next(part for part in (self.market, self.account, self.dialer) if hasattr(part, first))
        result = await attrgetter(name)(owner)(*arguments)
        if owner is self.dialer:
            await result.connection.close()
        return result

    def prepared(self, spec: object) -> PreparedOrder:
        match spec:
            case StopSpec():
                return self.account.stops.prepare(CLIENT_OID, spec)
            case OcoSpec():
                return self.account.ocos.prepare(CLIENT_OID, spec)
        assert isinstance(spec, OrderSpec)
        return self.account.prepare_order(CLIENT_OID, spec)


def necessary(value: Any, schema: Schema) -> Any:
    """Without the fields that the schema does not require."""
    if isinstance(value, list):
        return [necessary(item, schema.get("items", {})) for item in value]
    if isinstance(value, dict) and "properties" in schema:
        required = schema.get("required", [])
        return {name: necessary(value[name], schema["properties"][name]) for name in required if name in value}
    return value


def as_json(body: bytes) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(body)
    return read
