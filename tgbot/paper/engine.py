"""The matching engine: takes orders in, watches them as prices move, and tells what happened to each."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta

from tgbot.core.clock import Clock
from tgbot.core.ids import Ids
from tgbot.core.market import Tick
from tgbot.core.orders import OrderType, Side
from tgbot.paper import matching
from tgbot.paper.ledger import Entry, InsufficientBalance, Ledger
from tgbot.paper.market import Market
from tgbot.paper.orders import PaperFill, PaperOrder
from tgbot.paper.prices import Prices
from tgbot.paper.rejections import Rejection, bad_parameter, insufficient, no_price, not_cancellable
from tgbot.paper.requests import OrderRequest, accept, check, check_value, check_window
from tgbot.paper.stops import PaperStop
from tgbot.paper.store import Store

_MAX_ACTIVE_PER_PAIR = 200


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to one order: it was taken in, filled, cancelled, or several of these at once."""

    order: PaperOrder
    fill: PaperFill | None
    entries: tuple[Entry, ...]
    is_new: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """What becomes of an order if it is placed now; nothing has happened yet."""

    order: PaperOrder
    fill: PaperFill | None
    ledger: Ledger


class Engine:
    def __init__(
        self,
        prices: Prices,
        market: Market,
        store: Store,
        clock: Clock,
        ids: Ids,
        on_event: Callable[[Event], None],
    ) -> None:
        self._prices = prices
        self._market = market
        self._store = store
        self._clock = clock
        self._ids = ids
        self._on_event = on_event
        self._active: dict[str, dict[str, PaperOrder]] = {}
        self._also_followed: Collection[str] = ()
        for order in store.active_orders():
            self._active.setdefault(order.symbol, {})[order.id] = order
        self._follow()

    async def place(self, account: str, request: OrderRequest) -> PaperOrder:
        """The order after it met the market; raises `Rejection`, and then nothing has happened."""
        check_window(request, self._clock.now())
        await self.admit(request)
        return self.book(self.draft(account, request))

    async def rehearse(self, account: str, request: OrderRequest) -> PaperOrder:
        """All checks of `place`, funds included, and no order."""
        check_window(request, self._clock.now())
        await self.admit(request)
        return self.draft(account, request).order

    async def admit(self, *requests: OrderRequest) -> Tick:
        """The price now, for orders of one pair that break none of its rules; else raises `Rejection`."""
        symbol = requests[0].symbol
        rule = self._market.rule(symbol)
        for request in requests:
            check(request, rule)
        if not await self._prices.refresh(symbol):
            raise no_price()
        tick = self._market.tick(symbol)
        for request in requests:
            check_value(request, rule, tick.ask if request.side is Side.BUY else tick.bid)
        return tick

    def draft(self, account: str, request: OrderRequest) -> Draft:
        """At the price in hand, of a request that was admitted; raises `Rejection`."""
        self._check_among(self.active(account), request)
        rule, tick, now = self._market.rule(request.symbol), self._market.tick(request.symbol), self._clock.now()
        order = accept(request, rule, self._new_id(), account, now)
        ledger = Ledger(self._store.balances(account))
        try:
            order, fill = matching.place(order, ledger, rule, tick, now)
        except InsufficientBalance as error:
            raise insufficient() from error
        return Draft(order, fill, ledger)

    def book(self, draft: Draft, stops: Iterable[PaperStop] = ()) -> PaperOrder:
        """The draft comes true, and with it what it makes of these stop orders, in one step."""
        return self._book(draft.order, draft.fill, draft.ledger, stops, is_new=True)

    def follow(self, symbols: Collection[str]) -> None:
        """Of these pairs, too, the prices are wanted, besides those of the resting orders."""
        self._also_followed = symbols
        self._follow()

    def cancel(self, order: PaperOrder | None) -> PaperOrder:
        """Raises `Rejection` if there is nothing left to cancel."""
        if order is None or not order.is_active:
            raise not_cancellable()
        ledger = Ledger(self._store.balances(order.account))
        return self._book(matching.cancel(order, ledger, self._clock.now()), None, ledger)

    def active(self, account: str, symbol: str | None = None) -> list[PaperOrder]:
        """Newest first."""
        pairs = [self._active.get(symbol, {})] if symbol else list(self._active.values())
        found = [order for pair in pairs for order in pair.values() if order.account == account]
        return sorted(found, key=lambda order: order.number, reverse=True)

    def touch(self, tick: Tick) -> None:
        """Fill the resting orders that this price has come to."""
        rule = self._market.rule(tick.symbol)
        for order in list(self._active.get(tick.symbol, {}).values()):
            if matching.is_touched(order, tick):
                ledger = Ledger(self._store.balances(order.account))
                self._book(*matching.touch(order, ledger, rule, self._clock.now()), ledger)

    def expire(self) -> None:
        """Cancel the GTT orders whose time is over."""
        now = self._clock.now()
        for order in [order for pair in self._active.values() for order in pair.values()]:
            if order.cancel_after and now >= order.created_at + timedelta(seconds=order.cancel_after):
                self.cancel(order)

    def _check_among(self, active: list[PaperOrder], request: OrderRequest) -> None:
        """KuCoin compares a clientOid with those of active orders only; a finished order's may come again."""
        if request.client_oid and any(order.client_oid == request.client_oid for order in active):
            raise bad_parameter("validation.createOrder.clientOidDuplicated")
        of_pair = sum(order.symbol == request.symbol for order in active)
        if request.type is OrderType.LIMIT and of_pair >= _MAX_ACTIVE_PER_PAIR:
            raise Rejection("200003", "Too many active orders for this pair")

    def _book(
        self,
        order: PaperOrder,
        fill: PaperFill | None,
        ledger: Ledger,
        stops: Iterable[PaperStop] = (),
        *,
        is_new: bool = False,
    ) -> PaperOrder:
        """Write it down, then remember it, then tell."""
        order, fill = self._store.save(order, fill, ledger.entries, stops)
        self._remember(order)
        self._on_event(Event(order, fill, tuple(ledger.entries), is_new))
        return order

    def _remember(self, order: PaperOrder) -> None:
        pair = self._active.setdefault(order.symbol, {})
        if order.is_active:
            pair[order.id] = order
        else:
            pair.pop(order.id, None)
        if not pair:
            del self._active[order.symbol]
        if len(pair) <= 1:
            self._follow()

    def _follow(self) -> None:
        self._prices.follow({*self._active, *self._also_followed})

    def _new_id(self) -> str:
        return self._ids.unique()[-24:]
