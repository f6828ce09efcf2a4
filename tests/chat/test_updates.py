from datetime import timedelta

import pytest

from tests.chat.telegram_server import TelegramServer
from tgbot.chat.bot import Telegram
from tgbot.chat.updates import Poller
from tgbot.core.errors import ConfigError, SecondPoller, UpdatesUnavailable


@pytest.fixture
def poller(bot: Telegram) -> Poller:
    return Poller(bot, wait=timedelta(0))


async def test_updates_come_as_telegram_wrote_them(telegram: TelegramServer, poller: Poller) -> None:
    telegram.updates = [{"update_id": 8, "message": {"odd": True}}, {"update_id": 9, "a_kind_from_next_year": {}}]
    assert await poller.fetch(8) == telegram.updates
    (call,) = telegram.sent("getUpdates")
    assert call["offset"] == "8"
    assert '"callback_query"' in call["allowed_updates"]


@pytest.mark.parametrize(
    ("status", "description", "error"),
    [
        (409, "Conflict: terminated by other getUpdates request", SecondPoller),
        (401, "Unauthorized", ConfigError),
        (502, "Bad Gateway", UpdatesUnavailable),
        (400, "Bad Request: something new", UpdatesUnavailable),
    ],
)
async def test_a_failed_poll_says_what_to_do(
    telegram: TelegramServer, poller: Poller, status: int, description: str, error: type[Exception]
) -> None:
    telegram.fail("getUpdates", status, description)
    with pytest.raises(error):
        await poller.fetch(0)


async def test_a_lost_answer_is_asked_for_again(telegram: TelegramServer, poller: Poller) -> None:
    telegram.lose_answer("getUpdates")
    with pytest.raises(UpdatesUnavailable):
        await poller.fetch(0)


async def test_too_many_polls_are_a_matter_of_time(telegram: TelegramServer, poller: Poller) -> None:
    telegram.fail("getUpdates", 429, "Too Many Requests: retry after 3", retry_after=3)
    with pytest.raises(UpdatesUnavailable, match="3"):
        await poller.fetch(0)
