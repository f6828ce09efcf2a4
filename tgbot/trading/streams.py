"""The role that listens to every account with something to hear, so that it is heard of as it happens.

A stream only says that there is something to look at. What has become of an order is read over REST, by the reconciler
alone: a frame that is lost, late or repeated then changes nothing but the moment of the look. A balance it tells whole.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import timedelta
from typing import Protocol

import structlog

from tgbot.core.clock import Clock
from tgbot.core.errors import ExchangeError, ExchangeRejected
from tgbot.core.ids import Ids
from tgbot.core.orders import BalanceChange, OrderChange, StopChange
from tgbot.core.people import Mode
from tgbot.credentials.service import Keys, Linked
from tgbot.kucoin.dialer import Dialer
from tgbot.trading.adoption import Adoption
from tgbot.trading.fills_elsewhere import FillsElsewhere
from tgbot.trading.foreign import ForeignOrders
from tgbot.trading.reconcile import Reconciler
from tgbot.trading.rules.settlement import State

log = structlog.get_logger()

KEPT_FOR = timedelta(minutes=1)  # after the last order is done: the next one is often near
REFUSED_FOR = timedelta(minutes=15)
ASK_EVERY = timedelta(seconds=2)
STANDING_A_MINUTE = 14  # half of all dials: the others are for whoever has just sent an order


class Balances(Protocol):
    """Whoever keeps the balances of accounts. Nobody waits for that."""

    def heard(self, key_id: str, change: BalanceChange) -> None: ...

    def connected(self, key_id: str) -> None: ...


# Accounts that are to be heard though no order of ours is pending there.
Need = Callable[[], Awaitable[Collection[str]]]


class AccountStreams:
    """One stream for each account with something to hear, and none for any other:

    - where an order of ours is pending, and for a minute after the last one;
    - where a desk trades, and where orders made elsewhere are watched: that is what `needs` say. Not while the key is
      suspended: the key doctor asks about that one, and nothing is sent with it meanwhile.

    Where many are to be heard at once, after a start for instance, those with a pending order go first. A key that
    KuCoin has refused is left alone for a quarter of an hour."""

    def __init__(
        self,
        *,
        keys: Keys,
        reconciler: Reconciler,
        adoption: Adoption,
        foreign: ForeignOrders,
        fills_elsewhere: FillsElsewhere,
        balances: Balances,
        needs: Sequence[Need],
        dialers: Mapping[Mode, Dialer],
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._keys = keys
        self._reconciler = reconciler
        self._adoption = adoption
        self._foreign = foreign
        self._fills_elsewhere = fills_elsewhere
        self._balances = balances
        self._needs = needs
        self._dialers = dialers
        self._clock = clock
        self._ids = ids
        self._pending: dict[str, float] = {}
        self._standing: frozenset[str] = frozenset()
        self._begun: list[float] = []
        self._asked = -ASK_EVERY.total_seconds()
        self._refused: dict[str, float] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._changed = asyncio.Event()
        reconciler.listen(self.follow)

    def follow(self, key_ids: Collection[str]) -> None:
        """These accounts have something pending at this moment. Called every few seconds, also if there is nothing."""
        now = self._clock.monotonic()
        self._pending |= dict.fromkeys(key_ids, now)
        self._pending = {key: at for key, at in self._pending.items() if now - at < KEPT_FOR.total_seconds()}
        self._refused = {key: at for key, at in self._refused.items() if now - at < REFUSED_FOR.total_seconds()}
        self._changed.set()

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._changed.clear()
                await self._ask_needs()
                wanted = (self._pending.keys() | self._standing) - self._refused.keys()
                for key_id in self._to_begin(wanted - self._running.keys()):
                    self._running[key_id] = tasks.create_task(self._listen(key_id), name=f"account {key_id}")
                for key_id in self._running.keys() - wanted:
                    self._running.pop(key_id).cancel()
                await self._changed.wait()

    def _to_begin(self, missing: Collection[str]) -> Collection[str]:
        """All with a pending order, and as many others as there is room for now."""
        now = self._clock.monotonic()
        self._begun = [at for at in self._begun if now - at < 60]
        urgent = self._pending.keys() & missing
        others = sorted(set(missing) - urgent)[: max(STANDING_A_MINUTE - len(self._begun), 0)]
        self._begun += [now] * len(others)
        return urgent | set(others)

    async def _ask_needs(self) -> None:
        now = self._clock.monotonic()
        if now - self._asked < ASK_EVERY.total_seconds():
            return
        self._asked = now
        found = {key_id for need in self._needs for key_id in await need()}
        self._standing = frozenset(await self._keys.sound(found))

    async def _listen(self, key_id: str) -> None:
        linked = await self._keys.account_of(key_id)
        if linked is None:
            self._refused[key_id] = self._clock.monotonic()
            return
        try:
            await self._stream(linked)
        except ExchangeRejected as error:
            # The reconciler goes on asking and meets the same refusal.
            log.warning("account_not_heard", key=key_id, code=error.code)
            self._keys.doubt(key_id)
            self._refused[key_id] = self._clock.monotonic()
            self._changed.set()

    async def _stream(self, linked: Linked) -> None:
        async def connected() -> None:
            await self._reconciler.look_at_account(linked.key_id)
            await self._fills_elsewhere.look_at_account(linked.key_id)
            self._balances.connected(linked.key_id)
            await self._adoption.search(linked)

        async def stop_changed(change: StopChange) -> None:
            await self._fills_elsewhere.heard(linked.key_id, change.order_id)
            await self._reconciler.look_at_account(linked.key_id, {State.WAITING})

        async def order_changed(change: OrderChange) -> None:
            await self._fills_elsewhere.heard(linked.key_id, change.order_id, change.client_oid)
            if await self._reconciler.look_at_client_oid(change.client_oid):
                return
            is_ours = self._adoption.is_ours(change.client_oid)
            try:
                await (self._adoption.heard if is_ours else self._foreign.tell)(linked, change)
            except ExchangeError as error:
                log.warning("unknown_order_not_seen", key=linked.key_id, is_ours=is_ours, code=error.code)

        async def balance_changed(change: BalanceChange) -> None:
            self._balances.heard(linked.key_id, change)

        stream = linked.spot.stream(
            self._dialers[linked.mode],
            self._clock,
            self._ids,
            on_order=order_changed,
            on_balance=balance_changed,
            on_connected=connected,
            on_stop=stop_changed,
        )
        await stream.run()
