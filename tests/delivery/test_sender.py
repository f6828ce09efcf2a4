import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import update

from tests.chat.telegram_server import TelegramServer
from tests.delivery.conftest import ANN, BORIS, CARA, DESK, NO_LIMIT, UNLIMITED, Post, notice, until, words
from tgbot.core import crash
from tgbot.core.errors import ConfigError
from tgbot.core.notices import Kind, Recipient
from tgbot.core.reply import Rendered, Reply, T
from tgbot.delivery.gone import come_back
from tgbot.delivery.limiter import EVERYWHERE, Limits, Pace, Window
from tgbot.delivery.outbox import Notice, Priority
from tgbot.delivery.packing import MOST_IN_FLIGHT, MOST_PATIENT, URGENT_IN_A_ROW
from tgbot.delivery.sender import NOTED_WITHIN, TURNS_BETWEEN
from tgbot.delivery.store import OWED, HoldRow, OutboxRow, State
from tgbot.packaged import folder
from tgbot.texts.catalogue import Catalogue
from tgbot.texts.notation import Reader
from tgbot.texts.renderer import Renderer

TWICE = "<i>Sent again after an interruption: you may see this twice.</i>"
WITHOUT_BUTTONS = "<i>Telegram has refused the buttons of this message.</i>"
FILL, ANSWER, ALERT, DIGEST = Priority


class Killed(BaseException):
    """The process has ended."""


@pytest.fixture
def killed_at() -> Iterator[list[str]]:
    """Names of crash points at which the process ends, each once."""
    names: list[str] = []

    def kill(name: str) -> None:
        if name in names:
            names.remove(name)
            raise Killed(name)

    crash.arm(kill)
    yield names
    crash.arm(None)


async def run_until_killed(post: Post) -> None:
    with pytest.raises(BaseExceptionGroup) as caught:
        async with post.sending():
            await asyncio.Event().wait()
    assert caught.group_contains(Killed)


async def test_a_notice_arrives_in_the_readers_language(post: Post, telegram: TelegramServer) -> None:
    post.recipients[BORIS] = Recipient("ru", "UTC")
    async with post.sending():
        await post.put(notice(ANN, 1), notice(BORIS, 2), Notice(CARA, words(3, is_silent=True), ANSWER))
        await post.until_settled()
    assert (telegram.texts(ANN), telegram.texts(BORIS)) == (["1 s"], ["2 с"])
    assert [call["disable_notification"] for call in telegram.sent("sendMessage")].count("true") == 1
    rows = await post.rows()
    assert {(row.chat_id, row.sent_message_id) for row in rows} == telegram.messages.keys()
    assert {row.sent_at for row in rows} == {post.clock.now()}


async def test_what_is_left_without_a_call_is_found(post: Post, telegram: TelegramServer) -> None:
    async with post.sending():
        await post.until_resting()
        async with post.database.write() as session:
            await post.outbox.put(session, notice(ANN, 1))
        post.clock.advance(1)
        await post.until_settled()
    assert telegram.texts(ANN) == ["1 s"]


async def test_fills_go_before_answers_and_alerts_of_other_chats(post: Post, telegram: TelegramServer) -> None:
    post.limits = Limits(Pace(1.0, 1))
    await post.put(notice(1, 1, DIGEST), notice(2, 2, ALERT), notice(3, 3, ANSWER), notice(4, 4, FILL))
    async with post.sending():
        for times in range(1, 5):
            await telegram.until_called("sendMessage", times)
            await post.until_resting()
            post.clock.advance(1)
    assert [call["text"] for call in telegram.sent("sendMessage")] == ["4 s", "3 s", "2 s", "1 s"]


async def test_a_fill_passes_alerts_of_its_chat_but_not_the_answer_before_it(
    post: Post, telegram: TelegramServer
) -> None:
    await post.put(notice(ANN, 1, ALERT), notice(ANN, 2, ANSWER), notice(ANN, 3, FILL), notice(ANN, 4, DIGEST))
    async with post.sending():
        await post.until_settled()
    assert telegram.texts(ANN) == ["2 s", "3 s", "1 s", "4 s"]


async def test_a_chat_gets_one_message_at_a_time_and_others_do_not_wait(post: Post, telegram: TelegramServer) -> None:
    telegram.pause()
    await post.put(notice(ANN, 1), notice(ANN, 2), notice(BORIS, 3))
    async with post.sending():
        await telegram.until_called("sendMessage", 2)
        await post.until_resting()
        assert (telegram.texts(ANN), telegram.texts(BORIS)) == (["1 s"], ["3 s"])
        telegram.resume()
        await post.until_settled()
    assert telegram.texts(ANN) == ["1 s", "2 s"]


