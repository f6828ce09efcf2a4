"""Notices that nobody asked for at the moment: several become one, some are late, some wait for the morning."""

from dataclasses import replace
from datetime import time, timedelta

import pytest

from tests.chat.telegram_server import TelegramServer
from tests.delivery.conftest import ANN, BORIS, DESK, Post, notice, until, words
from tgbot.core.notices import Kind, Level, Quiet, Recipient
from tgbot.core.reply import Button, Reply, T
from tgbot.delivery.outbox import Notice, Priority
from tgbot.delivery.store import State

ALERT = Priority.ALERT
NIGHT = Quiet(time(11), time(14))  # it is noon
SLEEPER = Recipient("en", "UTC", quiet=NIGHT)


def alert(chat_id: int, seconds: int, **more: object) -> Notice:
    return notice(chat_id, seconds, ALERT, kind=Kind.ALERT, **more)


async def send_all(post: Post) -> None:
    """Also what waits for company."""
    async with post.sending():
        await post.until_resting()
        post.clock.advance(1)
        await post.until_settled()


async def test_alerts_that_fall_due_within_a_second_are_one_message(post: Post, telegram: TelegramServer) -> None:
    async with post.sending():
        for seconds in range(7):
            await post.put(alert(ANN, seconds))
            await post.until_resting()
            assert telegram.texts(ANN) == []
            post.clock.advance(0.15)
        await post.until_settled()
    lines = "\n".join(f"{seconds} s" for seconds in range(7))
    assert telegram.texts(ANN) == [f"🔔 <b>7 alerts:</b>\n{lines}"]


async def test_an_alert_without_company_is_as_it_always_was(post: Post, telegram: TelegramServer) -> None:
    await post.put(alert(ANN, 1), alert(BORIS, 2))
    await send_all(post)
    assert (telegram.texts(ANN), telegram.texts(BORIS)) == (["1 s"], ["2 s"])
    assert all("reply_markup" in call for call in telegram.sent("sendMessage"))


async def test_together_each_has_its_brief_line_and_buttons_that_all_of_them_have(
    post: Post, telegram: TelegramServer
) -> None:
    buy, mine, yours = (Button(T("common.buy"), data) for data in ("buy:BTC-USDT", "alert:1", "alert:2"))
    long = Reply((T.of("common.hours", amount=1), *words(2).lines), ((mine,), (buy,)), brief=words(3).lines[0])  # type: ignore[arg-type]  # a text
    short = replace(words(4), buttons=((buy, yours),))
    await post.put(*(Notice(ANN, reply, ALERT, kind=Kind.ALERT) for reply in (long, short)))
    await send_all(post)
    (call,) = telegram.sent("sendMessage")
    assert call["text"] == "🔔 <b>2 alerts:</b>\n3 s\n4 s"
    assert call["reply_markup"].count("callback_data") == call["reply_markup"].count("buy:BTC-USDT") == 1


async def test_only_alerts_of_one_chat_and_topic_are_put_together(post: Post, telegram: TelegramServer) -> None:
    move = notice(ANN, 3, ALERT, kind=Kind.WATCH)
    await post.put(
        alert(ANN, 1), move, alert(BORIS, 4), alert(ANN, 5, thread_id=9), alert(ANN, 2), notice(ANN, 6, ALERT)
    )
    await send_all(post)
    assert telegram.texts(ANN) == ["🔔 <b>2 alerts:</b>\n1 s\n2 s", "3 s", "5 s", "6 s"]
    assert telegram.texts(BORIS) == ["4 s"]


async def test_where_a_topic_is_gone_all_that_was_meant_for_it_comes_into_the_group(
    post: Post, telegram: TelegramServer
) -> None:
    telegram.fail("sendMessage", 400, "Bad Request: message thread not found")
    await post.put(alert(DESK, 1, thread_id=9), alert(DESK, 2, thread_id=9))
    await send_all(post)
    assert telegram.texts(DESK) == ["🔔 <b>2 alerts:</b>\n1 s\n2 s"]
    assert "message_thread_id" not in telegram.sent("sendMessage")[-1]


async def test_a_crowd_in_many_topics_is_one_message_in_each(post: Post, telegram: TelegramServer) -> None:
    """A group bears few messages a minute, whatever topics they go to."""
    async with post.database.write() as session:
        await post.outbox.put_all(session, [alert(DESK, number, thread_id=number % 5 or None) for number in range(60)])
    await send_all(post)
    assert [text.count("\n") for text in telegram.texts(DESK)] == [12] * 5


