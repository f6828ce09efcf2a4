import re

import pytest
from playwright.async_api import FilePayload, expect
from telegram import Bot, BotCommand, InputFile
from telegram.error import Forbidden

from tests.browser import SHARED_LOOP, Chromium, Screen
from tests.playground.page.conftest import heard, keyboard
from tests.playground.test_sending import png
from tgbot.playground import Playground
from tgbot.playground.chats import Chat, Person

pytestmark = [pytest.mark.browser, SHARED_LOOP]

EVIL = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


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


async def test_a_line_break_behind_a_table_is_no_empty_line(chat: Chat, screen: Screen, bot: Bot) -> None:
    await bot.send_message(chat.id, "<b>Balance</b>\n<pre>USDT 10,000</pre>\n100 in orders", parse_mode="HTML")
    text = screen.message("Balance").locator(".text")
    await expect(text).to_contain_text("in orders")
    assert "USDT 10,000\n100 in orders" in await text.inner_text()


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
