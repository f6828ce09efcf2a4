import asyncio
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from tests.ids import CountingIds
from tests.kucoin.conftest import HurryClock
from tests.kucoin.host import Host, refusal
from tests.kucoin.patience import eventually, passing, running
from tests.kucoin.sockets import Sockets
from tgbot.core.errors import ExchangeRejected, ExchangeUnavailable, Reason
from tgbot.core.orders import BalanceChange, ChangeKind, OrderChange, StopChange, StopStatus
from tgbot.kucoin.dialer import Dialer
from tgbot.kucoin.private import PrivateStream
from tgbot.kucoin.sign import Credentials

ORDERS, BALANCES, STOPS = "/spotMarket/tradeOrdersV2", "/account/balance", "/spotMarket/advancedOrders"
MATCH: dict[str, Any] = {
    "type": "match",
    "status": "match",
    "liquidity": "taker",
    "matchPrice": "0.96738",
    "matchSize": "0.1",
    "tradeId": "5efab07a4ee4c7000a82d6d9",
    "filledSize": "0.1",
    "remainSize": "0",
    "orderId": "o1",
    "clientOid": "tb1",
    "symbol": "BTC-USDT",
    "ts": 1730206271616000000,
}
BALANCE: dict[str, Any] = {
    "accountId": "548674591753",
    "currency": "USDT",
    "total": "21.1",
    "available": "20.1",
    "hold": "1.0",
    "relationEvent": "trade.hold",
    "time": "1730269283892",
}


@dataclass
class Owner:
    """Whoever has the account."""

    orders: asyncio.Queue[OrderChange] = field(default_factory=asyncio.Queue)
    balances: asyncio.Queue[BalanceChange] = field(default_factory=asyncio.Queue)
    sweeps: int = 0
    failing_sweeps: int = 0

    async def sweep(self) -> None:
        self.sweeps += 1
        if self.sweeps <= self.failing_sweeps:
            raise ExchangeUnavailable("500000", "down")


@pytest.fixture
def owner() -> Owner:
    return Owner()


@pytest.fixture
def private(
    dialer: Dialer, credentials: Credentials, clock: HurryClock, ids: CountingIds, owner: Owner
) -> PrivateStream:
    return PrivateStream(dialer, credentials, clock, ids, owner.orders.put, owner.balances.put, owner.sweep)


async def test_an_order_and_a_balance_that_change(private: PrivateStream, sockets: Sockets, owner: Owner) -> None:
    async with running(private.run()):
        client = await sockets.until_subscribed(ORDERS, BALANCES)
        assert all(message["privateChannel"] is True for message in client.saying("subscribe"))
        await eventually(lambda: owner.sweeps == 1)
        assert private.is_up
        await client.push(ORDERS, MATCH, "orderChange", userId="u1", channelType="private")
        change = await owner.orders.get()
        assert (change.kind, change.client_oid, change.trade_id) == (ChangeKind.MATCH, "tb1", MATCH["tradeId"])
        assert (change.filled_size, change.remain_size, change.is_done) == (Decimal("0.1"), Decimal(0), False)
        deposit = {**BALANCE, "available": "500", "relationEvent": "main.deposit"}
        for frame in (deposit, BALANCE, deposit, {**BALANCE, "available": "19", "relationEvent": "trade.setted"}):
            await client.push(BALANCES, frame, "account.balance", userId="u1")
        heard = [await owner.balances.get() for _ in range(2)]
        assert [change.available for change in heard] == [Decimal("20.1"), Decimal(19)]


async def test_stop_orders_are_heard_of_by_whoever_asks(
    dialer: Dialer, credentials: Credentials, clock: HurryClock, ids: CountingIds, owner: Owner, sockets: Sockets
) -> None:
    stops = asyncio.Queue[StopChange]()
    private = PrivateStream(
        dialer, credentials, clock, ids, owner.orders.put, owner.balances.put, owner.sweep, on_stop=stops.put
    )
    async with running(private.run()):
        client = await sockets.until_subscribed(ORDERS, BALANCES, STOPS)
        assert all(message["privateChannel"] is True for message in client.saying("subscribe"))
        stop = {"orderId": "vs1", "symbol": "BTC-USDT", "type": "triggered", "ts": 1742305928091268493}
        await client.push(STOPS, stop, "stopOrder", userId="u1", channelType="private")
        change = await stops.get()
        assert (change.order_id, change.status) == ("vs1", StopStatus.TRIGGERED)


async def test_every_reconnect_is_followed_by_a_sweep(
    private: PrivateStream, sockets: Sockets, owner: Owner, clock: HurryClock
) -> None:
    async with running(private.run()):
        client = await sockets.until_subscribed(ORDERS, BALANCES)
        await eventually(lambda: owner.sweeps == 1)
        await client.socket.close()
        await passing(clock, 10, lambda: owner.sweeps == 2)


