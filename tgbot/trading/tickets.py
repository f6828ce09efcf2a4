"""Tickets: an intent shown for confirmation, of one use, for 60 seconds."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Protocol

from tgbot.core.clock import Clock
from tgbot.core.errors import LostRace, NotFound, TooLate
from tgbot.core.ids import Ids, read_short
from tgbot.core.market import Book, SymbolRule
from tgbot.core.money import ZERO
from tgbot.core.numbers import DecimalSign
from tgbot.core.people import Person
from tgbot.core.reply import Button, T
from tgbot.credentials.service import Keys, Linked
from tgbot.db.engine import Database, ReadSession, WriteSession
from tgbot.intake.store import Dialogues
from tgbot.kucoin.account import SpotAccount
from tgbot.markets.prices import Prices
from tgbot.markets.symbols import Symbols
from tgbot.trading import store
from tgbot.trading.rules.amounts import read_amount
from tgbot.trading.rules.grammar import OrderRequest
from tgbot.trading.rules.settlement import State
from tgbot.trading.rules.ticket import Market, Ticket, decide
from tgbot.trading.store import Intent

VALID_FOR = timedelta(seconds=60)
TYPED_ABOVE = Decimal(1000)  # USDT; the person types the size again above it
TYPING = "ticket_size"
SHORT_TRIES = 20


class BookSource(Protocol):
    async def book(self, symbol: str) -> Book: ...


@dataclass(frozen=True, slots=True)
class Shown:
    """A ticket as stored, and the numbers to show with it."""

    intent: Intent
    ticket: Ticket
    rule: SymbolRule


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
    ) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._keys = keys
        self._symbols = symbols
        self._prices = prices
        self._books = books
        self._dialogues = dialogues

    def rule_for(self, person: Person, request: OrderRequest) -> SymbolRule:
        """Raises `NotFound`, with buttons that ask the same of the nearest pairs."""
        rest = request.to_text().removeprefix(request.pair)

        def offer(symbol: str) -> str:
            data = f"{request.side}:{symbol}{rest}"
            return data if len(data.encode()) <= 64 else f"{request.side}:{symbol}"

        return self._symbols.read_pair(request.pair, person.quote, offer)

    async def prepare(
        self,
        person: Person,
        request: OrderRequest,
        update_id: int,
        decimal_sign: DecimalSign,
        *,
        is_typed: bool = False,
    ) -> Shown:
        """Looks at account and market, decides, stores. Raises `Refused` and its kin, and stores nothing then. The same
        update handled again makes no second ticket. `is_typed`: the person has typed the size of this very request."""
        rule = self.rule_for(person, request)
        linked = await self._keys.account(person)
        market = await self._look(linked.spot, rule)
        ticket = decide(request, read_amount(request, rule, decimal_sign), market)
        value = await self._in_usdt(rule, ticket.funds)
        async with self._database.write() as session:
            known = await store.by_update(session, update_id)
            intent = known or await self._store(
                session, person, linked, request, update_id, ticket, is_locked=value > TYPED_ABOVE and not is_typed
            )
            if intent.is_locked and known is None:
                await self._dialogues.open(session, person.id, TYPING, intent.short, intent.expires_at)
        return Shown(intent, ticket, rule)

    async def find(self, person: Person, short: str) -> Intent:
        """Of this person only: nobody presses another's ticket."""
        canonical = read_short(short)
        async with self._database.read() as session:
            intent = await store.find(session, person.id, canonical) if canonical else None
        if intent is None:
            raise NotFound(T.of("trading.no_such_order", id=short[:12]))
        return intent

    def require_open(self, intent: Intent) -> None:
        """Raises `TooLate` for a ticket that was used, dropped or has run out."""
        if intent.state is not State.TICKET:
            raise TooLate(T.of("trading.already_used", id=intent.short))
        if intent.expires_at <= self._clock.now():
            fresh = Button(T("trading.fresh_ticket"), f"ticket_fresh:{intent.short}")
            raise TooLate(T.of("trading.expired", seconds=int(VALID_FOR.total_seconds())), [[fresh]])

    async def drop(self, intent: Intent, state: State = State.DROPPED) -> None:
        """Raises `LostRace` if it was used in this instant."""
        async with self._database.write() as session:
            if not await store.move(session, intent, {State.TICKET}, state, self._clock.now()):
                raise LostRace(intent.short)

    async def typed_for(self, person: Person) -> Intent | None:
        """The locked ticket whose size this person has been asked to type."""
        async with self._database.read() as session:
            current = await self._dialogues.current(session, person.id, self._clock.now())
            if current is None or current[0] != TYPING:
                return None
            return await store.find(session, person.id, current[1])

    async def stop_typing(self, person: Person) -> None:
        async with self._database.write() as session:
            await self._dialogues.close(session, person.id, TYPING)

    async def _look(self, spot: SpotAccount, rule: SymbolRule) -> Market:
        tick, book, fees, balances = await asyncio.gather(
            self._prices.price(rule.symbol), self._books.book(rule.symbol), spot.fees(rule.symbol), spot.balances()
        )
        free = {balance.currency: balance.available for balance in balances}
        return Market(rule, tick, book, fees, free.get(rule.base, ZERO), free.get(rule.quote, ZERO))

    async def _in_usdt(self, rule: SymbolRule, funds: Decimal) -> Decimal:
        if rule.quote.startswith("USD"):
            return funds
        return funds * (await self._prices.price(f"{rule.quote}-USDT")).price

    async def _store(
        self,
        session: WriteSession,
        person: Person,
        linked: Linked,
        request: OrderRequest,
        update_id: int,
        ticket: Ticket,
        *,
        is_locked: bool,
    ) -> Intent:
        now = self._clock.now()
        intent = Intent(
            id=self._ids.unique(),
            short=await self._free_short(session, person.id),
            update_id=update_id,
            person_id=person.id,
            chat_id=person.id,
            key_id=linked.key_id,
            mode=linked.mode,
            request=request.to_text(),
            spec=ticket.spec,
            digest=_digest(linked.key_id, store.encode_spec(ticket.spec)),
            reference=ticket.reference,
            is_locked=is_locked,
            state=State.TICKET,
            order_id="",
            filled_size=ZERO,
            filled_funds=ZERO,
            fee=ZERO,
            fee_currency="",
            created_at=now,
            expires_at=now + VALID_FOR,
            changed_at=now,
        )
        await store.add(session, intent)
        return intent

    async def _free_short(self, session: ReadSession, person_id: int) -> str:
        for _ in range(SHORT_TRIES):
            short = self._ids.short()
            if await store.find(session, person_id, short) is None:
                return short
        return self._ids.short(8)


def _digest(key_id: str, spec: str) -> str:
    return sha256(f"{key_id}\n{spec}".encode()).hexdigest()
