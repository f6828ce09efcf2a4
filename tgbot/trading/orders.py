"""Open orders: listing them, ours and those made elsewhere, and asking for their end."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass

from tgbot.core.clock import Clock
from tgbot.core.errors import ExchangeRejected, NotFound, OutcomeUnknown, Reason
from tgbot.core.orders import Order
from tgbot.core.people import Person
from tgbot.core.reply import T
from tgbot.credentials.service import Keys
from tgbot.db.engine import Database
from tgbot.trading import store
from tgbot.trading.reconcile import Reconciler
from tgbot.trading.rules.settlement import PENDING
from tgbot.trading.store import Intent

LOOKS = 5
LOOK_AGAIN = 0.3  # seconds; KuCoin shows a cancellation a moment after it has taken the request


@dataclass(frozen=True, slots=True)
class OpenOrders:
    """`ours` were placed through this bot, `others` are at KuCoin all the same."""

    ours: Sequence[Intent]
    others: Sequence[Order]


class Orders:
    def __init__(self, database: Database, clock: Clock, keys: Keys, reconciler: Reconciler) -> None:
        self._database = database
        self._clock = clock
        self._keys = keys
        self._reconciler = reconciler

    async def open(self, person: Person, symbol: str | None = None) -> OpenOrders:
        """Raises `ExchangeError` when KuCoin cannot be asked: half a list would look like a whole one."""
        linked = await self._keys.account(person)
        symbols = [symbol] if symbol else await linked.spot.open_symbols()
        listed = [order for name in symbols for order in await linked.spot.open_orders(name)]
        async with self._database.read() as session:
            ours = await store.pending_of(session, person.id, linked.key_id)
            own_oids = {attempt.client_oid for i in ours if (attempt := await store.attempt_of(session, i))}
        shown = [intent for intent in ours if symbol in {None, intent.spec.symbol}]
        return OpenOrders(shown, [order for order in listed if order.client_oid not in own_oids])

    async def current(self, intent: Intent) -> Intent:
        """As the exchange has it now, if it is not finished."""
        return await self._reconciler.refresh(intent) if intent.state in PENDING else intent

    async def cancel(self, intent: Intent) -> Intent:
        """Asks KuCoin for it and looks until the order is finished, or for a second and a half. What is returned says
        what has really become of it: a cancelled order may have filled in the meantime."""
        linked = await self._keys.account_of(intent.key_id)
        async with self._database.read() as session:
            attempt = await store.attempt_of(session, intent)
        if linked is None or attempt is None:
            raise NotFound(T.of("trading.no_such_order", id=intent.short))
        if intent.state in PENDING:
            await _ask(linked.spot.cancel_by_client_oid(attempt.client_oid, intent.spec.symbol))
        for _ in range(LOOKS):
            intent = await self._reconciler.refresh(intent) if intent.state in PENDING else intent
            if intent.state not in PENDING:
                break
            await self._clock.sleep(LOOK_AGAIN)
        return intent

    async def cancel_other(self, person: Person, symbol: str, order_id: str) -> Order | None:
        """An order made elsewhere; returns what KuCoin has afterwards."""
        linked = await self._keys.account(person)
        await _ask(linked.spot.cancel(order_id, symbol))
        return await linked.spot.order(order_id, symbol)


async def _ask(cancelling: Awaitable[None]) -> None:
    """A cancel may be repeated and proves nothing, so neither a lost answer nor "no such order" is an error here."""
    try:
        await cancelling
    except OutcomeUnknown:
        return
    except ExchangeRejected as error:
        if error.reason is not Reason.NOT_FOUND:
            raise
