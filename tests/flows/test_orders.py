"""Orders in the chat, from a typed line to their end, with everything that can happen in between."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from tests.flows.stage import Seat, Stage, kept_open
from tgbot.core import crash
from tgbot.core.ids import mark_of
from tgbot.credentials import store as key_store
from tgbot.db.engine import Database
from tgbot.paper.exchange import Credentials as Account
from tgbot.paper.faults import Mode
from tgbot.paper.requests import OrderRequest, read_body
from tgbot.playground.chats import Message

PLACE, BY_CLIENT_OID = "/api/v1/hf/orders", "/api/v1/hf/orders/client-order/.*"
LONG = 20  # seconds of patience for what is looked at every two


@pytest.fixture
async def account(stage: Stage) -> Account:
    """At KuCoin: 5,000 USDT and 0.1 BTC."""
    return await stage.kucoin_account()


@pytest.fixture
async def live(stage: Stage, account: Account) -> AsyncIterator[Seat]:
    """The bot runs, and Ann has that account."""
    async with kept_open(stage.bot()):
        ann = stage.seat("Ann")
        await connect(ann, account)
        yield ann


@pytest.fixture
async def paper(stage: Stage) -> AsyncIterator[Seat]:
    """The same on paper."""
    async with kept_open(stage.bot()):
        ann = stage.seat("Ann")
        await ann.say("/start", "Hello Ann")
        await ann.press("Try on paper", "10,000 USDT")
        yield ann


async def connect(seat: Seat, account: Account) -> None:
    await seat.say("/connect", "1 of 3")
    await seat.say(account.key, "2 of 3")
    await seat.say(account.secret, "3 of 3")
    await seat.say(account.passphrase, "^Connected")


def placed(stage: Stage) -> list[tuple[str, bool]]:
    """ClientOid and whether it still rests, of every order that KuCoin has ever taken."""
    rows = stage.kucoin._store._db.execute("SELECT client_oid, is_active FROM orders ORDER BY number")
    return [(client_oid, bool(is_active)) for client_oid, is_active in rows]


def data_of(message: Message, label: str) -> str:
    found = [button for row in message.buttons for button in row if label in button["text"]]
    data: str = found[0]["callback_data"]
    return data


# --- What comes of a tap ---------------------------------------------------------------------------------------------


async def test_order_at_kucoin_is_placed_once_and_told_in_the_ticket_s_place(live: Seat, stage: Stage) -> None:
    ticket = await live.say("/buy btc 100", "^Buy BTC-USDT, market order")
    assert "PAPER" not in ticket.text
    filled = await live.press("Confirm", "^Filled: buy BTC for 100 USDT at market")
    assert filled.id == ticket.id
    ((client_oid, is_active),) = placed(stage)
    assert client_oid.startswith("tb")
    assert not is_active


@pytest.mark.parametrize(
    ("how", "first_words"),
    [
        ({"mode": Mode.ERROR, "code": "200004", "message": "Balance <b>insufficient</b>!"}, "Rejected"),
        ({"mode": Mode.ERROR, "status": 401, "code": "400002"}, "Not sent"),
    ],
)
async def test_definite_no_is_told_with_its_reason_and_a_fresh_ticket(
    live: Seat, stage: Stage, how: dict[str, Any], first_words: str
) -> None:
    stage.faults.add("POST", PLACE, **how)
    await live.say("/buy btc 100", "^Buy BTC-USDT")
    told = await live.press("Confirm", f"^{first_words}: buy BTC for 100 USDT")
    assert how.get("message", "400002") in told.text
    assert placed(stage) == []
    fresh = await live.press("Fresh ticket", "^Buy BTC-USDT, market order")
    assert fresh.id != told.id, "what became of the first one stays to be read"
    await live.press("Confirm", "^Filled", fresh)
    assert len(placed(stage)) == 1


@pytest.mark.parametrize("how", [Mode.LOST, Mode.TRUNCATED])
async def test_lost_answer_is_unknown_and_then_the_truth(live: Seat, stage: Stage, how: Mode) -> None:
    stage.faults.add("POST", PLACE, how)
    stage.faults.add("GET", BY_CLIENT_OID, Mode.ERROR, times=999, code="400100", message="The order does not exist.")
    ticket = await live.say("/buy btc 100", "^Buy BTC-USDT")
    await live.press("Confirm", "^Unknown, checking: buy BTC for 100 USDT")
    stage.faults.clear()
    filled = await live.hears("^Filled", LONG)
    assert filled.id == ticket.id
    assert len(placed(stage)) == 1


async def test_order_that_never_arrived_is_said_not_to_be_placed(live: Seat, stage: Stage) -> None:
    stage.faults.add("POST", PLACE, Mode.DROP)
    await live.say("/buy btc 100", "^Buy BTC-USDT")
    card = await live.press("Confirm", "^Unknown, checking")
    stage.clock.shift += timedelta(seconds=16)
    await live.hears("^Not placed: buy BTC for 100 USDT", LONG)
    answer = await answers_to(live, card)
    assert answer.text.startswith("Not placed"), "whoever has put the phone away hears of it"
    assert placed(stage) == []


async def answers_to(seat: Seat, card: Message) -> Message:
    """A message of its own that answers this one."""

    def is_answer(message: Message) -> bool:
        answered = message.content.get("reply_to_message", {})
        return bool(answered.get("message_id") == card.id)

    return await seat.stage.playground.wait_for(seat.chat, is_answer)


class Killed(BaseException):
    """The process ends here, without a chance to say anything."""


@contextmanager
def killed_at(point: str) -> Iterator[None]:
    """The next bot dies when it comes to this point."""

    def hook(name: str) -> None:
        if name == point:
            crash.arm(None)
            raise Killed

    crash.arm(hook)
    try:
        yield
    finally:
        crash.arm(None)


@pytest.mark.parametrize(("point", "truth", "orders"), [("C6", "^Not placed", 0), ("C9", "^Filled", 1)])
async def test_bot_that_dies_while_it_sends_tells_the_truth_in_its_next_life(
    stage: Stage, account: Account, point: str, truth: str, orders: int
) -> None:
    ann = stage.seat("Ann")

    async def first_life() -> None:
        async with stage.bot():
            await connect(ann, account)
            await ann.say("/buy btc 100", "^Buy BTC-USDT")
            with killed_at(point):
                await ann.press("Confirm", "^never")

    with pytest.raises(BaseExceptionGroup):
        await first_life()
    async with stage.bot():
        await ann.hears("^Unknown, checking|^Filled", LONG)
        stage.clock.shift += timedelta(seconds=16)
        await ann.hears(truth, LONG)
    assert len(placed(stage)) == orders


# --- One use ---------------------------------------------------------------------------------------------------------


async def test_fifty_taps_at_once_are_one_order(live: Seat, stage: Stage) -> None:
    ticket = await live.say("/buy btc 100", "^Buy BTC-USDT")
    presses = [await stage.playground.press(live.person, ticket, "Confirm") for _ in range(50)]
    toasts = [(await stage.playground.answered(press, LONG)).text for press in presses]
    await live.hears("^Filled")

    def told() -> list[str]:
        """Over the screen or, where it took a moment, as a message."""
        return [text for text in (*toasts, *live.texts()) if "Already done" in text]

    await stage.until(lambda: len(told()) == 49, LONG)
    assert len(placed(stage)) == 1


async def test_tap_after_a_restart_is_one_order(stage: Stage, account: Account) -> None:
    ann = stage.seat("Ann")
    async with stage.bot():
        await connect(ann, account)
        ticket = await ann.say("/buy btc 100", "^Buy BTC-USDT")
    confirm = data_of(ticket, "Confirm")
    await stage.playground.press(ann.person, ticket, data=confirm)
    await stage.playground.press(ann.person, ticket, data=confirm)
    async with stage.bot():
        await ann.hears("^Filled", LONG)
        assert "Already done" in await ann.press_for_toast("", ticket, data=confirm)
    assert len(placed(stage)) == 1


async def test_who_was_left_alone_hears_it_once(stage: Stage, account: Account) -> None:
    """For longer than Telegram keeps taps; a moment is not worth a word."""
    ann, bob = stage.seat("Ann"), stage.seat("Bob")
    async with stage.bot():
        await connect(ann, account)
    stage.clock.shift += timedelta(seconds=120)
    async with stage.bot():
        await ann.say("/start", "Hello Ann")
    stage.clock.shift += timedelta(minutes=10)
    async with stage.bot():
        told = await ann.hears("^⏸ I was away from .* Taps on buttons meanwhile are lost")
        await bob.say("/start", "Hello Bob")
        await ann.say("/balance", "USDT")
    async with stage.bot():
        await ann.say("/help", "What would you like")
    assert [text for text in ann.texts() if "I was away" in text] == [told.text]
    assert [text for text in bob.texts() if "I was away" in text] == []


async def test_a_bot_that_was_suspended_says_so_once(live: Seat, stage: Stage) -> None:
    stage.clock.shift += timedelta(minutes=10)
    await live.say("/balance", "USDT")
    told = await live.hears("^⏸ I was away from .* Taps on buttons meanwhile are lost")
    await live.say("/balance", "USDT")
    assert [text for text in live.texts() if "I was away" in text] == [told.text]


async def test_expired_ticket_sends_nothing_and_a_fresh_one_is_offered(live: Seat, stage: Stage) -> None:
    ticket = await live.say("/buy btc 100", "^Buy BTC-USDT")
    stage.clock.shift += timedelta(seconds=61)
    await live.press("Confirm", "^Too late: a ticket lasts 60 s, and nothing was sent")
    await live.press("Confirm", "^Too late", ticket)
    assert placed(stage) == []
    await live.press("Fresh ticket", "^Buy BTC-USDT")
    await live.press("Confirm", "^Filled")
    assert len(placed(stage)) == 1


async def test_somebody_else_s_tap_does_nothing(live: Seat, stage: Stage) -> None:
    ticket = await live.say("/buy btc 100", "^Buy BTC-USDT")
    bob = stage.seat("Bob")
    await connect(bob, await stage.kucoin_account())
    his = await bob.say("/buy btc 10", "^Buy BTC-USDT")
    for label in ("Confirm", "Edit", "Cancel"):
        toast = await bob.press_for_toast("", his, data=data_of(ticket, label))
        assert toast.startswith("There is no order #"), "whatever a client makes up"
    assert placed(stage) == []
    await live.press("Confirm", "^Filled", ticket)
    assert len(placed(stage)) == 1


async def test_card_of_prices_in_a_group_shows_nobody_s_money(live: Seat, stage: Stage) -> None:
    group = await stage.playground.group("Desk", live.person)
    there = Seat(stage, live.person, group)
    card = await there.say("/price btc", "BTC-USDT")
    for data in ("buy:BTC-USDT 10u", "orders", "orders_cancel"):
        assert "not under this message" in await there.press_for_toast("", card, data=data)
    await stage.playground.delete(card)  # Telegram shows it no more, so nobody knows what was under it
    for data in ("orders", "orders_cancel"):
        assert await there.press_for_toast("", card, data=data) == "This works in our private chat only."


# --- What never acts -------------------------------------------------------------------------------------------------


async def test_stale_command_is_too_old_and_its_button_opens_a_fresh_ticket(stage: Stage, account: Account) -> None:
    ann = stage.seat("Ann")
    async with stage.bot():
        await connect(ann, account)
    await stage.playground.say(ann.person, ann.chat, "/buy btc 100")
    stage.clock.shift += timedelta(seconds=75)
    async with stage.bot():
        told = await ann.hears(r"^Too old \(7\d s\), nothing sent", LONG)
        assert told.labels == ["Open a fresh ticket"]
        await ann.press("Open a fresh ticket", "^Buy BTC-USDT")
        assert placed(stage) == []
        await ann.press("Confirm", "^Filled")
    assert len(placed(stage)) == 1


async def test_edited_and_forwarded_commands_change_nothing(live: Seat, stage: Stage) -> None:
    mine = await stage.playground.say(live.person, live.chat, "hello")
    await stage.playground.edit(mine, "/buy btc 100")
    await live.hears("^I do not act on edited messages")
    bob = stage.seat("Bob")
    his = await stage.playground.say(bob.person, bob.chat, "/buy btc 100")
    await stage.playground.forward(live.person, his, live.chat)
    await live.hears("^I do not act on forwarded messages")
    assert not any(text.startswith("Buy BTC-USDT") for text in live.texts())


async def test_plain_text_never_trades(live: Seat, stage: Stage) -> None:
    await live.say("buy btc 100", "Plain text never trades")
    await live.say("/buy btc 100", "^Buy BTC-USDT")
    await live.say("yes, confirm", "Plain text never trades")
    assert placed(stage) == []


# --- Tickets ---------------------------------------------------------------------------------------------------------


async def test_price_that_moves_is_quoted_anew_in_place(live: Seat, stage: Stage) -> None:
    ticket = await live.say("/buy btc 100", "^Buy BTC-USDT")
    stage.price("BTC-USDT", 67_500)
    fresh = await live.press("Confirm", "^The price has moved, nothing was sent")
    assert fresh.id == ticket.id
    assert re.search("Price: ≈ 67,50[0-9]", fresh.text)
    assert placed(stage) == []
    await live.press("Confirm", "^Filled")
    assert len(placed(stage)) == 1


async def test_edit_keeps_everything_but_the_amount(live: Seat) -> None:
    await live.say("/buy btc 100 @ 66000 post", "^Buy BTC-USDT, limit order")
    asked = await live.press("Edit", "^How much BTC-USDT")
    assert asked.labels == ["10u", "50u", "100u", "500u", "25%", "50%", "75%", "100%", "Cancel"]
    ticket = await live.press("50u", "^Buy BTC-USDT, limit order")
    assert "Price: 66,000 USDT (-1.49%)" in ticket.text
    assert "Post-only" in ticket.text
    await live.press("Cancel", "^Dropped, nothing was sent")


async def test_order_opens_from_nothing_but_buttons(live: Seat, stage: Stage) -> None:
    await live.say("/buy", "^What shall I buy")
    await live.press("BTC-USDT", "^How much BTC-USDT shall I buy")
    await live.press("50u", "^Buy BTC-USDT, market order")
    await live.press("Confirm", "^Filled: buy BTC for 50 USDT at market")
    assert len(placed(stage)) == 1


async def test_number_with_two_readings_is_asked_back(live: Seat, stage: Stage) -> None:
    asked = await live.say("/buy btc 0.01btc @ 66,000", "^“66,000” can mean 66 or 66,000. Which one")
    assert asked.labels == ["66", "66,000"]
    ticket = await live.press("66,000", "^Buy BTC-USDT, limit order")
    assert "Price: 66,000 USDT" in ticket.text
    assert placed(stage) == []


async def test_large_order_has_to_be_typed(stage: Stage, account: Account) -> None:
    """By somebody whose decimal sign is a comma."""
    eve = stage.seat("Eve")
    async with stage.bot():
        await eve.say("/connect", "1 из 3")
        await eve.say(account.key, "2 из 3")
        await eve.say(account.secret, "3 из 3")
        await eve.say(account.passphrase, account.key[-4:])
        ticket = await eve.say("/buy btc 2000,5", "^Купить BTC-USDT")
        assert ticket.labels == ["Изменить", "Отмена"]
        forged = data_of(ticket, "Изменить").replace("ticket_edit", "ticket_ok")
        assert "Сначала введите размер" in await eve.press_for_toast("", ticket, data=forged)
        await eve.say("2000", "^Это не тот размер")
        opened = await eve.say("2000,5", "^Купить BTC-USDT")
        assert opened.id == ticket.id
        assert opened.labels == ["Подтвердить", "Изменить", "Отмена"]
        assert placed(stage) == []
        await eve.press("Подтвердить", "^Исполнена")
    assert len(placed(stage)) == 1


async def test_ticket_of_the_other_mode_is_not_sent_and_a_fresh_one_says_so(live: Seat, stage: Stage) -> None:
    await live.say("/buy btc 100", "^Buy BTC-USDT, market order")
    await live.say("/mode paper", "paper")
    await live.press("Confirm", "^This ticket is for another account than you use now. Nothing was sent")
    fresh = await live.press("Fresh ticket", "^You are on paper now")
    assert "PAPER" in fresh.text
    await live.press("Confirm", "(?s)^Filled.*PAPER", fresh)
    assert placed(stage) == []


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("/buy btcc 10", "btcc"),
        ("/buy btc 0.01", "^0.01 USDT is too small: KuCoin takes 0.1 USDT and more"),
        ("/sell btc 0.0123456", "^0.0123456 BTC is too precise: KuCoin takes steps of 0.00001"),
        ("/buy btc 100000", "^Not enough: this needs 100,100 USDT, 5,000 is free"),
        ("/buy btc lots", "^“lots” is not an amount I can read"),
        ("/buy btc 10 @ 80000", "^80,000 is too far above the market: KuCoin buys BTC-USDT at 73,700.1 at most now"),
        ("/buy btc 10 xrp", "^“10 xrp” is neither BTC nor USDT"),
    ],
)
async def test_what_cannot_be_done_is_said_with_what_would_do(live: Seat, stage: Stage, text: str, answer: str) -> None:
    await live.say(text, answer)
    assert placed(stage) == []


# --- Orders that rest ------------------------------------------------------------------------------------------------


async def rest(seat: Seat, text: str = "/buy btc 0.01btc @ 66000") -> str:
    """Places a limit order that waits; its id."""
    await seat.say(text, "limit order")
    card = await seat.press("Confirm", "^Placed")
    return card.text.rpartition("#")[2].partition(" ")[0]


async def test_resting_order_is_shown_refreshed_and_cancelled(live: Seat, stage: Stage) -> None:
    short = await rest(live)
    listed = await live.say("/orders", "^1 open order\n")
    assert f"#{short} buy 0.01 BTC at 66,000\nBTC-USDT · filled 0 · lives at KuCoin" in listed.text
    shown = await live.say(f"/order {short.lower()}", "^Placed: buy 0.01 BTC at 66,000")
    assert "KuCoin's id" in shown.text
    await live.press("Cancel order", "^Cancelled: buy 0.01 BTC at 66,000")
    await live.say("/orders", "^No open orders")
    assert [is_active for _, is_active in placed(stage)] == [False]


async def test_orders_are_cancelled_one_by_one_by_pair_and_all(live: Seat, stage: Stage) -> None:
    short = await rest(live)
    for text in ("/buy btc 0.01btc @ 65000", "/buy eth 0.1eth @ 3000", "/buy eth 0.1eth @ 2900"):
        await rest(live, text)
    await live.say(f"/cancel #{short}", "^Cancelled: buy 0.01 BTC at 66,000")
    assert [is_active for _, is_active in placed(stage)] == [False, True, True, True]
    await live.say("/cancel btc", "^Cancelled: 1 of 1\n#.*: cancelled")
    assert [is_active for _, is_active in placed(stage)] == [False, False, True, True]
    await live.say("/cancel all", "^Cancelled: 2 of 2")
    assert not any(is_active for _, is_active in placed(stage))
    await live.say("/cancel all", "^No open orders")


async def test_order_made_elsewhere_is_listed_and_can_be_cancelled(live: Seat, stage: Stage, account: Account) -> None:
    await elsewhere(stage, account)
    await live.say("/orders", "^1 open order\nbuy 0.002 BTC at 65,000\nBTC-USDT · filled 0 · made elsewhere")
    await live.press("Cancel BTC-USDT", "^buy 0.002 BTC at 65,000 · BTC-USDT, made elsewhere: cancelled")
    assert placed(stage) == [("web1", False)]


async def elsewhere(stage: Stage, account: Account, client_oid: str = "web1") -> None:
    """An order of this account that the bot knows nothing of."""
    fields = {"side": "buy", "symbol": "BTC-USDT", "type": "limit", "price": "65000", "size": "0.002"}
    body = json.dumps(fields | {"clientOid": client_oid}).encode()
    await stage.kucoin._engine.place(account.key, read_body(body, OrderRequest))


async def test_order_made_elsewhere_is_told_of_as_it_happens_and_once_an_hour(
    live: Seat, stage: Stage, account: Account
) -> None:
    await rest(live)
    await stage.until(lambda: stage.kucoin.streams.readers("/spotMarket/tradeOrdersV2"))
    await elsewhere(stage, account)
    told = await live.hears("^An order was made elsewhere: buy 0.002 BTC at 65,000 · BTC-USDT")
    assert "delete the key at KuCoin" in told.text
    await elsewhere(stage, account, "web2")
    await live.press("Open orders", "^3 open orders", told)
    assert sum(text.startswith("An order was made elsewhere") for text in live.texts()) <= 1
    stage.price("BTC-USDT", 64_990)
    await live.hears("^Filled: buy 0.002 BTC at 65,000\n.*\nBTC-USDT · made elsewhere")


@pytest.mark.usefixtures("judged")
async def test_orders_with_this_bots_own_mark_that_it_does_not_know_are_taken_over(
    live: Seat, stage: Stage, account: Account
) -> None:
    """One is there when the stream connects, another one comes while it is open."""
    database = Database(stage.settings.database_url.get_secret_value())
    async with database.read() as session:
        installation = await key_store.installation(session)
    await database.close()
    assert installation is not None
    await elsewhere(stage, account, mark_of(installation.id) + "a" * 32)
    await rest(live)
    first = await live.hears("^1 order found at KuCoin")
    await live.hears("^Placed: buy 0.002 BTC at 65,000")
    await elsewhere(stage, account, mark_of(installation.id) + "b" * 32)
    await stage.until(lambda: sum(text == first.text for text in live.texts()) == 2)
    assert "made elsewhere" not in (await live.say("/orders", "^3 open orders")).text
    assert all(len(client_oid) <= 40 and client_oid[:6] == mark_of(installation.id) for client_oid, _ in placed(stage))


async def test_cancel_of_an_order_that_has_just_filled_says_filled(live: Seat, stage: Stage) -> None:
    short = await rest(live)
    stage.price("BTC-USDT", 65_990)
    await live.say(f"/cancel {short}", "^Filled: buy 0.01 BTC at 66,000")


async def test_cancelled_paper_order_gives_its_money_back(paper: Seat) -> None:
    await rest(paper)
    assert "660.66 USDT in open orders" in (await paper.say("/balance", "USDT")).text
    await paper.press("Cancel order", "^Cancelled: buy 0.01 BTC at 66,000\n#.*PAPER")
    assert "open orders" not in (await paper.say("/balance", "USDT")).text


# --- Orders that wait for a price ------------------------------------------------------------------------------------


async def test_a_stop_and_an_exit_wait_at_kucoin_and_are_told_when_their_price_comes(live: Seat, stage: Stage) -> None:
    stop = await live.say("/buy btc 100 stop 70000", "^Buy BTC-USDT, stop market order")
    assert "Stop: when the price rises to 70,000 (+4.48%)" in stop.text
    await live.press("Confirm", "^Placed: buy BTC for 100 USDT at market when it rises to 70,000")
    both = await live.say("/sell btc 0.01 tp 72000 sl 60000", "^Sell BTC-USDT, OCO")
    assert "Stop loss: when the price falls to 60,000 (-10.45%), at 59,400 or better" in both.text.replace("−", "-")
    await live.press("Confirm", "^Placed: sell 0.01 BTC at 72,000, or when it falls to 60,000")
    exits = await live.say("/buy btc 0.01btc @ 66000 tp 72600 sl -2%", "Then loss: ≈ 64,680 USDT .-2%")
    assert "Then profit: ≈ 72,600 USDT (+10%)" in exits.text
    shown = await live.say("/orders", "^2 open orders")
    assert shown.text.count("waits at KuCoin") == 2
    stage.price("BTC-USDT", 70_000)
    filled = await live.hears("^Filled: buy BTC for 100 USDT at market when it rises to 70,000")
    assert filled.id == stop.id
    await live.say("/cancel all", "^Cancelled: 1 of 1")
    assert (await live.say("/orders", "No open orders")).text


async def test_a_buy_with_an_exit_tells_of_both_and_the_exit_answers_the_entry(live: Seat, stage: Stage) -> None:
    ticket = await live.say("/buy btc 100 tp +4% sl -2%", "^Buy BTC-USDT, market order")
    assert "Then profit: ≈ 69,680.2 USDT (+4%)" in ticket.text
    await live.press("Confirm", "^Filled: buy BTC for 100 USDT at market")
    out = await live.hears("^Placed: sell 0.00149 BTC at 69,680.2, or when it falls to 65,660")
    assert out.content["reply_to_message"]["message_id"] == ticket.id
    assert "exit of #" in out.text


async def test_an_open_order_is_edited_by_cancelling_it_and_showing_what_remains(live: Seat, stage: Stage) -> None:
    await live.say("/buy btc 0.01btc @ 66000", "^Buy BTC-USDT, limit order")
    card = await live.press("Confirm", "^Placed: buy 0.01 BTC at 66,000")
    anew = await live.press("Edit", "is cancelled", card)
    assert "/buy BTC-USDT 0.01btc @ 66000" in anew.text
    assert card.text.startswith("Cancelled")
    await live.press("Confirm", "^Placed", anew)
    assert [is_active for _, is_active in placed(stage)] == [False, True]