async def test_at_most_twenty_messages_are_under_way(post: Post, telegram: TelegramServer) -> None:
    telegram.pause()
    await post.put(*(notice(chat_id, 1) for chat_id in range(1, 31)))
    async with post.sending():
        await telegram.until_called("sendMessage", MOST_IN_FLIGHT)
        await post.until_resting()
        assert len(telegram.sent("sendMessage")) == MOST_IN_FLIGHT == 20
        assert list((await post.states()).values()).count(State.CLAIMED) == MOST_IN_FLIGHT
        telegram.resume()
        await post.until_settled()
    assert len(telegram.messages) == 30


async def test_a_message_that_hangs_keeps_nobody_waiting_for_long(post: Post, telegram: TelegramServer) -> None:
    telegram.pause(range(1, 15))
    await post.put(*(notice(chat_id, 1) for chat_id in range(1, 21)), notice(20, 2))
    async with post.sending():
        await telegram.until_called("sendMessage", MOST_IN_FLIGHT)
        while telegram.texts(20) != ["1 s", "2 s"]:
            await post.until_resting()
            post.clock.advance(NOTED_WITHIN)
        telegram.resume()
        await post.until_settled()


async def test_a_card_is_sent_once_and_then_edited(post: Post, telegram: TelegramServer) -> None:
    async with post.sending():
        for seconds in (1, 2, 3):
            await post.put(notice(ANN, seconds, card="ticket:1"))
            await post.until_settled()
        await post.put(notice(ANN, 4, FILL, reply_to_card="ticket:1"))
        await post.until_settled()
    assert telegram.texts(ANN) == ["3 s", "4 s"]
    first, answer = telegram.sent("sendMessage")
    ((_, card_id), _) = sorted(telegram.messages)
    assert json.loads(answer["reply_parameters"])["message_id"] == card_id
    assert "reply_parameters" not in first


async def test_a_live_card_leaves_no_rows_behind(post: Post, telegram: TelegramServer) -> None:
    (answer,) = await post.put(notice(ANN, 1, ANSWER, card="watch"))
    async with post.sending():
        await post.until_settled()
        for seconds in range(2, 6):
            await post.put(notice(ANN, seconds, DIGEST, card="watch"))
            await telegram.until_called("editMessageText", seconds - 1)
            await post.until_settled()
        (once,) = await post.put(notice(ANN, 6, DIGEST, card="watch", dedup_key="once"))
        await post.until_settled()
    assert telegram.texts(ANN) == ["6 s"]
    assert set(await post.states()) == {answer, once}, "what may come only once is remembered"


async def test_an_edit_put_while_its_card_is_under_way_follows_it(post: Post, telegram: TelegramServer) -> None:
    telegram.pause()
    async with post.sending():
        await post.put(notice(ANN, 1, card="ticket:1"))
        await telegram.until_called("sendMessage")
        await post.put(notice(ANN, 2, card="ticket:1"))
        telegram.resume()
        await post.until_settled()
    assert telegram.texts(ANN) == ["2 s"]


async def test_a_pressed_message_becomes_the_card(post: Post, telegram: TelegramServer) -> None:
    async with post.sending():
        await post.put(notice(ANN, 1, edit_message_id=55, card="ticket:1"))
        await post.until_settled()
        await post.put(notice(ANN, 2, card="ticket:1"))
        await post.until_settled()
        async with post.database.write() as session:
            await post.outbox.adopt_card(session, ANN, "ticket:1", 56)
        await post.put(notice(ANN, 3, card="ticket:1"))
        await post.until_settled()
    assert [call["message_id"] for call in telegram.sent("editMessageText")] == ["55", "55", "56"]


async def test_a_stale_notice_is_not_sent(post: Post, telegram: TelegramServer) -> None:
    soon = post.clock.now() + timedelta(seconds=120)
    stale, fresh = await post.put(notice(ANN, 1, ALERT, expires_at=soon), notice(ANN, 2, ALERT))
    post.clock.advance(121)
    async with post.sending():
        await post.until_settled()
    assert await post.states() == {stale: State.STALE, fresh: State.SENT}
    assert telegram.texts(ANN) == ["2 s"]


async def test_telegrams_wait_holds_everybody_also_over_a_restart(post: Post, telegram: TelegramServer) -> None:
    telegram.fail("sendMessage", 429, "Too Many Requests: retry after 35", retry_after=35)
    async with post.sending():
        await post.put(notice(ANN, 1, ALERT))
        await until(lambda: is_held(post))
        await post.put(notice(BORIS, 2, FILL))
        await post.until_resting()
    post.clock.advance(20)
    async with post.sending():
        await post.until_resting()
        post.clock.advance(14.9)
        await post.until_resting()
        assert len(telegram.sent("sendMessage")) == 1
        post.clock.advance(0.2)
        await post.until_settled()
    assert [call["text"] for call in telegram.sent("sendMessage")] == ["1 s", "2 s", "1 s"]


