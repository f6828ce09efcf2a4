"""Against the playground with Telegram's limits on, in its own time: it answers 429 to whoever goes beyond them."""

import ssl
from collections.abc import AsyncIterator

import pytest

from tests.clock import JumpClock
from tests.delivery.conftest import Post, notice
from tests.ids import CountingIds
from tgbot.chat.bot import connected
from tgbot.core.notices import Kind
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


@pytest.mark.long
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


async def test_a_hundred_alerts_of_one_group_in_a_minute_are_all_told(flooded: Post, playground: Playground) -> None:
    """Within its 20 messages a minute, while a live card is edited and people are answered."""
    group, arrived = playground.desk.id, list[float]()
    await flooded.put(notice(group, 9_000, Priority.ANSWER, card="prices"))
    async with flooded.sending():
        for number in range(100):
            await flooded.put(notice(group, number, Priority.ALERT, kind=Kind.ALERT))
            if number % 20 == 0:
                await flooded.put(notice(group, 9_001 + number, Priority.DIGEST, card="prices"))
                await flooded.put(notice(group, 8_000 + number))
            await let_pass(flooded, playground, 0.6, arrived)
        await let_pass(flooded, playground, 61, arrived)
    sent = playground.journal.calls("sendMessage")
    edits = playground.journal.calls("editMessageText")
    assert [call.error for call in (*sent, *edits) if call.error] == [], "the playground bears 20 in any minute"
    assert len(edits) >= 2
    lines = [line for call in sent for line in call.params["text"].splitlines()]
    told = [int(line.removesuffix(" s").replace(",", "")) for line in lines if line.endswith(" s")]
    assert sorted(number for number in told if number < 100) == list(range(100))
    assert [number for number in told if 8_000 <= number < 9_000] == [8_000, 8_020, 8_040, 8_060, 8_080]
