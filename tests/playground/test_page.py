"""The page in a real browser, against a bot that does one thing at a time over the real Bot API."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import FilePayload, Locator, expect
from telegram import Bot, BotCommand, InlineKeyboardButton, InlineKeyboardMarkup, InputFile, Update
from telegram.constants import ChatAction
from telegram.error import Forbidden

from tests.browser import SHARED_LOOP, Chromium, Look, Screen
from tests.clock import JumpClock
from tests.ids import CountingIds
from tests.playground.conftest import TOKEN, connected
from tests.playground.test_sending import png
from tgbot.playground import Hint, Playground
from tgbot.playground.chats import Chat, Person

pytestmark = [pytest.mark.browser, SHARED_LOOP]

COMMANDS = [BotCommand("price", "Prices of pairs"), BotCommand("buy", "Buy"), BotCommand("balance", "What I have")]
EVIL = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


def keyboard(*labels: str) -> InlineKeyboardMarkup:
    """One row; the data of each button is its label."""
    return InlineKeyboardMarkup([[InlineKeyboardButton(label, callback_data=label) for label in labels]])


async def heard(bot: Bot) -> Update:
    """What the bot hears next."""
    [update] = await bot.get_updates(limit=1, timeout=5)
    await bot.get_updates(offset=update.update_id + 1)
    return update


@pytest_asyncio.fixture(loop_scope="session")
async def url(playground: Playground) -> AsyncIterator[str]:
    async with playground.serve() as served:
        yield served.url


@pytest_asyncio.fixture(loop_scope="session")
async def bot(url: str) -> AsyncIterator[Bot]:
    async with connected(url) as bot:
        yield bot


@pytest_asyncio.fixture(loop_scope="session")
async def chat(playground: Playground, ann: Person, bot: Bot) -> Chat:
    """Ann's private chat; she has pressed Start, and the bot has heard it."""
    await playground.say(ann, playground.private(ann), "/start")
    await heard(bot)
    return playground.private(ann)


@pytest_asyncio.fixture(loop_scope="session")
async def screen(browser: Chromium, url: str) -> AsyncIterator[Screen]:
    """A desktop on which Ann's private chat is open."""
    async with browser.open(url) as screen:
        yield screen


# Writing


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


# Buttons


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
    await expect(screen.page.locator(".toast")).to_have_count(0)


async def test_a_button_that_copies_copies(chat: Chat, screen: Screen, bot: Bot) -> None:
    copying = InlineKeyboardButton("Copy id", api_kwargs={"copy_text": {"text": "#7F3K"}})
    await bot.send_message(chat.id, "Order", reply_markup=InlineKeyboardMarkup([[copying]]))
    await screen.button("Copy id").click()
    await expect(screen.page.locator(".toast")).to_have_text("Copied")
    assert await screen.page.evaluate("() => navigator.clipboard.readText()") == "#7F3K"


# What the bot does to its messages


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


# What messages look like


async def test_markup_is_shown_as_telegram_would(chat: Chat, screen: Screen, bot: Bot) -> None:
    text = (
        "<b>bold <i>both</i></b> <u>under</u> <s>gone</s> <code>#7F3K</code> <tg-spoiler>9,900</tg-spoiler> "
        '<a href="https://example.org/">link</a> <blockquote>quoted</blockquote> 😀 /help <pre>Bid  1\nAsk  2</pre>'
    )
    await bot.send_message(chat.id, text, parse_mode="HTML")
    message = screen.message("bold both")
    shown = {tag: await message.locator(tag).first.inner_text() for tag in ("b", "b i", "u", "s", "code", "pre")}
    assert shown == {
        "b": "bold both",
        "b i": "both",
        "u": "under",
        "s": "gone",
        "code": "#7F3K",
        "pre": "Bid  1\nAsk  2",
    }
    link = message.get_by_role("link", name="link")
    await expect(link).to_have_attribute("href", "https://example.org/")
    await expect(link).to_have_attribute("rel", "noopener noreferrer")
    await message.get_by_role("button", name="Hidden text").click()
    await expect(message.get_by_text("9,900")).to_have_class(re.compile("is-shown"))
    await message.locator("code").click()
    assert await screen.page.evaluate("() => navigator.clipboard.readText()") == "#7F3K"
    await message.get_by_role("button", name="/help").click()
    update = await heard(bot)
    assert update.message is not None
    assert update.message.text == "/help"


