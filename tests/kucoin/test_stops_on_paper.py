"""Our client and our exchange, each written by KuCoin's catalogue, over real HTTP and a real socket."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from decimal import Decimal

import httpx
import pytest

from tests.ids import CountingIds
from tests.kucoin.conftest import HurryClock
from tests.kucoin.patience import eventually, running
from tests.paper.conftest import RULES
from tgbot.core.errors import ExchangeRejected, NotSent, OutcomeUnknown, Reason
from tgbot.core.market import Tick
from tgbot.core.orders import (
    Direction,
    OcoSpec,
    OrderSpec,
    OrderType,
    Side,
    StopChange,
    StopSpec,
    StopStatus,
    TimeInForce,
    Trigger,
)
from tgbot.kucoin.account import SpotAccount
from tgbot.kucoin.dialer import Dialer
from tgbot.kucoin.readers import by_asyncio
from tgbot.kucoin.rest import Rest
from tgbot.kucoin.sign import Credentials
from tgbot.paper.exchange import PaperExchange
from tgbot.paper.faults import Fault, Faults, Mode
from tgbot.paper.prices import Handed

BTC = "BTC-USDT"
MARKET_BUY = OrderSpec(BTC, Side.BUY, OrderType.MARKET, funds=Decimal(100))
LIMIT_SELL = OrderSpec(BTC, Side.SELL, OrderType.LIMIT, size=Decimal("0.5"), price=Decimal(65900))
BREAKOUT = StopSpec(MARKET_BUY, Trigger(Decimal(68000), Direction.UP))
STOP_LOSS = StopSpec(LIMIT_SELL, Trigger(Decimal(66000), Direction.DOWN))
EXIT = OcoSpec(BTC, Side.SELL, Decimal("0.5"), Decimal(70000), Decimal(64000), Decimal(63900))
BOTH: tuple[tuple[str, StopSpec | OcoSpec], ...] = (("tb1", STOP_LOSS), ("tb2", EXIT))


@dataclass
class Paper:
    account: SpotAccount
    faults: Faults
    prices: Handed
    clock: HurryClock
    dialer: Dialer
    ids: CountingIds

    def quote(self, price: int) -> None:
        self.clock.advance(1)
        last = Decimal(price)
        self.prices.hand(Tick(BTC, last, last - 1, last + 1, int(self.clock.monotonic()), self.clock.now()))

    async def place(self, client_oid: str, spec: StopSpec | OcoSpec) -> str:
        kind = self.account.ocos if isinstance(spec, OcoSpec) else self.account.stops
        ack = await self.account.send(kind.prepare(client_oid, spec))  # type: ignore[arg-type] # the kind fits the spec
        return ack.order_id


@pytest.fixture
async def paper(
    client: httpx.AsyncClient, clock: HurryClock, ids: CountingIds, ssl_context: ssl.SSLContext
) -> AsyncIterator[Paper]:
    prices = Handed(clock)
    prices.hand_rules([RULES[BTC]])
    exchange = PaperExchange(prices, clock, ids)
    faults = Faults(exchange.app, clock)
    opened = await exchange.open_account({"USDT": Decimal(1000), "BTC": Decimal(1)})
    async with exchange.serve(app=faults) as served:
        rest = Rest(client, clock, ids, served.url)
        account = SpotAccount(rest, Credentials(opened.key, opened.secret, opened.passphrase))
        running_paper = Paper(account, faults, prices, clock, Dialer(rest, ssl_context, clock, ids, by_asyncio()), ids)
        running_paper.quote(67000)
        yield running_paper


async def test_a_stop_waits_and_becomes_an_order_with_the_same_client_oid(paper: Paper) -> None:
    stop_id = await paper.place("tb1", BREAKOUT)
    stop = await paper.account.stops.find(stop_id)
    assert stop is not None
    assert (stop.client_oid, stop.funds, stop.trigger) == ("tb1", Decimal(100), BREAKOUT.trigger)
    assert await paper.account.stops.find_by_client_oid("tb1", BTC) == stop
    assert await paper.account.stops.waiting() == await paper.account.stops.waiting(BTC) == [stop]
    assert await paper.account.order_by_client_oid("tb1", BTC) is None
    paper.quote(68000)
    triggered = await paper.account.stops.find(stop_id)
    assert triggered is not None
    assert (triggered.status, triggered.triggered_at) == (StopStatus.TRIGGERED, paper.clock.now())
    assert await paper.account.stops.waiting() == []
    order = await paper.account.order_by_client_oid("tb1", BTC)
    assert order is not None
    assert order.order_id != stop_id
    assert (order.is_active, order.filled_size) == (False, Decimal("0.00147056"))


async def test_a_stop_limit_keeps_the_options_of_its_order(paper: Paper) -> None:
    await paper.place("tb1", StopSpec(replace(LIMIT_SELL, time_in_force=TimeInForce.IOC), STOP_LOSS.trigger))
    paper.quote(65000)
    order = await paper.account.order_by_client_oid("tb1", BTC)
    assert order is not None
    assert (order.is_active, order.is_cancelled) == (False, True)


async def test_stops_are_cancelled_by_id_by_client_oid_and_by_pair(paper: Paper) -> None:
    first, second, third = [await paper.place(f"tb{number}", STOP_LOSS) for number in range(3)]
    await paper.account.stops.cancel(first, BTC)
    await paper.account.stops.cancel_by_client_oid("tb1", BTC)
    assert [stop.order_id for stop in await paper.account.stops.waiting(BTC)] == [third]
    await paper.account.stops.cancel_all(BTC)
    for gone in (first, second, third):
        assert await paper.account.stops.find(gone) is None
    with pytest.raises(ExchangeRejected) as refused:
        await paper.account.stops.cancel(first, BTC)
    assert refused.value.reason is Reason.NOT_FOUND


async def test_an_oco_is_placed_once_whichever_way_the_price_goes(paper: Paper) -> None:
    order_id = await paper.place("tb1", EXIT)
    oco = await paper.account.ocos.find(order_id)
    assert oco is not None
    assert [(leg.price, leg.stop_price, leg.status) for leg in oco.legs] == [
        (EXIT.price, EXIT.price, StopStatus.WAITING),
        (EXIT.stop_limit_price, EXIT.stop_price, StopStatus.WAITING),
    ]
    assert [found.order_id for found in await paper.account.ocos.waiting()] == [order_id]
    assert await paper.account.stops.waiting() == []
    paper.quote(63950)
    after = await paper.account.ocos.find(order_id)
    assert after is not None
    assert (after.status, [leg.status for leg in after.legs]) == (
        StopStatus.DONE,
        [StopStatus.CANCELLED, StopStatus.TRIGGERED],
    )
    paper.quote(71000)
    fills = await paper.account.done_orders(BTC, oco.created_at, paper.clock.now())
    assert [(order.client_oid, order.filled_size) for order in fills] == [("tb1", Decimal("0.5"))]


async def test_ocos_are_cancelled_by_id_by_client_oid_and_by_pair(paper: Paper) -> None:
    first, second, third = [await paper.place(f"tb{number}", EXIT) for number in range(3)]
    await paper.account.ocos.cancel(first)
    await paper.account.ocos.cancel_by_client_oid("tb1")
    assert [oco.order_id for oco in await paper.account.ocos.waiting(BTC)] == [third]
    await paper.account.ocos.cancel_all(BTC)
    for gone in (first, second, third):
        oco = await paper.account.ocos.find(gone)
        assert oco is not None
        assert oco.status is StopStatus.CANCELLED
    with pytest.raises(ExchangeRejected) as refused:
        await paper.account.ocos.cancel(first)
    assert refused.value.reason is Reason.NOT_FOUND


@pytest.mark.parametrize("mode", [Mode.LOST, Mode.TRUNCATED])
async def test_what_came_of_a_lost_reply_is_found_by_client_oid(paper: Paper, mode: Mode) -> None:
    paper.faults.add("POST", "/api/v1/stop-order", mode)
    paper.faults.add("POST", "/api/v3/oco/order", mode)
    for client_oid, spec in BOTH:
        with pytest.raises(OutcomeUnknown):
            await paper.place(client_oid, spec)
    stop = await paper.account.stops.find_by_client_oid("tb1", BTC)
    oco = await paper.account.ocos.find_by_client_oid("tb2")
    assert stop is not None
    assert oco is not None
    assert stop.status is oco.status is StopStatus.WAITING


async def test_what_never_arrived_is_not_found(paper: Paper) -> None:
    paper.faults.add("POST", "/api/.*", Mode.DROP, times=2)
    for client_oid, spec in BOTH:
        with pytest.raises(OutcomeUnknown):
            await paper.place(client_oid, spec)
    assert await paper.account.stops.find_by_client_oid("tb1", BTC) is None
    assert await paper.account.ocos.find_by_client_oid("tb2") is None


async def test_bytes_that_arrive_after_their_deadline_place_nothing(paper: Paper) -> None:
    """Their signature is too old by then: no other time window can be sent with a stop order."""
    arrived = asyncio.Event()
    fault = paper.faults.add("POST", "/api/v1/stop-order", Mode.DELAY, until=arrived)
    prepared = paper.account.stops.prepare("tb1", STOP_LOSS)
    with pytest.raises(NotSent) as refused:
        await asyncio.gather(paper.account.send(prepared), _arrive_late(paper, fault, arrived))
    assert refused.value.code == "400002"
    assert paper.clock.now() > prepared.deadline
    assert await paper.account.stops.find_by_client_oid("tb1", BTC) is None


async def _arrive_late(paper: Paper, fault: Fault, arrived: asyncio.Event) -> None:
    await eventually(lambda: fault.hits == 1)
    paper.clock.advance(5.001)
    arrived.set()


async def test_a_private_stream_tells_the_life_of_stops_and_ocos(paper: Paper) -> None:
    changes = asyncio.Queue[StopChange]()
    connected = asyncio.Event()

    async def ignore(_: object) -> None:
        return None

    async def note_connection() -> None:
        connected.set()

    stream = paper.account.stream(
        paper.dialer,
        paper.clock,
        paper.ids,
        on_order=ignore,
        on_balance=ignore,
        on_connected=note_connection,
        on_stop=changes.put,
    )
    async with running(stream.run()), asyncio.timeout(10):
        await connected.wait()
        stop = await paper.place("tb1", BREAKOUT)
        oco = await paper.account.ocos.find(await paper.place("tb2", EXIT))
        assert oco is not None
        limit, low = (leg.order_id for leg in oco.legs)
        paper.quote(68000)
        await paper.account.ocos.cancel(oco.order_id)
        told = [await changes.get() for _ in range(6)]
    waiting, triggered, cancelled = StopStatus.WAITING, StopStatus.TRIGGERED, StopStatus.CANCELLED
    assert [(change.order_id, change.status) for change in told] == [
        (stop, waiting), (limit, waiting), (low, waiting), (stop, triggered), (limit, cancelled), (low, cancelled)
    ]  # fmt: skip
