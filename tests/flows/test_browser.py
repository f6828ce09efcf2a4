"""A newcomer's journey in a real browser on a phone: the real bot between the playground and a paper exchange."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser import PHONE, SHARED_LOOP, Chromium, Screen
from tests.flows.stage import Stage, open_stage

pytestmark = [pytest.mark.browser, SHARED_LOOP]


@pytest_asyncio.fixture(loop_scope="session")
async def stage(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path, sqlite_url) as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="session")
async def newcomer(stage: Stage, browser: Chromium) -> AsyncIterator[Screen]:
    """On a phone, with the bot running; nothing has been pressed yet."""
    async with stage.bot(), browser.open(stage.settings.telegram_api_url, PHONE) as screen:
        yield screen


async def test_from_start_to_a_filled_order_and_a_fired_alert(stage: Stage, newcomer: Screen) -> None:
    await newcomer.button("Start").tap()
    await expect(newcomer.message("Hello Ann!")).to_be_visible()
    await newcomer.button("Try on paper").tap()
    await expect(newcomer.message("Your paper account is open")).to_be_visible()
    await newcomer.say("/price btc")
    await expect(newcomer.message("BTC-USDT 67,000")).to_be_visible()
    await newcomer.say("/buy btc 100")
    await expect(newcomer.message("not sent yet, valid for 60 s")).to_be_visible()
    await newcomer.button("Confirm").tap()
    await expect(newcomer.message("Filled")).to_be_in_viewport()
    await expect(newcomer.button("Confirm")).to_have_count(0)
    await newcomer.say("/alert btc > 70000")
    await expect(newcomer.message("Alert set")).to_be_visible()
    stage.price("BTC-USDT", 70_100)
    await expect(newcomer.message("now 70,100")).to_be_in_viewport()


async def test_the_menu_offers_every_command_in_the_readers_language(stage: Stage, newcomer: Screen) -> None:
    await newcomer.button("Start").tap()
    await newcomer.button("Menu").tap()
    await expect(newcomer.page.get_by_role("option", name="/price")).to_contain_text("Prices of pairs")
    await newcomer.page.keyboard.press("Escape")
    await newcomer.page.get_by_role("button", name="People and chats").tap()
    await newcomer.person("Eve").tap()
    await newcomer.chat("tgbot").tap()
    await newcomer.button("Start").tap()
    await expect(newcomer.message("Здравствуйте, Eve!")).to_be_visible()
    await newcomer.button("Menu").tap()
    await expect(newcomer.page.get_by_role("option", name="/price")).to_contain_text("Цены пар")
