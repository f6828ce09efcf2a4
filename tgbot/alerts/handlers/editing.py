"""What changes an alert that is there: *Edit*, the answers to what it asks, and a per cent more or less."""

from collections.abc import Sequence
from dataclasses import replace

from tgbot.alerts import questions, views
from tgbot.alerts.drafts import EDIT, Drafts
from tgbot.alerts.groups import RequireAdmin, by_admins
from tgbot.alerts.handlers.typed import sign_of, unknown
from tgbot.alerts.rules.answers import answered, seal
from tgbot.alerts.rules.conditions import SIGNS
from tgbot.alerts.rules.request import AlertRequest, completed, read_request
from tgbot.alerts.service import Alerts
from tgbot.core.errors import TooLate
from tgbot.core.people import Person
from tgbot.core.reply import Reply, T, say
from tgbot.core.routing import Answer, Dialogue, Incoming, Place, Press, Route
from tgbot.markets.symbols import Symbols


class EditingHandlers:
    def __init__(self, alerts: Alerts, drafts: Drafts, symbols: Symbols, require_admin: RequireAdmin) -> None:
        self._alerts = alerts
        self._drafts = drafts
        self._symbols = symbols
        self._require_admin = require_admin

    def routes(self) -> Sequence[Route]:
        presses = {
            "alert_edit": self.edit,
            "alert_change": self.change,
            "alert_amend": self.amend,
            "alert_keep": self.keep,
            "alert_move": self.move,
        }
        return (
            Dialogue(EDIT, self.complete_edit),
            *(Press(verb, by_admins(self._require_admin, does), Place.ANYWHERE) for verb, does in presses.items()),
        )

    async def edit(self, person: Person, incoming: Incoming) -> Answer:
        """Asks what is to change; the message that rang stays."""
        alert = await self._alerts.find(incoming.chat_id, incoming.args)
        rule = self._symbols.rule(alert.symbol)
        price = await self._alerts.price(alert.symbol)
        request = AlertRequest(alert.symbol)
        await self._drafts.keep_edit(incoming.chat_id, alert.short, request)
        asked = questions.which_change(alert, request, price, rule.price_increment, is_private=incoming.is_private)
        return replace(asked, is_new=True)

    async def change(self, person: Person, incoming: Incoming) -> Answer:
        """A button beneath that question."""
        short, _, text = incoming.args.partition(" ")
        return await self._change(person, incoming, short, text)

    async def amend(self, person: Person, incoming: Incoming) -> Answer:
        """The same where it had no room for the whole change."""
        short, _, rest = incoming.args.partition(" ")
        sealed, _, answer = rest.partition(" ")
        edited = await self._drafts.edited(incoming.chat_id)
        if edited is None or (edited[0], seal(edited[1])) != (short, sealed):
            raise TooLate(T("alerts.draft_gone"))
        return await self._change_to(person, incoming, short, answered(edited[1], answer))

    async def complete_edit(self, person: Person, incoming: Incoming) -> Answer:
        """What was typed in answer to it."""
        edited = await self._drafts.edited(incoming.chat_id)
        if edited is None:
            raise TooLate(T("alerts.draft_gone"))
        short, draft = edited
        request = completed(draft, incoming.text, sign_of(person, incoming))
        return await self._change_to(person, incoming, short, request)

    async def keep(self, person: Person, incoming: Incoming) -> Answer:
        await self._drafts.drop_edit(incoming.chat_id)
        return say("alerts.kept")

    async def move(self, person: Person, incoming: Incoming) -> Answer:
        """Arm a fired one again, a per cent away from the present price."""
        short, _, step = incoming.args.partition(" ")
        return await self._change(person, incoming, short, step)

    async def _change(self, person: Person, incoming: Incoming, short: str, text: str) -> Reply:
        alert = await self._alerts.find(incoming.chat_id, short)
        request = read_request(f"{alert.symbol} {text}", sign_of(person, incoming))
        return await self._change_to(person, incoming, short, request)

    async def _change_to(self, person: Person, incoming: Incoming, short: str, request: AlertRequest) -> Reply:
        alert = await self._alerts.find(incoming.chat_id, short)
        if request.levels and request.kind is None:
            request = replace(request, kind=alert.kind if alert.kind in SIGNS else None)
        if request == AlertRequest(alert.symbol) or request.pair != alert.symbol:
            raise unknown(replace(request, pair="").written())
        rule = self._symbols.rule(alert.symbol)
        if request.has_condition and not request.is_complete:
            price = await self._alerts.price(alert.symbol)
            await self._drafts.keep_edit(incoming.chat_id, alert.short, request)
            return questions.which_change(alert, request, price, rule.price_increment, is_private=incoming.is_private)
        changed, tick = await self._alerts.change(incoming.chat_id, short, request, rule, person.time_zone)
        await self._drafts.drop_edit(incoming.chat_id)
        return views.card(changed, tick.price, holds=self._alerts.holds(changed))