async def test_a_flooded_chat_waits_alone(post: Post, telegram: TelegramServer) -> None:
    post.limits = Limits(Pace(1e9, 1_000), NO_LIMIT)
    async with post.sending():
        await post.put(notice(ANN, 1), notice(ANN, 2))
        await post.until_settled()
        telegram.fail("sendMessage", 429, "Too Many Requests: retry after 20", retry_after=20)
        (held,) = await post.put(notice(ANN, 3))
        await telegram.until_called("sendMessage", 3)
        (other,) = await post.put(notice(BORIS, 4))
        await post.until_settled(other)
        assert (await post.states())[held] == State.NEW
        await post.until_resting()
        post.clock.advance(20)
        await post.until_settled()
    assert telegram.texts(ANN) == ["1 s", "2 s", "3 s"]


async def test_a_chat_that_was_flooded_before_a_restart_waits_alone_after_it(
    post: Post, telegram: TelegramServer
) -> None:
    """Else its 429 would be taken for one about all we send, and keep every fill back."""
    async with saying_much(post, apart=6):
        pass
    telegram.fail("sendMessage", 429, "Too Many Requests: retry after 40", retry_after=40)
    async with post.sending():
        await post.put(notice(DESK, 99))
        await telegram.until_called("sendMessage", 8)
        (fill,) = await post.put(notice(BORIS, 5, FILL))
        await post.until_settled(fill)
    assert telegram.texts(BORIS) == ["5 s"]


@asynccontextmanager
async def saying_much(post: Post, *, apart: float) -> AsyncIterator[None]:
    """A life in which a group that bears twenty messages in a minute has got seven, so many seconds apart."""
    post.limits = Limits(UNLIMITED.pace, NO_LIMIT, NO_LIMIT, Window(20, 61.0))
    async with post.sending():
        for seconds in range(7):
            await post.put(notice(DESK, seconds))
            await post.until_settled()
            post.clock.advance(apart)
        yield


async def test_of_what_was_sent_before_a_restart_each_message_counts_once_and_for_a_minute(
    post: Post, telegram: TelegramServer
) -> None:
    """A group that has heard little from us is not the reason for a 429."""
    async with saying_much(post, apart=0):
        post.clock.advance(61)
        await post.put(*(notice(DESK, seconds, ALERT, kind=Kind.ALERT) for seconds in range(7)))
        await post.until_resting()
        post.clock.advance(1)
        await post.until_settled()
    telegram.fail("sendMessage", 429, "Too Many Requests: retry after 40", retry_after=40)
    async with post.sending():
        await post.put(notice(DESK, 99))
        await telegram.until_called("sendMessage", 9)
        (fill,) = await post.put(notice(BORIS, 5, FILL))
        await post.until_resting()
        assert telegram.texts(BORIS) == []
        post.clock.advance(40)
        await post.until_settled(fill)


async def test_after_a_restart_a_group_gets_no_more_than_telegram_bears(post: Post, telegram: TelegramServer) -> None:
    post.limits = Limits(UNLIMITED.pace, NO_LIMIT, NO_LIMIT, Window(3, 61.0))
    async with post.sending():
        await post.put(notice(DESK, 1), notice(DESK, 2))
        await post.until_settled()
    async with post.sending():
        third, fourth = await post.put(notice(DESK, 3), notice(DESK, 4))
        await post.until_settled(third)
        await post.until_resting()
        assert (await post.states())[fourth] == State.NEW
        post.clock.advance(61)
        await post.until_settled()


async def test_a_clock_that_was_put_back_before_a_restart_silences_nobody(post: Post, telegram: TelegramServer) -> None:
    post.limits = Limits(UNLIMITED.pace, NO_LIMIT, NO_LIMIT, Window(1, 61.0))
    async with post.sending():
        await post.put(notice(DESK, 1))
        await post.until_settled()
    async with post.database.write() as session:
        await session.execute(update(OutboxRow).values(sent_at=post.clock.now() + timedelta(hours=1)))
    async with post.sending():
        await post.put(notice(DESK, 2))
        await post.until_settled()
    assert telegram.texts(DESK) == ["1 s", "2 s"]


