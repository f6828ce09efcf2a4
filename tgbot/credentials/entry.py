"""Asking for a key in the private chat: three messages, each deleted before it is used, none ever stored."""

from datetime import datetime, timedelta
from typing import Protocol

from tgbot.core.clock import Clock
from tgbot.core.errors import Refused
from tgbot.core.people import Person
from tgbot.core.reply import Reply, T, say
from tgbot.core.routing import Incoming, Tombstone
from tgbot.credentials.redaction import Redaction
from tgbot.credentials.service import Keys
from tgbot.credentials.store import LinkedKey
from tgbot.db.engine import Database, ReadSession, WriteSession
from tgbot.kucoin.sign import Credentials

STEPS = ("key", "secret", "passphrase")
PATIENCE = timedelta(minutes=10)


class Dialogues(Protocol):
    """Intake's memory of who was asked what; `app.py` gives it."""

    async def open(self, session: WriteSession, user_id: int, kind: str, state: str, until: datetime) -> None: ...

    async def close(self, session: WriteSession, user_id: int, kind: str | None = None) -> None: ...

    async def current(self, session: ReadSession, user_id: int, now: datetime) -> tuple[str, str] | None: ...

    async def users_in(self, session: ReadSession, kind: str) -> list[int]: ...


class Erasing(Protocol):
    """Telegram, as far as deleting goes."""

    async def delete(self, chat_id: int, message_id: int) -> bool: ...


class KeyEntry:
    """Which step a person is at is stored; what they have sent is in memory only, so a restart asks again."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        keys: Keys,
        redaction: Redaction,
        dialogues: Dialogues,
        telegram: Erasing,
    ) -> None:
        self._database = database
        self._clock = clock
        self._keys = keys
        self._redaction = redaction
        self._dialogues = dialogues
        self._telegram = telegram
        self._sent: dict[int, list[str]] = {}

    async def restore(self) -> None:
        """At start: whoever was in the middle of an entry goes on sending secrets."""
        async with self._database.read() as session:
            for person_id in await self._dialogues.users_in(session, Tombstone.ENTRY):
                self._redaction.begin(person_id)

    async def begin(self, person: Person) -> None:
        self._sent[person.id] = []
        self._redaction.begin(person.id)
        await self._ask(person, STEPS[0])

    async def stop(self, person: Person) -> None:
        async with self._database.write() as session:
            await self._dialogues.close(session, person.id, Tombstone.ENTRY)
        self._forget(person)

    async def take(self, person: Person, update_id: int, message_id: int) -> str | LinkedKey:
        """One message of the three. Returns the next step to ask for, or the linked key. Whatever is refused ends the
        entry with `Refused`, and nothing is stored."""
        text = self._redaction.take(update_id)
        if not await self._telegram.delete(person.id, message_id):
            await self.stop(person)
            raise Refused(T("credentials.not_deleted"))
        async with self._database.read() as session:
            current = await self._dialogues.current(session, person.id, self._clock.now())
        sent = self._sent.get(person.id)
        if text is None or sent is None or current is None or current != (Tombstone.ENTRY, STEPS[len(sent)]):
            await self.stop(person)
            raise Refused(T("credentials.entry_lost"))
        sent.append(text.strip())
        if len(sent) < len(STEPS):
            await self._ask(person, STEPS[len(sent)])
            return STEPS[len(sent)]
        await self.stop(person)
        return await self._keys.link(person, Credentials(*sent))

    async def erase_leak(self, incoming: Incoming) -> Reply:
        """Key-like text that nobody asked for, from whomever and wherever."""
        is_gone = await self._telegram.delete(incoming.chat_id, incoming.message_id)
        return say("credentials.leak_deleted" if is_gone else "credentials.leak_not_deleted")

    async def _ask(self, person: Person, step: str) -> None:
        async with self._database.write() as session:
            await self._dialogues.open(session, person.id, Tombstone.ENTRY, step, self._clock.now() + PATIENCE)

    def _forget(self, person: Person) -> None:
        self._sent.pop(person.id, None)
        self._redaction.end(person.id)
