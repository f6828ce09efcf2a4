import pytest
from playwright.async_api import expect
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.constants import ChatAction

from tests.browser import SHARED_LOOP, Screen
from tests.playground.page.conftest import heard, keyboard
from tgbot.playground import Playground
from tgbot.playground.chats import Chat, Person

pytestmark = [pytest.mark.browser, SHARED_LOOP]


async def test_a_pressed_button_is_busy_until_the_bot_answers_with_a_toast(
    chat: Chat, screen: Screen, bot: Bot
) -> None:
    await bot.send_message(chat.id, "Ticket", reply_markup=keyboard("Confirm", "Cancel"))
    await screen.button("Confirm").click()
    await expect(screen.button("Confirm")).to_have_attribute("aria-busy", "true")
    await expect(screen.button("Cancel")).not_to_have_attribute("aria-busy", "true")
    update = await heard(bot)
    assert update.callback_query is not None
    assert update.callback_query.data == "Confirm"
    await update.callback_query.answer("Done")
    await expect(screen.page.locator(".toast")).to_have_text("Done")
    await expect(screen.button("Confirm")).not_to_have_attribute("aria-busy", "true")


async def test_an_alert_stays_until_it_is_read(chat: Chat, screen: Screen, bot: Bot) -> None:
    await bot.send_message(chat.id, "Ticket", reply_markup=keyboard("Confirm"))
    await screen.button("Confirm").click()
    update = await heard(bot)
    assert update.callback_query is not None
    await update.callback_query.answer("Too late: 61 s", show_alert=True)
    await expect(screen.page.get_by_role("dialog")).to_contain_text("Too late: 61 s")
    await screen.button("OK").click()
    await expect(screen.page.get_by_role("dialog")).to_have_count(0)


async def test_an_answer_is_shown_to_the_one_who_pressed(
    playground: Playground, bob: Person, screen: Screen, bot: Bot
) -> None:
    await bot.send_message(playground.desk.id, "Vote", reply_markup=keyboard("Approve"))
    await screen.chat("Desk").click()
    await playground.press(bob, playground.messages(playground.desk)[-1], "Approve")
    update = await heard(bot)
    assert update.callback_query is not None
    await update.callback_query.answer("Only Bob reads this")
    await bot.send_message(playground.desk.id, "1 of 2")
    await expect(screen.message("1 of 2")).to_be_visible()
    assert await screen.page.locator(".toast").count() == 0


async def test_an_answer_with_a_link_opens_the_private_chat_of_the_one_who_pressed(
    playground: Playground, ann: Person, bob: Person, screen: Screen, bot: Bot
) -> None:
    await bot.send_message(playground.desk.id, "Desk", reply_markup=keyboard("Lend"))
    await screen.chat("Desk").click()
    for presser in (bob, ann):
        await playground.press(presser, playground.messages(playground.desk)[-1], "Lend")
        update = await heard(bot)
        assert update.callback_query is not None
        await update.callback_query.answer(url=f"https://t.me/{bot.username}?start=desk-{presser.name}")
    update = await heard(bot)
    assert update.message is not None
    assert update.message.text == "/start desk-Ann"


async def test_a_button_that_copies_copies(chat: Chat, screen: Screen, bot: Bot) -> None:
    copying = InlineKeyboardButton("Copy id", api_kwargs={"copy_text": {"text": "#7F3K"}})
    await bot.send_message(chat.id, "Order", reply_markup=InlineKeyboardMarkup([[copying]]))
    await screen.button("Copy id").click()
    await expect(screen.page.locator(".toast")).to_have_text("Copied")
    assert await screen.page.evaluate("() => navigator.clipboard.readText()") == "#7F3K"


async def test_a_live_card_changes_in_place_and_its_buttons_stay(chat: Chat, screen: Screen, bot: Bot) -> None:
    card = await bot.send_message(chat.id, "67,000", reply_markup=keyboard("Stop"))
    button = await screen.button("Stop").element_handle()
    assert button is not None
    await screen.button("Stop").focus()
    await bot.edit_message_text("67,100", chat.id, card.message_id, reply_markup=keyboard("Stop"))
    await expect(screen.message("67,100")).to_contain_text("edited")
    await expect(screen.page.get_by_text("67,000", exact=True)).to_have_count(0)
    assert await button.evaluate("node => node.isConnected && node === document.activeElement")
    await bot.edit_message_text("Stopped", chat.id, card.message_id)
    await expect(screen.message("Stopped").get_by_role("button", name="Stop", exact=True)).to_have_count(0)


async def test_what_the_bot_deletes_is_gone(chat: Chat, screen: Screen, bot: Bot) -> None:
    await screen.say("my secret")
    update = await heard(bot)
    assert update.message is not None
    await expect(screen.message("my secret")).to_be_visible()
    await update.message.delete()
    await expect(screen.page.get_by_text("my secret")).to_have_count(0)


async def test_typing_is_shown_until_the_message_comes(chat: Chat, screen: Screen, bot: Bot) -> None:
    await bot.send_chat_action(chat.id, ChatAction.TYPING)
    await expect(screen.page.get_by_text("typing…")).to_be_visible()
    await bot.send_message(chat.id, "there")
    await expect(screen.page.get_by_text("typing…")).to_have_count(0)
