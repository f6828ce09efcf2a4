"""Who may change what a group is told."""

from collections.abc import Awaitable, Callable

from tgbot.core.people import Person
from tgbot.core.reply import T
from tgbot.core.routing import Answer, Handler, Incoming

RequireAdmin = Callable[[int, int, T], Awaitable[None]]


def by_admins(require_admin: RequireAdmin, handler: Handler) -> Handler:
    """In a group it is done for an administrator, of whom Telegram says so at this moment, and for nobody else."""

    async def guarded(person: Person, incoming: Incoming) -> Answer:
        if not incoming.is_private:
            await require_admin(incoming.chat_id, person.id, T("alerts.admins_only"))
        return await handler(person, incoming)

    return guarded
