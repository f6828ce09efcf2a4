import ssl
from collections.abc import AsyncIterator

import pytest

from tests.chat.telegram_server import TOKEN, TelegramServer, serving
from tests.clock import JumpClock
from tgbot.chat.bot import Telegram, connected
from tgbot.kucoin.http import make_transport


@pytest.fixture(scope="session")
def ssl_context() -> ssl.SSLContext:
    return ssl.create_default_context()


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramServer]:
    async with serving() as server:
        yield server


@pytest.fixture
async def bot(telegram: TelegramServer, ssl_context: ssl.SSLContext, clock: JumpClock) -> AsyncIterator[Telegram]:
    async with connected(TOKEN, telegram.url, lambda: make_transport(ssl_context), clock) as bot:
        yield bot
