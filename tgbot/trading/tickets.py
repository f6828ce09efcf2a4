"""Tickets: an intent shown for confirmation, of one use, for 60 seconds."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from hashlib import sha256
from typing import Protocol

from tgbot.accounts.guards.service import Guards
from tgbot.core.clock import Clock
from tgbot.core.errors import NotFound, TooLate, UsageError
from tgbot.core.ids import Ids, read_short
from tgbot.core.market import Book, SymbolRule
from tgbot.core.money import ZERO
from tgbot.core.numbers import decimal_sign_of
from tgbot.core.orders import OrderSpec, Wait
from tgbot.core.people import Person
from tgbot.core.reply import Button, T
from tgbot.credentials.service import Keys, Linked
from tgbot.db.engine import Database, ReadSession, WriteSession
from tgbot.intake.store import Dialogues
from tgbot.kucoin.account import SpotAccount
from tgbot.markets.prices import Prices
from tgbot.markets.symbols import Symbols, show_price
from tgbot.trading import doubts, rests, store
from tgbot.trading.rules.amounts import Amount, in_words, read_amount, repeats, size_to_type
from tgbot.trading.rules.exits import Exits
from tgbot.trading.rules.grammar import BUTTON_BYTES, OrderRequest, parse_order
from tgbot.trading.rules.market import Market
from tgbot.trading.rules.settlement import State
from tgbot.trading.rules.ticket import Ticket, decide, estimate, require_funds
from tgbot.trading.store import Intent
from tgbot.trading.terms import encode_exits, encode_spec, encode_wait

VALID_FOR = timedelta(seconds=60)
TYPING = "ticket_size"


class BookSource(Protocol):
    async def book(self, symbol: str) -> Book: ...


@dataclass(frozen=True, slots=True)
class Shown:
    """A ticket as stored, and the numbers to show with it."""

    intent: Intent
    ticket: Ticket
    rule: SymbolRule
    size_to_type: Amount


@dataclass(frozen=True, slots=True)
class Decided:
    """A request that fits the market; `require_funds` tells whether the account can pay for it. `value` is USDT, `None`
    where nothing tells it."""

    request: OrderRequest
    linked: Linked
    market: Market
    ticket: Ticket
    value: Decimal | None

    def require_funds(self) -> None:
        """Raises `Refused`, with what the account has."""
        require_funds(self.request, self.ticket, self.market)


class Tickets:
    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        ids: Ids,
        keys: Keys,
        symbols: Symbols,
        prices: Prices,
        books: BookSource,
        dialogues: Dialogues,
        guards: Guards,
    ) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._keys = keys
        self._symbols = symbols
        self._prices = prices
        self._books = books
        self._dialogues = dialogues
        self._guards = guards

    def rule_for(self, person: Person, request: OrderRequest) -> SymbolRule:
        """Raises `NotFound`, with buttons that ask the same of the nearest pairs; where the same is too long for a
        button, they show the price: an order that lost its price or its options on the way is another order."""
        rest = request.to_text().removeprefix(request.pair)

        def offer(symbol: str) -> str:
            data = f"{request.side}:{symbol}{rest}"
            return data if len(data.encode()) <= BUTTON_BYTES else show_price(symbol)

        return self._symbols.read_pair(request.pair, person.quote, offer)

    async def prepare(
        self,
        person: Person,
        request: OrderRequest,
        update_id: int,
        *,
        replaced: Intent | None = None,
        rest_of: Intent | None = None,
    ) -> Shown:
        """Looks at account and market, decides, stores. Raises `Refused` and its kin, and stores nothing then. The same
        update handled again makes no second ticket. `replaced` is given up in the same transaction; raises `TooLate` if
        it was used in this instant. `rest_of` is the order of which this is what remains; raises `LostRace` if more of
        it has filled in this instant."""
        async with self._database.read() as session:
            known = await store.by_update(session, update_id)
        if known is not None:
            return await self.show(known)
        decided = await self.decide(person, await self._keys.account(person), request)
        decided.require_funds()
        is_locked = _must_be_typed(person.typed_above, decided.ticket, decided.value, replaced)
        async with self._database.write() as session:
            # The key first, as whoever confirms: in another order two processes could wait for each other.
            await self._keys.require_sound(session, decided.linked.key_id)
            ended = rest_of.id if rest_of is not None else replaced.rest_of if replaced is not None else None
            if ended is not None:
                await rests.hold(session, ended, rest_of)
            if replaced is not None:
                await self._drop(session, replaced, State.REPLACED)
            intent = await self._store(session, person, decided, update_id, is_locked=is_locked, rest_of=ended)
            await self.require_within_guards(session, intent)
            if intent.is_locked:
                await self._dialogues.open(session, person.id, TYPING, intent.short, intent.expires_at)
        ticket, rule = decided.ticket, decided.market.rule
        return Shown(intent, ticket, rule, size_to_type(decided.request, ticket.spec, rule))

    async def decide(self, person: Person, linked: Linked, request: OrderRequest) -> Decided:
        """What `person` asks for, on that account, in the market of now, whether or not the account can pay for it.
        Raises `Refused` and its kin."""
        rule = self.rule_for(person, request)
        request = replace(request, pair=rule.symbol)
        market = await self._look(linked.spot, rule)
        ticket = decide(request, read_amount(request, rule), market)
        return Decided(request, linked, market, ticket, await self.in_usdt(rule.quote, ticket.funds))

    async def show(self, intent: Intent) -> Shown:
        """The ticket as it is stored, at the prices of now."""
        rule = self._symbols.rule(intent.spec.symbol)
        linked = await self._keys.account_of(intent.key_id)
        if linked is None:
            raise TooLate(T("trading.account_gone"))
        market = await self._look(linked.spot, rule)
        size = size_to_type(request_of(intent), intent.spec, rule)
        return Shown(intent, estimate(intent.spec, market, intent.wait), rule, size)

    async def unlock(self, person: Person, text: str) -> Shown:
        """The size of a large order, typed once more: from now on the very same ticket can be confirmed, for its full
        time. Raises `TooLate` if there is no such ticket any more, and `UsageError` for another size."""
        intent = await self._awaited(person)
        self.require_open(intent)
        rule = self._symbols.rule(intent.spec.symbol)
        size = size_to_type(request_of(intent), intent.spec, rule)
        if not repeats(text, size, rule, decimal_sign_of(person.language)):
            raise UsageError(T.of("trading.type_mismatch", size=in_words(size, rule)))
        expires_at = self._clock.now() + VALID_FOR
        async with self._database.write() as session:
            if not await store.unlock(session, intent, expires_at):
                raise TooLate(T.of("trading.already_used", id=intent.short))
            await self._dialogues.close(session, person.id, TYPING)
        return await self.show(replace(intent, is_locked=False, expires_at=expires_at))

    async def find(self, person: Person, short: str) -> Intent:
        """Of this person only: nobody presses another's ticket."""
        canonical = read_short(short)
        async with self._database.read() as session:
            intent = await store.find(session, person.id, canonical) if canonical else None
        if intent is None:
            raise NotFound(T.of("trading.no_such_order", id=short[:12]))
        return intent

    def require_open(self, intent: Intent) -> None:
        """Raises `TooLate` for a ticket that was used, dropped or has run out. A clock that was put back may not
        lengthen its life, so one from the future has run out too."""
        if intent.state in {State.DROPPED, State.REPLACED}:
            raise TooLate(T.of("trading.already_dropped", id=intent.short))
        if intent.state in {State.VOID, State.OVERTAKEN}:
            raise TooLate(T.of(f"trading.ticket_{intent.state}", id=intent.short), [[fresh_button(intent)]])
        if intent.state is not State.TICKET:
            raise TooLate(T.of("trading.already_used", id=intent.short))
        if not intent.created_at <= self._clock.now() < intent.expires_at:
            raise TooLate(T.of("trading.expired", seconds=int(VALID_FOR.total_seconds())), [[fresh_button(intent)]])

    async def drop(self, intent: Intent) -> None:
        """Raises `TooLate` if it was used before."""
        async with self._database.write() as session:
            await self._drop(session, intent, State.DROPPED)

    async def too_late(self, session: WriteSession, intent: Intent) -> TooLate:
        """Why a ticket that was open a moment ago is not any more."""
        try:
            self.require_open(await store.by_id(session, intent.id) or intent)
        except TooLate as error:
            return error
        return TooLate(T.of("trading.already_used", id=intent.short))

    async def _drop(self, session: WriteSession, intent: Intent, state: State) -> None:
        if not await store.move(session, intent, {State.TICKET}, state, self._clock.now()):
            raise await self.too_late(session, intent)
        if await self._dialogues.current(session, intent.person_id, self._clock.now()) == (TYPING, intent.short):
            await self._dialogues.close(session, intent.person_id, TYPING)

    async def _awaited(self, person: Person) -> Intent:
        """The locked ticket whose size this person has been asked to type."""
        async with self._database.read() as session:
            current = await self._dialogues.current(session, person.id, self._clock.now())
            intent = await store.find(session, person.id, current[1]) if current and current[0] == TYPING else None
        if intent is None:
            raise TooLate(T("trading.type_too_late"))
        return intent

    async def require_allowed(self, session: WriteSession, intent: Intent) -> None:
        """Its key is sound, and it is neither frozen nor beyond a limit, until the session ends; raises `NotAllowed`,
        `Refused` or `NotFound`."""
        await self._keys.require_sound(session, intent.key_id)
        await self.require_within_guards(session, intent)

    async def require_within_guards(self, session: WriteSession, intent: Intent) -> None:
        """Neither frozen nor beyond a limit of its owner, and no order of its pair is in doubt for good; raises
        `NotAllowed` or `Refused`."""
        await doubts.require_none(session, intent.key_id, intent.spec.symbol)
        await self._guards.require(
            session,
            person_id=intent.person_id,
            chat_id=intent.chat_id,
            symbol=intent.spec.symbol,
            value=intent.value,
            spent=partial(store.spent, person_id=intent.person_id, mode=intent.mode),
        )

    async def _look(self, spot: SpotAccount, rule: SymbolRule) -> Market:
        tick, book, fees, balances = await asyncio.gather(
            self._prices.price(rule.symbol), self._books.book(rule.symbol), spot.fees(rule.symbol), spot.balances()
        )
        free = {balance.currency: balance.available for balance in balances}
        return Market(rule, tick, book, fees, free.get(rule.base, ZERO), free.get(rule.quote, ZERO))

    async def in_usdt(self, quote: str, funds: Decimal) -> Decimal | None:
        """What so much of it is worth now, where a price tells that. Raises `ExchangeError`."""
        if quote.startswith("USD"):
            return funds
        if self._symbols.knows(f"{quote}-USDT"):
            return funds * (await self._prices.price(f"{quote}-USDT")).price
        if self._symbols.knows(f"USDT-{quote}"):
            return funds / (await self._prices.price(f"USDT-{quote}")).price
        return None

    async def _store(
        self,
        session: WriteSession,
        person: Person,
        decided: Decided,
        update_id: int,
        *,
        is_locked: bool,
        rest_of: str | None,
    ) -> Intent:
        now = self._clock.now()
        intent = await self.new_intent(session, decided, person.id, update_id, State.TICKET, now + VALID_FOR)
        intent = replace(intent, is_locked=is_locked, rest_of=rest_of)
        await store.add(session, intent)
        return intent

    async def new_intent(
        self,
        session: ReadSession,
        decided: Decided,
        person_id: int,
        update_id: int,
        state: State,
        expires_at: datetime,
    ) -> Intent:
        """Not stored yet. Its chat is the private one."""
        ticket, now = decided.ticket, self._clock.now()
        return Intent(
            id=self._ids.unique(),
            short=await store.free_short(session, self._ids, person_id),
            update_id=update_id,
            person_id=person_id,
            chat_id=person_id,
            key_id=decided.linked.key_id,
            mode=decided.linked.mode,
            request=decided.request.to_text(),
            spec=ticket.spec,
            digest=digest_of(decided.linked.key_id, ticket.spec, ticket.wait, ticket.exits),
            reference=ticket.reference,
            value=decided.value,
            is_locked=False,
            state=state,
            order_id="",
            filled_size=ZERO,
            filled_funds=ZERO,
            fee=ZERO,
            fee_currency="",
            created_at=now,
            expires_at=expires_at,
            changed_at=now,
            wait=ticket.wait,
            exits=ticket.exits,
        )


