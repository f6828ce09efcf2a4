"""Who is heard, what is said to whom, and every press answered. Nothing here depends on the kind of database."""

import asyncio

import pytest

from tests.intake.conftest import ANN, BOB, DESK, MALLORY, Desk, Raw, all_of, message, press, toast
from tgbot.core.errors import ExchangeUnavailable, NotFound, Refused
from tgbot.core.people import Person
from tgbot.core.reply import Button, Reply, T, say
from tgbot.core.routing import Answer, Incoming
from tgbot.intake.service import PATIENCE

ANONYMOUS = {"id": 1087968824, "is_bot": True, "first_name": "Group"}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


# The gate

COPIES: dict[str, tuple[Raw, str]] = {
    "edited": ({"kind": "edited_message"}, "I do not act on edited messages"),
    "forwarded": ({"forward_origin": {"type": "hidden_user", "date": 1}}, "I do not act on forwarded messages"),
    "via a bot": ({"via_bot": {"id": 5, "is_bot": True, "first_name": "b"}}, "written through another bot"),
}


@pytest.mark.parametrize("text", ["/buy btc 100", "/price btc", "/settings", "/nonsense", "hello"])
@pytest.mark.parametrize("how", COPIES)
async def test_copies_act_nowhere_and_the_private_chat_hears_why(desk: Desk, text: str, how: str) -> None:
    more, reason = COPIES[how]
    await desk.receives(message(1, text, **more), message(2, text, chat=DESK, **more))
    assert desk.heard == []
    assert reason in desk.said()[0]
    assert len(desk.said()) == 1


@pytest.mark.parametrize(
    "more",
    [
        {"from": ANONYMOUS, "sender_chat": {"id": DESK, "type": "supergroup"}},
        {
            "from": {"id": 136817688, "is_bot": True, "first_name": "Channel"},
            "sender_chat": {"id": -5, "type": "channel"},
        },
        {"from": {"id": 777000, "is_bot": False, "first_name": "Telegram"}, "is_automatic_forward": True},
    ],
)
async def test_whoever_speaks_for_a_group_or_channel_is_nobody(desk: Desk, more: Raw) -> None:
    await desk.receives(message(1, "/price btc", chat=DESK, **more), message(2, "hello", chat=DESK, **more))
    assert (desk.heard, desk.met) == ([], [])
    (hint,) = desk.said(DESK)
    assert "anonymous" in hint


async def test_channel_posts_are_not_for_us(desk: Desk) -> None:
    await desk.receives(message(1, "/price btc", chat=-5, kind="channel_post"))
    assert desk.heard == []
    assert desk.telegram.messages == {}


@pytest.mark.parametrize("text", ["/buy btc 100", "/price btc", "/start", "/nonsense", "hello", "/start TOKEN"])
async def test_a_stranger_hears_one_reason_in_private_and_nothing_in_a_group(desk: Desk, text: str) -> None:
    await desk.receives(message(1, text, MALLORY), message(2, text, MALLORY, DESK))
    assert desk.heard == []
    (reason,) = desk.said(MALLORY)
    assert "by invitation" in reason
    assert desk.said(DESK) == []


@pytest.mark.parametrize("how", COPIES)
async def test_a_stranger_learns_nothing_from_copies_either(desk: Desk, how: str) -> None:
    more, _ = COPIES[how]
    await desk.receives(message(1, "/buy btc 100", MALLORY, **more), message(2, "/buy btc 100", MALLORY, DESK, **more))
    assert "by invitation" in desk.said(MALLORY)[0]
    assert desk.said(DESK) == []


async def test_a_stranger_who_presses_gets_an_alert_and_changes_nothing(desk: Desk) -> None:
    await desk.receives(press(1, "ok", MALLORY, DESK), press(2, "refresh", MALLORY, DESK))
    assert desk.heard == []
    assert all("by invitation" in text for text in desk.toasts())
    assert desk.telegram.messages == {}


