"""Linking a key in the chat: what people send, what stays of it, and what they are told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.flows.stage import Seat, Stage
from tgbot import app
from tgbot.paper.exchange import Credentials
from tgbot.paper.faults import Mode
from tgbot.playground.chats import Message
from tgbot.system import SystemIds

PASSPHRASE = "correct-horse"


@pytest.fixture
async def account(stage: Stage) -> Credentials:
    """At KuCoin, with money in it."""
    return await stage.kucoin_account(passphrase=PASSPHRASE)


async def test_three_messages_link_a_key_and_none_of_them_stays(ann: Seat, account: Credentials) -> None:
    asked = await ann.say("/connect", "1 of 3")
    assert asked.labels == ["Cancel"]
    await ann.say(account.key, "2 of 3")
    await ann.say(account.secret, "3 of 3")
    connected = await ann.say(account.passphrase, "^Connected")
    assert account.key[-4:] in connected.text
    assert "Give it a name" in connected.labels
    assert_gone(ann, account)
    assert "100%" not in (await ann.say("/mode", "live")).text
    assert "5,000" in (await ann.say("/balance", "USDT")).text


async def test_connecting_on_paper_does_not_change_the_mode(trader: Seat, account: Credentials) -> None:
    connected = await connect(trader, account)
    assert "still on paper" in connected.text
    await trader.press("Go live", "live")


async def test_cancel_ends_the_entry_and_text_is_text_again(ann: Seat, account: Credentials) -> None:
    await ann.say("/connect", "1 of 3")
    await ann.say(account.key, "2 of 3")
    await ann.press("Cancel", "Stopped. Nothing was stored")
    await ann.say("hello", "Plain text never trades")
    assert "hello" in ann.texts()
    await ann.say("/keys", "No accounts yet")


async def test_cancel_after_the_end_does_not_claim_that_nothing_was_stored(ann: Seat, account: Credentials) -> None:
    asked = await ann.say("/connect", "1 of 3")
    await send(ann, account)
    assert "Nothing to stop" in await ann.press_for_toast("Cancel", asked)
    await ann.say("/keys", "in use")


async def test_what_cannot_be_deleted_is_refused(ann: Seat, stage: Stage, account: Credentials) -> None:
    await ann.say("/connect", "1 of 3")
    stage.playground.faults.add("deleteMessage", times=1, code=400, detail="message can't be deleted")
    refused = await ann.say(account.key, "^refused")
    assert "revoke" in refused.text
    await ann.say("/keys", "No accounts yet")
    assert await ann.say("hello", "Plain text never trades"), "the entry is over"


@pytest.mark.parametrize(
    "fault",
    [
        {"mode": "drop"},
        {"mode": "lost"},
        {"mode": "html"},
        {"mode": "error", "code": 500},
        {"mode": "error", "code": 429, "retry_after": 1},
    ],
)
async def test_a_deletion_that_fails_on_the_way_is_tried_again(
    ann: Seat, stage: Stage, account: Credentials, fault: dict[str, Any]
) -> None:
    await ann.say("/connect", "1 of 3")
    stage.playground.faults.add("deleteMessage", times=1, **fault)
    await ann.say(account.key, "2 of 3")
    assert account.key not in ann.texts()


async def test_when_telegram_never_says_that_it_is_gone_the_key_is_refused(
    ann: Seat, stage: Stage, account: Credentials
) -> None:
    await ann.say("/connect", "1 of 3")
    stage.playground.faults.add("deleteMessage", "drop", times=9)
    assert "revoke" in (await ann.say(account.key, "^refused")).text


async def test_after_a_restart_in_the_middle_it_asks_again(stage: Stage, account: Credentials) -> None:
    ann = stage.seat("Ann")
    async with stage.bot():
        await ann.say("/connect", "1 of 3")
        await ann.say(account.key, "2 of 3")
    async with stage.bot():
        asked = await ann.say(account.secret, "1 of 3")
        assert "restarted" in asked.text
        await send(ann, account)
    assert_gone(ann, account)
    assert found(stage, account) == []


async def test_all_of_it_sent_before_the_first_was_handled_is_still_secret(stage: Stage, account: Credentials) -> None:
    ann = stage.seat("Ann")
    for text in ("/connect", account.key, account.secret, account.passphrase):
        await stage.playground.say(ann.person, ann.chat, text)
    async with stage.bot():
        await ann.hears("^Connected")
    assert_gone(ann, account)
    assert found(stage, account) == []


async def test_a_crash_with_everything_in_the_inbox_asks_again(stage: Stage, account: Credentials) -> None:
    """Stored but not handled: the texts were in memory only."""
    ann = stage.seat("Ann")
    asked = stage.faults.add("GET", "/api/v1/user/api-key", Mode.DELAY, until=asyncio.Event())
    async with killed_bot(stage):
        await ann.say("/connect", "1 of 3")
        await ann.say(account.key, "2 of 3")
        await ann.say(account.secret, "3 of 3")
        await stage.playground.say(ann.person, ann.chat, account.passphrase)
        await stage.until(lambda: asked.hits > 0)
    async with stage.bot():
        over = await ann.hears("stored nothing of it")
        assert "/connect" in over.text
        await ann.say("/keys", "No accounts yet")
    assert found(stage, account) == []


async def test_a_forwarded_secret_is_deleted_and_not_taken(ann: Seat, stage: Stage, account: Credentials) -> None:
    note = await stage.playground.say(ann.person, ann.chat, "not a key yet")
    await ann.hears("Plain text never trades")
    note.content["text"] = PASSPHRASE
    await ann.say("/connect", "1 of 3")
    forwarded = await stage.playground.forward(ann.person, note, ann.chat)
    asked = await stage.playground.wait_for(ann.chat, "1 of 3", since=forwarded)
    assert "no forwarded" in asked.text
    assert forwarded.is_deleted
    await send(ann, account)


async def test_a_message_edited_into_a_secret_is_deleted_and_not_taken(
    ann: Seat, stage: Stage, account: Credentials
) -> None:
    older = await ann.say("hello", "Plain text never trades")
    mine = next(message for message in stage.playground.messages(ann.chat) if message.text == "hello")
    asked = await ann.say("/connect", "1 of 3")
    await stage.playground.edit(mine, PASSPHRASE)
    again = await stage.playground.wait_for(ann.chat, "edited message", since=asked)
    assert "1 of 3" in again.text
    assert mine.is_deleted
    assert not older.is_deleted
    await send(ann, account)


async def test_a_command_in_the_middle_is_answered_and_the_entry_goes_on(ann: Seat, account: Credentials) -> None:
    await ann.say("/connect", "1 of 3")
    await ann.say(account.key, "2 of 3")
    await ann.say("/price btc", "67,000")
    await ann.say(account.secret, "3 of 3")
    await ann.say(account.passphrase, "^Connected")


async def test_a_picture_is_deleted_and_text_is_asked_for(ann: Seat, stage: Stage, account: Credentials) -> None:
    asked = await ann.say("/connect", "1 of 3")
    picture = await stage.playground.send_photo(ann.person, ann.chat, dot(), caption=account.key)
    again = await stage.playground.wait_for(ann.chat, "as text", since=asked)
    assert "1 of 3" in again.text
    assert picture.is_deleted
    await send(ann, account)
    assert found(stage, account) == []


@pytest.mark.parametrize("text", ["two words", "ключ", "all\nthree\nlines", "x" * 129])
async def test_what_cannot_be_a_key_is_asked_for_again(ann: Seat, account: Credentials, text: str) -> None:
    await ann.say("/connect", "1 of 3")
    asked = await ann.say(text, "1 of 3")
    assert "without spaces" in asked.text
    assert text not in ann.texts()
    await send(ann, account)


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_a_secret_after_the_time_is_over_is_deleted_and_never_stored(
    stage: Stage, account: Credentials, *, is_restarted: bool
) -> None:
    ann = stage.seat("Ann")
    async with stage.bot():
        await ann.say("/connect", "1 of 3")
        await ann.say(account.key, "2 of 3")
        stage.clock.shift += timedelta(minutes=11)
        if not is_restarted:
            await come_late(ann)
    async with stage.bot():
        if is_restarted:
            await come_late(ann)
        await ann.say("hello", "Plain text never trades")
        await ann.say("/keys", "No accounts yet")
    assert found(stage, account) == []


async def come_late(ann: Seat) -> None:
    late = await ann.say(PASSPHRASE, "no longer waited")
    assert "/connect" in late.text
    assert PASSPHRASE not in ann.texts()


@pytest.mark.parametrize(
    ("permission", "words"),
    [
        ("General,Spot,Transfer", "Transfer"),
        ("General,Spot,InnerTransfer", "between your own accounts"),
        ("General", "cannot trade"),
    ],
)
async def test_a_key_with_the_wrong_rights_is_refused(ann: Seat, stage: Stage, permission: str, words: str) -> None:
    account = await stage.kucoin_account(passphrase=PASSPHRASE, permission=permission)
    refused = await connect(ann, account, "^refused")
    assert words in refused.text
    assert "Nothing was stored" in refused.text
    await ann.say("/keys", "No accounts yet")


async def test_a_wrong_passphrase_is_refused_and_forgotten(ann: Seat, stage: Stage, account: Credentials) -> None:
    wrong = Credentials(account.key, account.secret, "wrong-horse-1")
    refused = await connect(ann, wrong, "^refused")
    assert "passphrase" in refused.text
    assert "400004" in refused.text
    assert found(stage, wrong) == []


async def test_when_kucoin_is_down_nothing_is_stored_and_it_is_said(
    ann: Seat, stage: Stage, account: Credentials
) -> None:
    fault = stage.faults.add("GET", "/api/v1/user/api-key", Mode.HTML, times=9, status=503)
    await ann.say("/connect", "1 of 3")
    await ann.say(account.key, "2 of 3")
    await ann.say(account.secret, "3 of 3")
    refused = await ann.say(account.passphrase, "^refused", patience=15)
    assert "could not be asked" in refused.text
    assert "/connect" in refused.text
    assert fault.hits >= 3
    await ann.say("/keys", "No accounts yet")
    assert found(stage, account) == []


async def test_keys_are_listed_named_chosen_and_disconnected(ann: Seat, stage: Stage, account: Credentials) -> None:
    await connect(ann, account)
    stage.clock.shift += timedelta(seconds=5)
    await ann.press("Give it a name", "What shall this key be called")
    named = await ann.say("Savings", "Savings")
    assert "No IP list" in named.text
    await connect(ann, await stage.kucoin_account(passphrase=PASSPHRASE))
    stage.clock.shift += timedelta(seconds=5)
    listed = await ann.say("/keys", "2 accounts")
    use = next(label for label in listed.labels if label.startswith("Use"))
    chosen = await ann.press(use, "● Savings")
    drop = next(label for label in chosen.labels if label.startswith("Disconnect") and use[-4:] in label)
    await ann.press(drop, "Disconnect Savings")
    left = await ann.press("Disconnect", "Disconnected")
    assert "1 account" in left.text
    assert "delete it at KuCoin too" in left.text


async def test_paper_starts_anew_without_stale_orders(trader: Seat) -> None:
    await trader.say("/buy btc 100 @ 50000", "Buy BTC-USDT")
    await trader.press("Confirm", "^Placed")
    assert "50,000" in (await trader.say("/orders", "BTC-USDT")).text
    await trader.say("/paper reset", "starts anew")
    await trader.say("/orders", "no open orders|Nothing open|No open")
    assert "10,000" in (await trader.say("/balance", "USDT")).text


async def test_mode_is_shown_changed_and_not_guessed(trader: Seat, account: Credentials) -> None:
    await trader.say("/mode", "paper")
    await trader.say("/mode live", "No KuCoin key is connected yet")
    await connect(trader, account)
    await trader.say("/mode LIVE", "Orders are real")
    await trader.say("/mode paper", "No real money moves")
    await trader.say("/mode demo", "There is no mode “demo”")
    await trader.say("/paper rest", "/paper reset")


async def test_key_like_text_in_the_private_chat_is_deleted(ann: Seat, stage: Stage) -> None:
    key = SystemIds().unique()[:24]
    warned = await ann.say(f"is {key} all right?", "looked like an API key")
    assert "revoke" in warned.text
    assert not any(key in text for text in ann.texts())
    assert found(stage, Credentials(key, key, key)) == []


@pytest.mark.parametrize(("may_delete", "words"), [(True, "I deleted the message"), (False, "could not delete")])
async def test_key_like_text_in_a_group_is_deleted_whoever_wrote_it(
    ann: Seat, stage: Stage, words: str, *, may_delete: bool
) -> None:
    playground = stage.playground
    stranger = playground.person("Mallory")
    group = await playground.group("Desk 2", ann.person, stranger)
    rights = frozenset({"can_delete_messages"} if may_delete else {"can_pin_messages"})
    await playground.promote(group, playground.bot, rights=rights)
    key = SystemIds().unique()[:24]
    mine = await playground.say(stranger, group, f"my key: {key}")
    warned = await playground.wait_for(group, words)
    assert "revoke" in warned.text
    assert mine.is_deleted is may_delete
    assert found(stage, Credentials(key, key, key)) == []


async def test_a_key_is_not_asked_for_in_a_group(ann: Seat, stage: Stage) -> None:
    """Whatever a client makes up: a press on a button of ours that does not belong there."""
    playground = stage.playground
    group = await playground.group("Desk 2", ann.person)
    mine = await playground.say(ann.person, group, "/help")
    menu = await playground.wait_for(group, "What would you like to do", since=mine)
    press = await playground.press(ann.person, menu, data="connect")
    assert "not under this message" in (await playground.answered(press)).text
    await playground.delete(menu)  # Telegram shows it no more, so nobody knows what was under it
    press = await playground.press(ann.person, menu, data="connect")
    assert "private chat only" in (await playground.answered(press)).text
    assert not any("1 of 3" in message.text for message in playground.messages(group))


async def connect(seat: Seat, account: Credentials, expect: str = "^Connected") -> Message:
    await seat.say("/connect", "1 of 3")
    return await send(seat, account, expect)


async def send(seat: Seat, account: Credentials, expect: str = "^Connected") -> Message:
    for text, answer in ((account.key, "2 of 3"), (account.secret, "3 of 3"), (account.passphrase, expect)):
        seat.stage.clock.shift += timedelta(seconds=2)  # or Telegram's limit of a message a second slows us down
        shown = await seat.say(text, answer)
    return shown


@asynccontextmanager
async def killed_bot(stage: Stage) -> AsyncIterator[None]:
    """One life of the bot that ends at once, whatever is under way."""
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(app.run(stage.settings, stage.clock, SystemIds(), asyncio.Event()))
        yield
        running.cancel()


def dot() -> bytes:
    """The smallest picture."""
    file = BytesIO()
    Image.new("RGB", (1, 1)).save(file, "PNG")
    return file.getvalue()


def assert_gone(seat: Seat, account: Credentials) -> None:
    shown = "\n".join(seat.texts())
    assert not any(secret in shown for secret in (account.key, account.secret, account.passphrase))


def found(stage: Stage, account: Credentials) -> list[str]:
    """Which of the three are in the database's files."""
    return secrets_in(stage.folder, account.key, account.secret, account.passphrase)


