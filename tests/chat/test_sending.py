import json
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.chat.telegram_server import TelegramServer
from tgbot.chat.bot import Telegram
from tgbot.chat.sending import Messenger
from tgbot.core.errors import (
    ButtonsRefused,
    ChatGone,
    ChatMoved,
    ConfigError,
    DeliveryError,
    DeliveryNotSent,
    DeliveryUnknown,
    Malformed,
    MessageGone,
    Throttled,
    TopicGone,
)
from tgbot.core.reply import Rendered, RenderedButton

HELLO = Rendered("<b>Hello</b> &lt;you&gt;", "Hello <you>", ((RenderedButton("Confirm", "go:1"),),))

PICTURE = bytes(range(256)) * 300  # more than one write of a socket takes
SHOWN = replace(HELLO, picture=PICTURE)
TOO_LONG = Rendered("x" * 1025, "x" * 1025, (), PICTURE)


@pytest.fixture
def messenger(bot: Telegram) -> Messenger:
    return Messenger(bot)


async def test_a_message_goes_out_as_html_with_its_buttons(telegram: TelegramServer, messenger: Messenger) -> None:
    message_id = await messenger.send(7, HELLO, thread_id=3, reply_to=44, is_silent=True)
    ((_, call),) = [(method, call) for method, call in telegram.calls if method == "sendMessage"]
    assert telegram.messages[7, message_id] == call
    assert (call["text"], call["parse_mode"]) == (HELLO.html, "HTML")
    assert json.loads(call["reply_markup"]) == {"inline_keyboard": [[{"text": "Confirm", "callback_data": "go:1"}]]}
    assert json.loads(call["link_preview_options"]) == {"is_disabled": True}
    assert json.loads(call["reply_parameters"]) == {"message_id": 44, "allow_sending_without_reply": True}
    assert (call["message_thread_id"], call["disable_notification"]) == ("3", "true")


async def test_an_edit_replaces_text_and_buttons(telegram: TelegramServer, messenger: Messenger) -> None:
    message_id = await messenger.send(7, HELLO)
    await messenger.edit(7, message_id, Rendered("Done", "Done"))
    assert telegram.texts(7) == ["Done"]
    assert "reply_markup" not in telegram.messages[7, message_id]


async def test_a_picture_goes_out_with_the_words_beneath_it(telegram: TelegramServer, messenger: Messenger) -> None:
    message_id = await messenger.send(7, SHOWN, thread_id=3, reply_to=44, is_silent=True)
    (call,) = telegram.sent("sendPhoto")
    assert telegram.messages[7, message_id]["photo"].encode("latin-1") == PICTURE
    assert (call["caption"], call["parse_mode"]) == (HELLO.html, "HTML")
    assert json.loads(call["reply_markup"]) == {"inline_keyboard": [[{"text": "Confirm", "callback_data": "go:1"}]]}
    assert json.loads(call["reply_parameters"])["message_id"] == 44
    assert (call["message_thread_id"], call["disable_notification"]) == ("3", "true")


async def test_an_edit_replaces_picture_words_and_buttons(telegram: TelegramServer, messenger: Messenger) -> None:
    message_id = await messenger.send(7, SHOWN)
    await messenger.edit(7, message_id, Rendered("<b>Later</b>", "Later", (), PICTURE[::-1]))
    (call,) = telegram.sent("editMessageMedia")
    assert json.loads(call["media"])["parse_mode"] == "HTML"
    assert "reply_markup" not in call
    shown = telegram.messages[7, message_id]
    assert (shown["text"], shown["photo"].encode("latin-1")) == ("<b>Later</b>", PICTURE[::-1])


async def test_words_too_long_for_a_picture_are_refused_before_they_are_sent(
    telegram: TelegramServer, messenger: Messenger
) -> None:
    longest = Rendered(f"<b>{'💰' * 512}</b>", "💰" * 512, (), PICTURE)
    await messenger.send(7, longest)
    for act in (messenger.send(7, TOO_LONG), messenger.edit(7, 5, TOO_LONG)):
        with pytest.raises(Malformed, match="caption"):
            await act
    assert len(telegram.sent("sendPhoto", "editMessageMedia")) == 1


async def test_a_picture_goes_once_whatever_becomes_of_the_answer(
    telegram: TelegramServer, messenger: Messenger
) -> None:
    telegram.lose_answer("sendPhoto")
    with pytest.raises(DeliveryUnknown):
        await messenger.send(7, SHOWN)
    assert len(telegram.sent("sendPhoto")) == 1


