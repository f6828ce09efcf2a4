"""/alert, /alerts, and the buttons beneath them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from tgbot.alerts import questions, views
from tgbot.alerts.drafts import DRAFT, Drafts
from tgbot.alerts.groups import RequireAdmin, by_admins
from tgbot.alerts.handlers.typed import sign_of, unknown
from tgbot.alerts.news import views as news_views
from tgbot.alerts.news.service import News
from tgbot.alerts.rules.answers import answered, going_on, seal
from tgbot.alerts.rules.news import read_topic
from tgbot.alerts.rules.request import AlertRequest, completed, read_request
from tgbot.alerts.service import Alerts
from tgbot.core.errors import NotFound, TooLate, UsageError
from tgbot.core.market import SymbolRule, Topic
from tgbot.core.people import Person
from tgbot.core.periods import NotAPeriod, read_period
from tgbot.core.reply import Reply, T, say
from tgbot.core.routing import Answer, Command, Dialogue, Incoming, Place, Press, Route
from tgbot.markets.symbols import Symbols

PAIRS_OFFERED = 6
LONGEST_SNOOZE = timedelta(days=7)


class AlertsHandlers:
    """A question is answered in place by its buttons, in the private chat also by what is typed next. Only what *Alert*
    under a price asks is a message of its own."""

    def __init__(
        self, alerts: Alerts, news: News, drafts: Drafts, symbols: Symbols, require_admin: RequireAdmin
    ) -> None:
        self._alerts = alerts
        self._news = news
        self._drafts = drafts
        self._symbols = symbols
        self._require_admin = require_admin

    def routes(self) -> Sequence[Route]:
        """In a group everybody may read the list. Its buttons are for administrators too: they change the message."""
        presses = {
            "alert": self.begin,
            "alert_on": self.set,
            "alert_answer": self.answer,
            "alert_drop": self.drop,
            "alerts": self.show_list,
            "alert_pause": self.pause,
            "alert_arm": self.arm,
            "alert_delete": self.delete,
            "alert_snooze": self.snooze,
            "alert_mute": self.mute,
            "alert_unmute": self.unmute,
            "news_off": self.forget_news,
        }
        return (
            Command("alert", by_admins(self._require_admin, self.set), place=Place.ANYWHERE),
            Command("alerts", self.show_list, place=Place.ANYWHERE),
            Dialogue(DRAFT, self.complete),
            *(Press(verb, by_admins(self._require_admin, does), Place.ANYWHERE) for verb, does in presses.items()),
        )

    async def set(self, person: Person, incoming: Incoming) -> Answer:
        """`/alert …`, and buttons that say as much."""
        news = read_topic(incoming.args)
        if news is not None:
            return await self._follow_news(person, incoming, *news)
        return await self._set(person, incoming, read_request(incoming.args, sign_of(person, incoming)))

    async def begin(self, person: Person, incoming: Incoming) -> Answer:
        """*Alert* on a price card."""
        return replace(await self._set(person, incoming, read_request(incoming.args, ".")), is_new=True)

    async def complete(self, person: Person, incoming: Incoming) -> Answer:
        """What was typed in answer to a question."""
        draft = await self._drafts.current(incoming.chat_id)
        if draft is None:
            raise TooLate(T("alerts.draft_gone"))
        return await self._set(person, incoming, completed(draft, incoming.text, sign_of(person, incoming)))

    async def answer(self, person: Person, incoming: Incoming) -> Answer:
        """A button that had no room for the whole alert."""
        sealed, _, answer = incoming.args.partition(" ")
        draft = await self._drafts.current(incoming.chat_id)
        if draft is None or seal(draft) != sealed:
            raise TooLate(T("alerts.draft_gone"))
        return await self._set(person, incoming, answered(draft, answer))

    async def drop(self, person: Person, incoming: Incoming) -> Answer:
        await self._drafts.drop(incoming.chat_id)
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
        return (
            await self._page(person, incoming, page)
            if page
            else views.card(alert, tick.price, holds=self._alerts.holds(alert))
        )

    async def snooze(self, person: Person, incoming: Incoming) -> Answer:
        short, _, more = incoming.args.partition(" ")
        span, _, page = more.partition(" ")
        alert = await self._alerts.snooze(incoming.chat_id, short, _read_snooze(span))
        return await self._page(person, incoming, page) if page else views.card(alert, None)

    async def mute(self, person: Person, incoming: Incoming) -> Answer:
        """All alerts of a pair fall silent."""
        return views.muted(incoming.args, await self._alerts.mute(incoming.chat_id, incoming.args))

    async def unmute(self, person: Person, incoming: Incoming) -> Answer:
        await self._alerts.unmute(incoming.chat_id, incoming.args)
        return await self._page(person, incoming, "")

    async def delete(self, person: Person, incoming: Incoming) -> Answer:
        short, _, page = incoming.args.partition(" ")
        alert = await self._alerts.delete(incoming.chat_id, short)
        return await self._page(person, incoming, page) if page else views.card(alert, None)

    async def forget_news(self, person: Person, incoming: Incoming) -> Answer:
        topic, _, symbol = incoming.args.partition(" ")
        if topic not in set(Topic):
            raise unknown(topic)
        await self._news.drop(incoming.chat_id, Topic(topic), symbol)
        return await self._page(person, incoming, "")

    async def _follow_news(self, person: Person, incoming: Incoming, topic: Topic, pair: str) -> Reply:
        if pair and topic is Topic.LISTING:
            raise unknown(pair)
        if not pair and topic is Topic.DELISTING and not incoming.is_private:
            # What a person holds is nothing for a group.
            raise UsageError(T("alerts.news_of_which"))
        symbol = ""
        if pair:
            symbol = self._symbols.read_pair(pair, person.quote, lambda near: f"alert_on:{near} {topic}").symbol
        await self._news.follow(incoming.chat_id, incoming.thread_id, person.id, topic, symbol)
        return news_views.followed(topic, symbol)

    async def _set(self, person: Person, incoming: Incoming, request: AlertRequest) -> Reply:
        if not request.pair:
            await self._drafts.keep(incoming.chat_id, request)
            offered = await self._offered_pairs(person, incoming.chat_id)
            return questions.which_pair(request, offered, is_private=incoming.is_private)
        rule = await self._read_pair(person, incoming, request)
        request = replace(request, pair=rule.symbol)
        if not request.is_complete:
            await self._drafts.keep(incoming.chat_id, request)
            return await self._ask(rule, request, is_private=incoming.is_private)
        alert, tick = await self._alerts.set(
            update_id=incoming.update_id,
            chat_id=incoming.chat_id,
            thread_id=incoming.thread_id,
            person=person,
            rule=rule,
            request=request,
        )
        await self._drafts.drop(incoming.chat_id)
        return views.card(alert, tick.price, holds=self._alerts.holds(alert))

    async def _read_pair(self, person: Person, incoming: Incoming, request: AlertRequest) -> SymbolRule:
        draft = replace(request, pair="")
        offer = going_on(draft)
        try:
            return self._symbols.read_pair(
                request.pair, person.quote, lambda near: offer(replace(request, pair=near), near)
            )
        except NotFound:
            await self._drafts.keep(incoming.chat_id, draft)
            raise

    async def _ask(self, rule: SymbolRule, request: AlertRequest, *, is_private: bool) -> Reply:
        if len(request.levels) > 1:
            return questions.which_number(request)
        price = await self._alerts.price(rule.symbol)
        if request.levels:
            return questions.which_way(request, price)
        return questions.which_level(request, price, rule.price_increment, is_private=is_private)

    async def _offered_pairs(self, person: Person, chat_id: int) -> list[str]:
        recent = await self._alerts.recent_symbols(chat_id, PAIRS_OFFERED)
        popular = self._symbols.popular(person.quote, PAIRS_OFFERED)
        return list(dict.fromkeys([*recent, *popular]))[:PAIRS_OFFERED]

    async def _page(self, person: Person, incoming: Incoming, number: str) -> Reply:
        alerts, prices = await self._alerts.listed(incoming.chat_id)
        if alerts:
            shown = views.page(alerts, prices, int(number) if number.isdecimal() else 1)
        else:
            shown = questions.none_yet(await self._offered_pairs(person, incoming.chat_id))
        return news_views.beneath(shown, await self._news.of_chat(incoming.chat_id))


def _read_snooze(text: str) -> timedelta:
    try:
        span = read_period(text)
    except NotAPeriod as error:
        raise unknown(text) from error
    return min(span, LONGEST_SNOOZE)
