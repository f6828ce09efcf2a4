import pytest
from playwright.async_api import expect
from telegram import Bot, BotCommand

from tests.browser import SHARED_LOOP, Screen
from tests.playground.page.conftest import heard
from tgbot.playground import Playground
from tgbot.playground.chats import Chat

pytestmark = [pytest.mark.browser, SHARED_LOOP]

COMMANDS = [BotCommand("price", "Prices of pairs"), BotCommand("buy", "Buy"), BotCommand("balance", "What I have")]


async def test_start_opens_the_chat(screen: Screen, bot: Bot) -> None:
    await expect(screen.field).to_be_hidden()
    await screen.button("Start").click()
    update = await heard(bot)
    assert update.message is not None
    assert update.message.text == "/start"
    await bot.send_message(update.message.chat_id, "Hello Ann!")
    await expect(screen.message("Hello Ann!")).to_be_visible()
    await expect(screen.field).to_be_visible()
    await expect(screen.button("Chat actions")).to_be_visible()


async def test_enter_sends_and_with_shift_begins_a_line(chat: Chat, screen: Screen, bot: Bot) -> None:
    await expect(screen.button("Send")).to_be_disabled()
    await screen.field.press_sequentially("one")
    await screen.field.press("Shift+Enter")
    await screen.field.press_sequentially("two")
    await screen.field.press("Enter")
    update = await heard(bot)
    assert update.message is not None
    assert update.message.text == "one\ntwo"
    await expect(screen.field).to_have_value("")
    await expect(screen.message("one")).to_be_in_viewport()


async def test_a_slash_offers_commands_and_typing_filters_them(chat: Chat, screen: Screen, bot: Bot) -> None:
    await bot.set_my_commands(COMMANDS)
    offered = screen.page.get_by_role("option")
    await screen.field.press_sequentially("/")
    await expect(offered).to_have_text(["/pricePrices of pairs", "/buyBuy", "/balanceWhat I have"])
    await screen.field.press_sequentially("b")
    await expect(offered).to_have_text(["/buyBuy", "/balanceWhat I have"])
    await screen.field.press("ArrowDown")
    await screen.field.press("Enter")
    update = await heard(bot)
    assert update.message is not None
    assert update.message.text == "/balance"
    await screen.field.press_sequentially("/pr")
    await screen.field.press("Tab")
    await expect(screen.field).to_have_value("/price ")
    await expect(offered).to_have_count(0)


async def test_commands_that_come_while_a_slash_stands_there_are_offered(chat: Chat, screen: Screen, bot: Bot) -> None:
    await screen.field.press_sequentially("/b")
    await bot.set_my_commands(COMMANDS)
    await expect(screen.page.get_by_role("option")).to_have_text(["/buyBuy", "/balanceWhat I have"])


async def test_the_menu_button_lists_commands_in_the_readers_language(chat: Chat, screen: Screen, bot: Bot) -> None:
    await bot.set_my_commands(COMMANDS)
    await bot.set_my_commands([BotCommand("price", "Цены")], language_code="ru")
    await screen.button("Menu").click()
    await expect(screen.page.get_by_role("option")).to_have_count(3)
    await screen.page.keyboard.press("Escape")
    await expect(screen.page.get_by_role("option")).to_have_count(0)
    await screen.person("Eve").click()
    await screen.button("Start").click()
    await screen.button("Menu").click()
    await expect(screen.page.get_by_role("option")).to_have_text(["/priceЦены"])


async def test_a_command_picked_in_a_group_names_the_bot(playground: Playground, screen: Screen, bot: Bot) -> None:
    await bot.set_my_commands(COMMANDS)
    await screen.chat("Desk").click()
    await screen.say("/pr")
    update = await heard(bot)
    assert update.message is not None
    assert update.message.text == "/price@tgbot_demo_bot"
