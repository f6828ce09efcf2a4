from datetime import timedelta

from tests.delivery.conftest import ANN, BORIS, Post, notice, words
from tgbot.delivery.codec import decode
from tgbot.delivery.outbox import Priority


async def test_nothing_is_owed_when_the_fact_was_rolled_back(post: Post) -> None:
    async with post.database.write() as session:
        await post.outbox.put(session, notice(ANN, 1))
        await session.rollback()
    assert await post.rows() == []


async def test_the_same_dedup_key_is_accepted_once(post: Post) -> None:
    first, again = await post.put(notice(ANN, 1, dedup_key="fill:1"), notice(ANN, 2, dedup_key="fill:1"))
    assert first == again
    (later,) = await post.put(notice(ANN, 3, dedup_key="fill:1"))
    assert later == first
    assert [decode(row.payload) for row in await post.rows()] == [words(1)]


async def test_only_the_newest_state_of_a_card_waits(post: Post) -> None:
    first, second, other = await post.put(
        notice(ANN, 1, Priority.DIGEST, card="price"),
        notice(ANN, 2, Priority.ANSWER, card="price"),
        notice(BORIS, 3, card="price"),
    )
    assert first == second != other
    row, _ = await post.rows()
    assert (decode(row.payload), row.priority) == (words(2), Priority.ANSWER)


async def test_only_the_newest_edit_of_a_message_waits(post: Post, telegram: object) -> None:
    first, second, other = await post.put(
        notice(ANN, 1, edit_message_id=50, expires_at=post.clock.now()),
        notice(ANN, 2, edit_message_id=50, card="ticket", expires_at=post.clock.now() + timedelta(hours=1)),
        notice(ANN, 3, edit_message_id=51),
    )
    assert first == second != other
    row, _ = await post.rows()
    assert (row.card, row.message_id, row.expires_at) == ("ticket", 50, post.clock.now() + timedelta(hours=1))


async def test_messages_of_their_own_do_not_replace_each_other(post: Post) -> None:
    ids = await post.put(notice(ANN, 1), notice(ANN, 1))
    assert len(set(ids)) == 2


async def test_many_are_put_in_their_order_and_each_dedup_key_once(post: Post) -> None:
    async with post.database.write() as session:
        many = [notice(ANN, 1, dedup_key="alert:1"), notice(BORIS, 2), notice(ANN, 3, dedup_key="alert:1")]
        await post.outbox.put_all(session, many)
        await post.outbox.put_all(session, [])
    assert [(row.chat_id, decode(row.payload)) for row in await post.rows()] == [(ANN, words(1)), (BORIS, words(2))]
