"""Choosing what one wants to hear, and when."""

from collections.abc import Awaitable, Callable, Collection

from tgbot.accounts.notices import store
from tgbot.accounts.notices.store import Choices
from tgbot.core.notices import Kind, Level, Quiet, Recipient
from tgbot.core.people import Person
from tgbot.db.engine import Database, ReadSession, WriteSession

STRANGER = Recipient("en", "UTC")


class Notices:
    """`on_change` hears of it in the transaction that keeps the choice: what waits for this chat is judged anew."""

    def __init__(self, database: Database, on_change: Callable[[WriteSession, int], Awaitable[None]]) -> None:
        self._database = database
        self._on_change = on_change

    async def shown(self, person: Person) -> Choices:
        async with self._database.read() as session:
            return await store.choices(session, person.id)

    async def set_level(self, person: Person, kind: Kind, level: Level) -> None:
        async with self._database.write() as session:
            await store.choose_level(session, person.id, kind, level)
            await self._on_change(session, person.id)

    async def set_quiet(self, person: Person, quiet: Quiet | None) -> None:
        async with self._database.write() as session:
            await store.choose_quiet(session, person.id, quiet)
            await self._on_change(session, person.id)

    async def recipients_of(self, session: ReadSession, chat_ids: Collection[int]) -> dict[int, Recipient]:
        """Who reads each of these chats; where nobody has chosen: English, UTC and everything."""
        known = await store.recipients(session, chat_ids)
        return {chat_id: known.get(chat_id, STRANGER) for chat_id in chat_ids}
