"""What was given up, as the operator sees it."""

from tests.chat.telegram_server import TelegramServer
from tests.delivery.conftest import ANN, Post, words
from tgbot.delivery.dead import resend, undelivered
from tgbot.delivery.gone import leave_chat
from tgbot.delivery.outbox import Notice, Priority


async def given_up(post: Post, telegram: TelegramServer) -> int:
    for _ in range(3):  # with markup, without it, and without buttons
        telegram.fail("sendMessage", 400, "Bad Request: something is wrong with it")
    async with post.sending():
        [row_id] = await post.put(Notice(ANN, words(1), Priority.ANSWER))
        await post.until_settled()
    return row_id


async def test_it_is_listed_with_its_reason_and_comes_once_more_on_demand(post: Post, telegram: TelegramServer) -> None:
    row_id = await given_up(post, telegram)
    async with post.database.read() as session:
        count, [dead] = await undelivered(session, 10)
    assert (count, dead.id, dead.chat_id, dead.reason) == (1, row_id, ANN, "Something is wrong with it")
    async with post.sending():
        async with post.database.write() as session:
            assert await resend(session, row_id, post.clock.now())
            assert not await resend(session, row_id, post.clock.now())
        post.outbox.wake()
        await post.until_settled()
    [told] = telegram.texts(ANN)
    assert "you may see this twice" in told
    async with post.database.read() as session:
        assert await undelivered(session, 10) == (0, [])


async def test_it_comes_as_a_message_of_its_own_for_its_card_may_say_something_newer(
    post: Post, telegram: TelegramServer
) -> None:
    async with post.sending():
        await post.put(Notice(ANN, words(1), Priority.ANSWER, card="order"))
        await post.until_settled()
        for _ in range(3):
            telegram.fail("editMessageText", 400, "Bad Request: something is wrong with it")
        [dead] = await post.put(Notice(ANN, words(2), Priority.ANSWER, card="order"))
        await post.until_settled()
        await post.put(Notice(ANN, words(3), Priority.ANSWER, card="order"))
        await post.until_settled()
        async with post.database.write() as session:
            assert await resend(session, dead, post.clock.now())
        post.outbox.wake()
        await post.until_settled()
    card, again = telegram.texts(ANN)
    assert card == "3 s"
    assert again.startswith("2 s")


async def test_into_a_chat_that_is_gone_nothing_is_sent_again(post: Post, telegram: TelegramServer) -> None:
    row_id = await given_up(post, telegram)
    async with post.database.write() as session:
        await leave_chat(session, ANN, "blocked", post.clock.now())
        assert not await resend(session, row_id, post.clock.now())
