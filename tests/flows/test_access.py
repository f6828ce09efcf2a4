"""Who may come in, and what people choose, in the words that they read."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tests.flows.processes import ended
from tests.flows.stage import Seat, Stage, kept_open
from tgbot.accounts.service import Door
from tgbot.accounts.views import TASKS

pytestmark = pytest.mark.processes


@pytest.fixture
async def closed(stage: Stage) -> AsyncIterator[Stage]:
    """The bot runs by invitation; Bob is its operator."""
    bob = stage.playground.person("Bob")
    async with kept_open(stage.bot(access=Door.INVITE, operators=(bob.id,))):
        yield stage


async def test_an_invitation_from_the_command_line_lets_one_person_in(closed: Stage) -> None:
    invited = await ended("invite", settings=closed.settings)
    link = next(line for line in invited.splitlines() if line.startswith("https://t.me/"))
    assert link.startswith("https://t.me/tgbot_demo_bot?start="), "Telegram was asked for the name"
    token = link.rpartition("=")[2]
    ann, eve = closed.seat("Ann"), closed.seat("Eve")
    refused = await ann.say("/start", "by invitation")
    assert str(ann.person.id) in refused.text
    await ann.say(f"/start {token}", "Hello Ann")
    await ann.say("/help", "What would you like to do")
    used = await eve.say(f"/start {token}", "not valid")
    assert str(eve.person.id) in used.text
    await eve.say("/help", "by invitation")


async def test_the_operator_is_always_let_in(closed: Stage) -> None:
    await closed.seat("Bob").say("/start", "Hello Bob")


async def test_a_group_hears_nothing_when_strangers_write(closed: Stage) -> None:
    playground = closed.playground
    ann, bob = closed.seat("Ann"), closed.seat("Bob")
    await bob.say("/start", "Hello Bob")
    for text in ("/buy btc 100", "/price btc", "/help", "/nonsense"):
        await playground.say(ann.person, playground.desk, text)
    mine = await playground.say(bob.person, playground.desk, "/help")
    await playground.wait_for(playground.desk, "What would you like to do", since=mine)
    assert [message.sender.name for message in playground.messages(playground.desk)].count("tgbot") == 1


async def test_anonymous_administrators_are_asked_who_they_are(closed: Stage) -> None:
    playground, desk = closed.playground, closed.playground.desk
    mine = await playground.say(playground.person("Ann"), desk, "/price btc", anonymous=True)
    await playground.wait_for(desk, "I have to know who asks", since=mine)


async def test_every_command_has_its_help(ann: Seat) -> None:
    for task, names in TASKS.items():
        ann.stage.clock.shift += timedelta(seconds=5)
        page = await ann.say(f"/help {task}")
        assert all(f"/{name}" in page.text for name in names), task
    menu = await ann.say("/help", "What would you like to do")
    assert len(menu.labels) == 6
    page = await ann.press(menu.labels[0], "/price")
    await ann.press("‹ Back", "What would you like to do", page)
    await ann.say("/help nonsense", "There is no command /nonsense")


async def test_settings_are_changed_by_text(ann: Seat) -> None:
    await ann.say("/settings zone Europe/Berlin", "Saved.\n.*\n.*\nTime zone: Europe/Berlin")
    await ann.say("/settings zone Mars/Olympus", "no time zone “Mars/Olympus”")
    ann.stage.clock.shift += timedelta(seconds=5)
    await ann.say("/settings language xx", "do not speak “xx”")
    await ann.say("/settings colour red", "no setting “colour”")
    ann.stage.clock.shift += timedelta(seconds=5)
    await ann.say("/settings", "Time zone: Europe/Berlin")


async def test_settings_are_changed_by_buttons_in_one_message(ann: Seat) -> None:
    shown = await ann.say("/settings", "Settings")
    await ann.press("Language", "Which language", shown)
    await ann.press("Русский", "Сохранено", shown)
    await ann.press("Часовой пояс", "Какой часовой пояс|/settings zone", shown)
    saved = await ann.press("Europe/Moscow", "Europe/Moscow", shown)
    assert saved.id == shown.id


async def test_whoever_reads_russian_is_greeted_in_russian(stage: Stage) -> None:
    eve = stage.seat("Eve")
    async with stage.bot():
        greeting = await eve.say("/start")
        assert "Eve" in greeting.text
        assert "KuCoin" in greeting.text
        assert "Hello" not in greeting.text


async def test_a_name_full_of_tricks_is_only_a_name(stage: Stage) -> None:
    tricky = stage.seat("<b>✅ Approved</b> \u202e *_[x](y)")
    async with stage.bot():
        greeting = await tricky.say("/start", "Hello")
        assert "<b>✅ Approved</b>" in greeting.text
        assert "\u202e" not in greeting.text
