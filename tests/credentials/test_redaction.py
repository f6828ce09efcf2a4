"""What the inbox is given to keep."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tgbot.chat.incoming import read_update
from tgbot.core.routing import Origin, Tombstone
from tgbot.credentials.redaction import REDACTED, Redaction

KEY = "66f0a1b2c3d4e5f607182930"
SECRET = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
ANN = {"id": 1001, "is_bot": False, "first_name": "Ann"}
PRIVATE = {"id": 1001, "type": "private", "first_name": "Ann"}
GROUP = {"id": -1001, "type": "supergroup", "title": "Desk"}

Raw = dict[str, Any]


@pytest.fixture
def redaction() -> Redaction:
    return Redaction({"connect", "buy", "order", "price"}.__contains__)


def message(text: str = "", update_id: int = 5, chat: Raw = PRIVATE, kind: str = "message", **more: Any) -> Raw:
    content = {"text": text} if text else {}
    return {"update_id": update_id, kind: {"message_id": 9, "date": 1, "chat": chat, "from": ANN} | content | more}


def stored(redaction: Redaction, raw: Raw) -> str:
    return json.dumps(redaction(raw))


def test_what_holds_no_secret_is_kept_as_it_came(redaction: Redaction) -> None:
    raw = message("/buy btc 100", entities=[{"type": "bot_command", "offset": 0, "length": 4}])
    assert redaction(raw) == raw


@pytest.mark.parametrize("secret", [KEY, KEY.upper(), SECRET, f"key: {KEY}, mine", f"<{SECRET}>", f"/order {KEY}"])
@pytest.mark.parametrize("chat", [PRIVATE, GROUP])
@pytest.mark.parametrize("kind", ["message", "edited_message", "channel_post", "business_message", "guest_message"])
def test_key_like_text_is_never_kept_wherever_it_is_written(
    redaction: Redaction, secret: str, chat: Raw, kind: str
) -> None:
    raw = message(secret, chat=chat, kind=kind)
    kept = redaction(raw)
    assert kept["tombstone"] == Tombstone.LEAK
    assert kept[kind]["text"] == REDACTED
    assert secret not in json.dumps(kept)
    assert redaction.take(5) is None, "nobody has asked for it"


@pytest.mark.parametrize(
    "content",
    [
        {"photo": [{"file_id": "x"}], "caption": f"my key {KEY}"},
        {"poll": {"question": "which?", "options": [{"text": SECRET}]}},
        {"document": {"file_name": f"{KEY}.txt", "file_id": "x"}},
        {"entities": [{"type": "text_link", "url": f"https://host/?key={KEY}"}], "text": "look"},
        {"contact": {"first_name": KEY, "phone_number": "1"}},
        {"invented": [{"later": {"rich": [KEY]}}]},
    ],
)
def test_a_key_is_seen_in_every_corner_of_a_message(redaction: Redaction, content: Raw) -> None:
    kept = redaction(message(chat=GROUP, **content))
    assert kept["tombstone"] == Tombstone.LEAK
    assert KEY not in json.dumps(kept)
    assert SECRET not in json.dumps(kept)


@pytest.mark.parametrize(
    "text",
    ["a" * 23, "a" * 25, KEY + "f", "f" + KEY, "g" + KEY[1:], SECRET[:-1], SECRET.replace("-", "_"), "1234-5678-90ab"],
)
def test_text_of_another_shape_is_no_key(redaction: Redaction, text: str) -> None:
    assert "tombstone" not in redaction(message(text))


@pytest.mark.parametrize("carrier", ["reply_to_message", "quote", "external_reply", "pinned_message"])
def test_what_a_message_quotes_is_not_kept(redaction: Redaction, carrier: str) -> None:
    quoted: Raw = {carrier: {"message_id": 1, "chat": PRIVATE, "text": f"passphrase and {KEY}"}}
    raw = message("/price btc", **quoted)
    kept = redaction(raw)
    assert "tombstone" not in kept
    assert carrier not in kept["message"]


def test_of_a_press_only_its_data_and_place_are_kept(redaction: Redaction) -> None:
    button = {"message_id": 9, "date": 1, "chat": PRIVATE, "text": "a ticket", "reply_to_message": {"text": "phrase"}}
    raw = {"update_id": 6, "callback_query": {"id": "1", "from": ANN, "message": button, "data": f"other_cancel:{KEY}"}}
    kept = redaction(raw)
    assert kept["callback_query"]["data"] == f"other_cancel:{KEY}", "order ids look like keys, and come from us"
    assert kept["callback_query"]["message"] == {"message_id": 9, "date": 1, "chat": PRIVATE}
    assert read_update(kept) is not None


def test_an_inline_query_with_a_key_is_not_kept(redaction: Redaction) -> None:
    raw = {"update_id": 7, "inline_query": {"id": "1", "from": ANN, "query": f"btc {SECRET}"}}
    assert redaction(raw) == {"update_id": 7, "tombstone": Tombstone.LEAK}
    assert redaction({"update_id": 8, "inline_query": {"id": "1", "from": ANN, "query": "btc"}})["inline_query"]


def test_everything_a_person_writes_after_connect_is_secret(redaction: Redaction) -> None:
    redaction(message("/connect", update_id=1))
    for update_id, text in enumerate(["one-key", "one-secret", "one phrase"], start=2):
        kept = redaction(message(text, update_id=update_id))
        assert kept["tombstone"] == Tombstone.ENTRY
        assert text not in json.dumps(kept)
        assert redaction.take(update_id) == text
        assert redaction.take(update_id) is None, "once"


def test_the_button_begins_an_entry_like_the_command(redaction: Redaction) -> None:
    redaction({"update_id": 1, "callback_query": {"id": "1", "from": ANN, "data": "connect"}})
    assert redaction(message("phrase"))["tombstone"] == Tombstone.ENTRY


@pytest.mark.parametrize("text", ["/price btc", "/PRICE btc", "/buy@bot btc 5", "/connect"])
def test_commands_of_ours_stay_commands_during_an_entry(redaction: Redaction, text: str) -> None:
    redaction.begin(1001)
    assert "tombstone" not in redaction(message(text))


@pytest.mark.parametrize("text", ["/Secret1phrase", "/", "//x", "/pricebtc"])
def test_a_passphrase_may_begin_with_a_slash(redaction: Redaction, text: str) -> None:
    redaction.begin(1001)
    assert redaction(message(text))["tombstone"] == Tombstone.ENTRY
    assert redaction.take(5) == text


@pytest.mark.parametrize(
    ("content", "held"),
    [
        ({"photo": [{}], "caption": "phrase-1"}, ""),
        ({"sticker": {}}, ""),
        ({"text": ["odd"]}, ""),
        ({"text": "p"}, "p"),
    ],
)
def test_pictures_and_all_else_are_secret_too_but_no_text(redaction: Redaction, content: Raw, held: str) -> None:
    redaction.begin(1001)
    kept = redaction(message(**content))
    assert kept["tombstone"] == Tombstone.ENTRY
    assert "phrase-1" not in json.dumps(kept)
    assert redaction.take(5) == held


def test_secrets_of_one_person_do_not_hide_what_others_write(redaction: Redaction) -> None:
    redaction.begin(1001)
    of_bob: Raw = {"from": {"id": 1002, "first_name": "Bob"}}
    assert "tombstone" not in redaction(message("hello", **of_bob))
    assert "tombstone" not in redaction(message("hello", chat=GROUP)), "nor what they write elsewhere"


def test_after_the_end_text_is_text_again(redaction: Redaction) -> None:
    redaction.begin(1001)
    redaction.end(1001)
    assert "tombstone" not in redaction(message("hello"))


def test_what_is_handled_is_not_held_any_longer(redaction: Redaction) -> None:
    redaction.begin(1001)
    redaction(message("phrase"))
    redaction.forget(5)
    assert redaction.take(5) is None
    assert redaction._texts == {}


def test_edits_lose_their_text(redaction: Redaction) -> None:
    kept = redaction(message("hello again", kind="edited_message"))
    assert kept["tombstone"] == Tombstone.EDITED
    assert kept["edited_message"]["text"] == REDACTED


@pytest.mark.parametrize(
    ("kind", "more", "origin"),
    [
        ("message", {}, Origin.FRESH),
        ("edited_message", {}, Origin.EDITED),
        ("message", {"forward_origin": {"type": "user", "date": 1, "sender_user": ANN}}, Origin.FORWARDED),
        ("message", {"via_bot": {"id": 5, "is_bot": True, "first_name": "b"}}, Origin.VIA_BOT),
        ("message", {"sender_chat": GROUP}, Origin.ANONYMOUS),
    ],
)
def test_a_tombstone_still_says_who_wrote_it_where_and_how(
    redaction: Redaction, kind: str, more: Raw, origin: Origin
) -> None:
    redaction.begin(1001)
    incoming = read_update(redaction(message("phrase", kind=kind, **more)))
    assert incoming is not None
    assert (incoming.user_id, incoming.chat_id, incoming.message_id, incoming.origin) == (1001, 1001, 9, origin)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from([KEY, f"x {SECRET} y"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
names = st.sampled_from(
    [
        "message",
        "edited_message",
        "callback_query",
        "inline_query",
        "from",
        "chat",
        "text",
        "message_id",
        "data",
        "type",
    ]
)
odd_updates = st.recursive(json_values, lambda inner: st.dictionaries(names, inner, max_size=5), max_leaves=25).flatmap(
    lambda value: st.just(value if isinstance(value, dict) else {"message": value})
)


@given(odd_updates)
@example({"message": KEY, "inline_query": {"message_id": 7}})
def test_nothing_that_may_arrive_stops_it_or_slips_through(odd: Raw) -> None:
    redaction = Redaction(lambda name: False)
    redaction.begin(1001)
    kept = redaction({**odd, "update_id": 5})
    assert kept["update_id"] == 5
    press = kept.get("callback_query")
    if isinstance(press, dict):  # its data are ours, and the rest of it is not text of a person
        kept = {**kept, "callback_query": None}
        return
    assert KEY not in json.dumps(kept)
    assert SECRET not in json.dumps(kept)
