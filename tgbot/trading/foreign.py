"""A word to the owner of an account on which an order was made that did not come from here."""

from tgbot.core.clock import Clock
from tgbot.core.orders import ChangeKind, OrderChange
from tgbot.core.reply import Button, Reply, T
from tgbot.credentials.service import Keys, Linked
from tgbot.db.engine import Database
from tgbot.delivery.outbox import Outbox
from tgbot.trading.fills_elsewhere import FillsElsewhere
from tgbot.trading.views.words import what_other

_APPEARS = frozenset({ChangeKind.RECEIVED, ChangeKind.OPEN})


class ForeignOrders:
    """It is heard of while the account's stream is open. Whoever lets another program trade knows: it is said once an
    hour and account at most. What was told of is watched, until it has ended."""

    def __init__(self, database: Database, clock: Clock, keys: Keys, outbox: Outbox, fills: FillsElsewhere) -> None:
        self._database = database
        self._clock = clock
        self._keys = keys
        self._outbox = outbox
        self._fills = fills
        self._told: dict[str, str] = {}

    async def tell(self, linked: Linked, change: OrderChange) -> None:
        """Raises `ExchangeError` if the order cannot be looked at."""
        hour = f"{self._clock.now():%Y-%m-%d %H}"
        if change.kind not in _APPEARS or self._told.get(linked.key_id) == hour:
            return
        order = await linked.spot.order(change.order_id, change.symbol)
        owner = await self._keys.owner_of(linked.key_id)
        if order is None or owner is None:
            return
        lines = (T.of("trading.foreign_order", **what_other(order)), T("trading.foreign_order_why"))
        reply = Reply(lines, ((Button(T("trading.show_orders"), "orders"),),))
        async with self._database.write() as session:
            await self._outbox.owe(session, owner, reply, f"foreign order {linked.key_id} {hour}")
        self._told[linked.key_id] = hour
        if order.is_active:
            await self._fills.watch(linked.key_id, [order])
        self._outbox.wake()
