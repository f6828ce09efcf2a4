"""KuCoin's own example of every answer that we can get is understood, also without the fields that it may leave out."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import Any

import pytest

from tests.contract.catalogue import needs_catalogue
from tests.contract.exchange import FORMS, Client, Exchange
from tgbot.core.keys import AccountMode
from tgbot.core.market import ServiceStatus
from tgbot.core.orders import Balance, Direction, Fees, OrderAck, StopStatus, Trigger

pytestmark = [pytest.mark.rig, needs_catalogue]

D = Decimal
LIFE = {"ping_every": timedelta(seconds=18), "pong_within": timedelta(seconds=10)}
FILLED = {"price": D(70000), "filled_funds": D("0.677176"), "is_active": False, "is_cancelled": False}

UNDERSTOOD: dict[str, Any] = {
    "server_time": datetime(2024, 10, 16, 17, 44, 52, 873000, UTC),
    "status": ServiceStatus.OPEN,
    "symbols": {"symbol": "BTC-USDT", "base_increment": D("1E-8"), "price_increment": D("0.1"), "min_funds": D("0.1")},
    "ticker": {"price": D(67269), "bid": D("67267.5"), "ask": D("67267.6"), "sequence": 14609309753},
    "all_tickers": {"symbol": "BTC-USDT", "last": D(67193), "change": D("-0.0014"), "high": D("68321.4")},
    "stats": {"last": D("66981.5"), "change": D("-0.0114"), "volume": D("1738.02898182"), "low": D("66683.3")},
    "candles": {"open": D("10408.6"), "high": D(10416), "low": D("10405.4"), "close": D(10416)},
    "book": {"symbol": "BTC-USDT", "bids[0].price": D("66976.4"), "asks[0].size": D("0.05408199")},
    "announcements": {"id": 129045, "at": datetime(2024, 10, 22, 10, 47, 23, tzinfo=UTC)},
    "key_info": {"uid": "165111215", "ip_whitelist": ("203.**.154", "103.**.34"), "api_version": 3},
    "account_mode": AccountMode.CLASSIC,
    "know_the_time": None,
    "balances": [Balance("USDT", D("26.66759503"), D(0))],
    "fees": Fees(maker=D("0.001"), taker=D("0.001")),
    "send": OrderAck("670fd33bf9406e0007ab3945", "5c52e11203aa677f33e493fb"),
    "order": FILLED,
    "order_by_client_oid": FILLED,
    "open_symbols": ["ETH-USDT", "BTC-USDT"],
    "open_orders": {"price": D(50000), "filled_size": D(0), "is_active": True},
    "done_orders": FILLED,
    "fills": {"price": D("67717.6"), "size": D("0.00001"), "fee": D("0.000677176"), "is_maker": False},
    "cancel": None,
    "cancel_by_client_oid": None,
    "cancel_all": None,
    "stops.find": {
        "order_id": "vs8hoo8q2ceshiue003b67c0",
        "price": D("0.01"),
        "trigger": Trigger(D(10), Direction.DOWN),
    },
    "stops.find_by_client_oid": {"order_id": "vs8hoo8os561f5np0032vngj", "size": D("0.01"), "triggered_at": None},
    "stops.waiting": {"symbol": "BTC-USDT", "status": StopStatus.WAITING, "trigger": Trigger(D(60000), Direction.DOWN)},
    "stops.cancel": None,
    "stops.cancel_by_client_oid": None,
    "stops.cancel_all": None,
    "ocos.find": {"status": StopStatus.WAITING, "legs[0].price": D(94000), "legs[0].stop_price": D(94000)},
    "ocos.find_by_client_oid": {"order_id": "674c3cfa72cf2800072ee7ce", "status": StopStatus.WAITING, "legs": ()},
    "ocos.waiting": {"order_id": "674c3cfa72cf2800072ee7ce", "client_oid": "5c52e1203aa6f3g7f1e493fb"},
    "ocos.cancel": None,
    "ocos.cancel_by_client_oid": None,
    "ocos.cancel_all": None,
    "public": LIFE,
    "private": LIFE,
}


def test_every_call_has_its_example() -> None:
    assert UNDERSTOOD.keys() == FORMS.keys()


@pytest.mark.parametrize("name", FORMS)
async def test_kucoins_example_is_understood(name: str, ours: Client) -> None:
    assert shown(await ours.call(name, *FORMS[name][0]), UNDERSTOOD[name]) == UNDERSTOOD[name]


@pytest.mark.parametrize("name", FORMS)
async def test_a_field_that_kucoin_may_leave_out_is_not_missed(name: str, ours: Client, exchange: Exchange) -> None:
    exchange.leaves_out_what_it_may = True
    await ours.call(name, *FORMS[name][0])
    assert exchange.asked


def shown(result: Any, expected: object) -> object:
    """Those parts of the result, of the first row if it has rows, that are expected by name."""
    if not isinstance(expected, dict):
        return result
    row = result[0] if isinstance(result, list) else result
    return {name: part(row, name) for name in expected}


def part(row: Any, name: str) -> object:
    first, _, rest = name.partition("[0].")
    return attrgetter(rest)(getattr(row, first)[0]) if rest else getattr(row, first)