@pytest.mark.parametrize(
    ("priority", "copies"), [(FILL, ["1 s", f"1 s\n{TWICE}"]), (ALERT, ["1 s", f"1 s\n{TWICE}"]), (ANSWER, ["1 s"])]
)
async def test_after_a_lost_answer_fills_and_alerts_go_once_more(
    post: Post, telegram: TelegramServer, priority: Priority, copies: list[str]
) -> None:
    for _ in range(3):
        telegram.lose_answer("sendMessage")
    async with post.sending():
        await post.put(notice(ANN, 1, priority))
        for times, _ in enumerate(copies[1:], 1):
            await a_minute_after(post, telegram, "sendMessage", times)
        await post.until_settled()
    assert telegram.texts(ANN) == copies
    assert list((await post.states()).values()) == [State.DEAD]


async def test_a_lost_edit_is_repeated_as_it_was(post: Post, telegram: TelegramServer) -> None:
    telegram.lose_answer("editMessageText")
    async with post.sending():
        await post.put(notice(ANN, 1, edit_message_id=5))
        await a_minute_after(post, telegram, "editMessageText")
        await post.until_settled()
    assert [call["text"] for call in telegram.sent("editMessageText")] == ["1 s", "1 s"]
    assert list((await post.states()).values()) == [State.SENT]


async def test_an_edit_that_never_succeeds_is_given_up(post: Post, telegram: TelegramServer) -> None:
    for _ in range(20):
        telegram.fail("editMessageText", 500, "Internal Server Error")
    async with post.sending():
        poison, other = await post.put(notice(ANN, 1, edit_message_id=5), notice(ANN, 2))
        while (await post.states())[other] != State.SENT:
            await post.until_resting()
            post.clock.advance(30)
    assert (await post.states())[poison] == State.DEAD
    assert len(telegram.sent("editMessageText")) == 9


async def test_a_chat_that_has_gone_is_left_in_peace(post: Post, telegram: TelegramServer) -> None:
    telegram.fail("sendMessage", 403, "Forbidden: bot was blocked by the user")
    anns = await post.put(*(notice(ANN, seconds, ALERT) for seconds in range(20)))
    async with post.sending():
        await post.until_settled()
        await post.put(notice(BORIS, 1))
        await post.until_settled()
    assert post.gone == [ANN]
    assert (telegram.texts(ANN), telegram.texts(BORIS)) == ([], ["1 s"])
    states = await post.states()
    assert {states[row_id] for row_id in anns} == {State.DEAD}
    assert len(telegram.sent("sendMessage")) == 2


async def test_a_chat_that_has_gone_is_not_tried_again_before_it_is_back(post: Post, telegram: TelegramServer) -> None:
    telegram.fail("sendMessage", 403, "Forbidden: bot was blocked by the user")
    await post.put(notice(ANN, 1))
    async with post.sending():
        await post.until_settled()
    async with post.sending():
        dead = await post.put(notice(ANN, 2, FILL), notice(ANN, 3, ALERT))
        await post.until_settled()
        assert len(telegram.sent("sendMessage")) == 1
        async with post.database.write() as session:
            assert await come_back(session, ANN)
            assert not await come_back(session, BORIS)
        await post.put(notice(ANN, 4))
        await post.until_settled()
    assert telegram.texts(ANN) == ["4 s"]
    assert {(await post.states())[row_id] for row_id in dead} == {State.DEAD}
    assert post.gone == [ANN]


async def test_a_group_that_moved_gets_its_messages_at_its_new_place(post: Post, telegram: TelegramServer) -> None:
    group = -5
    async with post.sending():
        await post.put(notice(group, 1, card="proposal"))
        await post.until_settled()
        telegram.fail("editMessageText", 400, "group chat was upgraded to a supergroup chat", migrate_to_chat_id=DESK)
        await post.put(notice(group, 2, card="proposal"), notice(group, 3))
        await post.until_settled()
    assert post.moved == [(group, DESK)]
    assert telegram.texts(DESK) == ["2 s", "3 s"]


async def test_refused_markup_goes_as_plain_text(post: Post, telegram: TelegramServer) -> None:
    telegram.fail("sendMessage", 400, "Bad Request: can't parse entities: unsupported start tag")
    async with post.sending():
        await post.put(notice(ANN, 1))
        await post.until_settled()
    assert telegram.texts(ANN) == ["1 s"]
    assert list((await post.states()).values()) == [State.SENT]


