"""From a raw update to a handler's answer: kept, redacted, judged, handled once, answered."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Protocol

import structlog

from tgbot.chat.incoming import read_update
from tgbot.core.clock import Clock
from tgbot.core.crash import crash_point
from tgbot.core.errors import ExchangeError, NotAllowed, NotFound, UserError
from tgbot.core.ids import Ids
from tgbot.core.people import Person
from tgbot.core.reply import Button, Reply, T, say
from tgbot.core.routing import Answer, Command, Incoming, Origin, Place, Route, Toast, Tombstone
from tgbot.db.engine import Database, WriteSession
from tgbot.intake import store
from tgbot.intake.lanes import Lanes
from tgbot.intake.rules import Routes, require_fresh, require_somebody, require_untouched
from tgbot.intake.store import Dialogues, Stored

log = structlog.get_logger()

RawUpdate = Mapping[str, Any]
MOST_TRIES = 3
PATIENCE = 0.4  # seconds; a button that spins longer feels dead
# In a group, where it is one person's business what a press is answered: words that come later are everybody's.
GROUP_PATIENCE = 4.0
TIDY_EVERY = timedelta(hours=1)
TIDY_PACE = timedelta(seconds=1)  # from one step to the next, while there are more
_ROW = re.compile(r"[0-9]{1,18}")


class Answering(Protocol):
    """How an answer leaves; `app.py` gives delivery's."""

    async def hear(self, incoming: Incoming) -> None: ...

    async def reply(self, session: WriteSession, incoming: Incoming, reply: Reply) -> None: ...

    async def toast(self, incoming: Incoming, toast: Toast | None) -> None: ...

    def wake(self) -> None: ...


class Redacting(Protocol):
    """What keeps secrets out of the inbox; `app.py` gives credentials'."""

    def __call__(self, raw: RawUpdate) -> RawUpdate: ...

    def notice(self, raw: RawUpdate) -> None: ...

    def forget(self, update_id: int) -> None: ...