def secrets_in(folder: Path, *secrets: str) -> list[str]:
    content = b"".join(file.read_bytes() for file in folder.glob("tgbot.db*"))
    assert content, "there is a database"
    return [secret for secret in secrets if secret.encode() in content]


async def test_what_stands_behind_connect_is_deleted_and_kept_nowhere(stage: Stage, ann: Seat) -> None:
    await ann.say("/connect right-horse-9x", "/connect alone, then one message each")
    assert not any("right-horse-9x" in text for text in ann.texts())
    await ann.say("hello", "/help")
    assert b"right-horse-9x" not in b"".join(file.read_bytes() for file in stage.folder.glob("tgbot.db*"))


async def test_passphrase_sent_right_after_a_refusal_is_a_secret_too(stage: Stage, ann: Seat) -> None:
    account = await stage.kucoin_account()
    await ann.say("/connect", "API key")
    await ann.say(account.key, "secret")
    await ann.say(account.secret, "passphrase")
    await ann.say("wrong-horse-7y", "refused")
    await ann.say("right-horse-9x", "It could have been a secret")
    assert not any("right-horse-9x" in text for text in ann.texts())
    assert b"right-horse-9x" not in b"".join(file.read_bytes() for file in stage.folder.glob("tgbot.db*"))
    await ann.say("hello", "/help")
