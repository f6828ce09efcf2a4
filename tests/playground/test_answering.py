import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, InlineQueryResultArticle, InputTextMessageContent
from telegram.error import BadRequest

from tests.clock import JumpClock
from tgbot.playground import Playground
from tgbot.playground.chats import Chat, Message, Person

KEYBOARD = InlineKeyboardMarkup([[InlineKeyboardButton("✅ Confirm", callback_data="confirm:7F3K")]])


@pytest.fixture
async def card(playground: Playground, chat: Chat, bot: Bot) -> Message:
    await bot.send_message(chat.id, "ticket", reply_markup=KEYBOARD)
    return playground.messages(chat)[-1]


async def test_a_press_reaches_the_bot_and_its_answer_the_person(
    playground: Playground, ann: Person, card: Message, bot: Bot
) -> None:
    press = await playground.press(ann, card, "Confirm")
    query = (await bot.get_updates())[-1].callback_query
    assert query is not None
    assert (query.data, query.from_user.id) == ("confirm:7F3K", ann.id)
    assert query.message is not None
    assert query.message.message_id == card.id
    await query.answer("Placing", show_alert=True)
    answered = await playground.answered(press)
    assert (answered.text, answered.is_alert) == ("Placing", True)


async def test_a_press_is_answered_once(playground: Playground, ann: Person, card: Message, bot: Bot) -> None:
    press = await playground.press(ann, card, "✅ Confirm")
    assert await bot.answer_callback_query(press.id)
    with pytest.raises(BadRequest, match="Query is too old and response timeout expired or query id is invalid"):
        await bot.answer_callback_query(press.id)


async def test_a_press_cannot_be_answered_after_half_a_minute(
    playground: Playground, clock: JumpClock, ann: Person, card: Message, bot: Bot
) -> None:
    press = await playground.press(ann, card, "Confirm")
    clock.advance(31)
    with pytest.raises(BadRequest, match="Query is too old"):
        await bot.answer_callback_query(press.id)
    assert not press.is_answered


async def test_a_toast_has_at_most_200_characters(playground: Playground, ann: Person, card: Message, bot: Bot) -> None:
    press = await playground.press(ann, card, "Confirm")
    with pytest.raises(BadRequest, match="Message_too_long"):
        await bot.answer_callback_query(press.id, "x" * 201)
    assert await bot.answer_callback_query(press.id, "x" * 200)


async def test_a_label_that_is_not_there_cannot_be_pressed(playground: Playground, ann: Person, card: Message) -> None:
    with pytest.raises(LookupError, match="no button 'Sell'; there are \\['✅ Confirm'\\]"):
        await playground.press(ann, card, "Sell")


async def test_a_client_can_send_any_data_also_for_a_message_long_gone(
    playground: Playground, ann: Person, card: Message, bot: Bot
) -> None:
    await playground.delete(card)
    await playground.press(ann, card, data="made up")
    query = (await bot.get_updates())[-1].callback_query
    assert query is not None
    assert query.data == "made up"
    assert query.message is not None
    assert not query.message.is_accessible


async def test_an_inline_query_gets_its_results(playground: Playground, ann: Person, bot: Bot) -> None:
    asked = await playground.inline(ann, "btc")
    query = (await bot.get_updates())[-1].inline_query
    assert query is not None
    assert query.query == "btc"
    await query.answer([InlineQueryResultArticle("1", "BTC-USDT", InputTextMessageContent("67,000"))])
    assert asked.is_answered
    assert [result["title"] for result in asked.results] == ["BTC-USDT"]
    with pytest.raises(BadRequest, match="Query is too old"):
        await query.answer([])
