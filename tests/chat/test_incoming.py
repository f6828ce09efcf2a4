from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tgbot.chat.incoming import read_update
from tgbot.core.routing import Incoming, Origin

ANN = {"id": 7, "is_bot": False, "first_name": "Ann", "last_name": "Lee", "language_code": "pt-br"}
PRIVATE = {"id": 7, "type": "private"}
GROUP = {"id": -1001, "type": "supergroup", "title": "Desk"}
AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def message(text: Any = "/price btc", **more: Any) -> dict[str, Any]:
    plain = {"message_id": 5, "date": int(AT.timestamp()), "chat": PRIVATE, "from": ANN, "text": text}
    return {"update_id": 1, "message": plain | more}


def read(raw: dict[str, Any]) -> Incoming:
    incoming = read_update(raw, "our_bot")
    assert incoming is not None
    return incoming


def test_a_command_is_told_with_its_sender_and_time() -> None:
    incoming = read(message())
    assert incoming == Incoming(
        update_id=1,
        chat_id=7,
        is_private=True,
        thread_id=None,
        user_id=7,
        name="Ann Lee",
        language="pt-br",
        message_id=5,
        sent_at=AT,
        text="/price btc",
        command="price",
        args="btc",
    )


@pytest.mark.parametrize(
    ("text", "command", "args"),
    [
        ("/price", "price", ""),
        ("/Price@OUR_bot  btc  ", "price", "btc"),
        ("/buy BTC 100\n@ 67000", "buy", "BTC 100\n@ 67000"),
        ("/start abc-DEF_1", "start", "abc-DEF_1"),
        ("buy btc", "", ""),
        ("/", "", ""),
        ("/цена btc", "", ""),
        ("/buy:x", "", ""),
        (" /buy btc", "", ""),
    ],
)
def test_commands_are_read_as_telegram_marks_them(text: str, command: str, args: str) -> None:
    incoming = read(message(text))
    assert (incoming.command, incoming.args, incoming.text) == (command, args, text)


def test_a_command_for_another_bot_is_none_of_our_business() -> None:
    assert read_update(message("/price@other_bot btc"), "our_bot") is None
    assert read_update(message("/price@other_bot btc")) is None


@pytest.mark.parametrize(
    ("more", "origin"),
    [
        ({}, Origin.FRESH),
        ({"forward_origin": {"type": "user", "date": 1}}, Origin.FORWARDED),
        ({"forward_date": 1}, Origin.FORWARDED),
        ({"via_bot": {"id": 9, "is_bot": True, "first_name": "B"}}, Origin.VIA_BOT),
        ({"sender_chat": GROUP, "chat": GROUP}, Origin.ANONYMOUS),
        ({"from": {"id": 1087968824, "is_bot": True, "first_name": "Group"}}, Origin.ANONYMOUS),
        ({"from": {"id": 136817688, "is_bot": True, "first_name": "Channel"}}, Origin.ANONYMOUS),
        ({"from": {"id": 777000, "first_name": "Telegram"}}, Origin.ANONYMOUS),
        ({"is_automatic_forward": True, "forward_origin": {"type": "channel"}}, Origin.ANONYMOUS),
    ],
)
def test_messages_that_nobody_wrote_here_and_now_are_marked(more: dict[str, Any], origin: Origin) -> None:
    assert read(message(**more)).origin is origin


def test_an_edited_message_is_marked() -> None:
    raw = message()
    raw["edited_message"] = raw.pop("message") | {"edit_date": 2}
    assert read(raw).origin is Origin.EDITED


@pytest.mark.parametrize(
    ("data", "verb", "args"), [("ticket:7F3K:2", "ticket", "7F3K:2"), ("help", "help", ""), ("", "", "")]
)
def test_a_press_names_the_person_the_message_and_what_was_pressed(data: str, verb: str, args: str) -> None:
    shown = {"message_id": 44, "date": 0, "chat": GROUP, "is_topic_message": True, "message_thread_id": 3}
    press = {"id": "p1", "from": ANN, "message": shown, "data": data, "chat_instance": "x"}
    incoming = read({"update_id": 2, "callback_query": press})
    assert (incoming.press_id, incoming.verb, incoming.args) == ("p1", verb, args)
    assert (incoming.chat_id, incoming.message_id, incoming.thread_id) == (-1001, 44, 3)
    assert (incoming.user_id, incoming.is_private, incoming.origin) == (7, False, Origin.FRESH)