@pytest.mark.parametrize(
    "reason",
    [
        "BUTTON_DATA_INVALID",
        "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        "reply markup is too long",
    ],
)
async def test_refused_buttons_are_left_out_and_the_message_says_so(
    post: Post, telegram: TelegramServer, reason: str
) -> None:
    telegram.fail("sendMessage", 400, f"Bad Request: {reason}")
    reply = replace(words(1), lines=(T.of("delivery.kept", count=1),))
    async with post.sending():
        await post.put(Notice(ANN, reply, ANSWER))
        await post.until_settled()
    assert telegram.texts(ANN) == [f"🌙 <b>1 notice from your quiet hours:</b>\n{WITHOUT_BUTTONS}"]
    assert "reply_markup" not in telegram.sent("sendMessage")[-1]
    assert list((await post.states()).values()) == [State.SENT]


async def test_an_edit_with_refused_buttons_is_made_without_them(post: Post, telegram: TelegramServer) -> None:
    async with post.sending():
        await post.put(notice(ANN, 1, card="ticket:1"))
        await post.until_settled()
        telegram.fail("editMessageText", 400, "Bad Request: BUTTON_DATA_INVALID")
        await post.put(notice(ANN, 2, card="ticket:1"))
        await post.until_settled()
    assert telegram.texts(ANN) == [f"2 s\n{WITHOUT_BUTTONS}"]


async def test_whatever_telegram_does_not_like_a_last_try_is_made_without_buttons(
    post: Post, telegram: TelegramServer
) -> None:
    for _ in range(2):
        telegram.fail("sendMessage", 400, "Bad Request: in words that nobody has seen before")
    async with post.sending():
        await post.put(notice(ANN, 1))
        await post.until_settled()
    assert telegram.texts(ANN) == ["1 s\nTelegram has refused the buttons of this message."]


async def test_a_long_text_comes_in_parts_in_order_before_what_follows_it(post: Post, telegram: TelegramServer) -> None:
    reply = Reply(tuple(words(seconds).lines[0] for seconds in range(2_000)), words(0).buttons)
    await post.put(Notice(ANN, reply, ANSWER), notice(ANN, 9_999), notice(BORIS, 1))
    async with post.sending():
        await post.until_settled()
    *parts, after = telegram.texts(ANN)
    assert (len(parts), after) == (4, "9,999 s")
    assert "\n".join(parts).split("\n") == [f"{seconds:,} s" for seconds in range(2_000)]
    buttons = ["reply_markup" in call for call in telegram.sent("sendMessage") if call["chat_id"] == str(ANN)]
    assert buttons == [False, False, False, True, True]


async def test_a_kill_between_two_parts_repeats_none(post: Post, telegram: TelegramServer) -> None:
    await post.put(Notice(ANN, Reply(tuple(words(seconds).lines[0] for seconds in range(2_000))), ANSWER))
    limits, post.limits = post.limits, Limits(Pace(1.0, 1), NO_LIMIT)
    async with post.sending():
        await telegram.until_called("sendMessage")
        await until(lambda: is_new(post))
    post.limits = limits
    async with post.sending():
        await post.until_settled()
    assert "\n".join(telegram.texts(ANN)).split("\n") == [f"{seconds:,} s" for seconds in range(2_000)]


async def test_a_card_that_has_become_too_long_stays_one_message(post: Post, telegram: TelegramServer) -> None:
    reply = Reply(tuple(words(seconds).lines[0] for seconds in range(2_000)), words(0).buttons)
    async with post.sending():
        await post.put(Notice(ANN, reply, ANSWER, card="list"))
        await post.until_settled()
        await post.put(Notice(ANN, reply, ANSWER, card="list"))
        await post.until_settled()
    (text,) = telegram.texts(ANN)
    assert text.endswith("\n<i>… and more: too long for one message.</i>")
    assert 3_900 < len(text) < 4_150


async def test_what_telegram_never_accepts_blocks_nobody(post: Post, telegram: TelegramServer) -> None:
    for _ in range(3):
        telegram.fail("sendMessage", 400, "Bad Request: text must be encoded in UTF-8")
    async with post.sending():
        poison, fine = await post.put(notice(ANN, 1), notice(ANN, 2))
        await post.until_settled()
    assert await post.states() == {poison: State.DEAD, fine: State.SENT}


async def test_a_payload_nobody_can_read_blocks_nobody(post: Post, telegram: TelegramServer) -> None:
    broken, fine = await post.put(notice(ANN, 1), notice(ANN, 2))
    async with post.database.write() as session:
        await session.execute(update(OutboxRow).where(OutboxRow.id == broken).values(payload='{"from":"the future"}'))
    async with post.sending():
        await post.until_settled()
    assert await post.states() == {broken: State.DEAD, fine: State.SENT}


