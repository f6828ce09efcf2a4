"""Stop orders that wait for a price: taken in, watched, cancelled, and placed as orders when their time has come."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from tgbot.core.clock import Clock
from tgbot.core.ids import Ids
from tgbot.core.market import Tick
from tgbot.paper.engine import Engine
from tgbot.paper.market import Market
from tgbot.paper.ocos import Oco, OcoRequest, check_oco, legs_of
from tgbot.paper.rejections import Rejection, bad_parameter
from tgbot.paper.stops import PaperStop, StopRequest, StopStatus, check_stop_price, kind_of
from tgbot.paper.store import Store

_MOST_PER_PAIR = 20


class Triggers:
    """`on_change` is told every stop order that is new or has changed."""

    def __init__(
        self,
        engine: Engine,
        market: Market,
        store: Store,
        clock: Clock,
        ids: Ids,
        on_change: Callable[[PaperStop], None],
    ) -> None:
        self._engine = engine
        self._market = market
        self._store = store
        self._clock = clock
        self._ids = ids
        self._on_change = on_change
        self._waiting: dict[str, dict[str, PaperStop]] = {}
        for stop in store.waiting_stops():
            self._waiting.setdefault(stop.symbol, {})[stop.id] = stop
        engine.follow(self._waiting)

    async def place(self, account: str, request: StopRequest) -> PaperStop:
        """The stop order as it was taken in; if the price is there already, it is triggered at once. Raises
        `Rejection`."""
        kind = kind_of(request)
        tick = await self._engine.admit(request)
        check_stop_price(request.stop_price, self._market.rule(request.symbol))
        self._check_among(account, request.symbol, request.client_oid, 1)
        stop = PaperStop(self._new_id(), account, kind, request.stop_price, request.order, self._clock.now())
        self._keep([stop])
        self.touch(tick)
        return stop

    async def place_oco(self, account: str, request: OcoRequest) -> Oco:
        """Raises `Rejection`."""
        tick = await self._engine.admit(request.limit_order, request.stop_order)
        check_oco(request, self._market.rule(request.symbol), tick.price)
        self._check_among(account, request.symbol, request.client_oid, 2)
        ids = self._new_id(), self._new_id()
        legs = legs_of(request, account, self._ids.unique()[-24:], ids, self._clock.now())
        self._keep(legs)
        return Oco(legs)

    def cancel(self, stops: Iterable[PaperStop]) -> list[str]:
        """The ids of those that were still waiting."""
        cancelled = [replace(stop, status=StopStatus.CANCELLED) for stop in stops if stop.is_waiting]
        self._keep(cancelled)
        return [stop.id for stop in cancelled]

    def waiting(self, account: str) -> list[PaperStop]:
        """Newest first."""
        found = [stop for pair in self._waiting.values() for stop in pair.values() if stop.account == account]
        return sorted(found, key=lambda stop: stop.number, reverse=True)

    def touch(self, tick: Tick) -> None:
        """Place what this price triggers."""
        for stop in list(self._waiting.get(tick.symbol, {}).values()):
            if stop.is_met(tick.price):
                self._trigger(stop)

    def _trigger(self, stop: PaperStop) -> None:
        """An order that cannot be placed now, for want of balance above all, is cancelled, as KuCoin does it. Either
        way the other leg of an OCO is given up."""
        triggered = replace(stop, triggered_at=self._clock.now())
        given_up = [replace(leg, status=StopStatus.CANCELLED) for leg in self._other_legs(stop)]
        try:
            draft = self._engine.draft(stop.account, stop.request)
        except Rejection:
            self._keep([replace(triggered, status=StopStatus.CANCELLED), *given_up])
            return
        changed = [replace(triggered, status=StopStatus.TRIGGERED, order_id=draft.order.id), *given_up]
        self._engine.book(draft, changed)
        self._tell(changed)

    def _other_legs(self, stop: PaperStop) -> list[PaperStop]:
        pair = self._waiting[stop.symbol].values()
        return [leg for leg in pair if stop.oco and leg.oco == stop.oco and leg.id != stop.id]

    def _check_among(self, account: str, symbol: str, client_oid: str, more: int) -> None:
        waiting = self.waiting(account)
        if client_oid and any(stop.client_oid == client_oid for stop in waiting):
            raise bad_parameter("validation.createOrder.clientOidDuplicated")
        if sum(stop.symbol == symbol for stop in waiting) + more > _MOST_PER_PAIR:
            raise Rejection("200003", "Too many stop orders wait in this pair")

    def _keep(self, stops: Iterable[PaperStop]) -> None:
        """Write them down, then remember and tell them."""
        self._tell(self._store.save_stops(stops))

    def _tell(self, stops: Iterable[PaperStop]) -> None:
        for stop in stops:
            self._remember(stop)
            self._on_change(stop)

    def _remember(self, stop: PaperStop) -> None:
        pair = self._waiting.setdefault(stop.symbol, {})
        if stop.is_waiting:
            pair[stop.id] = stop
        else:
            pair.pop(stop.id, None)
        if not pair:
            del self._waiting[stop.symbol]
        self._engine.follow(self._waiting)

    def _new_id(self) -> str:
        return f"vs{self._ids.unique()[-22:]}"
