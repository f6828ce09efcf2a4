"""What is left of messages after weeks."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, event, func, insert, select, update

from tests.chat.telegram_server import TelegramServer
from tests.clock import JumpClock
from tests.delivery.conftest import ANN, BORIS, Post, notice, until, words
from tgbot.core.notices import Kind, Level, Recipient
from tgbot.core.reply import Reply
from tgbot.db.engine import Database
from tgbot.delivery.away import Attendance
from tgbot.delivery.codec import encode
from tgbot.delivery.dead import resend, undelivered
from tgbot.delivery.outbox import COMPANY, Notice, Priority
from tgbot.delivery.retention import AT_ONCE, KEPT_FOR, forget
from tgbot.delivery.sender import FORGET_EVERY, TEND_EVERY
from tgbot.delivery.store import OUTBOX, OWED, OutboxRow, State

ONCE = notice(ANN, 2, Priority.FILL, dedup_key="exit done abc")
LONG = KEPT_FOR.total_seconds() + 1


async def forget_all(post: Post) -> None:
    has_more = True
    while has_more:
        async with post.database.write() as session:
            has_more = await forget(session, post.clock.now())


async def sent_before(post: Post, count: int, state: State = State.SENT) -> None:
    """So many messages without a key, in Ann's chat, at this moment."""
    now = post.clock.now()
    row = {"chat_id": ANN, "priority": Priority.ANSWER, "payload": encode(words(1)), "created_at": now}
    row |= {"state": state, "not_before": now, "expires_at": now, "sent_at": now}
    async with post.database.write() as session:
        await session.execute(insert(OUTBOX), [row] * count)


async def how_many(post: Post) -> int:
    async with post.database.read() as session:
        return await session.scalar(select(func.count()).select_from(OUTBOX)) or 0


async def is_gone(post: Post, reply: Reply) -> bool:
    return encode(reply) not in [row.payload for row in await post.rows()]


async def forgetting_is_due(post: Post) -> None:
    """More than once; it has been done, as far as it may."""
    for _ in range(3):
        post.clock.advance(FORGET_EVERY)
        await post.until_resting()


async def is_quiet(post: Post) -> bool:
    """Nothing is owed any more."""
    async with post.database.read() as session:
        return await session.scalar(select(OUTBOX.c.id).where(OUTBOX.c.state.in_(OWED)).limit(1)) is None


# What goes


async def test_after_two_weeks_what_was_told_is_gone_and_of_what_is_told_once_only_its_key_is_left(
    post: Post, telegram: TelegramServer
) -> None:
    async with post.sending():
        await post.put(notice(ANN, 1), ONCE)
        await post.until_settled()
        post.clock.advance(KEPT_FOR.total_seconds())
        await post.until_resting()
        assert [row.payload for row in await post.rows()] == [encode(words(1)), encode(words(2))]
        post.clock.advance(FORGET_EVERY)

        async def is_forgotten() -> bool:
            return [(row.state, row.payload, row.dedup_key) for row in await post.rows()] == [
                (State.PAST, "", ONCE.dedup_key)
            ]

        await until(is_forgotten)
        await post.put(ONCE)
        await post.until_resting()
    assert telegram.texts(ANN) == ["1 s", "2 s"]


async def test_what_came_too_late_or_is_switched_off_goes_too(post: Post) -> None:
    post.recipients[BORIS] = Recipient("en", "UTC", {Kind.WATCH: Level.OFF})
    await post.put(notice(ANN, 1, expires_at=post.clock.now()), notice(BORIS, 2, Priority.ALERT, kind=Kind.WATCH))
    async with post.database.write() as session:
        await session.execute(update(OutboxRow).where(OutboxRow.chat_id == BORIS).values(expires_at=None))
    post.clock.advance(1)
    async with post.sending():
        await post.until_settled()
    assert set((await post.states()).values()) == {State.STALE}
    await forget_all(post)
    assert await how_many(post) == 2
    post.clock.advance(LONG)
    await forget_all(post)
    assert await how_many(post) == 0


async def test_many_go_in_small_steps_and_a_later_life_goes_on_with_them(post: Post) -> None:
    await sent_before(post, 3 * AT_ONCE)
    post.clock.advance(LONG)

    async def are_left(steps: int) -> None:
        async def is_so() -> bool:
            return await how_many(post) == steps * AT_ONCE

        await until(is_so)
        await post.until_resting()
        assert await is_so()

    async with post.sending():
        await post.until_resting()
        post.clock.advance(FORGET_EVERY)
        await are_left(2)
        post.clock.advance(TEND_EVERY)
        await are_left(1)
    async with post.sending():
        await post.until_resting()
        post.clock.advance(FORGET_EVERY)
        await are_left(0)


