from dataclasses import replace

import pytest

from tests.chat.telegram_server import TelegramServer
from tests.clock import START
from tests.delivery.conftest import ANN, BORIS, DESK, Post, words
from tgbot.chat.sending import Messenger
from tgbot.core.notices import Recipient
from tgbot.core.reply import T
from tgbot.core.routing import Incoming, Toast
from tgbot.delivery.answers import Answers
from tgbot.delivery.gone import leave_chat

COMMAND = Incoming(
    update_id=1,
    chat_id=DESK,
    is_private=False,
    thread_id=3,
    user_id=BORIS,
    name="Boris",
    language="en",
    message_id=40,
    sent_at=START,
    command="price",
)
PRESS = replace(COMMAND, chat_id=ANN, thread_id=None, command="", press_id="p1", verb="refresh")


@pytest.fixture
def answers(post: Post) -> Answers:
    return Answers(
        database=post.database,
        outbox=post.outbox,
        messenger=Messenger(post.bot),
        renderer=post.renderer,
        recipients_of=post.recipients_of,
        on_chat_back=post.on_chat_back,
    )


async def answer(
    post: Post, answers: Answers, incoming: Incoming, *, is_new: bool = False, picture: bytes | None = None
) -> None:
    async with post.sending():
        async with post.database.write() as session:
            await answers.reply(session, incoming, replace(words(1), is_new=is_new, picture=picture))
        answers.wake()
        await post.until_settled()


async def test_a_command_is_answered_by_a_new_message_in_its_topic(
    post: Post, answers: Answers, telegram: TelegramServer
) -> None:
    await answer(post, answers, COMMAND)
    (call,) = telegram.sent("sendMessage")
    assert (call["chat_id"], call["message_thread_id"]) == (str(DESK), "3")


async def test_a_press_is_answered_in_place(post: Post, answers: Answers, telegram: TelegramServer) -> None:
    await answer(post, answers, PRESS)
    (call,) = telegram.sent("editMessageText")
    assert (call["chat_id"], call["message_id"]) == (str(ANN), "40")


async def test_a_press_may_be_answered_by_a_new_message(post: Post, answers: Answers, telegram: TelegramServer) -> None:
    await answer(post, answers, PRESS, is_new=True)
    assert len(telegram.sent("sendMessage")) == 1
    assert telegram.sent("editMessageText") == []


async def test_a_picture_takes_the_place_of_a_picture_or_a_text(
    post: Post, answers: Answers, telegram: TelegramServer
) -> None:
    for pressed in (PRESS, replace(PRESS, is_picture=True)):
        await answer(post, answers, pressed, picture=b"PNG")
    assert [call["message_id"] for call in telegram.sent("editMessageMedia")] == ["40", "40"]


async def test_who_writes_to_us_reads_us_again(post: Post, answers: Answers, telegram: TelegramServer) -> None:
    async with post.database.write() as session:
        await leave_chat(session, DESK, "Forbidden: bot was kicked", post.clock.now())
    await answers.restore()
    await answers.hear(replace(COMMAND, command=""))
    assert post.back == [], "people talk to each other there"
    for _ in range(2):
        await answers.hear(COMMAND)
        await answer(post, answers, COMMAND)
    assert telegram.texts(DESK) == ["1 s", "1 s"]
    assert post.back == [DESK]


async def test_words_never_take_the_place_of_a_picture(post: Post, answers: Answers, telegram: TelegramServer) -> None:
    await answer(post, answers, replace(PRESS, is_picture=True))
    assert telegram.texts(ANN) == ["1 s"]
    assert telegram.sent("editMessageText") == []


async def test_a_toast_speaks_the_language_of_who_pressed(
    post: Post, answers: Answers, telegram: TelegramServer
) -> None:
    post.recipients[BORIS] = Recipient("ru", "UTC")
    await answers.toast(PRESS, Toast(T("common.cancel"), is_alert=True))
    await answers.toast(PRESS, None)
    with_words, without = telegram.sent("answerCallbackQuery")
    assert (with_words["text"], with_words["show_alert"]) == ("Отмена", "true")
    assert "text" not in without


async def test_a_press_that_cannot_be_answered_breaks_nothing(answers: Answers, telegram: TelegramServer) -> None:
    telegram.fail("answerCallbackQuery", 502, "Bad Gateway")
    await answers.toast(PRESS, None)
