import re

import pytest
from playwright.async_api import Locator, expect
from telegram import Bot

from tests.browser import SHARED_LOOP, Chromium, Look
from tests.clock import JumpClock
from tests.ids import CountingIds
from tests.playground.conftest import TOKEN
from tests.playground.page.conftest import keyboard
from tgbot.playground import Hint, Playground
from tgbot.playground.chats import Chat, Person

pytestmark = [pytest.mark.browser, SHARED_LOOP]


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


async def test_on_a_phone_a_long_quotation_is_cut_and_the_bubble_stays_within(
    playground: Playground, ann: Person, chat: Chat, bot: Bot, browser: Chromium, url: str
) -> None:
    said = await playground.say(ann, chat, "a long message that is quoted on one line " * 3)
    await bot.send_message(chat.id, "Filled: buy BTC for 500 USDT at market", reply_to_message_id=said.id)
    async with browser.open(url, Look(390, 844)) as screen:
        box = await screen.message("Filled").locator(".bubble").bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 390


async def background(part: Locator) -> str:
    colour: str = await part.evaluate("node => getComputedStyle(node).backgroundColor")
    return colour


def brightness(colour: str) -> int:
    """Of `rgb(…)`."""
    return sum(map(int, re.findall(r"\d+", colour)[:3]))
