import asyncio
from datetime import timedelta

import httpx
import pytest
from telegram import Bot
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter

from tests.clock import JumpClock
from tests.playground.conftest import TOKEN
from tgbot.playground import Playground
from tgbot.playground.chats import Chat, Person


def said(playground: Playground, chat: Chat) -> list[str]:
    return [message.text for message in playground.messages(chat) if message.sender is playground.bot]


async def test_a_dropped_call_is_not_done(playground: Playground, chat: Chat, bot: Bot) -> None:
    fault = playground.faults.add("sendMessage", "drop")
    with pytest.raises(NetworkError):
        await bot.send_message(chat.id, "one")
    await bot.send_message(chat.id, "two")
    assert said(playground, chat) == ["two"]
    assert fault.hits == 1


async def test_a_lost_answer_leaves_it_done(playground: Playground, chat: Chat, bot: Bot) -> None:
    playground.faults.add("send*", "lost")
    with pytest.raises(NetworkError):
        await bot.send_message(chat.id, "one")
    assert said(playground, chat) == ["one"]
    assert [call.error for call in playground.journal.calls("sendMessage")] == ["the connection was cut"]


async def test_flood_control_tells_how_long_to_wait(playground: Playground, chat: Chat, bot: Bot) -> None:
    playground.faults.add("sendMessage", code=429, retry_after=7)
    with pytest.raises(RetryAfter) as caught:
        await bot.send_message(chat.id, "one")
    assert caught.value.retry_after == timedelta(seconds=7)


async def test_errors_of_any_code_and_text(playground: Playground, chat: Chat, bot: Bot) -> None:
    playground.faults.add("sendMessage", code=403, detail="user is deactivated")
    playground.faults.add("sendMessage", code=400, detail="have no rights to send a message")
    playground.faults.add("sendMessage", code=500)
    with pytest.raises(Forbidden, match="user is deactivated"):
        await bot.send_message(chat.id, "one")
    with pytest.raises(BadRequest, match="Have no rights to send a message"):
        await bot.send_message(chat.id, "one")
    with pytest.raises(NetworkError):
        await bot.send_message(chat.id, "one")
    assert said(playground, chat) == []


async def test_a_gateways_page_is_no_json(
    playground: Playground, chat: Chat, http: httpx.AsyncClient, url: str
) -> None:
    playground.faults.add(mode="html")
    answer = await http.get(f"{url}/bot{TOKEN}/getMe")
    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html; charset=utf-8")


async def test_a_late_answer_waits_for_the_clock(
    playground: Playground, clock: JumpClock, chat: Chat, bot: Bot
) -> None:
    playground.faults.add("sendMessage", "delay", seconds=20)
    async with asyncio.TaskGroup() as group:
        sending = group.create_task(bot.send_message(chat.id, "one"))
        await clock.until_sleeping()
        assert said(playground, chat) == []
        clock.advance(20)
    assert sending.result().text == "one"


async def test_a_fault_strikes_its_chat_and_its_number_of_times(
    playground: Playground, ann: Person, chat: Chat, bot: Bot
) -> None:
    playground.faults.add("sendMessage", code=400, times=2, chat_id=chat.id)
    await bot.send_message(playground.desk.id, "elsewhere")
    for _ in range(2):
        with pytest.raises(BadRequest):
            await bot.send_message(chat.id, "one")
    await bot.send_message(chat.id, "one")
    assert said(playground, chat) == ["one"]


async def test_polling_goes_on_unless_it_is_named(playground: Playground, chat: Chat, bot: Bot) -> None:
    playground.faults.add("*", "drop")
    assert len(await bot.get_updates()) == 1
    playground.faults.clear()
    playground.faults.add("getUpdates", "lost")
    with pytest.raises(NetworkError):
        await bot.get_updates()
    assert len(await bot.get_updates()) == 1


async def test_limits_are_off_until_they_are_enforced(playground: Playground, chat: Chat, bot: Bot) -> None:
    for number in range(12):
        await bot.send_message(chat.id, str(number))
    assert len(said(playground, chat)) == 12


async def test_a_burst_in_one_chat_has_to_wait(playground: Playground, clock: JumpClock, chat: Chat, bot: Bot) -> None:
    playground.limits.are_enforced = True
    for number in range(5):
        await bot.send_message(chat.id, str(number))
    with pytest.raises(RetryAfter):
        await bot.edit_message_text("edits count too", chat.id, playground.messages(chat)[-1].id)
    await bot.send_message(playground.desk.id, "other chats are free")
    clock.advance(5)
    assert (await bot.send_message(chat.id, "again")).text == "again"


async def test_a_group_bears_twenty_a_minute(playground: Playground, clock: JumpClock, bot: Bot) -> None:
    playground.limits.are_enforced = True
    for number in range(20):
        await bot.send_message(playground.desk.id, str(number))
        clock.advance(1)
    with pytest.raises(RetryAfter) as caught:
        await bot.send_message(playground.desk.id, "one too many")
    assert caught.value.retry_after == timedelta(seconds=40)


async def test_everybody_together_bears_thirty_a_second(playground: Playground, clock: JumpClock, bot: Bot) -> None:
    playground.limits.are_enforced = True
    people = [playground.person(f"Person{number}") for number in range(31)]
    for person in people:
        await playground.say(person, playground.private(person), "/start")
    for person in people[:30]:
        await bot.send_message(person.id, "broadcast")
    with pytest.raises(RetryAfter):
        await bot.send_message(people[30].id, "broadcast")
    clock.advance(1)
    assert await bot.send_message(people[30].id, "broadcast")
