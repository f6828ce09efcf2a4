"""The part of /settings about notices and quiet hours."""

from collections.abc import Sequence

from tgbot.accounts.notices import views
from tgbot.accounts.notices.rules import read_hours
from tgbot.accounts.notices.service import Notices
from tgbot.core.errors import NotFound, UsageError
from tgbot.core.notices import Kind, Level
from tgbot.core.people import Person
from tgbot.core.reply import T
from tgbot.core.routing import Answer, Incoming, Press, Route


class NoticesHandlers:
    def __init__(self, notices: Notices) -> None:
        self._notices = notices

    def routes(self) -> Sequence[Route]:
        return (Press("notice", self.notice), Press("quiet", self.quiet))

    async def lines(self, person: Person) -> tuple[T, ...]:
        return views.lines(await self._notices.shown(person))

    async def notice(self, person: Person, incoming: Incoming) -> Answer:
        """`KIND LEVEL` sets it, `KIND` shows what it can be, nothing shows them all."""
        name, _, value = incoming.args.strip().lower().partition(" ")
        if not name:
            return views.page(await self._notices.shown(person))
        if name not in set(Kind):
            raise NotFound(T.of("notices.no_kind", kind=name[:20]))
        if value.strip() not in set(Level):
            return views.choose_level(Kind(name))
        await self._notices.set_level(person, Kind(name), Level(value.strip()))
        return views.page(await self._notices.shown(person), T("accounts.saved"))

    async def quiet(self, person: Person, incoming: Incoming) -> Answer:
        """`FROM-TO` sets the hours, `none` ends them, nothing shows what they can be."""
        text = incoming.args.strip()
        if not text:
            return views.choose_quiet()
        is_none = text.lower() == views.NONE
        hours = None if is_none else read_hours(text)
        if hours is None and not is_none:
            raise UsageError(T.of("notices.bad_hours", text=text[:30]))
        await self._notices.set_quiet(person, hours)
        return views.page(await self._notices.shown(person), T("accounts.saved"))
