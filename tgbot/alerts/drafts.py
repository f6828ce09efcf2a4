"""Alerts of which something is missing, or that are to be changed: what is typed next does it."""

from datetime import datetime, timedelta
from typing import Protocol

from tgbot.alerts.rules.request import AlertRequest, read_request
from tgbot.core.clock import Clock
from tgbot.db.engine import Database, ReadSession, WriteSession

DRAFT = "alert"
EDIT = "alert_edit"
PATIENCE = timedelta(minutes=10)


class Dialogues(Protocol):
    """Intake's memory of who was asked what; `app.py` gives it."""

    async def open(self, session: WriteSession, user_id: int, kind: str, state: str, until: datetime) -> None: ...

    async def close(self, session: WriteSession, user_id: int, kind: str | None = None) -> None: ...

    async def current(self, session: ReadSession, user_id: int, now: datetime) -> tuple[str, str] | None: ...


class Drafts:
    """One for each chat, for ten minutes. In a group only buttons go on from it."""

    def __init__(self, database: Database, clock: Clock, dialogues: Dialogues) -> None:
        self._database = database
        self._clock = clock
        self._dialogues = dialogues

    async def keep(self, chat_id: int, request: AlertRequest) -> None:
        until = self._clock.now() + PATIENCE
        async with self._database.write() as session:
            await self._dialogues.open(session, chat_id, DRAFT, request.written(), until)

    async def current(self, chat_id: int) -> AlertRequest | None:
        async with self._database.read() as session:
            found = await self._dialogues.current(session, chat_id, self._clock.now())
        return read_request(found[1], ".") if found and found[0] == DRAFT else None

    async def drop(self, chat_id: int) -> None:
        async with self._database.write() as session:
            await self._dialogues.close(session, chat_id, DRAFT)

    async def keep_edit(self, chat_id: int, short: str, request: AlertRequest) -> None:
        """What is typed next changes this alert; `request` is what it is to become, as far as that is known."""
        until = self._clock.now() + PATIENCE
        async with self._database.write() as session:
            await self._dialogues.open(session, chat_id, EDIT, f"{short} {request.written()}", until)

    async def edited(self, chat_id: int) -> tuple[str, AlertRequest] | None:
        """The alert whose changes are waited for, and what is known of them."""
        async with self._database.read() as session:
            found = await self._dialogues.current(session, chat_id, self._clock.now())
        if found is None or found[0] != EDIT:
            return None
        short, _, text = found[1].partition(" ")
        return short, read_request(text, ".")

    async def drop_edit(self, chat_id: int) -> None:
        async with self._database.write() as session:
            await self._dialogues.close(session, chat_id, EDIT)
