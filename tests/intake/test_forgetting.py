"""What is left of updates after days."""

import asyncio
from datetime import timedelta

from sqlalchemy import func, insert, select

from tests.intake.conftest import Desk, message, press
from tgbot.intake.service import TIDY_EVERY, TIDY_PACE
from tgbot.intake.store import KEPT_FOR, PRUNED_AT_ONCE, InboxRow, InboxState, prune


async def received(desk: Desk, count: int, state: InboxState) -> None:
    """So many updates, at this moment."""
    row = {"payload": "{}", "state": state, "tries": 0, "received_at": desk.clock.now()}
    async with desk.post.database.write() as session:
        await session.execute(insert(InboxRow), [row | {"update_id": number} for number in range(count)])


async def how_many(desk: Desk) -> int:
    async with desk.post.database.read() as session:
        return await session.scalar(select(func.count()).select_from(InboxRow)) or 0


async def until_left(desk: Desk, count: int) -> None:
    async with asyncio.timeout(10):
        while await how_many(desk) != count:
            pass


async def tidy(desk: Desk) -> None:
    async with desk.post.database.write() as session:
        await prune(session, desk.clock.now())


async def test_what_was_handled_is_forgotten_after_two_days_also_without_a_restart(desk: Desk) -> None:
    async with desk.open() as intake:
        await intake.receive([message(1, "/price btc")])
        await intake.idle()
        for _ in range(48):
            await desk.clock.until_sleeping(2)
            desk.clock.advance(TIDY_EVERY.total_seconds())
        await intake.receive([message(2, "/price btc")])
        await intake.idle()
        await desk.clock.until_sleeping(2)
        desk.clock.advance(TIDY_EVERY.total_seconds())
        await until_left(desk, 1)
    assert await desk.states() == {2: "done"}


async def test_many_go_in_small_steps_and_a_later_life_goes_on_with_them(desk: Desk) -> None:
    await received(desk, 3 * PRUNED_AT_ONCE + 1, InboxState.DONE)
    desk.clock.advance(KEPT_FOR[InboxState.DONE].total_seconds() + 1)
    async with desk.open():
        await desk.clock.until_sleeping(2)
        assert await how_many(desk) == 2 * PRUNED_AT_ONCE + 1
        desk.clock.advance(TIDY_PACE.total_seconds())
        await until_left(desk, PRUNED_AT_ONCE + 1)
    async with desk.open():
        await until_left(desk, 1)


async def test_what_was_given_up_stays_for_the_operator_for_two_weeks(desk: Desk) -> None:
    await received(desk, 2, InboxState.DEAD)
    desk.clock.advance(timedelta(days=14).total_seconds())
    await tidy(desk)
    assert await how_many(desk) == 2
    desk.clock.advance(1)
    await tidy(desk)
    assert await how_many(desk) == 1, "the newest stays"


async def test_what_was_not_handled_yet_is_never_forgotten(desk: Desk) -> None:
    await received(desk, 2, InboxState.NEW)
    desk.clock.advance(timedelta(days=100).total_seconds())
    await tidy(desk)
    assert await how_many(desk) == 2


async def test_an_update_that_telegram_may_still_repeat_is_known(desk: Desk) -> None:
    """It keeps one for a day."""
    await desk.receives(message(1, "/price btc"), message(2, "/price eth"))
    desk.clock.advance(timedelta(days=1).total_seconds())
    await tidy(desk)
    await desk.receives(message(1, "/price btc"))
    assert desk.heard == ["price btc", "price eth"]


async def test_an_old_button_never_repeats_a_newer_command(desk: Desk) -> None:
    """Also where nobody wrote for so long that everything was forgotten."""
    long_ago = int((desk.clock.now() - timedelta(hours=1)).timestamp())
    await desk.receives(message(1, "/buy btc 100", date=long_ago))
    assert 'again:1"' in desk.telegram.sent("sendMessage")[0]["reply_markup"]
    desk.clock.advance(timedelta(days=3).total_seconds())
    await tidy(desk)
    now = int(desk.clock.now().timestamp())
    await desk.receives(message(2, "/buy eth 5", date=now))
    await tidy(desk)
    await desk.receives(press(3, "again:1"))
    assert desk.heard == ["buy eth 5"]
