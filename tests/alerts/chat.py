"""A person who writes to the alerts' handlers and presses their buttons."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from tests.alerts.desk import ANN, RENDERER, Desk, person
from tgbot.alerts.drafts import Drafts
from tgbot.alerts.handlers.alerts import AlertsHandlers
from tgbot.alerts.handlers.editing import EditingHandlers
from tgbot.alerts.news.service import News
from tgbot.approvals.standings import Standings
from tgbot.core.errors import DeliveryUnknown, UserError
from tgbot.core.people import Standing
from tgbot.core.reply import Button, Reply
from tgbot.core.routing import Incoming
from tgbot.intake.rules import Routes
from tgbot.intake.store import Dialogues
from tgbot.markets.symbols import Symbols
from tgbot.texts.notation import Reader


@dataclass
class Chat:
    """A person and the handlers; a press follows the data of the button that shows this label. `dialogue` is what a
    text answers if no question is open. With another `chat_id` it is a group, in which the person has this `standing`;
    `None` is what Telegram does not tell."""

    desk: Desk
    language: str = "en"
    chat_id: int = ANN
    thread_id: int | None = None
    standing: Standing | None = Standing.ADMIN
    quote: str = "USDT"
    dialogue: str = ""
    chosen: dict[str, object] = field(default_factory=dict)
    dialogues: Dialogues = field(default_factory=Dialogues)
    updates: int = 1_000  # apart from those of the desk

    async def say(self, text: str) -> Reply:
        if text.startswith("/"):
            command, _, args = text.removeprefix("/").partition(" ")
            return await self._answer(text=text, command=command, args=args.strip())
        async with self.desk.database.read() as session:
            current = await self.dialogues.current(session, ANN, self.desk.clock.now())
        return await self._answer(text=text, dialogue=current[0] if current else self.dialogue)

    async def press(self, shown: Reply, label: str) -> Reply:
        rendered = RENDERER.render(shown, Reader(self.language, "UTC"))
        [data] = [button.data for row in rendered.buttons for button in row if button.text == label]
        return await self.press_data(data)

    async def press_data(self, data: str) -> Reply:
        verb, _, args = data.partition(":")
        return await self._answer(press_id="1", verb=verb, args=args)

    async def refusal(self, text: str) -> UserError:
        with pytest.raises(UserError) as caught:
            await self.say(text)
        assert_fits(caught.value.buttons)
        return caught.value

    async def refused_press(self, shown: Reply, label: str) -> UserError:
        with pytest.raises(UserError) as caught:
            await self.press(shown, label)
        return caught.value

    async def _answer(self, **said: str) -> Reply:
        self.updates += 1
        now = self.desk.clock.now()
        is_private = self.chat_id == ANN
        incoming = Incoming(self.updates, self.chat_id, is_private, self.thread_id, ANN, "Ann", self.language, 1, now)
        incoming = replace(incoming, **said)  # type: ignore[arg-type]  # what is said is text
        route = self._routes().find(incoming)
        assert route is not None
        answer = await route.handler(person(ANN, self.language, quote=self.quote, **self.chosen), incoming)
        assert isinstance(answer, Reply)
        assert_fits(answer.buttons)
        return answer

    async def _ask_standing(self, chat_id: int, person_id: int) -> Standing:
        assert (chat_id, person_id) == (self.chat_id, ANN)
        if self.standing is None:
            raise DeliveryUnknown("silent")
        return self.standing

    async def _ask_admins(self, chat_id: int) -> list[int]:
        return []

    def _routes(self) -> Routes:
        drafts = Drafts(self.desk.database, self.desk.clock, self.dialogues)
        news = News(self.desk.database, self.desk.clock)
        standings = Standings(self.desk.database, self.desk.clock, self._ask_standing, self._ask_admins)
        alerts, require_admin = self.desk.now.alerts, standings.require_admin
        handlers = AlertsHandlers(alerts, news, drafts, self.symbols, require_admin)
        editing = EditingHandlers(alerts, drafts, self.symbols, require_admin)
        return Routes([*handlers.routes(), *editing.routes()])

    async def open(self) -> "Chat":
        self.symbols = Symbols(self.desk.exchange, self.desk.clock)
        await self.symbols.load()
        return self


def assert_fits(buttons: Sequence[Sequence[Button]]) -> None:
    """Telegram refuses the whole message for one button that carries more."""
    assert [button.data for row in buttons for button in row if len(button.data.encode()) > 64] == []


def labels(reply: Reply, language: str = "en") -> list[list[str]]:
    return [[button.text for button in row] for row in RENDERER.render(reply, Reader(language, "UTC")).buttons]