async def test_a_crowd_is_told_in_messages_of_twenty(post: Post, telegram: TelegramServer) -> None:
    async with post.database.write() as session:
        await post.outbox.put_all(session, [alert(ANN, seconds) for seconds in range(45)])
    await send_all(post)
    assert [text.count("\n") for text in telegram.texts(ANN)] == [20, 20, 5]
    assert {*(await post.states()).values()} == {State.SENT}


async def test_a_lost_answer_repeats_all_that_were_in_the_message(post: Post, telegram: TelegramServer) -> None:
    telegram.lose_answer("sendMessage")
    await post.put(alert(ANN, 1), alert(ANN, 2))
    async with post.sending():
        await post.until_resting()
        post.clock.advance(1)
        await telegram.until_called("sendMessage")
        await until(lambda: is_owed_again(post))
        await post.until_resting()
        post.clock.advance(30)
        await post.until_settled()
    first, again = telegram.texts(ANN)
    assert again.startswith(first)
    assert "twice" in again


async def test_one_that_telegram_refuses_does_not_take_its_company_along(post: Post, telegram: TelegramServer) -> None:
    for _ in range(3):  # together, alone as plain text, alone without buttons
        telegram.fail("sendMessage", 400, "Bad Request: can't parse entities")
    await post.put(alert(ANN, 1), alert(ANN, 2), alert(ANN, 3))
    await send_all(post)
    assert list((await post.states()).values()) == [State.DEAD, State.SENT, State.SENT]
    assert telegram.texts(ANN) == ["2 s", "3 s"]


async def test_stale_alerts_are_left_out_and_one_line_says_how_many(post: Post, telegram: TelegramServer) -> None:
    await post.put(
        *(alert(ANN, seconds) for seconds in range(3)), notice(ANN, 9, ALERT, kind=Kind.WATCH), alert(BORIS, 4)
    )
    post.clock.advance(121)
    await send_all(post)
    (told,) = telegram.texts(ANN)
    assert told.split("\n") == [
        "⌛ 3 alerts came too late to be sent and were left out: /alerts",
        "⌛ 1 price move came too late to be sent: /watch",
    ]
    assert len(telegram.texts(BORIS)) == 1


async def test_what_is_off_is_left_out_and_what_is_silent_makes_no_sound(post: Post, telegram: TelegramServer) -> None:
    post.recipients[ANN] = Recipient("en", "UTC", {Kind.ALERT: Level.OFF, Kind.FILL: Level.SILENT})
    off, fill, answer = await post.put(
        alert(ANN, 1), notice(ANN, 2, Priority.FILL, kind=Kind.FILL), notice(ANN, 3, Priority.ANSWER)
    )
    await send_all(post)
    assert await post.states() == {off: State.STALE, fill: State.SENT, answer: State.SENT}
    assert [call["disable_notification"] for call in telegram.sent("sendMessage")] == ["true", "false"]


async def test_in_quiet_hours_only_what_is_urgent_comes_and_the_rest_afterwards_in_one_message(
    post: Post, telegram: TelegramServer
) -> None:
    post.recipients[ANN] = SLEEPER
    fill = notice(ANN, 3, Priority.FILL, kind=Kind.FILL)
    async with post.sending():
        await post.put(alert(ANN, 1), fill, notice(ANN, 4, ALERT, kind=Kind.WATCH), alert(BORIS, 5))
        await post.until_resting()
        post.clock.advance(1)
        await until(lambda: all_kept_or_sent(post))
        await post.until_resting()
        assert (telegram.texts(ANN), telegram.texts(BORIS)) == (["3 s"], ["5 s"])
        post.clock.advance(timedelta(hours=2).total_seconds() - 10)
        await post.until_resting()
        assert telegram.texts(ANN) == ["3 s"]
        post.clock.advance(20)
        await until(lambda: all_sent(post))
    _, morning = telegram.texts(ANN)
    assert morning == "🌙 <b>2 notices from your quiet hours:</b>\n22 Nov 12:00 · 1 s\n22 Nov 12:00 · 4 s"


