from collections.abc import Collection
from dataclasses import replace
from datetime import time

import pytest

from tests.accounts.conftest import ANN, MakeAccounts
from tgbot.accounts.notices.handlers import NoticesHandlers
from tgbot.accounts.notices.rules import read_hours
from tgbot.accounts.notices.service import Notices
from tgbot.accounts.service import Door
from tgbot.core.errors import NotFound, UsageError
from tgbot.core.notices import Kind, Level, Quiet, Recipient
from tgbot.core.people import Person
from tgbot.core.reply import Reply
from tgbot.core.routing import Incoming
from tgbot.db.engine import Database, ReadSession, WriteSession

NIGHT = Quiet(time(22), time(7))


class Choosing:
    """Ann before her settings; `changed` are the chats whose waiting notices are judged anew."""

    def __init__(self, database: Database, person: Person, incoming: Incoming) -> None:
        self.changed: list[int] = []
        self.notices = Notices(database, self._on_change)
        self.handlers = NoticesHandlers(self.notices)
        self.person = person
        self.incoming = incoming
        self._database = database

    async def recipient(self) -> Recipient:
        async with self._database.read() as session:
            return (await self.notices.recipients_of(session, [ANN]))[ANN]

    async def notice(self, args: str) -> Reply:
        return shown(await self.handlers.notice(self.person, with_args(self.incoming, args)))

    async def quiet(self, args: str) -> Reply:
        return shown(await self.handlers.quiet(self.person, with_args(self.incoming, args)))

    async def _on_change(self, session: WriteSession, chat_id: int) -> None:
        self.changed.append(chat_id)


def with_args(incoming: Incoming, args: str) -> Incoming:
    return replace(incoming, args=args)


def shown(answer: object) -> Reply:
    assert isinstance(answer, Reply)
    return answer


@pytest.fixture
async def choosing(database: Database, make_accounts: MakeAccounts, writes: object) -> Choosing:
    incoming = writes(text="/settings", language="ru")  # type: ignore[operator]  # the fixture is a function
    return Choosing(database, await make_accounts(Door.OPEN).admit(incoming), incoming)


async def test_at_first_everything_comes_at_any_time_in_the_reader_s_language(choosing: Choosing) -> None:
    assert await choosing.recipient() == Recipient("ru", "UTC")


async def test_each_kind_has_a_level_of_its_own(choosing: Choosing) -> None:
    await choosing.notice("alert silent")
    await choosing.notice("watch off")
    await choosing.notice("alert off")
    await choosing.notice("watch on")
    assert (await choosing.recipient()).levels == {Kind.ALERT: Level.OFF, Kind.WATCH: Level.ON}
    assert choosing.changed == [ANN] * 4


async def test_quiet_hours_are_set_and_ended(choosing: Choosing) -> None:
    await choosing.quiet("22:00-07:00")
    assert (await choosing.recipient()).quiet == NIGHT
    await choosing.quiet("none")
    assert (await choosing.recipient()).quiet is None


async def test_what_is_missing_is_offered_by_buttons_that_work(choosing: Choosing) -> None:
    page = await choosing.notice("")
    presses = [button.data for row in page.buttons for button in row]
    assert presses == [*(f"notice:{kind}" for kind in Kind), "quiet", "settings"]
    for kind in Kind:
        for button in (await choosing.notice(kind)).buttons[0]:
            await choosing.notice(button.data.partition(":")[2])
        assert (await choosing.recipient()).levels[kind] is Level.OFF
    hours, more, _ = (await choosing.quiet("")).buttons
    for button in (*hours, *more):
        await choosing.quiet(button.data.partition(":")[2])


async def test_what_cannot_be_read_changes_nothing(choosing: Choosing) -> None:
    with pytest.raises(NotFound):
        await choosing.notice("gossip off")
    for text in ("tonight", "7-7", "25-7", "22:00"):
        with pytest.raises(UsageError):
            await choosing.quiet(text)
    assert choosing.changed == []


@pytest.mark.parametrize("text", ["22:00-07:00", "22-7", "22:00–07:00", "22.00 7", " 22:00 — 07:00 "])
def test_hours_are_read_as_people_write_them(text: str) -> None:
    assert read_hours(text) == NIGHT


async def test_a_group_is_spoken_to_as_the_first_whom_somebody_names(choosing: Choosing) -> None:
    async def of_desks(session: ReadSession, chat_ids: Collection[int]) -> dict[int, int]:
        return {chat_id: ANN for chat_id in chat_ids if chat_id == -1}

    async def of_alerts(session: ReadSession, chat_ids: Collection[int]) -> dict[int, int]:
        assert -1 not in chat_ids
        return {chat_id: ANN for chat_id in chat_ids if chat_id == -2}

    await choosing.quiet("22-7")
    choosing.notices.listen_to_groups(of_desks, of_alerts)
    async with choosing._database.read() as session:
        spoken = await choosing.notices.recipients_of(session, [-1, -2, -3])
    assert {chat_id: recipient.language for chat_id, recipient in spoken.items()} == {-1: "ru", -2: "ru", -3: "en"}
    assert all(recipient.quiet is None for recipient in spoken.values())
