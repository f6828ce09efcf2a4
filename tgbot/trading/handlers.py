"""/buy, /sell, /orders, /order, /cancel and every button of a ticket."""

from collections.abc import Sequence

from tgbot.core.desks import LINK_SIGN
from tgbot.core.errors import NotFound
from tgbot.core.ids import read_short
from tgbot.core.numbers import DecimalSign, decimal_sign_of
from tgbot.core.orders import Side
from tgbot.core.people import Person
from tgbot.core.reply import Reply, say
from tgbot.core.routing import Answer, Command, Dialogue, Incoming, Place, Press, Route
from tgbot.markets.symbols import Symbols
from tgbot.trading.amending import Amending
from tgbot.trading.calling_off import call_off
from tgbot.trading.orders import Orders
from tgbot.trading.rules.grammar import OrderRequest, parse_order
from tgbot.trading.rules.settlement import State
from tgbot.trading.sending import Sending
from tgbot.trading.store import Intent
from tgbot.trading.tickets import TYPING, Tickets, request_of
from tgbot.trading.views import lists
from tgbot.trading.views import orders as order_views
from tgbot.trading.views import tickets as ticket_views


class TradingHandlers:
    def __init__(
        self, tickets: Tickets, sending: Sending, orders: Orders, amending: Amending, symbols: Symbols
    ) -> None:
        self._tickets = tickets
        self._sending = sending
        self._orders = orders
        self._amending = amending
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
            Press("order_edit", self.amend),
            Press("order_checked", self.acknowledge),
            Press("order_cancel", self.cancel_one),
            Press("other_cancel", self.cancel_other),
            Press("orders_cancel", self.cancel_all),
            Press("close", self.close, Place.ANYWHERE),
            Dialogue(TYPING, self.unlock),
        )

    async def buy(self, person: Person, incoming: Incoming) -> Answer:
        return await self._trade(person, incoming, Side.BUY)

    async def sell(self, person: Person, incoming: Incoming) -> Answer:
        return await self._trade(person, incoming, Side.SELL)

    async def confirm(self, person: Person, incoming: Incoming) -> Answer:
        intent = await self._tickets.find(person, incoming.args)
        shown = await self._sending.confirm(person, intent, incoming.update_id, incoming.message_id)
        return ticket_views.requoted(shown) if shown else None

    async def edit(self, person: Person, incoming: Incoming) -> Answer:
        """Gives the ticket up and offers other amounts, all else unchanged."""
        intent = await self._tickets.find(person, incoming.args)
        await self._tickets.drop(intent)
        return ticket_views.choose_amount(request_of(intent), self._symbols.rule(intent.spec.symbol), is_new=False)

    async def drop(self, person: Person, incoming: Incoming) -> Answer:
        await self._tickets.drop(await self._tickets.find(person, incoming.args))
        return ticket_views.dropped()

    async def renew(self, person: Person, incoming: Incoming) -> Answer:
        """The same request again, at today's price, for the account in use today; of the rest of an order, what remains
        of it now."""
        intent = await self._tickets.find(person, incoming.args)
        if (ended := await self._amending.ended_before(intent)) is not None:
            return ticket_views.amended(await self._amending.amend(person, ended, incoming.update_id))
        shown = await self._tickets.prepare(person, request_of(intent), incoming.update_id)
        return ticket_views.renewed(shown, intent)

    async def unlock(self, person: Person, incoming: Incoming) -> Answer:
        """The size, typed once more, of a ticket that is too large for one tap."""
        return ticket_views.ticket(await self._tickets.unlock(person, incoming.text))

    async def list_open(self, person: Person, incoming: Incoming) -> Answer:
        pair = self._symbols.read_pair(incoming.args, person.quote).symbol if incoming.args else None
        return lists.open_orders(await self._orders.open(person, pair))

    async def show(self, person: Person, incoming: Incoming) -> Answer:
        if not incoming.args:
            return await self.list_open(person, incoming)
        intent = await self._tickets.find(person, incoming.args)
        return order_views.detail(await self._orders.current(intent))

    async def cancel(self, person: Person, incoming: Incoming) -> Answer:
        """One by its id, all of a pair, or all; without anything, the list to choose from."""
        wanted = incoming.args.strip()
        if not wanted:
            return await self.list_open(person, incoming)
        if wanted.lower() == "all":
            return await self.cancel_all(person, incoming)
        if read_short(wanted) and (intent := await self._find(person, wanted)):
            return await self._cancel(intent)
        pair = self._symbols.read_pair(wanted, person.quote).symbol
        return lists.cancelled_many(await self._orders.cancel_many(person, pair))

    async def amend(self, person: Person, incoming: Incoming) -> Answer:
        """An open order is changed by a new one, after its end."""
        intent = await self._tickets.find(person, incoming.args)
        return ticket_views.amended(await self._amending.amend(person, intent, incoming.update_id))

    async def acknowledge(self, person: Person, incoming: Incoming) -> Answer:
        return order_views.detail(await self._orders.acknowledge(await self._tickets.find(person, incoming.args)))

    async def cancel_one(self, person: Person, incoming: Incoming) -> Answer:
        return await self._cancel(await self._tickets.find(person, incoming.args))

    async def cancel_other(self, person: Person, incoming: Incoming) -> Answer:
        kind, symbol, order_id = (*incoming.args.split(" "), "", "", "")[:3]
        return lists.cancelled_other(symbol, await self._orders.cancel_other(person, kind, symbol, order_id))

    async def cancel_all(self, person: Person, incoming: Incoming) -> Answer:
        return lists.cancelled_many(await self._orders.cancel_many(person))

    async def close(self, person: Person, incoming: Incoming) -> Answer:
        return say("trading.closed")

    async def open_link(self, person: Person, payload: str) -> Answer:
        """`/start` with what `core.desks.trade_link` has made: asks, and does nothing yet."""
        side, _, pair = payload.partition(LINK_SIGN)
        request = parse_order(Side(side), pair, ".")
        if not request.pair:
            return ticket_views.choose_pair(request.side, self._symbols.popular(person.quote))
        return ticket_views.choose_amount(request, self._tickets.rule_for(person, request), is_new=False)

    async def _trade(self, person: Person, incoming: Incoming, side: Side) -> Answer:
        decimal_sign: DecimalSign = "." if incoming.press_id else decimal_sign_of(person.language)
        request = parse_order(side, incoming.args, decimal_sign)
        if not request.pair:
            return ticket_views.choose_pair(side, self._symbols.popular(person.quote))
        if not request.amount:
            return self._ask_amount(person, request, incoming)
        return ticket_views.ticket(await self._tickets.prepare(person, request, incoming.update_id))

    def _ask_amount(self, person: Person, request: OrderRequest, incoming: Incoming) -> Reply:
        rule = self._tickets.rule_for(person, request)
        return ticket_views.choose_amount(request, rule, is_new=bool(incoming.press_id))

    async def _cancel(self, intent: Intent) -> Reply:
        """A ticket is dropped, an order called off."""
        if intent.state is State.TICKET:
            await self._tickets.drop(intent)
            return ticket_views.dropped()
        return await call_off(self._orders, intent, by_group=False)

    async def _find(self, person: Person, short: str) -> Intent | None:
        """`None` where the word may be a pair after all."""
        try:
            return await self._tickets.find(person, short)
        except NotFound:
            return None