async def test_a_long_night_loses_nothing(post: Post, telegram: TelegramServer) -> None:
    post.recipients[ANN] = SLEEPER
    async with post.database.write() as session:
        await post.outbox.put_all(session, [alert(ANN, seconds) for seconds in range(50)])
    async with post.sending():
        await post.until_resting()
        post.clock.advance(1)
        await until(lambda: all_kept_or_sent(post))
        await post.until_resting()
        post.clock.advance(timedelta(hours=3).total_seconds())
        await until(lambda: all_sent(post))
    told = [line.partition(" · ")[2] for text in telegram.texts(ANN) for line in text.split("\n")[1:]]
    assert told == [f"{seconds} s" for seconds in range(50)]


async def test_whoever_ends_the_quiet_hours_hears_at_once_what_was_kept(post: Post, telegram: TelegramServer) -> None:
    post.recipients[ANN] = SLEEPER
    async with post.sending():
        await post.put(alert(ANN, 1))
        await post.until_resting()
        post.clock.advance(1)
        await until(lambda: all_kept_or_sent(post))
        await post.until_resting()
        del post.recipients[ANN]
        async with post.database.write() as session:
            await post.outbox.judge_again(session, ANN)
        post.outbox.wake()
        await until(lambda: all_sent(post))
    assert telegram.texts(ANN) == ["🌙 <b>1 notice from your quiet hours:</b>\n22 Nov 12:00 · 1 s"]


async def the_next_morning(post: Post, chosen: Recipient) -> None:
    """Ann has slept over an alert, a price move and another alert; before the night is over she chooses anew."""
    post.recipients[ANN] = SLEEPER
    await post.put(alert(ANN, 1), notice(ANN, 2, ALERT, kind=Kind.WATCH), alert(ANN, 3))
    async with post.sending():
        await post.until_resting()
        post.clock.advance(1)
        await until(lambda: all_kept_or_sent(post))
        await post.until_resting()
        post.recipients[ANN] = chosen
        async with post.database.write() as session:
            await post.outbox.judge_again(session, ANN)
        post.outbox.wake()
        await until(lambda: all_kept_or_past(post))
        await post.until_resting()
        post.clock.advance(timedelta(hours=3).total_seconds())
        await until(lambda: all_past(post))


@pytest.mark.parametrize(
    ("off", "told"), [(Kind.WATCH, ["1 s", "3 s"]), (Kind.ALERT, ["2 s"])], ids=["the second", "the first"]
)
async def test_what_is_switched_off_during_quiet_hours_does_not_come_in_the_morning(
    post: Post, telegram: TelegramServer, off: Kind, told: list[str]
) -> None:
    await the_next_morning(post, replace(SLEEPER, levels={off: Level.OFF}))
    [morning] = telegram.texts(ANN)
    assert [line.partition(" · ")[2] for line in morning.split("\n")[1:]] == told
    assert list((await post.states()).values()).count(State.STALE) == 3 - len(told)


@pytest.mark.parametrize(
    ("silent", "is_quiet"),
    [({Kind.ALERT}, "false"), ({Kind.WATCH}, "false"), ({Kind.ALERT, Kind.WATCH}, "true")],
    ids=["the first", "the second", "all"],
)
async def test_the_morning_makes_a_sound_unless_all_that_is_in_it_is_silent(
    post: Post, telegram: TelegramServer, silent: set[Kind], is_quiet: str
) -> None:
    await the_next_morning(post, replace(SLEEPER, levels=dict.fromkeys(silent, Level.SILENT)))
    [call] = telegram.sent("sendMessage")
    assert (call["text"].count("\n"), call["disable_notification"]) == (3, is_quiet)


@pytest.mark.parametrize("kind", Kind)
async def test_every_kind_finds_its_words(post: Post, telegram: TelegramServer, kind: Kind) -> None:
    await post.put(*(notice(ANN, seconds, ALERT, kind=kind) for seconds in (1, 2)))
    await send_all(post)
    assert "delivery." not in "".join(telegram.texts(ANN))


async def is_owed_again(post: Post) -> bool:
    return set((await post.states()).values()) == {State.NEW}


async def all_kept_or_sent(post: Post) -> bool:
    return set((await post.states()).values()) <= {State.KEPT, State.SENT}


async def all_kept_or_past(post: Post) -> bool:
    return set((await post.states()).values()) <= {State.KEPT, State.SENT, State.STALE}


async def all_past(post: Post) -> bool:
    return set((await post.states()).values()) <= {State.SENT, State.STALE}


async def all_sent(post: Post) -> bool:
    return set((await post.states()).values()) == {State.SENT}