async def test_an_edit_to_the_same_text_has_succeeded(telegram: TelegramServer, messenger: Messenger) -> None:
    telegram.fail("editMessageText", 400, "Bad Request: message is not modified: specified new message content …")
    await messenger.edit(7, 1, HELLO)


@pytest.mark.parametrize(
    ("status", "description", "error"),
    [
        (403, "Forbidden: bot was blocked by the user", ChatGone),
        (403, "Forbidden: bot was kicked from the supergroup chat", ChatGone),
        (403, "Forbidden: user is deactivated", ChatGone),
        (400, "Bad Request: chat not found", ChatGone),
        (400, "Bad Request: not enough rights to send text messages to the chat", ChatGone),
        (400, "Bad Request: can't parse entities: unsupported start tag", Malformed),
        (400, "Bad Request: message is too long", Malformed),
        (400, "Bad Request: BUTTON_URL_INVALID", ButtonsRefused),
        (400, "Bad Request: reply markup is too long", ButtonsRefused),
        (400, "Bad Request: not enough rights to send photos to the chat", Malformed),
        (400, "Bad Request: message to edit not found", MessageGone),
        (400, "Bad Request: message thread not found", TopicGone),
        (400, "Bad Request: TOPIC_CLOSED", TopicGone),
        (400, "Bad Request: message can't be edited", MessageGone),
        (401, "Unauthorized", ConfigError),
        (404, "Not Found", ConfigError),
        (500, "Internal Server Error", DeliveryUnknown),
        (502, "Bad Gateway", DeliveryUnknown),
    ],
)
async def test_refusals_come_in_our_words(
    telegram: TelegramServer, messenger: Messenger, status: int, description: str, error: type[Exception]
) -> None:
    telegram.fail("sendMessage", status, description)
    with pytest.raises(error):
        await messenger.send(7, HELLO)


async def test_how_long_to_wait_is_told(telegram: TelegramServer, messenger: Messenger) -> None:
    telegram.fail("sendMessage", 429, "Too Many Requests: retry after 35", retry_after=35)
    with pytest.raises(Throttled) as caught:
        await messenger.send(7, HELLO)
    assert caught.value.retry_after == Decimal(35)


async def test_where_a_group_has_moved_is_told(telegram: TelegramServer, messenger: Messenger) -> None:
    telegram.fail("sendMessage", 400, "group chat was upgraded to a supergroup chat", migrate_to_chat_id=-1002)
    with pytest.raises(ChatMoved) as caught:
        await messenger.send(-5, HELLO)
    assert caught.value.new_chat_id == -1002


async def test_a_lost_answer_is_unknown_and_nothing_is_sent_twice(
    telegram: TelegramServer, messenger: Messenger
) -> None:
    telegram.lose_answer("sendMessage")
    with pytest.raises(DeliveryUnknown):
        await messenger.send(7, HELLO)
    assert len(telegram.sent("sendMessage")) == 1


async def test_garbage_for_an_answer_is_unknown(telegram: TelegramServer, messenger: Messenger) -> None:
    telegram.answer_with("sendMessage", 200, "<html>")
    with pytest.raises(DeliveryUnknown):
        await messenger.send(7, HELLO)


async def test_a_deletion_says_whether_it_happened(telegram: TelegramServer, messenger: Messenger) -> None:
    assert await messenger.delete(7, 1)
    telegram.fail("deleteMessage", 400, "Bad Request: message can't be deleted for everyone")
    assert not await messenger.delete(7, 1)
    telegram.lose_answer("deleteMessage")
    with pytest.raises(DeliveryError):
        await messenger.delete(7, 1)


async def test_a_press_answered_too_late_is_no_error(telegram: TelegramServer, messenger: Messenger) -> None:
    telegram.fail("answerCallbackQuery", 400, "Bad Request: query is too old and response timeout expired")
    await messenger.answer_press("p1", "Done")
    await messenger.answer_press("p2", "x" * 500, is_alert=True)
    late, alert = telegram.sent("answerCallbackQuery")
    assert late["text"] == "Done"
    assert (len(alert["text"]), alert["show_alert"]) == (200, "true")


async def test_the_command_menu_is_set_by_language(telegram: TelegramServer, messenger: Messenger) -> None:
    await messenger.set_commands([("price", "Цена")], "ru")
    (call,) = telegram.sent("setMyCommands")
    assert json.loads(call["commands"]) == [{"command": "price", "description": "Цена"}]
    assert call["language_code"] == "ru"


async def test_a_server_that_is_not_there_was_sent_nothing(messenger: Messenger, bot: Telegram) -> None:
    bot._base_url = f"http://127.0.0.1:1/bot{bot.token}"
    with pytest.raises(DeliveryNotSent):
        await messenger.send(7, HELLO)
