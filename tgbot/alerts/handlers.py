"""/alert, /alerts, and every button of an alert."""

from collections.abc import Sequence
from dataclasses import replace

from tgbot.alerts import questions, views
from tgbot.alerts.drafts import DRAFT, Drafts
from tgbot.alerts.rules.request import AlertRequest, completed, read_request
from tgbot.alerts.service import Alerts
from tgbot.core.errors import NotAllowed, NotFound, TooLate, UsageError
from tgbot.core.market import SymbolRule
from tgbot.core.numbers import DecimalSign, decimal_sign_of
from tgbot.core.people import Person
from tgbot.core.reply import Reply, T, say
from tgbot.core.routing import Answer, Command, Dialogue, Incoming, Press, Route
from tgbot.markets.symbols import Symbols

PAIRS_OFFERED = 6


class AlertsHandlers:
    """A question is answered in place by its buttons. Only what *Alert* under a price asks is a message of its own."""

    def __init__(self, alerts: Alerts, drafts: Drafts, symbols: Symbols) -> None:
        self._alerts = alerts
        self._drafts = drafts
        self._symbols = symbols

    def routes(self) -> Sequence[Route]:
        return (
            Command("alert", self.set),
            Command("alerts", self.show_list),
            Dialogue(DRAFT, self.complete),
            Press("alert", self.begin),
            Press("alert_on", self.set),
            Press("alert_noted", self.set_noted),
            Press("alert_drop", self.drop),
            Press("alerts", self.show_list),
            Press("alert_pause", self.pause),
            Press("alert_arm", self.arm),
            Press("alert_move", self.move),
            Press("alert_delete", self.delete),
        )

    async def set(self, person: Person, incoming: Incoming) -> Answer:
        """`/alert …`, and buttons that say as much."""
        return await self._set(person, incoming, read_request(incoming.args, _sign(person, incoming)))

    async def begin(self, person: Person, incoming: Incoming) -> Answer:
        """*Alert* on a price card."""
        return replace(await self._set(person, incoming, read_request(incoming.args, ".")), is_new=True)

    async def complete(self, person: Person, incoming: Incoming) -> Answer:
        """What was typed in answer to a question."""
        draft = await self._drafts.current(person.id)
        if draft is None:
            raise TooLate(T("alerts.draft_gone"))
        return await self._set(person, incoming, completed(draft, incoming.text, _sign(person, incoming)))

    async def set_noted(self, person: Person, incoming: Incoming) -> Answer:
        """A button that had no room for the note."""
        request = read_request(incoming.args, ".")
        draft = await self._drafts.current(person.id)
        if draft is None or not draft.note or draft.pair not in {"", request.pair}:
            raise TooLate(T("alerts.draft_gone"))
        return await self._set(person, incoming, replace(request, note=draft.note))

    async def drop(self, person: Person, incoming: Incoming) -> Answer:
        await self._drafts.drop(person.id)
        return say("alerts.dropped")

    async def show_list(self, person: Person, incoming: Incoming) -> Answer:
        return await self._page(person, incoming, incoming.args)

    async def pause(self, person: Person, incoming: Incoming) -> Answer:
        short, _, page = incoming.args.partition(" ")
        alert = await self._alerts.pause(incoming.chat_id, short)
        return await self._page(person, incoming, page) if page else views.card(alert, None)

    async def arm(self, person: Person, incoming: Incoming) -> Answer:
        short, _, page = incoming.args.partition(" ")
        alert, tick = await self._alerts.arm(incoming.chat_id, short)
        return await self._page(person, incoming, page) if page else views.card(alert, tick.price)

    async def move(self, person: Person, incoming: Incoming) -> Answer:
        """Arm a fired one again, a per cent away from the present price."""
        short, _, step = incoming.args.partition(" ")
        alert = await self._alerts.find(incoming.chat_id, short)
        request = read_request(f"{alert.symbol} {step}", ".")
        if not request.is_complete:
            raise UsageError(T.of("alerts.unknown_word", word=step))
        alert, tick = await self._alerts.move(incoming.chat_id, short, request, self._symbols.rule(alert.symbol))
        return views.card(alert, tick.price)

    async def delete(self, person: Person, incoming: Incoming) -> Answer:
        short, _, page = incoming.args.partition(" ")
        alert = await self._alerts.delete(incoming.chat_id, short)
        return await self._page(person, incoming, page) if page else views.card(alert, None)

    async def _set(self, person: Person, incoming: Incoming, request: AlertRequest) -> Reply:
        if not incoming.is_private:
            raise NotAllowed(T("intake.private_only"))
        if not request.pair:
            await self._drafts.keep(person.id, request)
            return questions.which_pair(request, await self._offered_pairs(person, incoming.chat_id))
        rule = await self._read_pair(person, request)
        request = replace(request, pair=rule.symbol)
        if not request.is_complete:
            await self._drafts.keep(person.id, request)
            return await self._ask(rule, request)
        alert, tick = await self._alerts.set(
            update_id=incoming.update_id, chat_id=incoming.chat_id, person_id=person.id, rule=rule, request=request
        )
        await self._drafts.drop(person.id)
        return views.card(alert, tick.price)

    async def _read_pair(self, person: Person, request: AlertRequest) -> SymbolRule:
        def offer(symbol: str) -> str:
            return questions.go_on_with(replace(request, pair=symbol))

        try:
            return self._symbols.read_pair(request.pair, person.quote, offer)
        except NotFound:
            await self._drafts.keep(person.id, replace(request, pair=""))
            raise

    async def _ask(self, rule: SymbolRule, request: AlertRequest) -> Reply:
        if len(request.levels) > 1:
            return questions.which_number(request)
        price = await self._alerts.price(rule.symbol)
        if request.levels:
            return questions.which_way(request, price)
        return questions.which_level(request, price, rule.price_increment)

    async def _offered_pairs(self, person: Person, chat_id: int) -> list[str]:
        recent = await self._alerts.recent_symbols(chat_id, PAIRS_OFFERED)
        popular = self._symbols.popular(person.quote, PAIRS_OFFERED)
        return list(dict.fromkeys([*recent, *popular]))[:PAIRS_OFFERED]

    async def _page(self, person: Person, incoming: Incoming, number: str) -> Reply:
        alerts, prices = await self._alerts.listed(incoming.chat_id)
        if not alerts:
            return questions.none_yet(await self._offered_pairs(person, incoming.chat_id))
        return views.page(alerts, prices, int(number) if number.isdecimal() else 1)


def _sign(person: Person, incoming: Incoming) -> DecimalSign:
    """Buttons always carry a decimal point."""
    return "." if incoming.press_id else decimal_sign_of(person.language)
