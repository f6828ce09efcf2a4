"""The connection to the Bot API server."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, TypeVar

import httpx
import structlog
from telegram import Bot
from telegram.error import TelegramError
from telegram.request import HTTPXRequest

from tgbot.chat.failures import translated
from tgbot.core.clock import Clock
from tgbot.core.errors import DeliveryError, Malformed

log = structlog.get_logger()

Result = TypeVar("Result")

LONGEST_PAUSE = 30.0
UPDATE_KINDS = ["message", "edited_message", "callback_query", "inline_query", "my_chat_member", "chat_member"]


class Telegram(Bot):
    """python-telegram-bot's `Bot` that does not print its token and gives updates as they came."""

    def __repr__(self) -> str:
        return "Telegram()"

    async def raw_updates(self, offset: int, wait: timedelta) -> list[dict[str, Any]]:
        """Updates from `offset` on as Telegram wrote them: one that the library cannot read must not block others."""
        seconds = int(wait.total_seconds())
        updates: list[dict[str, Any]] = await self._post(
            "getUpdates",
            {"offset": offset, "timeout": seconds, "allowed_updates": UPDATE_KINDS},
            read_timeout=seconds + 10,
        )
        return updates

    async def call(self, method: str, fields: dict[str, Any]) -> Any:  # noqa: ANN401 - as the method answers
        """The result as Telegram wrote it. The library's own methods make objects of what goes out and what comes back:
        for a short message that costs a third of the whole way to Telegram."""
        return await self._post(method, fields)


@asynccontextmanager
async def connected(
    token: str, api_url: str, new_transport: Callable[[], httpx.AsyncBaseTransport], clock: Clock
) -> AsyncIterator[Telegram]:
    """The bot, once Telegram has said who it is; waits for as long as Telegram cannot be reached.

    `api_url` is the server without `/bot`. `new_transport` is asked twice: fetching updates must never wait for a
    connection behind messages going out. Raises `ConfigError` when the token is refused.
    """
    _silence_libraries()
    bot = Telegram(
        token,
        base_url=f"{api_url.rstrip('/')}/bot",
        base_file_url=f"{api_url.rstrip('/')}/file/bot",
        request=_request(new_transport()),
        get_updates_request=_request(new_transport()),
    )
    try:
        await insist(bot.initialize, clock)
        yield bot
    finally:
        await bot.shutdown()


async def in_our_words(call: Awaitable[Result]) -> Result:
    """The result of a call of the library; raises what `translated` makes of its errors."""
    try:
        return await call
    except TelegramError as error:
        failure = translated(error)
    raise failure


async def insist(call: Callable[[], Awaitable[Result]], clock: Clock) -> Result:
    """The result of a call that may be repeated; waits for as long as Telegram cannot be reached. Raises `Malformed`
    when Telegram refuses it as it is, and `ConfigError` when the token is refused."""
    failures = 0
    while True:
        try:
            return await in_our_words(call())
        except Malformed:
            raise
        except DeliveryError as error:
            failures += 1
            pause = min(2.0**failures, LONGEST_PAUSE)
            log.warning("telegram_unreachable", reason=str(error), pause=pause)
        await clock.sleep(pause)


def _request(transport: httpx.AsyncBaseTransport) -> HTTPXRequest:
    return HTTPXRequest(
        connect_timeout=5,
        read_timeout=20,
        write_timeout=10,
        pool_timeout=5,
        httpx_kwargs={"transport": transport, "trust_env": False},
    )


def _silence_libraries() -> None:
    # httpx logs every URL at INFO, and the URL holds the token; the others log it at DEBUG.
    for name in ("httpx", "httpcore", "telegram"):
        logging.getLogger(name).setLevel(logging.WARNING)