async def test_nothing_that_anybody_writes_becomes_part_of_the_page(
    playground: Playground, ann: Person, chat: Chat, bot: Bot, browser: Chromium, url: str
) -> None:
    mallory = playground.person(EVIL)
    group = await playground.group(EVIL, ann, mallory)
    await playground.say(mallory, group, EVIL)
    said = await playground.say(ann, chat, EVIL)
    await bot.set_my_commands([BotCommand("x", EVIL)])
    await bot.send_message(chat.id, EVIL.replace("<", "&lt;"), parse_mode="HTML", reply_to_message_id=said.id)
    link = '<a href="javascript:document.title=1">a</a>'
    await bot.send_message(
        chat.id, f"{EVIL.replace('<', '&lt;')} {link}", parse_mode="HTML", reply_markup=keyboard("<b>")
    )
    await bot.send_document(chat.id, InputFile(b"1", filename=EVIL.replace("/", "")))
    async with browser.open(url) as screen:
        await expect(screen.button("<b>")).to_be_visible()
        await expect(screen.message(EVIL).first).to_be_visible()
        await expect(screen.page.get_by_role("link", name="a", exact=True)).to_have_count(0)
        await screen.say("/")
        await screen.chat(EVIL).click()
        await expect(screen.page.locator(".message img, .sidebar button img, main script, nav script")).to_have_count(0)
        assert await screen.page.title() == "Playground"


async def test_a_picture_is_shown_and_opens(chat: Chat, screen: Screen, bot: Bot) -> None:
    await bot.send_photo(chat.id, png(640, 400), caption="BTC-USDT, 1h")
    picture = screen.message("BTC-USDT, 1h").locator("img")
    await expect(picture).to_have_js_property("naturalWidth", 640)
    await screen.button("Open the picture").click()
    viewer = screen.page.get_by_role("dialog", name="Picture")
    await expect(viewer).to_be_visible()
    await screen.page.keyboard.press("Escape")
    await expect(viewer).to_be_hidden()


async def test_a_document_can_be_saved(chat: Chat, screen: Screen, bot: Bot) -> None:
    await bot.send_document(chat.id, InputFile(b"side,size\nbuy,1\n", filename="fills.csv"))
    async with screen.page.expect_download() as download:
        await screen.page.get_by_role("link", name="fills.csv").click()
    saved = await download.value
    assert saved.suggested_filename == "fills.csv"
    assert (await saved.path()).read_bytes() == b"side,size\nbuy,1\n"


async def test_a_person_sends_a_picture(chat: Chat, screen: Screen, bot: Bot) -> None:
    await screen.field.fill("look")
    file = FilePayload(name="chart.png", mimeType="image/png", buffer=png(64, 40))
    await screen.page.get_by_label("Send a photo").set_input_files(file)
    update = await heard(bot)
    assert update.message is not None
    assert (update.message.caption, update.message.photo[-1].width) == ("look", 64)
    await expect(screen.message("look").locator("img")).to_have_js_property("naturalWidth", 64)


# What people do with messages


async def test_a_reply_quotes_what_it_answers(chat: Chat, screen: Screen, bot: Bot) -> None:
    sent = await bot.send_message(chat.id, "How much?")
    await screen.choose(screen.message("How much?"), "Reply")
    await expect(screen.page.get_by_text("Reply to tgbot")).to_be_visible()
    await screen.say("100")
    update = await heard(bot)
    assert update.message is not None
    assert update.message.reply_to_message is not None
    assert update.message.reply_to_message.message_id == sent.message_id
    await expect(screen.message("100").get_by_role("button", name="tgbot How much?")).to_be_visible()
    await expect(screen.page.get_by_text("Reply to tgbot")).to_be_hidden()


async def test_a_person_edits_and_deletes_what_they_wrote(chat: Chat, screen: Screen, bot: Bot) -> None:
    await screen.say("/buy btc 10")
    await heard(bot)
    await screen.choose(screen.message("/buy btc 10"), "Edit")
    await expect(screen.field).to_have_value("/buy btc 10")
    await screen.say("/buy btc 100")
    update = await heard(bot)
    assert update.edited_message is not None
    assert update.edited_message.text == "/buy btc 100"
    await expect(screen.message("/buy btc 100")).to_contain_text("edited")
    await screen.choose(screen.message("/buy btc 100"), "Delete")
    await expect(screen.page.get_by_role("log").get_by_text("/buy")).to_have_count(0)


async def test_a_message_is_forwarded_without_its_buttons(
    playground: Playground, chat: Chat, screen: Screen, bot: Bot
) -> None:
    await bot.send_message(chat.id, "Filled", reply_markup=keyboard("Again"))
    await screen.choose(screen.message("Filled"), "Forward")
    await screen.page.get_by_role("dialog").get_by_role("button", name="Desk").click()
    await screen.chat("Desk").click()
    await expect(screen.message("Filled")).to_contain_text("Forwarded from tgbot")
    await expect(screen.button("Again")).to_have_count(0)


