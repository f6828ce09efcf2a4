"""Many orders of several accounts: whatever they do, nothing is made and nothing is lost."""

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
from tgbot.paper.prices import Handed
from tgbot.paper.rejections import Rejection
from tgbot.paper.requests import OrderRequest
from tgbot.paper.store import Store

ACCOUNTS = ("ann", "bob")
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
class Move:
    price: Decimal


accounts = st.sampled_from(ACCOUNTS)
prices = st.integers(600, 740).map(lambda hundreds: Decimal(hundreds * 100))
sizes = st.integers(1, 200_000_000).map(lambda units: Decimal(units).scaleb(-8))
funds = st.integers(100_000, 90_000_000_000).map(lambda units: Decimal(units).scaleb(-6))
sides = st.sampled_from(Side)
requests = st.one_of(
    st.builds(OrderRequest, sides, st.just("BTC-USDT"), st.just(OrderType.LIMIT), price=prices, size=sizes),
    st.builds(OrderRequest, sides, st.just("BTC-USDT"), st.just(OrderType.MARKET), size=sizes),
    st.builds(OrderRequest, sides, st.just("BTC-USDT"), st.just(OrderType.MARKET), funds=funds),
)
actions = st.one_of(
    st.builds(Order, accounts, requests),
    st.builds(Cancel, accounts, st.integers(0, 3)),
    st.builds(Move, prices),
)


class Floor:
    def __init__(self) -> None:
        self.clock, self.events, self.store = JumpClock(), list[Event](), Store(None)
        self.prices = Handed(self.clock)
        self.prices.hand_rules([RULES["BTC-USDT"]])
        market = Market(self.prices.rules, self.clock)
        self.engine = Engine(self.prices, market, self.store, self.clock, CountingIds(), self.events.append)
        self.market = market
        self.prices.listen(self.hear)
        for account in ACCOUNTS:
            self.store.reset_balances(account, OPENING)

    def hear(self, tick: Tick) -> None:
        self.market.record(tick)
        self.engine.touch(tick)

    async def act(self, action: Order | Cancel | Move) -> None:
        match action:
            case Move(price):
                self.prices.hand(Tick("BTC-USDT", price, price - 1, price + 1, 1, self.clock.now()))
            case Order(account, request):
                await self.engine.place(account, request)
            case Cancel(account, place):
                self.engine.cancel(dict(enumerate(self.engine.active(account))).get(place))


@settings(max_examples=60, deadline=None)
@given(st.lists(actions, max_size=25))
async def test_balances_holds_and_fees_add_up(moves: list[Order | Cancel | Move]) -> None:
    floor = Floor()
    for action in [Move(Decimal(67000)), *moves]:
        try:
            await floor.act(action)
        except Rejection:
            continue
    for account in ACCOUNTS:
        assert_adds_up(floor, account)
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
