"""Asking for a key in the private chat: three messages, each deleted before it is used, none ever stored."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from tgbot.core.clock import Clock
from tgbot.core.errors import DeliveryError, Refused, Throttled
from tgbot.core.people import Person
from tgbot.core.reply import Reply, T, say
from tgbot.core.routing import Incoming, Origin, Tombstone
from tgbot.credentials.redaction import Redaction
from tgbot.credentials.service import Keys
from tgbot.credentials.store import LinkedKey
from tgbot.db.engine import Database, ReadSession, WriteSession
from tgbot.kucoin.sign import Credentials

log = structlog.get_logger()

STEPS = ("key", "secret", "passphrase")
PATIENCE = timedelta(minutes=10)
DELETE_TRIES = 3
DELETE_PAUSE = 1.0
LONGEST_DELETE_PAUSE = 40.0

# What can be one at all: the key travels in a header, so it has to be one line of plain characters.
_SHAPES = {
    "key": re.compile(r"[!-~]{1,128}"),
    "secret": re.compile(r"[!-~]{1,128}"),
    "passphrase": re.compile(r"[^\r\n]{1,128}"),
}


class Dialogues(Protocol):
    """Intake's memory of who was asked what; `app.py` gives it."""

    async def open(self, session: WriteSession, user_id: int, kind: str, state: str, until: datetime) -> None: ...

    async def close(self, session: WriteSession, user_id: int, kind: str | None = None) -> None: ...

    async def current(self, session: ReadSession, user_id: int, now: datetime) -> tuple[str, str] | None: ...

    async def users_in(self, session: ReadSession, kind: str) -> list[int]: ...


class Erasing(Protocol):
    """Telegram, as far as deleting goes."""

    async def delete(self, chat_id: int, message_id: int) -> bool: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What the person is to send now; `remark` says why it is not what they expect."""

    step: str
    remark: T | None = None


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

    async def begin(self, person: Person) -> Asked:
        """Asks from the start. Raises `Refused` where there is no room for another key."""
        try:
            await self._keys.require_room(person)
        except Refused:
            await self.stop(person)
            raise
        self._redaction.begin(person.id)
        self._sent[person.id] = []
        return await self._ask(person, STEPS[0])

    async def stop(self, person: Person) -> bool:
        """Whether there was anything to stop."""
        async with self._database.write() as session:
            current = await self._dialogues.current(session, person.id, self._clock.now())
            await self._dialogues.close(session, person.id, Tombstone.ENTRY)
        self._sent.pop(person.id, None)
        self._redaction.end(person.id)
        return current is not None and current[0] == Tombstone.ENTRY

    async def take(self, person: Person, incoming: Incoming) -> Asked | LinkedKey:
        """One message of the three. What cannot be used is asked for again; whatever is refused ends the entry with
        `Refused`, and nothing is stored."""
        text = self._redaction.take(incoming.update_id)
        if not await self._erase(incoming):
            await self.stop(person)
            raise Refused(T("credentials.not_deleted"))
        step = await self._step(person)
        if step is None:
            await self.stop(person)
            raise Refused(T("credentials.entry_over"))
        sent = self._sent.get(person.id)
        if text is None or sent is None or step != STEPS[len(sent)]:
            asked = await self.begin(person)
            return Asked(asked.step, T("credentials.entry_forgotten"))
        if incoming.origin is not Origin.FRESH:
            return await self._ask(person, step, T("credentials.entry_copied"))
        if _SHAPES[step].fullmatch(text.strip()) is None:
            return await self._ask(person, step, T("credentials.entry_unreadable"))
        sent.append(text.strip())
        if len(sent) < len(STEPS):
            return await self._ask(person, STEPS[len(sent)])
        await self.stop(person)
        try:
            return await self._keys.link(person, Credentials(*sent))
        except Refused:
            # Whoever was refused for a wrong passphrase may send the right one at once, without being asked.
            self._redaction.begin(person.id)
            raise

    async def erase_leak(self, incoming: Incoming) -> Reply:
        """Key-like text that nobody asked for, from whomever and wherever."""
        is_gone = await self._erase(incoming)
        return say("credentials.leak_deleted" if is_gone else "credentials.leak_not_deleted")

    async def _erase(self, incoming: Incoming) -> bool:
        """Whether the message is gone for certain; tries more than once, for a secret stays readable until then."""
        pause = 0.0
        for _ in range(DELETE_TRIES):
            if pause:
                await self._clock.sleep(pause)
            try:
                return await self._telegram.delete(incoming.chat_id, incoming.message_id)
            except DeliveryError as error:
                log.warning("message_not_deleted", reason=str(error))
                wished = float(error.retry_after) if isinstance(error, Throttled) else DELETE_PAUSE
                pause = min(wished, LONGEST_DELETE_PAUSE)
        return False

    async def _step(self, person: Person) -> str | None:
        """What we have asked this person for, if we still wait for it."""
        async with self._database.read() as session:
            current = await self._dialogues.current(session, person.id, self._clock.now())
        return current[1] if current and current[0] == Tombstone.ENTRY else None

    async def _ask(self, person: Person, step: str, remark: T | None = None) -> Asked:
        async with self._database.write() as session:
            await self._dialogues.open(session, person.id, Tombstone.ENTRY, step, self._clock.now() + PATIENCE)
        return Asked(step, remark)
