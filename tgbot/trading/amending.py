"""Changing an open order: it is cancelled, that is confirmed, and only then there is a ticket for what remains."""

from contextlib import suppress
from dataclasses import dataclass, replace

from tgbot.accounts.guards.service import Guards
from tgbot.core.crash import crash_point
from tgbot.core.errors import LostRace, Refused, TooLate, UserError
from tgbot.core.money import ZERO
from tgbot.core.orders import Side
from tgbot.core.people import Person
from tgbot.core.reply import T
from tgbot.credentials.service import Keys
from tgbot.db.engine import Database
from tgbot.markets.symbols import Symbols
from tgbot.trading import doubts, rests, store
from tgbot.trading.orders import Orders
from tgbot.trading.rules.amounts import Amount, Unit, spelled
from tgbot.trading.rules.grammar import OrderRequest, PriceWish
from tgbot.trading.rules.settlement import State
from tgbot.trading.store import Intent
from tgbot.trading.tickets import Shown, Tickets, request_of

CAME_TO_NOTHING = frozenset(
    {State.DROPPED, State.REPLACED, State.VOID, State.OVERTAKEN, State.NOT_SENT, State.REJECTED}
)


@dataclass(frozen=True, slots=True)
class Amended:
    """What became of the old order; the ticket for the rest of it, or why there is none."""

    old: Intent
    request: OrderRequest | None = None
    shown: Shown | None = None
    refusal: UserError | None = None


class Amending:
    def __init__(
        self, *, database: Database, keys: Keys, guards: Guards, symbols: Symbols, orders: Orders, tickets: Tickets
    ) -> None:
        self._database = database
        self._keys = keys
        self._guards = guards
        self._symbols = symbols
        self._orders = orders
        self._tickets = tickets

    async def amend(self, person: Person, intent: Intent, update_id: int) -> Amended:
        """Never are both the old order and the right to send a new one alive: while KuCoin has not confirmed the end of
        the old one, there is no ticket. Raises `TooLate`, `Refused` or `NotAllowed`, and cancels nothing, where there
        could be none anyway."""
        await self._require_replaceable(person, intent)
        old = await self._orders.cancel(intent)
        crash_point("C14 ended")
        request = self._rest_of(old)
        if old.state is not State.CANCELLED or request is None:
            return Amended(old)
        if (before := await self._successor(old)) is not None:
            return Amended(old, request, before)
        try:
            return Amended(old, request, await self._tickets.prepare(person, request, update_id, rest_of=old))
        except LostRace:
            return await self.amend(person, await self._again(old), update_id)
        except UserError as error:
            return Amended(old, request, refusal=error)

    async def ended_before(self, intent: Intent) -> Intent | None:
        """The order of which this was to send the rest, if it has not: what remains of it now is another question."""
        if intent.rest_of is None or intent.state not in CAME_TO_NOTHING | {State.TICKET}:
            return None
        async with self._database.read() as session:
            return await store.by_id(session, intent.rest_of)

    async def _successor(self, old: Intent) -> Shown | None:
        """The ticket that another tap has brought already. Raises `TooLate` if one was used: the rest of an order is
        sent once."""
        async with self._database.read() as session:
            found = [one for one in await rests.of_order(session, old) if one.state not in CAME_TO_NOTHING]
        for one in found:
            if one.state is not State.TICKET:
                raise TooLate(T.of("trading.already_used", id=one.short))
        for one in found:
            with suppress(TooLate):  # it has run out
                self._tickets.require_open(one)
                return await self._tickets.show(one)
        return None

    async def _again(self, old: Intent) -> Intent:
        async with self._database.read() as session:
            return await store.by_id(session, old.id) or old

    async def _require_replaceable(self, person: Person, intent: Intent) -> None:
        if intent.is_of_a_group:
            raise Refused(T("trading.group_order_not_edited"))
        if (await self._keys.account(person)).key_id != intent.key_id:
            raise TooLate(T("trading.order_of_other_account"))
        async with self._database.read() as session:
            await doubts.require_none(session, intent.key_id, intent.spec.symbol)
            await self._guards.require_thawed(session, person_id=intent.person_id, chat_id=intent.chat_id)

    def _rest_of(self, old: Intent) -> OrderRequest | None:
        rule, spec = self._symbols.rule(old.spec.symbol), old.spec
        if spec.size is not None:
            rest = Amount(spec.size - old.filled_size, Unit.BASE)
        else:
            rest = Amount((spec.funds or ZERO) - old.filled_funds, Unit.QUOTE)
        return _pinned(old).with_amount(spelled(rest, rule)) if rest.value > ZERO else None


def _pinned(old: Intent) -> OrderRequest:
    """What was asked for, at the prices that it had come to: the market of now would make it another order."""
    request = request_of(old)
    price = PriceWish(level=old.spec.price) if old.spec.price is not None else None
    trigger = PriceWish(level=old.wait.price) if old.wait is not None else None
    is_exit = request.side is Side.SELL
    return replace(
        request,
        price=request.price and price,
        stop=request.stop and trigger,
        take_profit=request.take_profit and (price if is_exit else request.take_profit),
        stop_loss=request.stop_loss and (trigger if is_exit else request.stop_loss),
    )
