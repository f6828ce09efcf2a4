"""Choosing what one wants to hear, and when."""

from collections.abc import Awaitable, Callable, Collection

from tgbot.accounts.notices import store
from tgbot.accounts.notices.store import Choices
from tgbot.core.notices import Kind, Level, Quiet, Recipient
from tgbot.core.people import Person
from tgbot.db.engine import Database, ReadSession, WriteSession

KeepersOf = Callable[[ReadSession, Collection[int]], Awaitable[dict[int, int]]]

STRANGER = Recipient("en", "UTC", is_known=False)


class Notices:
    """`on_change` hears of it in the transaction that keeps the choice: what waits for this chat is judged anew.
    `keepers_of` say whose language is spoken in a group."""

    def __init__(self, database: Database, on_change: Callable[[WriteSession, int], Awaitable[None]]) -> None:
        self._database = database
        self._on_change = on_change
        self._keepers_of: tuple[KeepersOf, ...] = ()

    def listen_to_groups(self, *keepers_of: KeepersOf) -> None:
        """A group has no settings of its own: it is spoken to as the person is whom the first of these names."""
        self._keepers_of = keepers_of

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
        """Who reads each of these chats; where nobody has chosen: English, UTC and everything. Of what its keeper has
        chosen a group has language and time zone only."""
        keepers: dict[int, int] = {}
        for keepers_of in self._keepers_of:
            others = [chat_id for chat_id in chat_ids if chat_id < 0 and chat_id not in keepers]
            keepers |= await keepers_of(session, others)
        known = await store.recipients(session, {*chat_ids, *keepers.values()})
        spoken = {group: known[keeper] for group, keeper in keepers.items() if keeper in known}
        groups = {group: Recipient(keeper.language, keeper.time_zone) for group, keeper in spoken.items()}
        return {chat_id: groups.get(chat_id) or known.get(chat_id, STRANGER) for chat_id in chat_ids}
