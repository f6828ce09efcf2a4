import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, InputMediaPhoto
from telegram.error import BadRequest

from tests.clock import JumpClock
from tests.playground.conftest import Ask
from tests.playground.test_sending import png
from tgbot.playground import Playground
from tgbot.playground.chats import Chat, Message, Person

KEYBOARD = InlineKeyboardMarkup([[InlineKeyboardButton("Refresh", callback_data="r")]])


def shown(playground: Playground, chat: Chat) -> Message:
    return playground.messages(chat)[-1]


async def test_an_edit_changes_the_message_in_place(playground: Playground, chat: Chat, bot: Bot) -> None:
    sent = await bot.send_message(chat.id, "67,000", reply_markup=KEYBOARD)
    edited = await bot.edit_message_text("<b>67,100</b>", chat.id, sent.message_id, parse_mode="HTML")
    assert not isinstance(edited, bool)
    assert (edited.text, edited.message_id) == ("67,100", sent.message_id)
    assert edited.edit_date is not None
    assert shown(playground, chat).text == "67,100"


async def test_an_edit_without_a_keyboard_removes_it(playground: Playground, chat: Chat, bot: Bot) -> None:
    sent = await bot.send_message(chat.id, "67,000", reply_markup=KEYBOARD)
    await bot.edit_message_text("67,100", chat.id, sent.message_id)
    assert shown(playground, chat).labels == []


async def test_an_edit_that_changes_nothing_is_refused_also_the_second_time(chat: Chat, bot: Bot) -> None:
    sent = await bot.send_message(chat.id, "same", reply_markup=KEYBOARD)
    with pytest.raises(BadRequest, match="Message is not modified"):
        await bot.edit_message_text("same", chat.id, sent.message_id, reply_markup=KEYBOARD)
    await bot.edit_message_text("other", chat.id, sent.message_id)
    with pytest.raises(BadRequest, match="Message is not modified"):
        await bot.edit_message_text("other", chat.id, sent.message_id)


async def test_the_keyboard_alone_can_change(playground: Playground, chat: Chat, bot: Bot) -> None:
    sent = await bot.send_message(chat.id, "card")
    await bot.edit_message_reply_markup(chat.id, sent.message_id, reply_markup=KEYBOARD)
    assert (shown(playground, chat).text, shown(playground, chat).labels) == ("card", ["Refresh"])
    await bot.edit_message_reply_markup(chat.id, sent.message_id)
    assert shown(playground, chat).labels == []


async def test_a_caption_changes_and_goes(playground: Playground, chat: Chat, bot: Bot) -> None:
    sent = await bot.send_photo(chat.id, png(20, 20), caption="1h")
    await bot.edit_message_caption(chat.id, sent.message_id, caption="4h")
    assert shown(playground, chat).text == "4h"
    await bot.edit_message_caption(chat.id, sent.message_id)
    assert shown(playground, chat).text == ""
    assert "photo" in shown(playground, chat).content


async def test_text_and_picture_are_edited_by_their_own_methods(chat: Chat, bot: Bot) -> None:
    text = await bot.send_message(chat.id, "text")
    photo = await bot.send_photo(chat.id, png(20, 20))
    with pytest.raises(BadRequest, match="There is no text in the message to edit"):
        await bot.edit_message_text("x", chat.id, photo.message_id)
    with pytest.raises(BadRequest, match="There is no caption in the message to edit"):
        await bot.edit_message_caption(chat.id, text.message_id, caption="x")


async def test_a_picture_takes_the_place_of_a_picture_and_of_text(playground: Playground, chat: Chat, bot: Bot) -> None:
    sent = await bot.send_message(chat.id, "⏳ drawing")
    for size in (20, 30):
        media = InputMediaPhoto(png(size, size), caption=f"{size}")
        edited = await bot.edit_message_media(media, chat.id, sent.message_id)
        assert not isinstance(edited, bool)
        assert (edited.photo[-1].width, edited.caption, edited.text) == (size, f"{size}", None)
    assert shown(playground, chat).text == "30"


async def test_only_pictures_and_documents_are_known(chat: Chat, bot: Bot, ask: Ask) -> None:
    sent = await bot.send_message(chat.id, "text")
    media = {"type": "hologram", "media": "attach://x"}
    answer = await ask("editMessageMedia", chat_id=chat.id, message_id=sent.message_id, media=media)
    assert answer["description"] == 'Bad Request: can\'t parse InputMedia: type "hologram" is unsupported'


async def test_only_what_is_there_and_the_bots_own_can_be_edited(
    playground: Playground, ann: Person, chat: Chat, bot: Bot, ask: Ask
) -> None:
    said = await playground.say(ann, chat, "mine")
    with pytest.raises(BadRequest, match="Message can't be edited"):
        await bot.edit_message_text("yours", chat.id, said.id)
    with pytest.raises(BadRequest, match="Message to edit not found"):
        await bot.edit_message_text("yours", chat.id, 99)
    answer = await ask("editMessageText", chat_id=chat.id, message_id="first", text="yours")
    assert answer["description"] == "Bad Request: message to edit not found"


async def test_a_message_that_a_person_deleted_is_gone_for_the_bot(
    playground: Playground, chat: Chat, bot: Bot
) -> None:
    sent = await bot.send_message(chat.id, "card")
    await playground.delete(shown(playground, chat))
    with pytest.raises(BadRequest, match="Message to edit not found"):
        await bot.edit_message_text("x", chat.id, sent.message_id)
    with pytest.raises(BadRequest, match="Message to delete not found"):
        await bot.delete_message(chat.id, sent.message_id)


async def test_the_bot_deletes_what_a_person_wrote_in_private(
    playground: Playground, ann: Person, chat: Chat, bot: Bot
) -> None:
    secret = await playground.say(ann, chat, "my secret")
    assert await bot.delete_message(chat.id, secret.id)
    assert [message.text for message in playground.messages(chat)] == ["/start"]


async def test_nothing_is_deleted_after_two_days(
    playground: Playground, clock: JumpClock, chat: Chat, bot: Bot
) -> None:
    sent = await bot.send_message(chat.id, "old")
    clock.advance(48 * 3600 + 1)
    with pytest.raises(BadRequest, match="Message can't be deleted"):
        await bot.delete_message(chat.id, sent.message_id)
    assert shown(playground, chat).text == "old"


async def test_in_a_group_deleting_others_messages_needs_the_right(
    playground: Playground, eve: Person, bot: Bot
) -> None:
    desk = playground.desk
    said = await playground.say(eve, desk, "my api key")
    own = await bot.send_message(desk.id, "hush")
    with pytest.raises(BadRequest, match="Message can't be deleted"):
        await bot.delete_message(desk.id, said.id)
    assert await bot.delete_message(desk.id, own.message_id)
    await playground.promote(desk, playground.bot)
    assert await bot.delete_message(desk.id, said.id)


async def test_many_are_deleted_at_once_and_missing_ones_passed_over(
    playground: Playground, chat: Chat, bot: Bot, ask: Ask
) -> None:
    ids = [(await bot.send_message(chat.id, str(number))).message_id for number in range(3)]
    assert await bot.delete_messages(chat.id, [*ids, 99])
    assert [message.text for message in playground.messages(chat)] == ["/start"]
    answer = await ask("deleteMessages", chat_id=chat.id, message_ids=[])
    assert answer["description"] == "Bad Request: message identifiers are not specified"
