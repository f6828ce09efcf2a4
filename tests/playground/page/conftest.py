"""The page in a real browser, against a bot that does one thing at a time over the real Bot API."""

from collections.abc import AsyncIterator

import pytest_asyncio
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, Update

from tests.browser import Chromium, Screen
from tests.playground.conftest import connected
from tgbot.playground import Playground
from tgbot.playground.chats import Chat, Person


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
