"""Fetching updates. An offset beyond an update tells Telegram to forget it: store first, then move on."""

from datetime import timedelta
from typing import Any

from tgbot.chat.bot import Telegram, in_our_words
from tgbot.core.errors import DeliveryError, UpdatesUnavailable

LONG_POLL = timedelta(seconds=25)


class Poller:
    def __init__(self, bot: Telegram, wait: timedelta = LONG_POLL) -> None:
        self._bot = bot
        self._wait = wait

    async def fetch(self, offset: int) -> list[dict[str, Any]]:
        """The next updates from `offset` on, at most 100, as Telegram wrote them; none after the long poll is over.

        Raises `UpdatesUnavailable` (ask again later), `SecondPoller`, `ConfigError` (token refused).
        """
        try:
            return await in_our_words(self._bot.raw_updates(offset, self._wait))
        except DeliveryError as error:
            raise UpdatesUnavailable(str(error)) from error