class Intake:
    """`redact` replaces what may hold a secret by a tombstone before anything is stored. `admit` knows the sender or
    raises `NotAllowed`. `erase_leak` deletes a message with a key in it, whoever wrote it. `on_chat_moved` (old id, new
    id) hears that a group has become a supergroup, `on_turned_away` of whom the gate does not let through: the commands
    of groups, and any press in one."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        ids: Ids,
        routes: Routes,
        dialogues: Dialogues,
        answering: Answering,
        redact: Redacting,
        admit: Callable[[Incoming], Awaitable[Person]],
        erase_leak: Callable[[Incoming], Awaitable[Reply]],
        on_chat_moved: Callable[[WriteSession, int, int], Awaitable[None]],
        on_turned_away: Sequence[Callable[[Incoming, str], Awaitable[None]]],
        bot_name: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._routes = routes
        self._dialogues = dialogues
        self._answering = answering
        self._redact = redact
        self._admit = admit
        self._erase_leak = erase_leak
        self._on_chat_moved = on_chat_moved
        self._on_turned_away = on_turned_away
        self._bot_name = bot_name
        self._lanes = Lanes(self._handle)
        self._is_ready = asyncio.Event()

    async def receive(self, updates: Sequence[RawUpdate]) -> None:
        """When this returns, the updates are on disk (each once) and may be acknowledged to Telegram. Waits until
        `run` has queued what is older."""
        await self._is_ready.wait()
        crash_point("C0")
        now = self._clock.now()
        rows = [
            {
                "update_id": raw["update_id"],
                "payload": json.dumps(self._redact(raw)),
                "state": store.InboxState.NEW,
                "tries": 0,
                "received_at": now,
            }
            for raw in updates
        ]
        async with self._database.write() as session:
            kept = await store.keep(session, rows)
        crash_point("C1")
        self._queue(kept)

    async def run(self) -> None:
        """First what an earlier process left over, then whatever is received, until cancelled."""
        async with self._database.write() as session:
            for stored in await store.give_up(session, MOST_TRIES):
                await self._tell_given_up(session, stored)
            left_over = await store.left_over(session)
        for stored in left_over:
            self._redact.notice(json.loads(stored.payload))  # a `/connect` not yet handled makes the next texts secret
        for stored in left_over:
            if stored.tries:  # one of these may be what ended the process: side by side it would take the others along
                await self._handle(stored)
        self._queue([stored for stored in left_over if not stored.tries])
        self._is_ready.set()
        self._answering.wake()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._lanes.run(), name="lanes")
            tasks.create_task(self._keep_tidy(), name="tidying")

    async def idle(self) -> None:
        await self._lanes.idle()

    def _queue(self, rows: Sequence[Stored]) -> None:
        for stored in rows:
            incoming = read_update(json.loads(stored.payload), self._bot_name)
            self._lanes.put(incoming.user_id if incoming else 0, stored)

    async def _handle(self, stored: Stored) -> None:
        if stored.is_left_over:
            async with self._database.write() as session:
                await store.begin_again(session, stored.id)
        raw = json.loads(stored.payload)
        incoming = read_update(raw, self._bot_name)
        answer: Answer = None
        moved_to = incoming.moved_to if incoming is not None else None
        if incoming is not None and moved_to is None:
            await self._answering.hear(incoming)
            answer = await self._answer(incoming, raw, stored.id)
        self._redact.forget(raw["update_id"])
        async with self._database.write() as session:
            await store.finish(session, stored.id)
            if incoming is not None and moved_to is not None:
                await self._on_chat_moved(session, incoming.chat_id, moved_to)
            if incoming is not None and isinstance(answer, Reply):
                await self._answering.reply(session, incoming, answer)
        crash_point("C2")
        self._answering.wake()

    async def _tell_given_up(self, session: WriteSession, stored: Stored) -> None:
        """Nothing that somebody asked for ends in silence."""
        reference = self._ids.short()
        log.error("update_given_up", reference=reference, row=stored.id, tries=stored.tries)
        incoming = read_update(json.loads(stored.payload), self._bot_name)
        if incoming is not None:
            await self._answering.reply(session, incoming, _failed(reference))

    async def _keep_tidy(self) -> None:
        while True:
            async with self._database.write() as session:
                has_more = await store.prune(session, self._clock.now())
            await self._clock.sleep((TIDY_PACE if has_more else TIDY_EVERY).total_seconds())

    async def _answer(self, incoming: Incoming, raw: RawUpdate, row_id: int) -> Answer:
        """The handler's answer. A press is acknowledged at the latest after a moment, so that no button spins; a toast
        that comes later than that becomes a message."""
        if not incoming.press_id:
            return await self._outcome(incoming, raw, row_id)
        async with asyncio.TaskGroup() as tasks:
            handling = tasks.create_task(self._outcome(incoming, raw, row_id))
            patience = PATIENCE if incoming.is_private else GROUP_PATIENCE
            moment = tasks.create_task(self._clock.sleep(patience))
            await asyncio.wait({handling, moment}, return_when=asyncio.FIRST_COMPLETED)
            moment.cancel()
            if not handling.done():
                await self._answering.toast(incoming, None)
                answer = await handling
                return _said(answer, incoming) if isinstance(answer, Toast) else answer
        answer = handling.result()
        await self._answering.toast(incoming, answer if isinstance(answer, Toast) else None)
        return answer

    async def _outcome(self, incoming: Incoming, raw: RawUpdate, row_id: int) -> Answer:
        """What the handler says, or what went wrong in words."""
        try:
            if raw.get("tombstone") == Tombstone.LEAK:
                return await self._erase_leak(incoming)
            asked = await self._again(incoming) if incoming.verb == "again" else await self._place(incoming, raw)
            return await self._dispatch(asked, row_id)
        except UserError as error:
            return _in_words(error, incoming)
        except ExchangeError as error:
            log.warning("exchange_failed", code=error.code, message=error.message)
            failed = T.of("intake.exchange_failed", code=error.code, message=error.message)
            return Reply((failed,), is_new=True, only_for=_asker(incoming))
        except Exception as error:  # noqa: BLE001 - the chat's error reply: the person hears of it, the log has it whole
            return self._apologise(error)

    async def _dispatch(self, incoming: Incoming, row_id: int) -> Answer:
        route = self._routes.find(incoming)
        if route is None and not incoming.is_private and not incoming.press_id:
            return None
        try:
            person = await self._let_through(incoming, route, row_id)
        except UserError as error:
            if incoming.press_id or (isinstance(route, Command) and route.place is Place.GROUP):
                await self._tell_turned_away(incoming, error.text.key)
            raise
        if route is not None:
            return await route.handler(person, incoming)
        if incoming.press_id:
            await self._tell_turned_away(incoming, "intake.old_button")
        return self._unknown(incoming)

    async def _tell_turned_away(self, incoming: Incoming, why: str) -> None:
        """In a group whoever presses what is not for them, or what is not there, has done more than to mistype."""
        if not incoming.is_private:
            for hear in self._on_turned_away:
                await hear(incoming, why)

    async def _let_through(self, incoming: Incoming, route: Route | None, row_id: int) -> Person:
        """The gate; raises what it has to say."""
        require_somebody(incoming)
        person = await self._admit(incoming)
        if route is not None:
            require_fresh(incoming, route, row_id, self._clock.now())
        return person

    async def _place(self, incoming: Incoming, raw: RawUpdate) -> Incoming:
        """Plain text answers the question we asked last, if any; a tombstone says itself what it was."""
        if tombstone := raw.get("tombstone"):
            return replace(incoming, dialogue=str(tombstone))
        if incoming.press_id or incoming.command or not incoming.is_private:
            return incoming
        async with self._database.read() as session:
            current = await self._dialogues.current(session, incoming.user_id, self._clock.now())
        return replace(incoming, dialogue=current[0]) if current else incoming

    async def _again(self, incoming: Incoming) -> Incoming:
        """A command that was too old, repeated by its button: as if written now."""
        async with self._database.read() as session:
            payload = await store.read_payload(session, int(incoming.args)) if _ROW.fullmatch(incoming.args) else None
        original = read_update(json.loads(payload), self._bot_name) if payload else None
        if original is None or original.user_id != incoming.user_id or original.chat_id != incoming.chat_id:
            raise NotFound(T("intake.again_gone"))
        return replace(
            original,
            update_id=incoming.update_id,
            message_id=incoming.message_id,
            sent_at=self._clock.now(),
        )

    def _unknown(self, incoming: Incoming) -> Answer:
        if incoming.press_id:
            return Toast(T("intake.old_button"))
        require_untouched(incoming)
        if not incoming.command:
            return say("intake.no_command")
        nearest = self._routes.nearest(incoming.command)
        if nearest is None:
            return say("intake.unknown_command", command=incoming.command)
        return say("intake.unknown_command_near", command=incoming.command, nearest=nearest)

    def _apologise(self, error: Exception) -> Reply:
        reference = self._ids.short()
        log.error("handler_failed", reference=reference, exc_info=error)
        return _failed(reference)


def _said(toast: Toast, incoming: Incoming) -> Reply:
    """What came too late for a toast, as a message."""
    buttons = ((Button(T("common.open"), url=toast.url),),) if toast.url else ()
    return Reply((toast.text,), buttons, is_new=True, only_for=_asker(incoming))


def _asker(incoming: Incoming) -> int | None:
    """Who alone hears in a group what went wrong; of nobody there is no such one."""
    is_somebody = not incoming.is_private and incoming.origin is not Origin.ANONYMOUS
    return incoming.user_id if is_somebody else None


def _failed(reference: str) -> Reply:
    return Reply((T.of("intake.failed", reference=reference),), is_new=True)


def _in_words(error: UserError, incoming: Incoming) -> Answer:
    is_stranger_in_group = isinstance(error, NotAllowed) and not incoming.is_private and not incoming.press_id
    if is_stranger_in_group and error.text.key.startswith("accounts."):
        return None
    if incoming.press_id and not error.buttons:
        return Toast(error.text, is_alert=True)
    return Reply((error.text,), error.buttons, is_new=True, only_for=_asker(incoming))
