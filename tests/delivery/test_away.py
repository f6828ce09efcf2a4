"""What a bot that was away owes to those who tapped meanwhile."""

from datetime import timedelta

from tests.chat.telegram_server import TelegramServer
from tests.delivery.conftest import ANN, BORIS, CARA, DESK, Post, words
from tgbot.delivery.away import IN_TOUCH, TAPS_LAST, own_up
from tgbot.delivery.outbox import Notice, Priority


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
    since = post.clock.now()
    post.clock.advance(TAPS_LAST.total_seconds() + 1)
    for _ in range(2):
        await own_up(post.database, post.outbox, since, post.clock.now())
    async with post.sending():
        await post.until_settled()
    told = [call for call in telegram.sent("sendMessage") if "I was away" in call["text"]]
    assert sorted(int(call["chat_id"]) for call in told) == sorted([ANN, DESK])
    assert {call["disable_notification"] for call in told} == {"true"}


async def test_that_line_keeps_nobody_in_touch(post: Post, telegram: TelegramServer) -> None:
    """A machine that is off every night would write to them every morning, for ever."""
    await write_to(post, ANN)
    for _ in range(3):
        since = post.clock.now()
        post.clock.advance(IN_TOUCH.total_seconds() * 0.9)
        await own_up(post.database, post.outbox, since, post.clock.now())
        async with post.sending():
            await post.until_settled()
    assert [text for text in telegram.texts(ANN) if "I was away" in text] == telegram.texts(ANN)[1:3]


async def test_a_group_that_has_moved_is_told_once_and_there(post: Post, telegram: TelegramServer) -> None:
    await write_to(post, DESK)
    telegram.fail("sendMessage", 400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-100123)
    await write_to(post, DESK)
    since = post.clock.now()
    post.clock.advance(600)
    await own_up(post.database, post.outbox, since, post.clock.now())
    async with post.sending():
        await post.until_settled()
    told = [call["chat_id"] for call in telegram.sent("sendMessage") if "I was away" in call["text"]]
    assert told == ["-100123"]


async def test_a_moment_is_not_worth_a_word(post: Post, telegram: TelegramServer) -> None:
    await write_to(post, ANN)
    since = post.clock.now()
    post.clock.advance(TAPS_LAST.total_seconds())
    await own_up(post.database, post.outbox, since, post.clock.now())
    assert len(await post.rows()) == 1


async def test_after_an_hour_it_is_not_told_any_more(post: Post, telegram: TelegramServer) -> None:
    await write_to(post, ANN)
    since = post.clock.now()
    post.clock.advance(600)
    await own_up(post.database, post.outbox, since, post.clock.now())
    post.clock.advance(timedelta(hours=1).total_seconds())
    async with post.sending():
        await post.until_settled()
    assert telegram.texts(ANN) == ["1 s"]
