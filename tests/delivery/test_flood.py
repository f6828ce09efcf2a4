"""Against the playground with Telegram's limits on, in its own time: it answers 429 to whoever goes beyond them."""

import ssl
from collections.abc import AsyncIterator

import pytest

from tests.clock import JumpClock
from tests.delivery.conftest import Post, notice
from tests.ids import CountingIds
from tgbot.chat.bot import connected
from tgbot.db.engine import Database
from tgbot.delivery.limiter import Limits
from tgbot.delivery.outbox import Priority
from tgbot.kucoin.http import make_transport
from tgbot.playground.playground import Playground
from tgbot.texts.renderer import Renderer

TOKEN = "123456:token-of-the-playground"


@pytest.fixture
def playground(clock: JumpClock, ids: CountingIds) -> Playground:
    playground = Playground(clock, ids, TOKEN)
    playground.limits.are_enforced = True
    return playground


@pytest.fixture
async def flooded(
    playground: Playground, sqlite_url: str, clock: JumpClock, renderer: Renderer, ssl_context: ssl.SSLContext
) -> AsyncIterator[Post]:
    database = Database(sqlite_url)
    async with (
        playground.serve() as served,
        connected(TOKEN, served.url, lambda: make_transport(ssl_context), clock) as bot,
    ):
        yield Post(database, clock, bot, renderer, Limits())
    await database.close()


async def let_pass(post: Post, playground: Playground, seconds: float, arrived: list[float]) -> None:
    """Notes when each message has arrived. Time stands still while one is on its way."""
    end = post.clock.monotonic() + seconds
    while post.clock.monotonic() < end:
        await post.until_nothing_flies()
        arrived += [post.clock.monotonic()] * (len(playground.journal.calls("sendMessage")) - len(arrived))
        post.clock.advance_to_next()


async def test_behind_a_flood_of_alerts_a_fill_leaves_at_once_and_telegram_never_complains(
    flooded: Post, playground: Playground
) -> None:
    chats = [playground.person(f"P{number}", "en").id for number in range(200)]
    for chat_id in chats:
        playground.world.chats[chat_id].is_started = True
    alerts = [notice(chat_id, 1, Priority.ALERT) for chat_id in chats]
    async with flooded.database.write() as session:
        await flooded.outbox.put_all(session, alerts)
    arrived: list[float] = []
    async with flooded.sending():
        await let_pass(flooded, playground, 2, arrived)
        before = len(arrived)
        await flooded.put(*(notice(chat_id, 2, Priority.FILL) for chat_id in chats[-5:]))
        await let_pass(flooded, playground, 2, arrived)
        calls = playground.journal.calls("sendMessage")
        fills = [index for index, call in enumerate(calls) if call.params["text"] == "2 s"]
    assert 0.95 * 28 * 2 <= before <= 28 * 2 + 3
    assert 0.95 * 28 * 4 <= len(arrived) <= 28 * 4 + 3
    assert len(fills) == 5
    assert arrived[fills[-1]] - arrived[before - 1] < 1
    assert [call.error for call in calls if call.error] == []


async def test_a_flood_into_one_group_never_makes_telegram_complain(flooded: Post, playground: Playground) -> None:
    arrived: list[float] = []
    for number in range(30):
        await flooded.put(notice(playground.desk.id, number, list(Priority)[number % 4]))
    async with flooded.sending():
        await let_pass(flooded, playground, 65, arrived)
    assert len(arrived) >= 20
    assert [call.error for call in playground.journal.calls("sendMessage") if call.error] == []