async def test_an_edit_of_a_message_that_is_gone_becomes_one_new_message(post: Post, telegram: TelegramServer) -> None:
    async with post.sending():
        await post.put(notice(ANN, 1, card="ticket:1"))
        await post.until_settled()
        telegram.messages.clear()
        telegram.fail("editMessageText", 400, "Bad Request: message to edit not found")
        await post.put(notice(ANN, 2, card="ticket:1"))
        await post.until_settled()
        assert [call["text"] for call in telegram.sent("sendMessage")] == ["1 s", "2 s"]
        await post.put(notice(ANN, 3, card="ticket:1"))
        await post.until_settled()
    assert telegram.texts(ANN) == ["3 s"]


async def test_while_telegram_cannot_be_reached_nothing_is_lost(post: Post, telegram: TelegramServer) -> None:
    there, post.bot._base_url = post.bot._base_url, "http://127.0.0.1:1/botX"
    async with post.sending():
        await post.put(notice(ANN, 1), notice(BORIS, 2))
        for _ in range(5):
            await until(lambda: is_new(post))
            await post.until_resting()
            post.clock.advance(30)
        post.bot._base_url = there
        while {*OWED} & {*(await post.states()).values()}:
            await post.until_resting()
            post.clock.advance(30)
    assert (telegram.texts(ANN), telegram.texts(BORIS)) == (["1 s"], ["2 s"])


async def test_however_many_messages_an_outage_hits_a_fill_waits_two_seconds(
    post: Post, telegram: TelegramServer
) -> None:
    there, post.bot._base_url = post.bot._base_url, "http://127.0.0.1:1/botX"
    await post.put(*(notice(chat_id, 1) for chat_id in range(1, 11)))
    async with post.sending():
        await until(lambda: is_held_back(post))
        post.bot._base_url = there
        (fill,) = await post.put(notice(11, 2, FILL))
        post.clock.advance(3)
        await post.until_settled(fill)
    assert telegram.texts(11) == ["2 s"]


async def test_each_time_telegram_still_cannot_be_reached_the_wait_is_twice_as_long(post: Post) -> None:
    post.bot._base_url = "http://127.0.0.1:1/botX"
    await post.put(*(notice(chat_id, 1) for chat_id in range(1, 11)))
    async with post.sending():
        for seconds in (2, 4, 8):
            await until(lambda: is_held_back(post))
            await post.until_resting()
            post.clock.advance(seconds - 0.5)
            await post.until_resting()
            assert is_silent(post)
            post.clock.advance(0.5)
            assert not is_silent(post)


async def test_a_crash_before_sending_sends_once(post: Post, telegram: TelegramServer, killed_at: list[str]) -> None:
    killed_at.append("C10")
    await post.put(notice(ANN, 1, ANSWER), notice(BORIS, 2, FILL))
    await run_until_killed(post)
    assert telegram.sent("sendMessage") == []
    async with post.sending():
        await post.until_settled()
    assert (telegram.texts(ANN), telegram.texts(BORIS)) == (["1 s"], ["2 s"])


@pytest.mark.parametrize(
    ("priority", "copies"), [(FILL, ["1 s", f"1 s\n{TWICE}"]), (ALERT, ["1 s", f"1 s\n{TWICE}"]), (ANSWER, ["1 s"])]
)
async def test_a_crash_after_sending_repeats_fills_and_alerts_marked(
    post: Post, telegram: TelegramServer, killed_at: list[str], priority: Priority, copies: list[str]
) -> None:
    killed_at.append("C11")
    await post.put(notice(ANN, 1, priority), notice(ANN, 2, DIGEST))
    await run_until_killed(post)
    async with post.sending():
        await post.until_settled()
    assert sorted(text for text in telegram.texts(ANN) if text.startswith("1")) == copies
    assert telegram.texts(ANN).count("2 s") == 1


async def test_two_crashes_make_no_third_copy(post: Post, telegram: TelegramServer, killed_at: list[str]) -> None:
    killed_at.extend(["C11", "C11"])
    await post.put(notice(ANN, 1, FILL))
    await run_until_killed(post)
    await run_until_killed(post)
    async with post.sending():
        await post.until_settled()
    assert len(telegram.texts(ANN)) == 2


async def test_told_to_stop_it_settles_what_is_under_way_and_begins_nothing(
    post: Post, telegram: TelegramServer
) -> None:
    telegram.pause()
    under_way, waiting = await post.put(notice(ANN, 1), notice(ANN, 2))
    sender = post.sender()
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(sender.run())
        await telegram.until_called("sendMessage")
        sender.stop()
        telegram.resume()
    assert await post.states() == {under_way: State.SENT, waiting: State.NEW}


async def test_a_refused_token_ends_the_role(post: Post, telegram: TelegramServer) -> None:
    telegram.fail("sendMessage", 401, "Unauthorized")
    await post.put(notice(ANN, 1))
    with pytest.raises(ExceptionGroup) as caught:
        await asyncio.wait_for(post.sender().run(), 10)
    assert caught.group_contains(ConfigError)