async def test_a_blocked_bot_cannot_write_until_it_is_unblocked(chat: Chat, screen: Screen, bot: Bot) -> None:
    await screen.button("Chat actions").click()
    await screen.page.get_by_role("menuitem", name="Stop and block bot").click()
    await expect(screen.button("Unblock bot")).to_be_visible()
    await expect(screen.field).to_be_hidden()
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(chat.id, "please")
    await screen.button("Unblock bot").click()
    await expect(screen.field).to_be_visible()
    await bot.send_message(chat.id, "thanks")
    await expect(screen.message("thanks")).to_be_visible()


# People and chats


async def test_each_person_sees_their_own_chats(
    playground: Playground, chat: Chat, bob: Person, screen: Screen, bot: Bot
) -> None:
    await bot.send_message(chat.id, "for Ann only")
    await expect(screen.message("for Ann only")).to_be_visible()
    await screen.person("Bob").click()
    await expect(screen.page.get_by_text("for Ann only")).to_have_count(0)
    await screen.chat("Desk").click()
    await screen.say("hello all")
    await screen.person("Ann").click()
    await expect(screen.message("hello all")).to_contain_text("Bob")


async def test_somebody_new_joins_and_starts(playground: Playground, screen: Screen, bot: Bot) -> None:
    await screen.page.get_by_role("button", name="Add").click()
    await screen.page.get_by_label("Name").fill("Zoë")
    await screen.page.get_by_label("Language of their app").select_option("de")
    await screen.page.get_by_role("dialog").get_by_role("button", name="Add").click()
    await expect(screen.person("Zoë")).to_have_attribute("aria-pressed", "true")
    await screen.button("Start").click()
    update = await heard(bot)
    assert update.effective_user is not None
    assert (update.effective_user.first_name, update.effective_user.language_code) == ("Zoë", "de")


async def test_roles_in_a_group_are_chosen_from_a_list(
    playground: Playground, bob: Person, eve: Person, screen: Screen, bot: Bot
) -> None:
    await screen.chat("Desk").click()
    await screen.button("Chat actions").click()
    await screen.page.get_by_role("menuitem", name="Members").click()
    members = screen.page.get_by_role("dialog", name="Desk")
    await expect(members.get_by_label("Role of Bob")).to_have_value("administrator")
    await members.get_by_label("Role of Eve").select_option("Admin")
    await expect(members.get_by_label("Role of Eve")).to_have_value("administrator")
    await members.get_by_label("Role of Bob").select_option("Member")
    await members.get_by_label("Role of tgbot").select_option("Admin")
    await expect(members.get_by_label("Role of tgbot")).to_have_value("administrator")
    admins = {admin.user.first_name for admin in await bot.get_chat_administrators(playground.desk.id)}
    assert admins == {"Ann", "Eve", "tgbot"}
    await members.get_by_label("Role of Bob").select_option("Not in the group")
    await expect(screen.page.get_by_text("3 members")).to_be_visible()
    await members.get_by_role("button", name="Done").click()
    await expect(members).to_be_hidden()


async def test_what_was_not_read_is_counted_until_it_is_read(
    playground: Playground, chat: Chat, bob: Person, screen: Screen, bot: Bot
) -> None:
    desk = screen.chat("Desk")
    await playground.say(bob, playground.desk, "one")
    await bot.send_message(playground.desk.id, "two")
    await expect(desk.get_by_label("2 unread")).to_be_visible()
    await expect(screen.person("Bob").get_by_label("1 unread")).to_be_visible()
    await desk.click()
    await expect(desk.get_by_label("unread")).to_have_count(0)
    await bot.send_message(chat.id, "Filled")
    private = screen.chat("tgbot")
    await expect(private.get_by_label("1 unread")).to_be_visible()


async def test_the_end_stays_in_sight_unless_one_reads_further_up(
    playground: Playground, ann: Person, chat: Chat, screen: Screen, bot: Bot
) -> None:
    for number in range(40):
        await playground.say(ann, chat, f"line {number}")
    await expect(screen.message("line 39")).to_be_in_viewport()
    first = screen.message("/start")
    await first.scroll_into_view_if_needed()
    await expect(screen.button("Scroll to the newest message")).to_be_visible()
    await bot.send_message(chat.id, "news")
    await expect(screen.button("Scroll to the newest message")).to_have_text("1")
    await expect(first).to_be_in_viewport()
    await screen.button("Scroll to the newest message").click()
    await expect(screen.message("news")).to_be_in_viewport()
    await expect(screen.page.locator("#to-bottom")).to_be_hidden()


