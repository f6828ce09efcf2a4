import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import select

from tests.chat.conftest import bot, ssl_context, telegram
from tests.chat.telegram_server import TelegramServer
from tests.clock import JumpClock, a_moment
from tests.delivery.conftest import Post, post, renderer
from tests.ids import CountingIds
from tgbot.chat.sending import Messenger
from tgbot.core.errors import NotAllowed
from tgbot.core.people import Person
from tgbot.core.reply import Reply, T, say
from tgbot.core.routing import Answer, Command, Dialogue, Incoming, Place, Press, Toast
from tgbot.credentials.redaction import Redaction
from tgbot.db.engine import WriteSession
from tgbot.delivery.answers import Answers
from tgbot.intake.rules import Routes
from tgbot.intake.service import Intake
from tgbot.intake.store import Dialogues, InboxRow

__all__ = ["bot", "post", "renderer", "ssl_context", "telegram"]

ANN, BOB, MALLORY, DESK = 7, 8, 66, -1001
Raw = dict[str, Any]
Handler = Callable[[Person, Incoming], Awaitable[Answer]]


def message(update_id: int, text: str, sender: int = ANN, chat: int | None = None, **more: Any) -> Raw:
    """As Telegram writes it; `kind` other than `message` and whatever else is in it by keyword."""
    kind = more.pop("kind", "message")
    place = {"id": sender if chat is None else chat, "type": "private" if chat is None else "supergroup"}
    user = {"id": sender, "is_bot": False, "first_name": "Ann", "language_code": "en"}
    content = {"message_id": update_id, "date": 1795348800, "chat": place, "from": user, "text": text}
    return {"update_id": update_id, kind: content | more}


def press(update_id: int, data: str, sender: int = ANN, chat: int | None = None, under_id: int = 1) -> Raw:
    keyboard = {"inline_keyboard": [[{"text": "A button", "callback_data": data}]]}
    under = message(under_id, "", sender, chat)["message"] | {"reply_markup": keyboard}
    query = {"id": f"press-{update_id}", "from": {"id": sender, "first_name": "Ann"}, "message": under, "data": data}
    return {"update_id": update_id, "callback_query": query}


@dataclass
class Desk:
    """Intake over a real database and outbox; what its handlers did is in `heard`, who was to be let in is in `met`."""

    post: Post
    telegram: TelegramServer
    clock: JumpClock
    ids: CountingIds = field(default_factory=CountingIds)
    heard: list[str] = field(default_factory=list)
    leaks: list[Incoming] = field(default_factory=list)
    met: list[int] = field(default_factory=list)
    moved: list[tuple[int, int]] = field(default_factory=list)
    turned_away: list[tuple[int, str]] = field(default_factory=list)
    handlers: dict[str, Handler] = field(default_factory=dict)
    redaction: Redaction = field(default_factory=lambda: Redaction({"buy", "price"}.__contains__))
    dialogues: Dialogues = field(default_factory=Dialogues)

    def intake(self) -> Intake:
        """A new process, as it were."""
        post = self.post
        return Intake(
            database=post.database,
            clock=self.clock,
            ids=self.ids,
            routes=Routes(
                [
                    Command("buy", self._hear, ("b",), trades=True),
                    Command("price", self._hear, place=Place.ANYWHERE),
                    Command("settings", self._hear),
                    Command("approve", self._hear, (), Place.GROUP, trades=True),
                    Press("vote", self._hear, Place.GROUP),
                    Press("ok", self._hear),
                    Press("refresh", self._hear, Place.ANYWHERE),
                    Dialogue("size", self._hear),
                ]
            ),
            dialogues=self.dialogues,
            answering=Answers(
                database=post.database,
                outbox=post.outbox,
                messenger=Messenger(post.bot),
                renderer=post.renderer,
                recipients_of=post.recipients_of,
                on_chat_back=post.on_chat_back,
            ),
            redact=self.redaction,
            admit=self._admit,
            erase_leak=self._erase,
            on_chat_moved=self._move,
            on_turned_away=[self._turn_away],
            bot_name="tgbot_test_bot",
        )

    @asynccontextmanager
    async def open(self, intake: Intake | None = None) -> AsyncIterator[Intake]:
        """One life of the process; its end is as sudden as a kill."""
        intake = intake or self.intake()
        async with self.post.sending(), asyncio.TaskGroup() as group:
            role = group.create_task(intake.run())
            yield intake
            role.cancel()

    async def receives(self, *updates: Raw) -> None:
        """All of it handled and answered, by one process."""
        async with self.open() as intake:
            await intake.receive(updates)
            await intake.idle()
            await self.until_answered()

    async def until_answered(self) -> None:
        await self.post.until_settled()

    async def states(self) -> dict[int, str]:
        async with self.post.database.read() as session:
            rows = await session.scalars(select(InboxRow).order_by(InboxRow.id))
            return {row.update_id: row.state for row in rows}

    def said(self, chat_id: int = ANN) -> list[str]:
        return self.telegram.texts(chat_id)

    def toasts(self) -> list[str]:
        return [call.get("text", "") for call in self.telegram.sent("answerCallbackQuery")]

    async def _hear(self, person: Person, incoming: Incoming) -> Answer:
        name = incoming.command or incoming.verb or incoming.dialogue
        self.heard.append(f"{name} {incoming.args or incoming.text}".strip())
        if name in self.handlers:
            return await self.handlers[name](person, incoming)
        return say("common.confirm")

    async def _admit(self, incoming: Incoming) -> Person:
        self.met.append(incoming.user_id)
        if incoming.user_id == MALLORY:
            raise NotAllowed(T.of("accounts.stranger", id=str(incoming.user_id)))
        return Person(incoming.user_id, incoming.name, "en", "UTC", "USDT", "USDT", None, is_operator=False)

    async def _erase(self, incoming: Incoming) -> Reply:
        self.leaks.append(incoming)
        return say("credentials.leak_deleted")

    async def _turn_away(self, incoming: Incoming, why: str) -> None:
        self.turned_away.append((incoming.user_id, why))

    async def _move(self, session: WriteSession, old_chat_id: int, new_chat_id: int) -> None:
        self.moved.append((old_chat_id, new_chat_id))


def toast(key: str) -> Toast:
    return Toast(T(key))


@pytest.fixture
def desk(post: Post, telegram: TelegramServer, clock: JumpClock) -> Desk:
    return Desk(post, telegram, clock)


async def all_of(*conditions: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not all(condition() for condition in conditions):
            await a_moment(0.003)