async def test_a_person_gets_five_messages_at_once_and_no_more_within_five_seconds(
    post: Post, telegram: TelegramServer
) -> None:
    post.limits = Limits(Pace(1e9, 1_000), NO_LIMIT)
    await post.put(*(notice(ANN, seconds) for seconds in range(7)))
    async with post.sending():
        await telegram.until_called("sendMessage", 5)
        await until(lambda: none_claimed(post))
        await post.until_resting()
        post.clock.advance(5)
        await post.until_resting()
        assert len(telegram.sent("sendMessage")) == 5
        post.clock.advance(0.3)
        await post.until_settled()


async def test_chats_that_have_not_heard_from_us_go_before_those_that_have(
    post: Post, telegram: TelegramServer
) -> None:
    post.limits = Limits(Pace(1.0, 1), NO_LIMIT)
    many = [notice(ANN, seconds, ALERT) for seconds in range(3)]
    await post.put(*many, notice(BORIS, 8, ALERT), notice(CARA, 9, ALERT))
    async with post.sending():
        await one_a_second(post, telegram, 5)
    assert [call["text"] for call in telegram.sent("sendMessage")] == ["0 s", "8 s", "9 s", "1 s", "2 s"]


async def test_however_much_is_urgent_the_rest_has_its_turn(post: Post, telegram: TelegramServer) -> None:
    post.limits = Limits(Pace(1.0, 1), NO_LIMIT)
    await post.put(notice(ANN, 0, DIGEST), *(notice(chat_id, 1, FILL) for chat_id in range(100, 110)))
    async with post.sending():
        await one_a_second(post, telegram, 11)
    assert [call["text"] for call in telegram.sent("sendMessage")].index("0 s") == URGENT_IN_A_ROW


async def test_hanging_messages_leave_room_for_what_is_urgent(post: Post, telegram: TelegramServer) -> None:
    telegram.pause(range(100, 200))
    await post.put(*(notice(chat_id, 1, ALERT) for chat_id in range(100, 130)))
    async with post.sending():
        await telegram.until_called("sendMessage", MOST_PATIENT)
        (fill,) = await post.put(notice(ANN, 2, FILL))
        while (await post.states())[fill] != State.SENT:
            await post.until_resting()
            post.clock.advance(NOTED_WITHIN)
        assert len(telegram.sent("sendMessage")) == MOST_PATIENT + 1
        telegram.resume()
        await post.until_settled()


async def test_between_two_messages_everybody_else_has_his_turns(post: Post, telegram: TelegramServer) -> None:
    """What fires meanwhile does not stand behind twenty messages."""
    loop, turns = asyncio.get_running_loop(), [0]
    begun: list[int] = []

    class Noting(Renderer):
        def render(self, reply: Reply, reader: Reader) -> Rendered:
            begun.append(turns[0])
            return super().render(reply, reader)

    def take_turn() -> None:
        turns[0] += 1
        if len(begun) < MOST_IN_FLIGHT:
            loop.call_soon(take_turn)

    post.renderer = Noting(Catalogue(folder("locales")))
    await post.put(*(notice(chat_id, 1) for chat_id in range(100, 100 + MOST_IN_FLIGHT)))
    loop.call_soon(take_turn)
    async with post.sending():
        await post.until_settled()
    assert min(then - before for before, then in pairwise(begun)) >= TURNS_BETWEEN


async def one_a_second(post: Post, telegram: TelegramServer, messages: int) -> None:
    for times in range(1, messages + 1):
        await telegram.until_called("sendMessage", times)
        await until(lambda: none_claimed(post))
        await post.until_resting()
        post.clock.advance(1)


async def a_minute_after(post: Post, telegram: TelegramServer, method: str, times: int = 1) -> None:
    """So many calls, the answer to the last of which is lost: the sender knows that, and waits for its time."""
    await telegram.until_called(method, times)  # from before it until it is known the row is claimed
    await until(lambda: is_new(post))
    await post.until_resting()
    post.clock.advance(60)


async def is_new(post: Post) -> bool:
    return State.NEW in (await post.states()).values() and await none_claimed(post)


async def none_claimed(post: Post) -> bool:
    return State.CLAIMED not in (await post.states()).values()


async def is_held_back(post: Post) -> bool:
    """All that was under way has failed, and nothing may be sent for now."""
    await post.states()
    return not post._sender._in_flight and is_silent(post)


def is_silent(post: Post) -> bool:
    return post._sender._limiter.room(post.clock.monotonic(), is_urgent=True) == 0


