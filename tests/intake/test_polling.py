"""Fetching updates: the offset moves only when they are safe."""

import asyncio
from collections.abc import Sequence

import pytest

from tests.chat.telegram_server import TelegramServer
from tests.clock import JumpClock
from tests.intake.conftest import message
from tgbot.chat.bot import Telegram
from tgbot.chat.updates import Poller
from tgbot.core.errors import ConfigError, LostRace, SecondPoller
from tgbot.intake.polling import Polling
from tgbot.intake.service import RawUpdate


class Enough(Exception):
    """The test has seen what it wanted."""


class Inbox:
    """Takes so many batches, then fails."""

    def __init__(self, batches: int = 1) -> None:
        self._batches = batches
        self.numbers: list[int] = []

    async def receive(self, updates: Sequence[RawUpdate]) -> None:
        if self._batches == 0:
            raise Enough
        self._batches -= 1
        self.numbers += [update["update_id"] for update in updates]


def offsets(telegram: TelegramServer) -> list[int]:
    return [int(call.get("offset", "0")) for call in telegram.sent("getUpdates")]


async def poll(bot: Telegram, inbox: Inbox, clock: JumpClock) -> list[float]:
    """When Telegram answered."""
    answered: list[float] = []

    async def on_answer() -> None:
        answered.append(clock.monotonic())

    with pytest.raises(Enough):
        await Polling(Poller(bot), inbox.receive, clock, on_answer, holds).run()
    return answered


async def holds() -> None:
    """Nobody else has the lease."""


async def test_what_was_stored_is_confirmed_with_the_next_question(
    bot: Telegram, telegram: TelegramServer, clock: JumpClock
) -> None:
    telegram.updates = [message(41, "/price btc"), message(42, "/price eth")]
    inbox = Inbox()
    await poll(bot, inbox, clock)
    assert inbox.numbers == [41, 42]
    assert offsets(telegram) == [0, 43]


async def test_what_could_not_be_stored_is_not_confirmed(
    bot: Telegram, telegram: TelegramServer, clock: JumpClock
) -> None:
    telegram.updates = [message(41, "/price btc")]
    for _ in range(2):
        await poll(bot, Inbox(batches=0), clock)
    assert offsets(telegram) == [0, 0], "the next process asks for it again"


async def test_while_telegram_is_out_of_reach_it_waits_longer_and_longer_and_loses_nothing(
    bot: Telegram, telegram: TelegramServer, clock: JumpClock
) -> None:
    telegram.updates = [message(41, "/price btc")]
    for _ in range(6):
        telegram.answer_with("getUpdates", 502, "<html>Bad Gateway</html>")
    inbox = Inbox()
    polling = asyncio.ensure_future(poll(bot, inbox, clock))
    began = clock.monotonic()
    for wait in (2, 4, 8, 16, 30, 30):
        await clock.until_sleeping()
        clock.advance(wait)
    answered = await polling
    assert {at - began for at in answered} == {90}, "no failure is an answer"
    assert inbox.numbers == [41]
    assert offsets(telegram)[-1] == 42
    assert set(offsets(telegram)[:-1]) == {0}


@pytest.mark.parametrize(
    ("status", "words", "error"),
    [
        (401, "Unauthorized", ConfigError),
        (404, "Not Found", ConfigError),
        (409, "Conflict: terminated by other getUpdates request", SecondPoller),
    ],
)
async def test_a_refused_token_and_a_second_poller_end_it(
    bot: Telegram, telegram: TelegramServer, clock: JumpClock, status: int, words: str, error: type[Exception]
) -> None:
    telegram.fail("getUpdates", status, words)

    async def on_answer() -> None:
        pytest.fail("it was refused")

    with pytest.raises(error):
        await Polling(Poller(bot), Inbox().receive, clock, on_answer, holds).run()


async def test_who_has_lost_the_lease_asks_nothing_more(
    bot: Telegram, telegram: TelegramServer, clock: JumpClock
) -> None:
    """What was fetched before is kept: it was ours."""
    telegram.updates = [message(41, "/price btc")]
    inbox = Inbox()

    async def require_lease() -> None:
        if inbox.numbers:
            raise LostRace("somebody else")

    with pytest.raises(LostRace):
        await Polling(Poller(bot), inbox.receive, clock, holds, require_lease).run()
    assert inbox.numbers == [41]
    assert offsets(telegram) == [0]