async def test_commands_of_the_private_chat_are_refused_in_a_group(desk: Desk) -> None:
    await desk.receives(message(1, "/buy btc 100", chat=DESK), press(2, "ok", chat=DESK))
    assert desk.heard == []
    assert desk.said(DESK) == ["This works in our private chat only."]
    assert desk.toasts() == ["This works in our private chat only."]


async def test_in_a_group_plain_talk_and_the_commands_of_others_are_left_alone(desk: Desk) -> None:
    await desk.receives(
        message(1, "hello", chat=DESK),
        message(2, "/weather", chat=DESK),
        message(3, "/price@another_bot btc", chat=DESK),
        message(4, "/price@tgbot_test_bot btc", chat=DESK),
    )
    assert desk.heard == ["price btc"]
    assert desk.said(DESK) == ["Confirm"]


async def test_what_nobody_understands_is_answered_with_the_nearest_command(desk: Desk) -> None:
    await desk.receives(message(1, "hello"), message(2, "/bye"), message(3, "/xyzzy"))
    assert desk.said() == [
        "Plain text never trades. Tap /help to see what I can do.",
        "There is no command /bye. Did you mean /buy?",
        "There is no command /xyzzy. Tap /help for the list.",
    ]


# Too old, and again


async def test_the_button_under_too_old_gives_the_command_a_fresh_start_each_time(desk: Desk) -> None:
    desk.clock.advance(61)
    await desk.receives(message(1, "/buy btc 100"))
    (call,) = desk.telegram.sent("sendMessage")
    data = again_of(call["reply_markup"])
    (_, refusal_id), _ = next(iter(desk.telegram.messages.items()))
    await desk.receives(press(2, data, under_id=refusal_id), press(3, data, under_id=refusal_id))
    assert desk.heard == ["buy btc 100", "buy btc 100"]
    assert desk.said() == ["Confirm"], "in place of the refusal"


@pytest.mark.parametrize("data", ["again:999", "again:", "again:x", "again:²", "again:-1", "again:" + "9" * 30])
async def test_a_made_up_again_finds_nothing(desk: Desk, data: str, capsys: pytest.CaptureFixture[str]) -> None:
    await desk.receives(press(1, data))
    assert desk.toasts() == ["I no longer have that command. Please type it again."]
    assert "handler_failed" not in capsys.readouterr().out


async def test_again_repeats_nobody_elses_command(desk: Desk) -> None:
    desk.clock.advance(61)
    await desk.receives(message(1, "/buy btc 100"))
    data = again_of(desk.telegram.sent("sendMessage")[0]["reply_markup"])
    await desk.receives(press(2, data, BOB), press(3, data, ANN, DESK))
    assert desk.heard == []
    assert desk.toasts() == ["I no longer have that command. Please type it again."] * 2


def again_of(markup: str) -> str:
    return markup.partition('"callback_data": "')[2].partition('"')[0]


# Presses


async def test_every_press_is_answered(desk: Desk) -> None:
    async def refuse(person: Person, incoming: Incoming) -> Answer:
        raise Refused(T("intake.old_button"))

    await desk.receives(press(1, "ok"), press(2, "refresh"), press(3, "gone:1"), press(4, ""), press(5, "OK"))
    assert len(desk.toasts()) == 5
    assert desk.toasts()[2:] == ["This button is from an older version. Please send the command again."] * 3
    desk.handlers["ok"] = refuse
    await desk.receives(press(6, "ok"))
    assert len(desk.toasts()) == 6


async def test_a_slow_press_is_acknowledged_before_it_is_done(desk: Desk) -> None:
    gate = asyncio.Event()

    async def wait(person: Person, incoming: Incoming) -> Answer:
        await gate.wait()
        return say("common.cancel")

    desk.handlers["ok"] = wait
    async with desk.open() as intake:
        await intake.receive([press(1, "ok")])
        await all_of(lambda: desk.heard == ["ok"])
        assert desk.toasts() == []
        desk.clock.advance(PATIENCE)
        await desk.telegram.until_called("answerCallbackQuery")
        assert desk.said() == []
        gate.set()
        await intake.idle()
        await desk.until_answered()
    assert desk.toasts() == [""]
    assert desk.said() == ["Cancel"]


