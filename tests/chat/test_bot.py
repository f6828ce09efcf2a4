import asyncio
import logging
import ssl
import traceback

import pytest

from tests.chat.telegram_server import TOKEN, TelegramServer
from tests.clock import JumpClock
from tgbot.chat.bot import Telegram, connected
from tgbot.chat.sending import Messenger
from tgbot.chat.updates import Poller
from tgbot.core.errors import BotError, ConfigError
from tgbot.core.reply import Rendered
from tgbot.kucoin.http import make_transport

HELLO = Rendered("Hello", "Hello")


async def test_it_knows_its_name(bot: Telegram) -> None:
    assert bot.username == "tgbot_test_bot"


async def test_a_refused_token_is_a_matter_of_configuration(
    telegram: TelegramServer, ssl_context: ssl.SSLContext, clock: JumpClock
) -> None:
    telegram.fail("getMe", 401, "Unauthorized")
    with pytest.raises(ConfigError, match="token"):
        async with connected(TOKEN, telegram.url, lambda: make_transport(ssl_context), clock):
            pass


async def test_it_waits_for_telegram_at_start(
    telegram: TelegramServer, ssl_context: ssl.SSLContext, clock: JumpClock
) -> None:
    telegram.fail("getMe", 502, "Bad Gateway")

    async def start() -> str:
        async with connected(TOKEN, telegram.url, lambda: make_transport(ssl_context), clock) as bot:
            return bot.username

    async with asyncio.TaskGroup() as group:
        started = group.create_task(start())
        await clock.until_sleeping()
        clock.advance(30)
    assert started.result() == "tgbot_test_bot"


@pytest.mark.parametrize("fault", ["lost", "garbage", "refused", "unauthorized", "gone"])
async def test_no_error_and_no_log_line_holds_the_token(
    telegram: TelegramServer, bot: Telegram, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    caplog.set_level(logging.DEBUG)
    for method in ("sendMessage", "getUpdates"):
        match fault:
            case "lost":
                telegram.lose_answer(method)
            case "garbage":
                telegram.answer_with(method, 200, "<html>")
            case "refused":
                telegram.fail(method, 400, "Bad Request: can't parse entities")
            case "unauthorized":
                telegram.fail(method, 401, "Unauthorized")
            case "gone":
                bot._base_url = f"http://127.0.0.1:1/bot{TOKEN}"
    for call in (Messenger(bot).send(7, HELLO), Poller(bot).fetch(0)):
        with pytest.raises(BotError) as caught:
            await call
        assert TOKEN not in everything_within(caught.value)
    assert TOKEN not in caplog.text
    assert TOKEN not in repr(bot)


def everything_within(error: BaseException | None) -> str:
    """Texts, causes, contexts and the local variables of every frame, as error trackers collect them."""
    if error is None:
        return ""
    own = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    return own + repr(vars(error)) + everything_within(error.__cause__) + everything_within(error.__context__)
