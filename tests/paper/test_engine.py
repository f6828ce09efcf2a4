"""Many orders, stops and OCOs of several accounts: whatever they do, nothing is made and nothing is lost."""

from dataclasses import dataclass
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.clock import JumpClock
from tests.ids import CountingIds
from tests.paper.conftest import RULES
from tgbot.core.market import Tick
from tgbot.core.money import ZERO
from tgbot.core.orders import OrderType, Side
from tgbot.paper.engine import Engine, Event
from tgbot.paper.market import Market
from tgbot.paper.ocos import OcoRequest
from tgbot.paper.prices import Handed
from tgbot.paper.rejections import Rejection
from tgbot.paper.requests import OrderRequest
from tgbot.paper.stops import PaperStop, StopKind, StopRequest, StopStatus
from tgbot.paper.store import Store
from tgbot.paper.triggers import Triggers

ACCOUNTS = ("ann", "bob")
OPENED_AT = Decimal(67000)
OPENING = {"USDT": Decimal(100_000), "BTC": Decimal(2)}


@dataclass(frozen=True)
class Order:
    account: str
    request: OrderRequest


@dataclass(frozen=True)
class Cancel:
    """Of the active order at this place in the list, if there is one."""

    account: str
    place: int


@dataclass(frozen=True)
class Stop:
    account: str
    request: StopRequest


@dataclass(frozen=True)
class Oco:
    account: str
    request: OcoRequest


@dataclass(frozen=True)
class CancelStop:
    """The one at this place in the list, with the other leg if it is one."""

    account: str
    place: int


@dataclass(frozen=True)
class Move:
    price: Decimal


@dataclass(frozen=True)
class Restart:
    """Only what was written down is left."""


Action = Order | Cancel | Stop | Oco | CancelStop | Move | Restart


accounts = st.sampled_from(ACCOUNTS)
prices = st.integers(600, 740).map(lambda hundreds: Decimal(hundreds * 100))
large = st.sampled_from([Decimal("0.9"), Decimal("1.3"), Decimal(2)])
sizes = large | st.integers(1_000, 200_000_000).map(lambda units: Decimal(units).scaleb(-8))
funds = st.integers(100_000, 90_000_000_000).map(lambda units: Decimal(units).scaleb(-6))
sides = st.sampled_from(Side)
requests = st.one_of(
    st.builds(OrderRequest, sides, st.just("BTC-USDT"), st.just(OrderType.LIMIT), price=prices, size=sizes),
    st.builds(OrderRequest, sides, st.just("BTC-USDT"), st.just(OrderType.MARKET), size=sizes),
    st.builds(OrderRequest, sides, st.just("BTC-USDT"), st.just(OrderType.MARKET), funds=funds),
)
kinds = st.sampled_from([StopKind.LOSS, StopKind.ENTRY])
stops = st.one_of(
    st.builds(
        StopRequest, sides, st.just("BTC-USDT"), st.just(OrderType.LIMIT), price=prices, size=sizes,
        stop_price=prices, stop=kinds,
    ),
    st.builds(
        StopRequest, sides, st.just("BTC-USDT"), st.just(OrderType.MARKET), funds=funds, stop_price=prices, stop=kinds
    ),
)  # fmt: skip


def oco(side: Side, size: Decimal, below: Decimal, above: Decimal, limit_price: Decimal) -> OcoRequest:
    price, stop_price = (below, above) if side is Side.BUY else (above, below)
    return OcoRequest("", side, "BTC-USDT", price, size, stop_price, limit_price)


below, above = prices.filter(lambda price: price < OPENED_AT), prices.filter(lambda price: price > OPENED_AT)
ocos = st.builds(oco, sides, sizes, below, above, prices)
actions = st.one_of(
    st.builds(Order, accounts, requests),
    st.builds(Cancel, accounts, st.integers(0, 3)),
    st.builds(Stop, accounts, stops),
    st.builds(Oco, accounts, ocos),
    st.builds(CancelStop, accounts, st.integers(0, 3)),
    st.builds(Move, prices),
    st.builds(Move, prices),
    st.just(Restart()),
)