async def test_words_that_come_too_late_for_a_toast_become_a_message(desk: Desk) -> None:
    gate = asyncio.Event()

    async def wait(person: Person, incoming: Incoming) -> Answer:
        await gate.wait()
        return toast("common.cancel")

    desk.handlers["ok"] = wait
    async with desk.open() as intake:
        await intake.receive([press(1, "ok")])
        await all_of(lambda: desk.heard == ["ok"])
        desk.clock.advance(PATIENCE)
        await desk.telegram.until_called("answerCallbackQuery")
        gate.set()
        await intake.idle()
        await desk.until_answered()
    assert desk.said() == ["Cancel"]


async def test_a_press_that_telegram_has_forgotten_still_counts(desk: Desk) -> None:
    desk.telegram.fail("answerCallbackQuery", 400, "Bad Request: query is too old and response timeout expired")
    await desk.receives(press(1, "ok"))
    assert desk.heard == ["ok"]
    assert desk.said() == ["Confirm"]


async def test_a_press_under_a_message_that_is_gone_counts(desk: Desk) -> None:
    raw = press(1, "ok")
    raw["callback_query"]["message"] = {"message_id": 5, "date": 0, "chat": {"id": ANN, "type": "private"}}
    await desk.receives(raw)
    assert desk.heard == ["ok"]


# Errors in words


async def test_what_a_person_can_mend_is_told_with_its_buttons(desk: Desk) -> None:
    async def miss(person: Person, incoming: Incoming) -> Answer:
        raise NotFound(T("intake.again_gone"), [[Button(T("common.help"), "help")]])

    desk.handlers |= {"buy": miss, "ok": miss}
    await desk.receives(message(1, "/buy btc 100"), press(2, "ok"))
    assert desk.said() == ["I no longer have that command. Please type it again."] * 2
    assert all("help" in call["reply_markup"] for call in desk.telegram.sent("sendMessage"))


async def test_what_the_exchange_could_not_say_is_told_with_its_number(desk: Desk) -> None:
    async def fail(person: Person, incoming: Incoming) -> Answer:
        raise ExchangeUnavailable("http 503", "<no> answer")

    desk.handlers["price"] = fail
    await desk.receives(message(1, "/price btc"))
    assert "(http 503: &lt;no&gt; answer)" in desk.said()[0]


async def test_a_reply_that_says_nothing_new_is_still_an_answer(desk: Desk) -> None:
    async def answer(person: Person, incoming: Incoming) -> Answer:
        return Reply((T("common.help"),), is_new=True)

    desk.handlers["ok"] = answer
    await desk.receives(press(1, "ok"))
    assert desk.said() == ["Help"]


async def test_a_group_that_becomes_a_supergroup_is_told_of_and_nobody_is_met(desk: Desk) -> None:
    await desk.receives(message(1, "", chat=DESK, migrate_to_chat_id=-1009))
    assert desk.moved == [(DESK, -1009)]
    assert (desk.met, desk.heard, desk.said(DESK)) == ([], [], [])


async def test_whom_the_gate_keeps_from_a_groups_routes_is_told_of(desk: Desk) -> None:
    forwarded = {"forward_origin": {"type": "user", "date": 1}}
    await desk.receives(
        message(1, "/approve 7F3K", MALLORY, DESK),
        press(2, "vote:7F3K", MALLORY, DESK),
        message(3, "/approve 7F3K", ANN, DESK, **forwarded),
        message(4, "/approve 7F3K", ANN),
        message(5, "/settings", MALLORY, DESK),
        press(6, "nothing:1", ANN, DESK),
        press(7, "ok", ANN, DESK),
        press(8, "nothing:1", ANN),
    )
    strange = (MALLORY, "accounts.stranger")
    assert sorted(desk.turned_away) == [
        (ANN, "intake.forwarded"),
        (ANN, "intake.old_button"),
        (ANN, "intake.private_only"),
        strange,
        strange,
    ]
    assert desk.heard == []
