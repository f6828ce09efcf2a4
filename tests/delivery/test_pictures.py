"""Pictures go the way of all messages: durable, once where twice would harm, and never in the way of the words."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.chat.telegram_server import Call, TelegramServer
from tests.delivery.conftest import ANN, BORIS, Post, words
from tests.delivery.test_sender import ALERT, ANSWER, TWICE, a_minute_after
from tgbot.delivery.outbox import Notice, Priority
from tgbot.delivery.store import State

FIRST, SECOND = b"\x89PNG first \x00\xff" * 2000, b"\x89PNG second"


def drawn(chat_id: int, seconds: int, picture: bytes | None, priority: Priority = ANSWER, **more: object) -> Notice:
    return Notice(chat_id, replace(words(seconds), picture=picture), priority, **more)  # type: ignore[arg-type]  # the fields of Notice


def shown(telegram: TelegramServer, chat_id: int = ANN) -> list[tuple[str, bytes | None]]:
    """Words and picture of every message, from top to bottom."""
    messages = sorted(telegram.messages.items())
    return [(message["text"], picture_of(message)) for (chat, _), message in messages if chat == chat_id]


def picture_of(message: Call) -> bytes | None:
    return message["photo"].encode("latin-1") if "photo" in message else None


async def kept(post: Post) -> list[bytes]:
    """Pictures that are still in the table."""
    return [row.picture for row in await post.rows() if row.picture is not None]


async def test_a_picture_waits_over_a_restart_and_is_dropped_once_sent(post: Post, telegram: TelegramServer) -> None:
    await post.put(drawn(ANN, 1, FIRST))
    assert await kept(post) == [FIRST]
    await post.database.close()
    async with post.sending():
        await post.until_settled()
    assert shown(telegram) == [("1 s", FIRST)]
    assert await kept(post) == []


async def test_only_the_newest_picture_of_a_card_is_sent(post: Post, telegram: TelegramServer) -> None:
    async with post.sending():
        await post.put(drawn(ANN, 1, FIRST, card="chart"))
        await post.until_settled()
        await post.put(drawn(ANN, 2, FIRST, card="chart"), drawn(ANN, 3, SECOND, card="chart"))
        await post.until_settled()
    assert shown(telegram) == [("3 s", SECOND)]
    assert len(telegram.sent("editMessageMedia")) == 1


@pytest.mark.parametrize(
    ("priority", "copies"), [(ALERT, [("1 s", FIRST), (f"1 s\n{TWICE}", FIRST)]), (ANSWER, [("1 s", FIRST)])]
)
async def test_after_a_lost_answer_a_picture_follows_the_rules_of_its_words(
    post: Post, telegram: TelegramServer, priority: Priority, copies: list[tuple[str, bytes]]
) -> None:
    telegram.lose_answer("sendPhoto")
    async with post.sending():
        await post.put(drawn(ANN, 1, FIRST, priority))
        if copies[1:]:
            await a_minute_after(post, telegram, "sendPhoto")
        await post.until_settled()
    assert shown(telegram) == copies
    assert await kept(post) == []


async def test_a_lost_edit_of_a_picture_is_repeated(post: Post, telegram: TelegramServer) -> None:
    telegram.lose_answer("editMessageMedia")
    async with post.sending():
        await post.put(drawn(ANN, 1, FIRST, edit_message_id=5))
        await a_minute_after(post, telegram, "editMessageMedia")
        await post.until_settled()
    assert shown(telegram) == [("1 s", FIRST)]
    assert len(telegram.sent("editMessageMedia")) == 2


@pytest.mark.parametrize(
    "refusal", ["IMAGE_PROCESS_FAILED", "not enough rights to send photos to the chat", "PHOTO_INVALID_DIMENSIONS"]
)
async def test_words_arrive_without_a_picture_that_is_refused(
    post: Post, telegram: TelegramServer, refusal: str
) -> None:
    telegram.fail("sendPhoto", 400, f"Bad Request: {refusal}")
    telegram.fail("editMessageMedia", 400, f"Bad Request: {refusal}")
    async with post.sending():
        await post.put(drawn(ANN, 1, FIRST), drawn(BORIS, 2, FIRST, edit_message_id=5))
        await post.until_settled()
    assert shown(telegram) == [("1 s", None)]
    assert shown(telegram, BORIS) == [("2 s", None)]
    assert post.gone == []
    assert set((await post.states()).values()) == {State.SENT}


async def test_words_that_do_not_fit_beneath_a_picture_come_alone(post: Post, telegram: TelegramServer) -> None:
    long = Notice(ANN, replace(words(1), lines=words(1).lines * 300, picture=FIRST), ANSWER)
    async with post.sending():
        await post.put(long)
        await post.until_settled()
    ((text, picture),) = shown(telegram)
    assert (text.splitlines(), picture) == (["1 s"] * 300, None)
    assert telegram.sent("sendPhoto") == []


async def test_a_picture_that_is_to_become_words_gets_a_message_beneath_it(
    post: Post, telegram: TelegramServer
) -> None:
    async with post.sending():
        await post.put(drawn(ANN, 1, FIRST, card="chart"))
        await post.until_settled()
        telegram.fail("editMessageText", 400, "Bad Request: there is no text in the message to edit")
        await post.put(drawn(ANN, 2, None, card="chart"))
        await post.until_settled()
        await post.put(drawn(ANN, 3, None, card="chart"))
        await post.until_settled()
    assert shown(telegram) == [("1 s", FIRST), ("3 s", None)]


async def test_no_picture_outlives_its_message(post: Post, telegram: TelegramServer) -> None:
    telegram.fail("sendPhoto", 403, "Forbidden: bot was blocked by the user")
    soon = post.clock.now() + timedelta(seconds=60)
    await post.put(drawn(ANN, 1, FIRST), drawn(ANN, 2, SECOND), drawn(BORIS, 3, SECOND, ALERT, expires_at=soon))
    post.clock.advance(61)
    async with post.sending():
        await post.until_settled()
    assert set((await post.states()).values()) == {State.DEAD, State.STALE}
    assert await kept(post) == []