class Floor:
    def __init__(self) -> None:
        self.clock, self.events, self.store = JumpClock(), list[Event](), Store(None)
        self.prices = Handed(self.clock)
        self.prices.hand_rules([RULES["BTC-USDT"]])
        self.ids, self.stops = CountingIds(), dict[str, PaperStop]()
        for account in ACCOUNTS:
            self.store.reset_balances(account, OPENING)
        self.start()

    def start(self) -> None:
        self.market = Market(self.prices.rules, self.clock)
        self.engine = Engine(self.prices, self.market, self.store, self.clock, self.ids, self.events.append)
        self.triggers = Triggers(self.engine, self.market, self.store, self.clock, self.ids, self.note)
        self.prices.listen(self.hear)

    def note(self, stop: PaperStop) -> None:
        self.stops[stop.id] = stop

    def hear(self, tick: Tick) -> None:
        self.market.record(tick)
        self.engine.touch(tick)
        self.triggers.touch(tick)

    async def act(self, action: Action) -> None:
        match action:
            case Restart():
                self.start()
            case Stop(account, request):
                await self.triggers.place(account, request)
            case Oco(account, oco):
                await self.triggers.place_oco(account, oco)
            case CancelStop(account, place):
                waiting = self.triggers.waiting(account)
                self.triggers.cancel(stop for stop in waiting if place < len(waiting) and is_of(stop, waiting[place]))
            case Move(price):
                self.prices.hand(Tick("BTC-USDT", price, price - 1, price + 1, 1, self.clock.now()))
            case Order(account, request):
                await self.engine.place(account, request)
            case Cancel(account, place):
                self.engine.cancel(dict(enumerate(self.engine.active(account))).get(place))


@settings(max_examples=100, deadline=None)
@given(st.lists(actions, min_size=8, max_size=30))
async def test_balances_holds_and_fees_add_up(moves: list[Action]) -> None:
    floor = Floor()
    for action in [Move(OPENED_AT), *moves]:
        try:
            await floor.act(action)
        except Rejection:
            continue
    for account in ACCOUNTS:
        assert_adds_up(floor, account)
    assert_stops_are_placed_once(floor)
    floor.store.close()


def assert_adds_up(floor: Floor, account: str) -> None:
    expected, held = dict(OPENING), {"USDT": ZERO, "BTC": ZERO}
    for fill in (event.fill for event in floor.events if event.fill and event.fill.account == account):
        sign = 1 if fill.side is Side.BUY else -1
        expected["USDT"] -= sign * fill.funds + fill.fee
        expected["BTC"] += sign * fill.size
    for order in floor.engine.active(account):
        held[order.held_currency] += order.held
    balances = floor.store.balances(account)
    assert {name: balance.total for name, balance in balances.items()} == expected
    assert {name: balance.hold for name, balance in balances.items()} == held
    assert min(balance.available for balance in balances.values()) >= ZERO


def assert_stops_are_placed_once(floor: Floor) -> None:
    """Each became one order or none; of an OCO at most one leg did; what waits is what the price has not come to."""
    last = floor.market.tick("BTC-USDT").price
    placed = {event.order.id for event in floor.events if event.is_new}
    for stop in floor.stops.values():
        assert floor.store.stop(stop.account, stop.id) == stop
        assert (stop.order_id in placed) == (stop.status is StopStatus.TRIGGERED)
        assert not (stop.is_waiting and stop.is_met(last))
    became = [stop.order_id for stop in floor.stops.values() if stop.order_id]
    assert len(became) == len(set(became))
    for oco in {stop.oco for stop in floor.stops.values() if stop.oco}:
        legs = sorted(stop.status for stop in floor.stops.values() if stop.oco == oco)
        assert legs in (["NEW", "NEW"], ["CANCELLED", "CANCELLED"], ["CANCELLED", "TRIGGERED"])
    waiting = {stop.id for account in ACCOUNTS for stop in floor.triggers.waiting(account)}
    assert waiting == {stop.id for stop in floor.stops.values() if stop.is_waiting}


def is_of(stop: PaperStop, other: PaperStop) -> bool:
    return stop == other or bool(stop.oco and stop.oco == other.oco)