@pytest.mark.parametrize(
    ("chat", "date", "under", "origin"),
    [
        (GROUP, 5, "close", Origin.FRESH),
        (GROUP, 5, "vote_yes:7F3K", Origin.FORGED),
        (GROUP, 5, None, Origin.FORGED),
        (GROUP, 0, None, Origin.FRESH),  # too old for Telegram to show
        (PRIVATE, 5, None, Origin.FRESH),
    ],
)
def test_in_a_group_only_buttons_that_are_there_can_be_pressed(
    chat: dict[str, Any], date: int, under: str | None, origin: Origin
) -> None:
    keyboard = [[{"text": "A link", "url": "https://example.org"}, {"text": "A button", "callback_data": under}]]
    markup = {"reply_markup": {"inline_keyboard": keyboard}} if under else {}
    press = {
        "id": "p1",
        "from": ANN,
        "data": "close",
        "message": {"message_id": 4, "date": date, "chat": chat} | markup,
    }
    assert read({"update_id": 2, "callback_query": press}).origin is origin


def test_a_press_says_whether_it_was_beneath_a_picture() -> None:
    shown: dict[str, Any] = {"message_id": 44, "date": 0, "chat": PRIVATE, "caption": "BTC", "text": ""}
    photo = [{"file_id": "x", "width": 90, "height": 90}]
    for more, is_picture in (({"photo": photo}, True), ({}, False)):
        press = {"id": "p1", "from": ANN, "message": shown | more, "data": "redraw"}
        assert read({"update_id": 2, "callback_query": press}).is_picture is is_picture


def test_a_reply_in_a_group_without_topics_has_no_thread() -> None:
    assert read(message(chat=GROUP, message_thread_id=12)).thread_id is None


def test_a_group_that_becomes_a_supergroup_is_understood() -> None:
    incoming = read(message(chat=GROUP, text="", migrate_to_chat_id=-1009))
    assert (incoming.chat_id, incoming.moved_to, incoming.text) == (-1001, -1009, "")


def test_a_group_has_a_title() -> None:
    assert read(message(chat=GROUP)).chat_title == "Desk"


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"update_id": 1},
        {"update_id": 1, "my_chat_member": {"chat": PRIVATE}},
        {"update_id": 1, "message": None},
        {"update_id": 1, "message": {"message_id": 1}},
        {"update_id": 1, "message": "text"},
        {"update_id": "1", "message": {}},
        message(text=5),
        message(**{"from": None}),
        message(text=""),
        message(date=10**18),
        message(chat={"id": 10**30, "type": "private"}),
        {"update_id": 1, "callback_query": {"id": "p", "from": ANN, "inline_message_id": "i", "data": "x"}},
    ],
)
def test_what_cannot_be_read_is_ignored(raw: dict[str, Any]) -> None:
    assert read_update(raw, "our_bot") is None


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=6,
)
fields = st.sampled_from(["message_id", "date", "chat", "from", "text", "sender_chat", "via_bot", "message_thread_id"])


@given(st.dictionaries(fields, json_values, max_size=4), json_values)
def test_no_update_makes_it_raise(changes: dict[str, Any], anything: Any) -> None:
    read_update(message(**changes), "our_bot")
    read_update({"update_id": 1, "message": anything, "callback_query": anything}, "our_bot")


@pytest.mark.parametrize("changes", [{"id": 1087968824}, {"id": 136817688}, {"id": 777000}, {"is_bot": True}])
def test_a_press_of_nobody_or_of_a_bot_is_no_press_of_a_person(changes: dict[str, Any]) -> None:
    pressed = {"id": "1", "from": ANN | changes, "data": "vote_yes:7F3K", "message": message()["message"]}
    assert read({"update_id": 1, "callback_query": pressed}).origin is Origin.ANONYMOUS


def test_what_another_bot_writes_is_not_written_by_a_person() -> None:
    assert read(message("/approve 7F3K", **{"from": ANN | {"id": 99, "is_bot": True}})).origin is Origin.VIA_BOT


def test_names_and_titles_come_as_a_database_takes_them() -> None:
    odd = {"first_name": "A\0n", "last_name": "L\ud800"}
    incoming = read(message(**{"from": ANN | odd, "chat": GROUP | {"title": "D\0\udfff"}}))
    assert (incoming.name, incoming.chat_title) == ("An L?", "D?")
