"""What a bot that was away owes to those who tapped meanwhile."""

import asyncio
from datetime import timedelta

from tests.chat.telegram_server import TelegramServer
from tests.delivery.conftest import ANN, BORIS, CARA, DESK, Post, words
from tgbot.delivery.away import IN_TOUCH, LOOK_EVERY, TAPS_LAST, Attendance
from tgbot.delivery.outbox import Notice, Priority


async def was_away(post: Post, seconds: float, lives: int = 1) -> None:
    """Nothing runs for so long; then so many lives begin, of which only the last stays."""
    since = post.clock.now()
    post.clock.advance(seconds)
    for _ in range(lives):
        await Attendance(post.database, post.outbox, post.clock, since).here()


def confessions(telegram: TelegramServer) -> list[str]:
    """To whom it was said that we were away."""
    return [call["chat_id"] for call in telegram.sent("sendMessage") if "I was away" in call["text"]]


async def write_to(post: Post, *chats: int) -> None:
    async with post.sending():
        await post.put(*(Notice(chat_id, words(1), Priority.ANSWER) for chat_id in chats))
        await post.until_settled()


async def test_whoever_was_in_touch_is_told_once_without_a_sound(post: Post, telegram: TelegramServer) -> None:
    """Groups too; not who heard nothing for a day, and not who has blocked us."""
    await write_to(post, CARA)
    post.clock.advance(IN_TOUCH.total_seconds())
    await write_to(post, ANN, BORIS, DESK)
    post.outbox.gone.add(BORIS)
    await was_away(post, TAPS_LAST.total_seconds() + 1, lives=2)
    async with post.sending():
        await post.until_settled()
    told = [call for call in telegram.sent("sendMessage") if "I was away" in call["text"]]
    assert sorted(int(call["chat_id"]) for call in told) == sorted([ANN, DESK])
    assert {call["disable_notification"] for call in told} == {"true"}


async def test_that_line_keeps_nobody_in_touch(post: Post, telegram: TelegramServer) -> None:
    """A machine that is off every night would write to them every morning, for ever."""
    await write_to(post, ANN)
    for _ in range(3):
        await was_away(post, IN_TOUCH.total_seconds() * 0.9)
        async with post.sending():
            await post.until_settled()
    assert [text for text in telegram.texts(ANN) if "I was away" in text] == telegram.texts(ANN)[1:3]


async def test_a_group_that_has_moved_is_told_once_and_there(post: Post, telegram: TelegramServer) -> None:
    await write_to(post, DESK)
    telegram.fail("sendMessage", 400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-100123)
    await write_to(post, DESK)
    await was_away(post, 600)
    async with post.sending():
        await post.until_settled()
    assert confessions(telegram) == ["-100123"]


async def test_a_moment_is_not_worth_a_word(post: Post, telegram: TelegramServer) -> None:
    await write_to(post, ANN)
    await was_away(post, TAPS_LAST.total_seconds())
    assert len(await post.rows()) == 1


async def test_after_an_hour_it_is_not_told_any_more(post: Post, telegram: TelegramServer) -> None:
    await write_to(post, ANN)
    await was_away(post, 600)
    post.clock.advance(timedelta(hours=1).total_seconds())
    async with post.sending():
        await post.until_settled()
    assert telegram.texts(ANN) == ["1 s"]


async def test_a_first_life_was_not_away(post: Post) -> None:
    await Attendance(post.database, post.outbox, post.clock, None).here()
    assert await post.rows() == []


async def test_whoever_is_suspended_or_cut_off_in_the_middle_of_a_life_says_so_too(
    post: Post, telegram: TelegramServer
) -> None:
    """Each time; not for a silence that is short, nor for one that is long but in which Telegram answered."""
    await write_to(post, ANN)
    attendance = Attendance(post.database, post.outbox, post.clock, None)
    for seconds in (100, 100, 151, 100, 3600):
        post.clock.advance(seconds)
        await attendance.here()
        async with post.sending():
            await post.until_settled()
    assert confessions(telegram) == [str(ANN)] * 2


async def test_where_telegram_comes_to_us_we_are_away_while_nothing_runs(post: Post, telegram: TelegramServer) -> None:
    await write_to(post, ANN)
    attendance = Attendance(post.database, post.outbox, post.clock, None)
    async with asyncio.TaskGroup() as group:
        staying = group.create_task(attendance.stay())
        for seconds in (LOOK_EVERY, LOOK_EVERY, 600):
            await post.clock.until_sleeping()
            assert len(await post.rows()) == 1
            post.clock.advance(seconds)
        await post.clock.until_sleeping()
        staying.cancel()
    async with post.sending():
        await post.until_settled()
    assert confessions(telegram) == [str(ANN)]


async def test_a_clock_that_goes_back_is_no_absence(post: Post) -> None:
    await write_to(post, ANN)
    attendance = Attendance(post.database, post.outbox, post.clock, post.clock.now() + timedelta(hours=1))
    for _ in range(2):
        await attendance.here()
        post.clock.advance(LOOK_EVERY)
    assert len(await post.rows()) == 1