async def test_a_reload_and_a_second_window_show_the_same(
    playground: Playground, bob: Person, screen: Screen, browser: Chromium, url: str
) -> None:
    await screen.person("Bob").click()
    await screen.chat("Desk").click()
    await screen.say("is it on?")
    await expect(screen.message("is it on?")).to_be_visible()
    await screen.page.reload()
    await expect(screen.person("Bob")).to_have_attribute("aria-pressed", "true")
    await expect(screen.message("is it on?")).to_be_visible()
    async with browser.open(url) as other:
        await other.chat("Desk").click()
        await screen.say("yes")
        await expect(other.message("yes")).to_be_visible()


async def test_what_cannot_be_done_is_said(playground: Playground, chat: Chat, screen: Screen, bot: Bot) -> None:
    await bot.send_message(chat.id, "soon gone")
    message = screen.message("soon gone")
    await message.locator(".bubble").click(button="right")
    playground.messages(chat)[-1].is_deleted = True
    await screen.page.get_by_role("menuitem", name="Forward").click()
    await screen.page.get_by_role("dialog").get_by_role("button", name="Desk").click()
    await expect(screen.page.locator(".toast")).to_contain_text("message not found")


# Hints, themes, sizes


async def test_hints_offer_lines_to_send_and_values_to_copy_or_insert(
    clock: JumpClock, ids: CountingIds, browser: Chromium
) -> None:
    hint = Hint("Connect KuCoin", "Send /connect, then this.\n/price btc eth", {"API key": "65f1ac"})
    playground = Playground(clock, ids, TOKEN, hints=[hint])
    ann = playground.private(playground.person("Ann"))
    await playground.say(playground.person("Ann"), ann, "/start")
    async with playground.serve() as served, browser.open(served.url) as screen:
        await screen.button("/price btc eth").click()
        await expect(screen.message("/price btc eth")).to_be_visible()
        await screen.button("/connect").click()
        await expect(screen.message("/connect")).to_be_visible()
        await screen.button("Copy API key").click()
        assert await screen.page.evaluate("() => navigator.clipboard.readText()") == "65f1ac"
        await screen.button("Insert API key").click()
        await expect(screen.field).to_have_value("65f1ac")
        await expect(screen.field).to_be_focused()


async def test_the_theme_follows_the_system_until_it_is_chosen(browser: Chromium, url: str) -> None:
    async with browser.open(url, Look(theme="dark")) as screen:
        dark = await background(screen.page.locator("#phone"))
        await screen.button("Switch between light and dark").click()
        light = await background(screen.page.locator("#phone"))
        assert brightness(dark) < brightness(light)
        await screen.page.reload()
        assert await background(screen.page.locator("#phone")) == light


@pytest.mark.parametrize("width", [320, 390])
async def test_on_a_phone_the_chat_fills_the_screen_and_the_rest_is_a_drawer(
    playground: Playground, ann: Person, chat: Chat, bot: Bot, browser: Chromium, url: str, width: int
) -> None:
    table = "<b>BTC-USDT 67,000</b>\n<pre>" + "Bid".ljust(20) + "67,000.1 USDT</pre>" + "w" * 200
    await bot.send_message(chat.id, table, parse_mode="HTML", reply_markup=keyboard("Buy", "Sell", "Refresh"))
    async with browser.open(url, Look(width, 844)) as screen:
        await expect(screen.button("Refresh")).to_be_in_viewport()
        assert await screen.page.evaluate("() => document.documentElement.scrollWidth") == width
        await expect(screen.page.get_by_role("navigation")).to_be_hidden()
        await screen.message("67,000").locator(".text").tap(position={"x": 20, "y": 8})
        await screen.page.get_by_role("menuitem", name="Reply").tap()
        await expect(screen.page.get_by_text("Reply to tgbot")).to_be_visible()
        await screen.page.get_by_role("button", name="People and chats").tap()
        await screen.chat("Desk").tap()
        await expect(screen.page.get_by_role("heading", name="Desk")).to_be_visible()
        await expect(screen.page.get_by_role("navigation")).to_be_hidden()


async def background(part: Locator) -> str:
    colour: str = await part.evaluate("node => getComputedStyle(node).backgroundColor")
    return colour


def brightness(colour: str) -> int:
    """Of `rgb(…)`."""
    return sum(map(int, re.findall(r"\d+", colour)[:3]))