# What stays


@pytest.mark.parametrize("state", [State.NEW, State.KEPT, State.CLAIMED, State.DEAD])
async def test_what_has_not_come_to_its_end_is_never_touched(post: Post, state: State) -> None:
    """Not even one that says when it would have expired, or was sent in part."""
    await sent_before(post, 2, state)
    post.clock.advance(10 * LONG)
    await forget_all(post)
    assert [(row.state, row.payload) for row in await post.rows()] == [(state, encode(words(1)))] * 2


async def test_what_was_given_up_can_be_sent_once_more_after_weeks(post: Post, telegram: TelegramServer) -> None:
    for _ in range(3):
        telegram.fail("sendMessage", 400, "Bad Request: something is wrong with it")
    async with post.sending():
        [row_id] = await post.put(ONCE)
        await post.until_settled()
    post.clock.advance(LONG)
    await forget_all(post)
    async with post.database.write() as session:
        assert [dead.id for dead in (await undelivered(session, 10))[1]] == [row_id]
        assert await resend(session, row_id, post.clock.now())
    async with post.sending():
        await post.until_settled()
    [told] = telegram.texts(ANN)
    assert told.startswith("2 s")


async def test_after_weeks_away_it_is_known_who_was_written_to_last(post: Post, telegram: TelegramServer) -> None:
    """However long Telegram cannot be reached after the start. Then the words go as well."""
    async with post.sending():
        await post.put(notice(ANN, 1))
        await post.until_settled()
    attendance = Attendance(post.database, post.outbox, post.clock, post.clock.now())
    post.heard_until = attendance.until
    post.clock.advance(2 * LONG)
    async with post.sending():
        await post.until_resting()
        await forgetting_is_due(post)
        await attendance.here()
        await post.until_settled()
        assert "I was away" in telegram.texts(ANN)[1]
        await forgetting_is_due(post)
        assert await is_gone(post, words(1))


async def test_so_it_is_after_weeks_in_which_it_ran_but_was_cut_off(post: Post, telegram: TelegramServer) -> None:
    attendance = Attendance(post.database, post.outbox, post.clock, None)
    post.heard_until = attendance.until
    async with post.sending():
        await attendance.here()
        await post.put(notice(ANN, 1))
        await post.until_settled()
        post.clock.advance(2 * LONG)
        await post.until_resting()
        await forgetting_is_due(post)
        await attendance.here()
        await post.until_settled()
    assert "I was away" in telegram.texts(ANN)[1]


async def test_a_life_before_that_had_a_clock_ahead_of_ours_makes_nothing_old(post: Post) -> None:
    later = post.clock.now() + timedelta(days=365)
    post.heard_until = lambda: later
    async with post.sending():
        await post.put(notice(ANN, 1))
        await post.until_settled()
        await forgetting_is_due(post)
    assert await how_many(post) == 1


# What it costs


@pytest.fixture
def effort(database: Database) -> list[int]:
    """One more for every thousand steps that SQLite takes."""
    steps: list[int] = []

    def count(connection: object, _: object) -> None:
        def step() -> int:
            steps.append(1)
            return 0

        connection.run_async(lambda driver: driver.set_progress_handler(step, 1000))  # type: ignore[attr-defined]  # the hook's argument is typed loosely

    engines: list[Engine] = [database._writer.sync_engine, database._reader.sync_engine]
    for engine in engines:
        event.listen(engine, "connect", count)
    return steps


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_was_told_before_costs_a_later_life_nothing(post: Post, effort: list[int], clock: JumpClock) -> None:
    """To recall what was sent lately, to own up, to put, to claim, to send and to lay aside."""
    costs = []
    for count in (1, 10_000):
        for state in (State.SENT, State.STALE, State.PAST):
            await sent_before(post, count, state)
        clock.advance(timedelta(days=2).total_seconds())
        post.recipients[ANN] = Recipient("en", "UTC", {Kind.WATCH: Level.OFF})
        effort.clear()
        await Attendance(post.database, post.outbox, clock, clock.now() - timedelta(hours=1)).here()
        await post.put(
            *(Notice(ANN, words(number), Priority.ANSWER, card="card") for number in range(3)),
            *(Notice(ANN, words(number), Priority.ALERT, kind=Kind.WATCH) for number in range(3)),
        )
        clock.advance(COMPANY.total_seconds())
        async with post.sending():
            await until(lambda: is_quiet(post))
        costs.append(len(effort))
    assert costs[1] <= costs[0] + 5, costs
