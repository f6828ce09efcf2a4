"""/start, /help, /settings."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from tgbot.accounts import views
from tgbot.accounts.guards.handlers import GuardsHandlers
from tgbot.accounts.notices.handlers import NoticesHandlers
from tgbot.accounts.service import Accounts
from tgbot.core.errors import NotFound
from tgbot.core.people import Person
from tgbot.core.reply import Reply, T
from tgbot.core.routing import Answer, Command, Incoming, Place, Press, Route

OpenLink = Callable[[Person, str], Awaitable[Answer]]


class AccountsHandlers:
    """`language_names` says each language's name in itself. `links` are start links that are no invitations, by how
    their payload begins."""

    def __init__(
        self,
        accounts: Accounts,
        guards: GuardsHandlers,
        notices: NoticesHandlers,
        language_names: dict[str, str],
        links: Mapping[str, OpenLink] | None = None,
    ) -> None:
        self._links = links or {}
        self._accounts = accounts
        self._guards = guards
        self._notices = notices
        self._language_names = language_names

    def routes(self) -> Sequence[Route]:
        return (
            Command("start", self.start),
            Command("help", self.help, place=Place.ANYWHERE),
            Command("settings", self.settings),
            Press("start", self.start),
            Press("help", self.help, place=Place.ANYWHERE),
            Press("settings", self.settings),
            Press("set", self.settings),
            *self._guards.routes(),
            *self._notices.routes(),
        )

    async def start(self, person: Person, incoming: Incoming) -> Answer:
        await self._accounts.greet(person)
        payload = incoming.args.strip()
        for start, open_link in self._links.items():
            if payload.startswith(start):
                return await open_link(person, payload)
        return views.welcome(person)

    async def help(self, person: Person, incoming: Incoming) -> Answer:
        wanted = incoming.args.strip().lower().removeprefix("/")
        if not wanted:
            return views.help_menu()
        if wanted in views.TASKS:
            return views.help_task(wanted)
        if any(wanted in commands for commands in views.TASKS.values()):
            return views.help_command(wanted)
        raise NotFound(T.of("accounts.no_help", command=wanted[:32]))

    async def settings(self, person: Person, incoming: Incoming) -> Answer:
        """`SETTING VALUE` changes it, `SETTING` shows what it can be, nothing shows them all."""
        setting, _, value = incoming.args.strip().partition(" ")
        if not setting:
            return await self._shown(person)
        changes = {
            "language": self._accounts.set_language,
            "zone": self._accounts.set_time_zone,
            "display": self._accounts.set_display_currency,
            "quote": self._accounts.set_quote,
            "rearm": self._accounts.set_step_back,
            "drift": self._accounts.set_most_drift,
            "confirm": self._accounts.set_typed_above,
        }
        name = setting.lower()
        elsewhere = {"limit": self._guards.limits, "notice": self._notices.notice, "quiet": self._notices.quiet}
        if name in elsewhere:
            return await elsewhere[name](person, replace(incoming, args=value))
        if name not in changes:
            raise NotFound(T.of("accounts.no_setting", setting=setting[:32]))
        if not value:
            return views.choose(name, self._language_names)
        changed = await changes[name](person, value.strip())
        shown = await self._shown(changed)
        return replace(shown, lines=(T("accounts.saved"), *shown.lines))

    async def _shown(self, person: Person) -> Reply:
        more = (*await self._notices.lines(person), *await self._guards.lines(person))
        return views.settings(person, self._language_names, more)
