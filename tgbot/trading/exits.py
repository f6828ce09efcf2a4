"""The role that places exits once their entry has filled, each for a size of its own, and each with one POST."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial

import structlog

from tgbot.accounts.guards.service import Guards
from tgbot.core.clock import Clock
from tgbot.core.crash import crash_point
from tgbot.core.errors import ExchangeError, ExchangeRejected, NotFound, UserError
from tgbot.core.ids import Ids
from tgbot.core.market import SymbolRule
from tgbot.core.money import ZERO, floor_to
from tgbot.core.orders import OrderSpec, Side, Wait
from tgbot.core.reply import Reply, T
from tgbot.credentials.service import Keys
from tgbot.db.engine import Database
from tgbot.delivery.outbox import Outbox
from tgbot.kucoin.signed import PreparedOrder
from tgbot.markets.prices import Prices
from tgbot.markets.symbols import Symbols
from tgbot.trading import doubts, kinds, standing, store
from tgbot.trading.posting import Posting
from tgbot.trading.reconcile import Reconciler
from tgbot.trading.rounds import Piece, Rounds
from tgbot.trading.rules.amounts import Amount, Unit, spelled
from tgbot.trading.rules.exits import (
    Exits,
    Sent,
    given_up,
    goes_alone,
    is_too_small,
    is_worth_a_part,
    levels,
    may_try,
    plan,
    uncovered,
)
from tgbot.trading.rules.grammar import OrderRequest, PriceWish
from tgbot.trading.rules.settlement import PENDING, UNSETTLED, Misses, State
from tgbot.trading.standing import Standing, StandingExit, held, sent_for
from tgbot.trading.store import Attempt, Intent
from tgbot.trading.terms import no_update
from tgbot.trading.tickets import digest_of
from tgbot.trading.views import exits as views
from tgbot.trading.witness import Witness

log = structlog.get_logger()

LOOK_EVERY = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class _Due:
    """So much of what the entry has bought wants an exit, at these prices."""

    standing: StandingExit
    exits: Exits
    sent: list[Sent]
    size: Decimal
    average: Decimal
    rule: SymbolRule

    @property
    def entry(self) -> Intent:
        return self.standing.entry

    @property
    def is_too_small(self) -> bool:
        return is_too_small(self.size, levels(self.exits, self.average, self.rule), self.rule)

    def request(self, size: Decimal) -> OrderRequest:
        """The same for this size, as a person would ask for it."""
        profit, loss = levels(self.exits, self.average, self.rule)
        return OrderRequest(
            Side.SELL,
            self.rule.symbol,
            spelled(Amount(size, Unit.BASE), self.rule),
            take_profit=PriceWish(level=profit) if profit is not None else None,
            stop_loss=PriceWish(level=loss) if loss is not None else None,
        )


class StandingExits:
    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        ids: Ids,
        keys: Keys,
        prices: Prices,
        symbols: Symbols,
        guards: Guards,
        outbox: Outbox,
        reconciler: Reconciler,
        witness: Witness,
    ) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._keys = keys
        self._prices = prices
        self._symbols = symbols
        self._guards = guards
        self._outbox = outbox
        self._posting = Posting(database, clock, outbox, reconciler, witness, symbols)
        self._rounds = Rounds(clock, LOOK_EVERY, self._pieces)
        self._bare_since: dict[str, float] = {}  # entries of which something has no exit
        reconciler.wake_on_progress(self._rounds.wake)

    async def run(self) -> None:
        """Until cancelled."""
        await self._rounds.run()

    async def look(self) -> None:
        """One round over all exits whose entry has bought something."""
        await self._rounds.once()

    async def _pieces(self, hints: Collection[str], is_round: bool) -> Sequence[Piece]:
        """All of them also between rounds: nobody says which of them has got on."""
        if not self._symbols.is_loaded:
            return []
        async with self._database.read() as session:
            found = await standing.with_fills(session)
        entries = {one.entry.id for one in found}
        self._bare_since = {entry: since for entry, since in self._bare_since.items() if entry in entries}
        return [
            Piece(one.entry.id, one.entry.key_id, partial(self._try_to_serve, one), is_hinted=True) for one in found
        ]

    async def _try_to_serve(self, one: StandingExit) -> None:
        try:
            await self._serve(one)
        except ExchangeError as error:
            log.warning("exit_not_placed", entry=one.entry.id, code=error.code)
            if isinstance(error, ExchangeRejected):
                await self._say_that_it_waits(one, error, error.code[:20])
        except UserError as error:
            # Frozen, or its key is suspended: it goes on living in the bot.
            await self._say_that_it_waits(one, error, error.text.key)

    async def _say_that_it_waits(self, one: StandingExit, error: ExchangeRejected | UserError, why: str) -> None:
        """Once for each reason, and again for what is bought after the next exit."""
        dedup_key = f"exit waits {one.entry.id} {one.revision} {why}"
        await self._say(one.entry, views.waits(one.entry, error), dedup_key)

    async def _serve(self, one: StandingExit) -> None:
        due = await self._due(one)
        if due is None:
            return
        await self._tell_of_profit_left_out(due)
        await self._tell_of_given_up(due)
        is_done = due.entry.state not in PENDING
        if due.size == ZERO:
            self._bare_since.pop(due.entry.id, None)
            if is_done and not any(one.state in UNSETTLED for one in due.sent):
                await self._end(due, Standing.GIVEN_UP if given_up(due.sent) else Standing.DONE, None)
        elif due.is_too_small:
            if is_done:
                await self._end(due, Standing.DONE, views.too_little(due.entry, due.size))
        elif may_try(due.sent, self._clock.now()) and (is_done or self._is_worth_a_part(due)):
            await self._place(due)

    async def _due(self, one: StandingExit) -> _Due | None:
        entry = one.entry
        if entry.exits is None:
            return None
        rule = self._symbols.rule(entry.spec.symbol)
        async with self._database.read() as session:
            so_far = await sent_for(session, entry)
        size = floor_to(uncovered(held(entry), so_far), rule.base_increment)
        return _Due(one, entry.exits, so_far, size, entry.filled_funds / entry.filled_size, rule)

    def _is_worth_a_part(self, due: _Due) -> bool:
        """An order that is still filling brings one fill after another: they are gathered."""
        now = self._clock.monotonic()
        waited = now - self._bare_since.setdefault(due.entry.id, now)
        return is_worth_a_part(due.sent, timedelta(seconds=waited))

    async def _place(self, due: _Due) -> None:
        linked = await self._keys.account_of(due.entry.key_id)
        if linked is None:
            raise NotFound(T("trading.exit_without_key"))
        if linked.spot.wait_for_quota() > 0:
            return  # known beforehand: no try that is in vain
        tick = await self._prices.price(due.rule.symbol)
        spec, wait = plan(due.exits, due.average, due.size, tick, due.rule, without_oco=goes_alone(due.sent))
        await linked.spot.know_the_time()
        prepared = kinds.prepare(linked.spot, self._ids.client_oid(), spec, wait)
        crash_point("C5")
        intent = await self._consume(due, spec, wait, prepared, tick.price)
        if intent is None:
            return
        crash_point("C6")
        await self._posting.send(intent, linked, prepared)

    async def _consume(
        self, due: _Due, spec: OrderSpec, wait: Wait | None, prepared: PreparedOrder, last: Decimal
    ) -> Intent | None:
        """Uses up the right to send an exit for this size; `None` if somebody else has, or it is not wanted any more.
        Raises `NotAllowed`, `Refused` or `NotFound` while nothing may be sent."""
        entry = due.entry
        async with self._database.write() as session:
            await self._keys.require_sound(session, entry.key_id)
            await doubts.require_none(session, entry.key_id, entry.spec.symbol)
            await self._guards.require_thawed(session, person_id=entry.person_id, chat_id=entry.chat_id)
            now = await store.hold(session, entry.id)  # before its rule, as whoever takes a fill over does
            if now is None or now.chat_id != entry.chat_id:
                return None  # its group has moved, and the exit is to be found there
            if not await standing.advance(session, due.standing):
                return None
            if uncovered(held(entry), await sent_for(session, entry)) < due.size:
                return None  # one that had failed has turned up after all
            short = await store.free_short(session, self._ids, entry.person_id)
            intent = self._intent(due, short, spec, wait, last)
            await store.add(session, intent)
            await store.add_attempt(session, _attempt(intent, prepared))
        return intent

    def _intent(self, due: _Due, short: str, spec: OrderSpec, wait: Wait | None, last: Decimal) -> Intent:
        now, entry, unique = self._clock.now(), due.entry, self._ids.unique()
        return Intent(
            id=unique,
            short=short,
            update_id=no_update(unique),
            person_id=entry.person_id,
            chat_id=entry.chat_id,
            key_id=entry.key_id,
            mode=entry.mode,
            request=due.request(due.size).to_text(),
            spec=spec,
            digest=digest_of(entry.key_id, spec, wait, None),
            reference=last,
            value=ZERO,  # its entry has been counted
            is_locked=False,
            state=State.SENT,
            order_id="",
            filled_size=ZERO,
            filled_funds=ZERO,
            fee=ZERO,
            fee_currency="",
            created_at=now,
            expires_at=now,
            changed_at=now,
            wait=wait,
            entry_id=entry.id,
            entry_short=entry.short,
            thread_id=entry.thread_id,
        )

    async def _tell_of_profit_left_out(self, due: _Due) -> None:
        """Once a stop that took the place of a refused OCO has come to be."""
        profit, _ = levels(due.exits, due.average, due.rule)
        refusal = next((one.refusal for one in reversed(due.sent) if one.is_oco and one.is_refused), None)
        if profit is None or refusal is None:
            return
        async with self._database.read() as session:
            stops = await standing.stops_alone(session, due.entry)
        for stop in stops:
            reply = views.profit_left_out(due.entry, stop, profit, refusal)
            await self._say(due.entry, reply, f"exit without profit {stop.id}")

    async def _tell_of_given_up(self, due: _Due) -> None:
        """Once of each size, unless one that had failed has turned up since that was read."""
        for last in given_up(due.sent):
            reply = views.given_up(due.entry, last.size, due.request(last.size))
            dedup_key = f"exit given up {due.entry.id} {last.changed_at.isoformat()}"
            await self._say(due.entry, reply, dedup_key, as_read=due.sent)

    async def _end(self, due: _Due, state: Standing, reply: Reply | None) -> None:
        """Unless more has filled since that was read, or one that had failed has turned up: then the next round looks
        at it anew."""
        async with self._database.write() as session:
            is_as_read = await sent_for(session, due.entry) == due.sent
            if not is_as_read or not await standing.end(session, due.standing, state) or reply is None:
                return
            await self._outbox.put(session, views.notice(due.entry, reply, f"exit {state} {due.entry.id}"))
        self._outbox.wake()

    async def _say(self, entry: Intent, reply: Reply, dedup_key: str, *, as_read: Sequence[Sent] | None = None) -> None:
        """Once; where it follows from what was sent, only while that is so."""
        async with self._database.read() as session:
            if await self._outbox.holds(session, dedup_key):
                return
        async with self._database.write() as session:
            if as_read is not None and await sent_for(session, entry) != as_read:
                return
            await self._outbox.put(session, views.notice(entry, reply, dedup_key))
        self._outbox.wake()


def _attempt(intent: Intent, prepared: PreparedOrder) -> Attempt:
    return Attempt(
        client_oid=prepared.client_oid,
        intent_id=intent.id,
        signed_at=prepared.signed_at,
        deadline=prepared.deadline,
        body_digest=prepared.digest,
        misses=Misses(),
        seen_at=prepared.signed_at,
    )
