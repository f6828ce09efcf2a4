"""/connect, /keys, /mode, /paper and their buttons."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from tgbot.core.clock import Clock
from tgbot.core.errors import UsageError
from tgbot.core.people import Mode, Person
from tgbot.core.reply import Reply, T, say
from tgbot.core.routing import Answer, Command, Dialogue, Incoming, Press, Route, Toast, Tombstone
from tgbot.credentials import views
from tgbot.credentials.doctor import KeyDoctor
from tgbot.credentials.entry import Asked, Dialogues, KeyEntry
from tgbot.credentials.service import Keys
from tgbot.db.engine import Database

NAMING = "key_label"


class CredentialsHandlers:
    def __init__(
        self, keys: Keys, doctor: KeyDoctor, entry: KeyEntry, dialogues: Dialogues, database: Database, clock: Clock
    ) -> None:
        self._keys = keys
        self._doctor = doctor
        self._entry = entry
        self._dialogues = dialogues
        self._database = database
        self._clock = clock

    def routes(self) -> Sequence[Route]:
        return (
            Command("connect", self.connect),
            Command("keys", self.list_keys),
            Command("mode", self.mode),
            Command("paper", self.paper),
            Press("connect", self.connect),
            Press("connect_stop", self.stop),
            Press("paper_try", self.try_paper),
            Press("mode", self.mode),
            Press("keys", self.list_keys),
            Press("key_check", self.refresh),
            Press("key_use", self.use),
            Press("key_name", self.ask_label),
            Press("key_drop", self.ask_disconnect),
            Press("key_drop_yes", self.disconnect),
            Dialogue(Tombstone.ENTRY, self.take_secret),
            Dialogue(NAMING, self.name),
        )

    async def connect(self, person: Person, incoming: Incoming) -> Answer:
        return views.ask(await self._entry.begin(person))

    async def stop(self, person: Person, incoming: Incoming) -> Answer:
        if not await self._entry.stop(person):
            return Toast(T("credentials.nothing_to_stop"))
        return say("credentials.stopped")

    async def take_secret(self, person: Person, incoming: Incoming) -> Answer:
        result = await self._entry.take(person, incoming)
        return views.ask(result) if isinstance(result, Asked) else views.connected(result, person.mode)

    async def list_keys(self, person: Person, incoming: Incoming) -> Answer:
        return await self._shown(person)

    async def refresh(self, person: Person, incoming: Incoming) -> Answer:
        is_answered = await self._doctor.refresh(person)
        shown = await self._shown(person)
        return shown if is_answered else replace(shown, lines=(T("credentials.not_refreshed"), *shown.lines))

    async def mode(self, person: Person, incoming: Incoming) -> Answer:
        wanted = incoming.args.strip().lower()
        if not wanted:
            return views.mode(person.mode)
        if wanted not in {mode.value for mode in Mode}:
            raise UsageError(T.of("credentials.unknown_mode", mode=wanted))
        return await self._switch(person, Mode(wanted))

    async def try_paper(self, person: Person, incoming: Incoming) -> Answer:
        return await self._switch(person, Mode.PAPER)

    async def paper(self, person: Person, incoming: Incoming) -> Answer:
        match incoming.args.strip().lower():
            case "reset":
                is_new_account = await self._keys.reset_paper(person)
                return views.paper_opened() if is_new_account else say("credentials.paper_reset")
            case "":
                return await self._switch(person, Mode.PAPER)
            case other:
                raise UsageError(T.of("credentials.unknown_paper", word=other))

    async def use(self, person: Person, incoming: Incoming) -> Answer:
        await self._keys.use(await self._keys.find(person, incoming.args))
        return await self.list_keys(person, incoming)

    async def ask_label(self, person: Person, incoming: Incoming) -> Answer:
        key = await self._keys.find(person, incoming.args)
        async with self._database.write() as session:
            until = self._clock.now() + timedelta(minutes=10)
            await self._dialogues.open(session, person.id, NAMING, key.short, until)
        return Reply((T("credentials.ask_label"),), is_new=True)

    async def name(self, person: Person, incoming: Incoming) -> Answer:
        async with self._database.read() as session:
            current = await self._dialogues.current(session, person.id, self._clock.now())
        key = await self._keys.find(person, current[1] if current else "")
        await self._keys.rename(key, incoming.text)
        async with self._database.write() as session:
            await self._dialogues.close(session, person.id, NAMING)
        return await self.list_keys(person, incoming)

    async def ask_disconnect(self, person: Person, incoming: Incoming) -> Answer:
        return views.confirm_disconnect(await self._keys.find(person, incoming.args))

    async def disconnect(self, person: Person, incoming: Incoming) -> Answer:
        await self._keys.disconnect(person, await self._keys.find(person, incoming.args))
        shown = await self._shown(person)
        return replace(shown, lines=(T("credentials.disconnected"), *shown.lines))

    async def _shown(self, person: Person) -> Reply:
        linked = await self._keys.linked(person)
        return views.keys(linked, await self._doctor.idle_left(linked), self._clock.now())

    async def _switch(self, person: Person, mode: Mode) -> Answer:
        is_new_account = await self._keys.switch(person, mode)
        return views.paper_opened() if is_new_account else views.mode(mode)
