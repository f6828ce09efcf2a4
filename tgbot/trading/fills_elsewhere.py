"""The role that tells what fills of orders made elsewhere, as long as somebody watches them."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from functools import partial

import structlog

from tgbot.core.clock import Clock
from tgbot.core.errors import ExchangeError
from tgbot.core.money import ZERO
from tgbot.core.orders import Order, StopStatus
from tgbot.credentials.service import Keys, Linked
from tgbot.db.engine import Database
from tgbot.delivery.outbox import Outbox
from tgbot.kucoin.account import SpotAccount
from tgbot.trading import elsewhere, watched
from tgbot.trading.elsewhere import Elsewhere
from tgbot.trading.rounds import Piece, Rounds
from tgbot.trading.views import elsewhere as views
from tgbot.trading.watched import Watched

log = structlog.get_logger()

TRY_AGAIN = timedelta(seconds=5)
AT_ONCE = 8  # most connections are for orders that were sent here
LISTED_AFTER = timedelta(minutes=1)  # an order that was not found for less than that may be found yet


class FillsElsewhere:
    """An order that was shown or told of is watched until it has ended. What it has become is read over REST, as of our
    own orders: frames, connections and the person's own lists only say that there is something to look at."""

    def __init__(self, database: Database, clock: Clock, keys: Keys, outbox: Outbox) -> None:
        self._database = database
        self._clock = clock
        self._keys = keys
        self._outbox = outbox
        self._rounds = Rounds(clock, TRY_AGAIN, self._due, of_all=AT_ONCE)
        self._again: set[str] = set()
        self._missed: dict[str, float] = {}
        self._accounts: set[str] = set()
        self._added: set[str] = set()

    async def run(self) -> None:
        """Until cancelled."""
        await self._rounds.run()

    async def look(self) -> None:
        """One round over what something has happened to."""
        await self._rounds.once()

    async def accounts(self) -> set[str]:
        """Those with an order that is watched."""
        added = self._added = set()  # while it is read what there is
        async with self._database.read() as session:
            self._accounts = await watched.accounts(session) | added
        return self._accounts

    async def watch(self, key_id: str, orders: Sequence[Elsewhere]) -> None:
        """Their person knows of them now."""
        async with self._database.read() as session:
            known = {one.order_id for one in await watched.of_account(session, key_id)}
        if len(known) >= watched.MOST_OF_ONE_ACCOUNT or known.issuperset(order.order_id for order in orders):
            return
        async with self._database.write() as session:
            await watched.add(session, key_id, orders)
        self._accounts.add(key_id)
        self._added.add(key_id)

    async def heard(self, key_id: str, order_id: str, client_oid: str = "") -> None:
        """A stream has named this order."""
        if key_id not in self._accounts:
            return
        async with self._database.read() as session:
            self._hint(await watched.named(session, key_id, order_id, client_oid))

    async def look_at_account(self, key_id: str) -> None:
        """Its stream has just (re)connected."""
        async with self._database.read() as session:
            self._hint(await watched.of_account(session, key_id))

    def _hint(self, found: Collection[Watched]) -> None:
        for one in found:
            self._rounds.hint(f"{one.key_id} {one.order_id}")

    async def _due(self, hints: Collection[str], is_round: bool) -> Sequence[Piece]:
        names = set(hints)
        if is_round:
            names |= await self._still_to_ask()
        return [Piece(name, name.split()[0], partial(self._try_to_look, name), name in hints) for name in names]

    async def _still_to_ask(self) -> set[str]:
        """What was not answered. Of a key that is suspended meanwhile nothing is asked: once it is sound again, its
        stream connects."""
        again, self._again = self._again, set()
        sound = await self._keys.sound({name.split()[0] for name in again})
        return {name for name in again if name.split()[0] in sound}

    async def _try_to_look(self, name: str) -> None:
        key_id, order_id = name.split()
        async with self._database.read() as session:
            one = await watched.find(session, key_id, order_id)
        linked = await self._keys.account_of(key_id)
        if one is None or linked is None:
            self._missed.pop(name, None)
            return
        try:
            is_found = await self._look(linked, one)
        except ExchangeError as error:
            log.warning("order_elsewhere_not_seen", key=key_id, code=error.code)
            self._again.add(name)
            return
        if is_found:
            self._missed.pop(name, None)
        else:
            await self._miss(name, one)

    async def _miss(self, name: str, one: Watched) -> None:
        """Cancelled, forgotten by KuCoin, or not listed yet, as what a stop order becomes may be."""
        now = self._clock.monotonic()
        if now - self._missed.setdefault(name, now) < LISTED_AFTER.total_seconds():
            self._again.add(name)
            return
        del self._missed[name]
        async with self._database.write() as session:
            await watched.end(session, one)

    async def _look(self, linked: Linked, one: Watched) -> bool:
        """Whether that says what has become of it."""
        seen = await elsewhere.look_up(linked.spot, one.kind, one.symbol, one.order_id)
        if not isinstance(seen, Order) and (seen is None or seen.status is not StopStatus.WAITING):
            seen = await _placed(linked.spot, one) or seen
        if isinstance(seen, Order):
            await self._note(linked, one, seen)
            return True
        return seen is not None and seen.status is StopStatus.WAITING

    async def _note(self, linked: Linked, one: Watched, order: Order) -> None:
        is_news = order.filled_size > one.filled_size
        if order.is_active and not is_news and order.order_id == one.order_id:
            return
        owner = await self._keys.owner_of(linked.key_id)
        async with self._database.write() as session:
            has_moved = await (watched.advance(session, one, order) if order.is_active else watched.end(session, one))
            if not has_moved or owner is None or order.filled_size == ZERO:
                return
            if is_news or one.is_told:
                for notice in views.notices(owner, one, order, linked.mode):
                    await self._outbox.put(session, notice)
        log.info("order_elsewhere_progressed", key=one.key_id, is_active=order.is_active)
        self._outbox.wake()


async def _placed(spot: SpotAccount, one: Watched) -> Order | None:
    """What a stop order or an OCO has become."""
    if one.kind == "order" or not one.client_oid:
        return None
    return await spot.order_by_client_oid(one.client_oid, one.symbol)