async def is_held(post: Post) -> bool:
    async with post.database.read() as session:
        return await session.get(HoldRow, EVERYWHERE) is not None


FOR_ANN = replace(words(1), only_for=ANN)


async def test_in_a_group_one_person_alone_reads_what_is_their_business(post: Post, telegram: TelegramServer) -> None:
    post.recipients[ANN] = Recipient("ru", "UTC")
    async with post.sending():
        await post.put(Notice(DESK, FOR_ANN, ANSWER, thread_id=3))
        await post.until_settled()
    (call,) = telegram.sent("sendMessage")
    assert (call["chat_id"], call["message_thread_id"], call["text"]) == (str(DESK), "3", "1 с")
    assert json.loads(call["ephemeral_message_parameters"]) == {"receiver_user_id": ANN}


async def test_a_group_that_nobody_keeps_is_spoken_to_as_whoever_has_asked(
    post: Post, telegram: TelegramServer
) -> None:
    post.recipients |= {ANN: Recipient("ru", "UTC"), DESK: Recipient("en", "UTC", is_known=False)}
    async with post.sending():
        await post.put(Notice(DESK, replace(words(1), asked_by=ANN), ANSWER))
        await post.until_settled()
        post.recipients[DESK] = Recipient("en", "UTC")
        await post.put(Notice(DESK, replace(words(2), asked_by=ANN), ANSWER))
        await post.until_settled()
    assert telegram.texts(DESK) == ["1 с", "2 s"]


async def test_where_telegram_cannot_it_comes_to_the_private_chat_and_is_not_tried_again(
    post: Post, telegram: TelegramServer
) -> None:
    telegram.fail("deleteEphemeralMessage", 404, "Not Found")  # a server that has not heard of them
    async with post.sending():
        await post.put(Notice(DESK, FOR_ANN, ANSWER), Notice(DESK, replace(words(2), only_for=ANN), ANSWER))
        await post.until_settled()
    calls = telegram.sent("sendMessage")
    assert {call["chat_id"] for call in calls} == {str(ANN)}, "there it would be shown to everybody"
    assert len(telegram.sent("deleteEphemeralMessage")) == 1
    assert telegram.texts(ANN) == ["1 s", "2 s"]
    assert all("reply_markup" not in call for call in calls)


async def test_if_that_cannot_be_found_out_it_comes_to_the_private_chat_and_is_asked_again(
    post: Post, telegram: TelegramServer
) -> None:
    telegram.fail("deleteEphemeralMessage", 502, "Bad Gateway")
    async with post.sending():
        for number in (1, 2):
            await post.put(Notice(DESK, replace(words(number), only_for=ANN), ANSWER))
            await post.until_settled()
    assert [call["chat_id"] for call in telegram.sent("sendMessage")] == [str(ANN), str(DESK)]


async def test_what_is_shown_to_everybody_in_spite_of_that_is_deleted(post: Post, telegram: TelegramServer) -> None:
    telegram.fail("deleteEphemeralMessage", 400, "Bad Request: something else")
    telegram.answer_with("sendMessage", 200, '{"ok": true, "result": {"message_id": 5}}')
    async with post.sending():
        await post.put(Notice(DESK, FOR_ANN, ANSWER), Notice(DESK, replace(words(2), only_for=ANN), ANSWER))
        await post.until_settled()
    (deleted,) = telegram.sent("deleteMessage")
    assert (deleted["chat_id"], deleted["message_id"]) == (str(DESK), "5")
    assert telegram.texts(ANN) == ["1 s", "2 s"]


async def test_a_server_that_knows_such_messages_is_asked_only_once(post: Post, telegram: TelegramServer) -> None:
    telegram.fail("deleteEphemeralMessage", 400, "Bad Request: message to delete not found")
    async with post.sending():
        await post.put(Notice(DESK, FOR_ANN, ANSWER), Notice(DESK, replace(words(2), only_for=ANN), ANSWER))
        await post.until_settled()
    assert [call["chat_id"] for call in telegram.sent("sendMessage")] == [str(DESK)] * 2
    assert len(telegram.sent("deleteEphemeralMessage")) == 1


async def test_who_cannot_be_written_to_reads_in_the_group_where_to_look(post: Post, telegram: TelegramServer) -> None:
    telegram.fail("sendMessage", 400, "Bad Request: user not found")
    telegram.fail("sendMessage", 403, "Forbidden: bot can't initiate conversation with a user")
    async with post.sending():
        await post.put(Notice(DESK, FOR_ANN, ANSWER))
        await post.until_settled()
    (said,) = telegram.texts(DESK)
    assert said.startswith("This is for you alone")
