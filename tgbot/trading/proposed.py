"""Orders that a group decides on: frozen when they are proposed, sent when the group has given its word."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from tgbot.core.clock import Clock
from tgbot.core.crash import crash_point
from tgbot.core.desks import Draft, Judge, Lent, OrderAsked
from tgbot.core.errors import NotAllowed, NotFound, Refused, TooLate
from tgbot.core.ids import Ids
from tgbot.core.money import HUNDRED, ONE, ZERO
from tgbot.core.reply import Reply, T
from tgbot.credentials.service import Keys, Linked
from tgbot.db.engine import Database, ReadSession, WriteSession
from tgbot.kucoin.signed import PreparedOrder
from tgbot.markets.prices import Prices
from tgbot.markets.symbols import Symbols
from tgbot.trading import doubts, kinds, store
from tgbot.trading.calling_off import call_off
from tgbot.trading.orders import Orders
from tgbot.trading.rules.amounts import Unit, read_amount
from tgbot.trading.rules.conditions import is_reached
from tgbot.trading.rules.grammar import OrderRequest, parse_order
from tgbot.trading.rules.settlement import DONE, GIVEN_UP, PENDING, State
from tgbot.trading.rules.ticket import reference_of
from tgbot.trading.sending import Sending
from tgbot.trading.store import Intent
from tgbot.trading.tickets import Decided, Tickets, digest_of
from tgbot.trading.views import proposed as views
from tgbot.trading.views import tickets as ticket_views

HoldBack = Callable[[WriteSession, Intent], Awaitable[None]]


class ReadyOrder:
    """An order that only lacks the group's word; what `intent` says it is worth is what it is worth now. `drift` is how
    far the market has moved since it was proposed, in per cent, whichever way."""

    def __init__(
        self, drift: Decimal, intent: Intent, linked: Linked, client_oid: str, hold_back: HoldBack, sending: Sending
    ) -> None:
        self.drift = drift
        self.value = intent.value
        self._intent = intent
        self._linked = linked
        self._client_oid = client_oid
        self._hold_back = hold_back
        self._sending = sending
        self._prepared: PreparedOrder | None = None

    async def grant(self, session: WriteSession) -> None:
        """Uses up the right to send, in the transaction that counts the votes. Raises `UserError`."""
        crash_point("C5")
        await self._hold_back(session, self._intent)
        # Signed here and not before: its life is a few seconds, and Telegram was asked in between.
        intent = self._intent
        self._prepared = kinds.prepare(self._linked.spot, self._client_oid, intent.spec, intent.wait)
        await self._sending.use_up(session, self._intent, self._prepared, State.PROPOSED)
        await store.note_value(session, self._intent)

    async def carry_out(self) -> None:
        """Once that is committed: the one POST. What came of it is told in the group."""
        if self._prepared is not None:
            await self._sending.send(self._intent, self._linked, self._prepared)


class ProposedOrders:
    """What approvals decide on, as far as they need to know of it. An order here has a state of its own: the path of a
    private ticket cannot send it."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        ids: Ids,
        keys: Keys,
        symbols: Symbols,
        prices: Prices,
        tickets: Tickets,
        sending: Sending,
        sent: Orders,
    ) -> None:
        self._sent = sent
        self._database = database
        self._clock = clock
        self._ids = ids
        self._keys = keys
        self._symbols = symbols
        self._prices = prices
        self._tickets = tickets
        self._sending = sending

    async def prepare(self, asked: OrderAsked, judge: Judge) -> Draft | Reply:
        """Frozen and stored, though nobody can send it yet; a question where a part is missing. The same update makes
        no second one. Raises `Refused` and its kin, and stores nothing then. Whether the account can pay for it is told
        only of what would be allowed: else the refusals would measure it, without a proposal."""
        request = parse_order(asked.side, asked.text, asked.decimal_sign)
        if not request.pair:
            return ticket_views.choose_pair(asked.side, self._symbols.popular(asked.proposer.quote))
        if not request.amount:
            return views.choose_amount(request, self._tickets.rule_for(asked.proposer, request))
        self._require_no_share(asked, request)
        async with self._database.read() as session:
            known = await store.by_update(session, asked.update_id)
        return _draft(known if known is not None else await self._freeze(asked, request, judge))

    async def draft(self, session: ReadSession, subject_id: str) -> Draft | None:
        """As it is stored now."""
        intent = await store.by_id(session, subject_id)
        return _draft(intent) if intent is not None else None

    async def find_order(self, session: ReadSession, lent: Lent, short: str) -> str | None:
        """One that was sent for this group with the account that it is lent now, whatever has become of it: an exit
        that was refused may be sent once more, and one in doubt may be there. What was sent goes on with the account's
        next key, while the loan names the key that was lent: nothing new is sent with another."""
        intent = await store.find(session, lent.treasurer_id, short)
        if intent is None or intent.chat_id != lent.chat_id or intent.state not in PENDING | DONE | GIVEN_UP:
            return None
        is_of_account = await self._keys.are_of_one_account(session, intent.key_id, lent.key_id)
        return intent.id if is_of_account else None

    async def cancel(self, subject_id: str) -> Reply:
        """Says what has become of it. Raises `NotFound` and `ExchangeError`."""
        async with self._database.read() as session:
            intent = await store.by_id(session, subject_id)
        if intent is None:
            raise NotFound(T.of("trading.no_such_order", id=""))
        return await call_off(self._sent, intent, by_group=True)

    async def spent(self, session: ReadSession, chat_id: int, since: datetime) -> Decimal:
        """What the orders of this group since then are worth, in USDT."""
        return await store.spent_in(session, chat_id, since)

    async def make_ready(self, subject_id: str) -> ReadyOrder:
        """All that has to be asked beforehand. Raises `TooLate` and `ExchangeError`."""
        async with self._database.read() as session:
            intent = await store.by_id(session, subject_id)
        linked = await self._keys.account_of(intent.key_id) if intent is not None else None
        if intent is None or linked is None:
            raise TooLate(T("trading.desk_unusable"))
        tick = await self._prices.price(intent.spec.symbol)
        if intent.wait is not None and is_reached(intent.spec, intent.wait, tick.price):
            raise TooLate(T.of("trading.trigger_passed", price=intent.wait.price))
        now = reference_of(intent.spec, intent.wait, tick)
        await linked.spot.know_the_time()
        drift = abs(now - intent.reference) / intent.reference * HUNDRED
        intent = replace(intent, value=await self._worth(intent, now))
        return ReadyOrder(drift, intent, linked, self._ids.client_oid(), self._require_allowed, self._sending)

    async def drop(self, session: WriteSession, subject_id: str) -> None:
        """It will never be sent."""
        intent = await store.by_id(session, subject_id)
        if intent is not None:
            await store.move(session, intent, {State.PROPOSED}, State.DROPPED, self._clock.now())

    async def move(self, session: WriteSession, old_chat_id: int, new_chat_id: int) -> None:
        """The group became a supergroup."""
        await store.move_chat(session, old_chat_id, new_chat_id)

    async def _worth(self, intent: Intent, now: Decimal) -> Decimal | None:
        """In USDT, and at least as much as the group has read. What an amount of coins comes to at the market is not
        known before it is sent, and what the quote is worth goes on moving as well."""
        if intent.value is None:
            return None
        spec, quote = intent.spec, intent.spec.symbol.split("-")[1]
        is_at_market = spec.size is not None and spec.price is None and intent.wait is None
        moved = now / intent.reference if is_at_market else ONE
        price = spec.price or (intent.wait.price if intent.wait else now)
        funds = spec.funds or (spec.size or ZERO) * price
        return max(intent.value, intent.value * moved, await self._tickets.in_usdt(quote, funds) or ZERO)

    def _require_no_share(self, asked: OrderAsked, request: OrderRequest) -> None:
        """The size of a quarter of what is free tells everybody what is free."""
        rule = self._tickets.rule_for(asked.proposer, request)
        if read_amount(request, rule).unit is Unit.PERCENT:
            raise Refused(T("trading.desk_no_share"))

    async def _freeze(self, asked: OrderAsked, request: OrderRequest, judge: Judge) -> Intent:
        lent = asked.lent
        linked = await self._keys.account_of(lent.key_id)
        if linked is None:
            raise Refused(T("trading.desk_unusable"))
        decided = await self._tickets.decide(asked.proposer, linked, request)
        await judge(decided.market.rule.symbol, decided.value)
        async with self._database.write() as session:
            intent = await self._tickets.new_intent(
                session, decided, lent.treasurer_id, asked.update_id, State.PROPOSED, asked.until
            )
            intent = replace(intent, chat_id=lent.chat_id, thread_id=lent.thread_id)
            await self._require_allowed(session, intent)
            _require_funds(decided)
            await store.add(session, intent)
        return intent

    async def _require_allowed(self, session: WriteSession, intent: Intent) -> None:
        """Key, freezes and limits are those of the account's owner; the group hears no more than that they hold it.
        That a backup was put back is no secret."""
        await doubts.require_searched(session, intent.key_id)
        try:
            await self._keys.require_sound(session, intent.key_id)
        except (NotFound, Refused) as error:
            raise Refused(T("trading.desk_unusable")) from error
        try:
            await self._tickets.require_within_guards(session, intent)
        except NotAllowed as error:
            raise NotAllowed(T("trading.desk_frozen")) from error
        except Refused as error:
            raise Refused(T("trading.desk_limited")) from error


def _require_funds(decided: Decided) -> None:
    """How much the account holds is not for the group."""
    try:
        decided.require_funds()
    except Refused as error:
        raise Refused(T("trading.desk_no_funds")) from error


def _draft(intent: Intent) -> Draft:
    """Its digest is made from what would be sent, whatever the row says of it."""
    return Draft(
        subject_id=intent.id,
        short=intent.short,
        digest=digest_of(intent.key_id, intent.spec, intent.wait, intent.exits),
        pair=intent.spec.symbol,
        value=intent.value,
        reference=intent.reference,
        until=intent.expires_at,
        lines=views.lines(intent),
    )