async def test_a_sweep_that_failed_is_made_again_on_a_new_connection(
    private: PrivateStream, sockets: Sockets, owner: Owner, clock: HurryClock
) -> None:
    owner.failing_sweeps = 1
    async with running(private.run()):
        await passing(clock, 10, lambda: owner.sweeps == 2)
    assert sockets.dials == 2


@pytest.mark.parametrize(("code", "reason"), [("400003", Reason.KEY), ("400006", Reason.IP)])
async def test_a_refused_key_ends_the_stream_after_three_tries(
    code: str, reason: Reason, private: PrivateStream, host: Host, sockets: Sockets, clock: HurryClock
) -> None:
    host.on("POST", "/api/v1/bullet-private", refusal(code, "no", 401))
    clock.hurries = True
    with pytest.raises(ExchangeRejected) as refused:
        await private.run()
    assert refused.value.reason is reason
    assert len(host.seen("POST", "bullet-private")) == 3
    assert sockets.dials == 0
    assert clock.monotonic() <= 10


async def test_a_key_revoked_in_the_middle_is_noticed(
    private: PrivateStream, host: Host, sockets: Sockets, clock: HurryClock
) -> None:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(_refusal_of(private))
        client = await sockets.until_subscribed(ORDERS, BALANCES)
        host.on("POST", "/api/v1/bullet-private", refusal("400003", "KC-API-KEY not exists", 401))
        await client.socket.close()
        await passing(clock, 10, task.done)
    assert task.result().reason is Reason.KEY


async def test_a_frame_of_another_account_is_not_believed(
    private: PrivateStream, sockets: Sockets, owner: Owner
) -> None:
    async with running(private.run()):
        client = await sockets.until_subscribed(ORDERS, BALANCES)
        for user, order in (("u1", "o1"), ("u1", "o2"), ("u2", "o3"), ("u1", "o4")):
            await client.push(ORDERS, {**MATCH, "orderId": order}, "orderChange", userId=user)
        assert [(await owner.orders.get()).order_id for _ in range(3)] == ["o1", "o2", "o4"]
        assert sockets.dials == 1


async def test_a_frame_of_another_account_that_comes_first_does_not_keep_ours_out(
    private: PrivateStream, sockets: Sockets, owner: Owner, clock: HurryClock
) -> None:
    async with running(private.run()):
        client = await sockets.until_subscribed(ORDERS, BALANCES)
        await eventually(lambda: owner.sweeps == 1)
        await client.push(ORDERS, {**MATCH, "orderId": "theirs"}, "orderChange", userId="u2")
        await client.push(ORDERS, MATCH, "orderChange", userId="u1")
        await passing(clock, 10, lambda: owner.sweeps == 2)
        client = await sockets.until_subscribed(ORDERS, BALANCES)
        for user, order in (("u1", "o1"), ("u1", "o2"), ("u2", "o3"), ("u1", "o4")):
            await client.push(ORDERS, {**MATCH, "orderId": order}, "orderChange", userId=user)
        assert [(await owner.orders.get()).order_id for _ in range(4)] == ["theirs", "o1", "o2", "o4"]


async def test_a_frame_that_names_nobody_is_no_reason_to_dial_anew(
    private: PrivateStream, sockets: Sockets, owner: Owner
) -> None:
    async with running(private.run()):
        client = await sockets.until_subscribed(ORDERS, BALANCES)
        await client.push(ORDERS, {**MATCH, "orderId": "o1"}, "orderChange", userId="u1")
        await client.push(BALANCES, BALANCE, "account.balance")
        await client.push(ORDERS, {**MATCH, "orderId": "o2"}, "orderChange", userId="u1")
        assert [(await owner.orders.get()).order_id for _ in range(2)] == ["o1", "o2"]
        assert (sockets.dials, owner.balances.qsize()) == (1, 0)


async def test_unreadable_changes_are_dropped(private: PrivateStream, sockets: Sockets, owner: Owner) -> None:
    async with running(private.run()):
        client = await sockets.until_subscribed(ORDERS, BALANCES)
        rubbish: object
        for rubbish in ({}, {**MATCH, "type": "unheard"}, {**MATCH, "filledSize": "NaN"}, [], None):
            await client.push(ORDERS, rubbish, "orderChange", userId="u1")
        await client.push(ORDERS, {**MATCH, "orderId": "good"}, "orderChange", userId="u1")
        assert (await owner.orders.get()).order_id == "good"


async def _refusal_of(private: PrivateStream) -> ExchangeRejected:
    with pytest.raises(ExchangeRejected) as refused:
        await private.run()
    return refused.value