def _must_be_typed(above: Decimal, ticket: Ticket, value: Decimal | None, replaced: Intent | None) -> bool:
    """The size of a large order, once: not again for a ticket that only replaces one of the same size."""
    if not _is_large(value, above):
        return False
    if replaced is None or replaced.is_locked:
        return True
    before, now = replaced.spec, ticket.spec
    return (before.size, before.funds) != (now.size, now.funds) or not _is_large(replaced.value, above)


def _is_large(value: Decimal | None, above: Decimal) -> bool:
    """Also where nothing tells what it is worth."""
    return value is None or value > above


def request_of(intent: Intent) -> OrderRequest:
    """What the person asked for."""
    return parse_order(intent.spec.side, intent.request, ".")


def fresh_button(intent: Intent) -> Button:
    """Asks for the same again, at the price of then."""
    return Button(T("trading.fresh_ticket"), f"ticket_fresh:{intent.short}")


def digest_of(key_id: str, spec: OrderSpec, wait: Wait | None, exits: Exits | None) -> str:
    """Of the order as it would be sent, what it waits for, what sells it again, and the account."""
    parts = (key_id, encode_spec(spec), encode_wait(wait), encode_exits(exits))
    return sha256("\n".join(part for part in parts if part is not None).encode()).hexdigest()
