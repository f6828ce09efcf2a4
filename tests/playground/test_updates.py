import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager

import pytest
from telegram import Bot, Message, Update
from telegram.error import Conflict

from tests.playground.conftest import Ask, Json
from tgbot.playground import Playground
from tgbot.playground.chats import Chat, Person
from tgbot.playground.errors import ApiError


async def test_an_update_comes_again_until_it_is_confirmed(playground: Playground, chat: Chat, bot: Bot) -> None:
    [first] = await bot.get_updates()
    [again] = await bot.get_updates()
    assert again.update_id == first.update_id
    assert await bot.get_updates(offset=first.update_id + 1) == ()
    assert await bot.get_updates() == ()


async def test_a_poll_waits_until_somebody_writes(playground: Playground, ann: Person) -> None:
    async with asyncio.TaskGroup() as group:
        # Tasks begin in the order in which they were made: the poll is waiting when Ann writes.
        poll = group.create_task(playground.world.updates.poll(offset=0, limit=100, seconds=30))
        group.create_task(playground.say(ann, playground.private(ann), "hello"))
    assert [update["message"]["text"] for update in poll.result()] == ["hello"]


async def test_no_poll_outlives_the_playground(playground: Playground) -> None:
    async with asyncio.TaskGroup() as group:
        poll = group.create_task(playground.world.updates.poll(offset=0, limit=100, seconds=30))
        asyncio.get_running_loop().call_soon(playground.world.updates.close)
    assert poll.result() == []


async def test_limit_and_negative_offset(playground: Playground, ann: Person, chat: Chat, bot: Bot) -> None:
    for word in ("one", "two", "three"):
        await playground.say(ann, chat, word)
    assert [message.text for message in _messages(await bot.get_updates(limit=2))] == ["/start", "one"]
    assert [message.text for message in _messages(await bot.get_updates(offset=-1))] == ["three"]


async def test_the_older_of_two_polls_is_ended(playground: Playground) -> None:
    updates = playground.world.updates
    async with asyncio.TaskGroup() as group:
        older = group.create_task(_refusal(updates.poll(offset=0, limit=100, seconds=30)))
        newer = group.create_task(updates.poll(offset=0, limit=100, seconds=0))
    assert older.result() == (
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    )
    assert newer.result() == []


async def test_python_telegram_bot_understands_the_conflict(bot: Bot, ask: Ask) -> None:
    await ask("setWebhook", url="https://example.org/hook")
    with pytest.raises(Conflict):
        await bot.get_updates()


async def test_only_kinds_that_were_asked_for_come(playground: Playground, ann: Person, chat: Chat, bot: Bot) -> None:
    await bot.get_updates(allowed_updates=["edited_message"])
    message = await playground.say(ann, chat, "not this")
    await playground.edit(message, "but this")
    updates = await bot.get_updates(offset=-1)
    assert [update.edited_message.text for update in updates if update.edited_message] == ["but this"]
    await bot.get_updates(allowed_updates=[])
    await playground.say(ann, chat, "this again")
    assert _messages(await bot.get_updates(offset=-1))[0].text == "this again"


async def test_a_payload_stays_as_it_was(playground: Playground, ann: Person, chat: Chat, bot: Bot) -> None:
    message = await playground.say(ann, chat, "before")
    await playground.edit(message, "after")
    texts = [update.effective_message.text for update in await bot.get_updates() if update.effective_message]
    assert texts == ["/start", "before", "after"]


async def test_a_webhook_gets_updates_in_order_with_its_secret(
    playground: Playground, ann: Person, chat: Chat, ask: Ask
) -> None:
    async with _listening() as (address, requests):
        assert (await ask("setWebhook", url=address, secret_token="s3cret"))["ok"]
        await playground.say(ann, chat, "hello")
    assert [_text(request) for request in requests] == ["/start", "hello"]
    assert all(b"x-telegram-bot-api-secret-token: s3cret" in request.lower() for request in requests)
    assert (await ask("getUpdates"))["error_code"] == 409
    assert (await ask("getWebhookInfo"))["result"]["pending_update_count"] == 0


async def test_an_update_that_the_webhook_does_not_take_stays(
    playground: Playground, ann: Person, chat: Chat, ask: Ask
) -> None:
    async with _listening() as (address, _):
        pass
    await ask("setWebhook", url=address, drop_pending_updates=True)
    await playground.say(ann, chat, "hello")
    told = (await ask("getWebhookInfo"))["result"]
    assert told["pending_update_count"] == 1
    assert told["last_error_message"]
    await ask("deleteWebhook")
    assert [update["message"]["text"] for update in (await ask("getUpdates"))["result"]] == ["hello"]


async def test_a_webhook_over_plain_http_elsewhere_is_refused(ask: Ask) -> None:
    answer = await ask("setWebhook", url="http://example.org/hook")
    assert answer["description"] == "Bad Request: bad webhook: An HTTPS URL must be provided for webhook"


@pytest.mark.parametrize(
    ("secret", "description"),
    [("a b", "secret token contains unallowed characters"), ("x" * 257, "secret token is too long")],
)
async def test_a_webhooks_secret_must_fit_into_a_header(ask: Ask, secret: str, description: str) -> None:
    answer = await ask("setWebhook", url="https://example.org/hook", secret_token=secret)
    assert answer["description"] == f"Bad Request: {description}"


async def _refusal(poll: Awaitable[list[Json]]) -> str:
    with pytest.raises(ApiError) as caught:
        await poll
    return caught.value.description


@asynccontextmanager
async def _listening() -> AsyncIterator[tuple[str, list[bytes]]]:
    """The address of an HTTP server that takes everything, and what it has been sent."""
    requests: list[bytes] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        requests.append(head + await reader.readexactly(length))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(take, "127.0.0.1") as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook", requests


def _text(request: bytes) -> str:
    text: str = json.loads(request.partition(b"\r\n\r\n")[2])["message"]["text"]
    return text


def _messages(updates: Sequence[Update]) -> list[Message]:
    return [update.message for update in updates if update.message is not None]
