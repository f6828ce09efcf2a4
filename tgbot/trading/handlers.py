"""/buy, /sell, /orders, /order, /cancel and every button of a ticket."""

from collections.abc import Sequence

from tgbot.core.errors import LostRace, NotFound, TooLate, UsageError
from tgbot.core.ids import read_short
from tgbot.core.numbers import Ambiguous, DecimalSign, NotANumber, decimal_sign_of, read_number
from tgbot.core.orders import Side
from tgbot.core.people import Person
from tgbot.core.reply import Reply, T, say
from tgbot.core.routing import Answer, Command, Dialogue, Incoming, Press, Route
from tgbot.markets.symbols import Symbols
from tgbot.trading import views
from tgbot.trading.orders import Orders
from tgbot.trading.rules.grammar import OrderRequest, parse_order
from tgbot.trading.rules.settlement import State
from tgbot.trading.sending import Sending
from tgbot.trading.store import Intent
from tgbot.trading.tickets import TYPING, Tickets


class TradingHandlers:
    def __init__(self, tickets: Tickets, sending: Sending, orders: Orders, symbols: Symbols) -> None:
        self._tickets = tickets
        self._sending = sending
        self._orders = orders
        self._symbols = symbols

    def routes(self) -> Sequence[Route]:
        return (
            Command("buy", self.buy, ("b",), trades=True),
            Command("sell", self.sell, ("s",), trades=True),
            Command("orders", self.list_open, ("o",)),
            Command("order", self.show),
            Command("cancel", self.cancel),
            Press("buy", self.buy),
            Press("sell", self.sell),
            Press("ticket_ok", self.confirm),
            Press("ticket_edit", self.edit),
            Press("ticket_drop", self.drop),
            Press("ticket_fresh", self.renew),
            Press("orders", self.list_open),
            Press("order", self.show),
            Press("order_cancel", self.cancel_one),
            Press("other_cancel", self.cancel_other),
            Press("orders_cancel", self.cancel_all),
            Press("close", self.close),
            Dialogue(TYPING, self.unlock),
        )

    async def buy(self, person: Person, incoming: Incoming) -> Answer:
        return await self._trade(person, incoming, Side.BUY)

    async def sell(self, person: Person, incoming: Incoming) -> Answer:
        return await self._trade(person, incoming, Side.SELL)

    async def confirm(self, person: Person, incoming: Incoming) -> Answer:
        intent = await self._tickets.find(person, incoming.args)
        shown = await self._sending.confirm(person, intent, incoming.update_id, incoming.message_id)
        return views.ticket(shown, is_requoted=True) if shown else None

    async def edit(self, person: Person, incoming: Incoming) -> Answer:
        """Gives the ticket up and offers other amounts, all else unchanged."""
        intent = await self._tickets.find(person, incoming.args)
        await self._give_up(intent)
        request = parse_order(intent.spec.side, intent.request, ".")
        options = request.with_amount("").to_text().removeprefix(request.pair).strip()
        return views.choose_amount(request.side, intent.spec.symbol, options, is_new=False)

    async def drop(self, person: Person, incoming: Incoming) -> Answer:
        await self._give_up(await self._tickets.find(person, incoming.args))
        return views.dropped()

    async def renew(self, person: Person, incoming: Incoming) -> Answer:
        """The same request again, at today's price."""
        intent = await self._tickets.find(person, incoming.args)
        request = parse_order(intent.spec.side, intent.request, ".")
        return views.ticket(await self._tickets.prepare(person, request, incoming.update_id, "."))

    async def unlock(self, person: Person, incoming: Incoming) -> Answer:
        """The size, typed once more, of a ticket that is too large for one tap."""
        intent = await self._tickets.typed_for(person)
        if intent is None:
            raise TooLate(T("trading.type_too_late"))
        self._tickets.require_open(intent)
        if not _is_size(incoming.text, intent, decimal_sign_of(person.language)):
            raise UsageError(T.of("trading.type_mismatch", size=views.typed_size(intent.spec)))
        await self._tickets.stop_typing(person)
        await self._tickets.drop(intent, State.REPLACED)
        request = parse_order(intent.spec.side, intent.request, ".")
        return views.ticket(await self._tickets.prepare(person, request, incoming.update_id, ".", is_typed=True))

    async def list_open(self, person: Person, incoming: Incoming) -> Answer:
        pair = self._symbols.read_pair(incoming.args, person.quote).symbol if incoming.args else None
        return views.open_orders(await self._orders.open(person, pair))

    async def show(self, person: Person, incoming: Incoming) -> Answer:
        if not incoming.args:
            return await self.list_open(person, incoming)
        intent = await self._tickets.find(person, incoming.args)
        return views.detail(await self._orders.current(intent))

    async def cancel(self, person: Person, incoming: Incoming) -> Answer:
        """One by its id, all of a pair, or all; without anything, the list to choose from."""
        wanted = incoming.args.strip()
        if not wanted:
            return await self.list_open(person, incoming)
        if wanted.lower() == "all":
            return await self.cancel_all(person, incoming)
        if read_short(wanted) and (intent := await self._find(person, wanted)):
            return views.detail(await self._orders.cancel(intent))
        return await self._cancel_pair(person, self._symbols.read_pair(wanted, person.quote).symbol)

    async def cancel_one(self, person: Person, incoming: Incoming) -> Answer:
        intent = await self._tickets.find(person, incoming.args)
        return views.detail(await self._orders.cancel(intent))

    async def cancel_other(self, person: Person, incoming: Incoming) -> Answer:
        symbol, _, order_id = incoming.args.partition(" ")
        return views.cancelled_other(await self._orders.cancel_other(person, symbol, order_id))

    async def cancel_all(self, person: Person, incoming: Incoming) -> Answer:
        return await self._cancel_pair(person, None)

    async def close(self, person: Person, incoming: Incoming) -> Answer:
        return say("trading.closed")

    async def _trade(self, person: Person, incoming: Incoming, side: Side) -> Answer:
        decimal_sign: DecimalSign = "." if incoming.press_id else decimal_sign_of(person.language)
        request = parse_order(side, incoming.args, decimal_sign)
        if not request.pair:
            return views.choose_pair(side, self._symbols.popular(person.quote))
        if not request.amount:
            return self._ask_amount(person, request, incoming)
        return views.ticket(await self._tickets.prepare(person, request, incoming.update_id, decimal_sign))

    def _ask_amount(self, person: Person, request: OrderRequest, incoming: Incoming) -> Reply:
        rule = self._tickets.rule_for(person, request)
        options = request.to_text().removeprefix(request.pair).strip()
        return views.choose_amount(request.side, rule.symbol, options, is_new=bool(incoming.press_id))

    async def _cancel_pair(self, person: Person, symbol: str | None) -> Reply:
        found = await self._orders.open(person, symbol)
        results = [await self._orders.cancel(intent) for intent in found.ours]
        for order in found.others:
            await self._orders.cancel_other(person, order.symbol, order.order_id)
        return views.cancelled_many(results, len(found.others))

    async def _find(self, person: Person, short: str) -> Intent | None:
        """`None` where the word may be a pair after all."""
        try:
            return await self._tickets.find(person, short)
        except NotFound:
            return None

    async def _give_up(self, intent: Intent) -> None:
        try:
            await self._tickets.drop(intent)
        except LostRace:
            raise TooLate(T.of("trading.already_used", id=intent.short)) from None


def _is_size(text: str, intent: Intent, decimal_sign: DecimalSign) -> bool:
    wanted = intent.spec.funds if intent.spec.funds is not None else intent.spec.size
    try:
        return read_number(text, decimal_sign) == wanted
    except Ambiguous as error:
        return wanted in error.readings
    except NotANumber:
        return False
