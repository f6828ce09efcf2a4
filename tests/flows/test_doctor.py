"""A key that changes at KuCoin while its owner trades with it."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.flows.stage import Seat, Stage
from tgbot.core.market import Topic
from tgbot.db.engine import Database
from tgbot.paper.exchange import Credentials
from tgbot.paper.faults import Mode

pytestmark = pytest.mark.usefixtures("judged")

HARMLESS = "General,Spot"


@pytest.fixture
async def account(stage: Stage) -> Credentials:
    return await stage.kucoin_account(permission=HARMLESS)


async def connect(seat: Seat, account: Credentials) -> None:
    await seat.say("/connect", "1 of 3")
    await seat.say(account.key, "2 of 3")
    await seat.say(account.secret, "3 of 3")
    await seat.say(account.passphrase, "^Connected")


def count(seat: Seat, pattern: str) -> int:
    return sum(re.search(pattern, text) is not None for text in seat.texts())


async def test_a_key_that_gains_the_right_to_withdraw_is_frozen_told_once_and_works_when_mended(
    stage: Stage, account: Credentials
) -> None:
    ann = stage.seat("Ann")
    async with stage.bot():
        await connect(ann, account)
        await ann.say("/buy btc 100", "Buy BTC-USDT")
    await stage.kucoin.set_permission(account.key, f"{HARMLESS},Transfer")
    async with stage.bot():
        told = await ann.hears("^Suspended")
        assert "It can move money out (Transfer)" in told.text
        assert told.labels == ["Refresh"]
        await ann.say("/buy btc 100", "is suspended, no order goes out with it. It can move money out")
        await ann.say("/balance", "5,000")
        listed = await ann.say("/keys", "in use")
        assert "Suspended: It can move money out" in listed.text
        await ann.press("Refresh", "Checked 0 s ago", listed)
        assert count(ann, "^Suspended") == 1

        await stage.kucoin.set_permission(account.key, HARMLESS)
        assert "just asked" in await ann.press_for_toast("Refresh", listed)
        stage.clock.shift += timedelta(minutes=1)
        await ann.press("Refresh", "^Works again", listed)
        assert "Suspended" not in (await ann.say("/keys", "in use")).text
        await ann.say("/buy btc 100", "Buy BTC-USDT")
        await ann.press("Confirm", "^Filled")


async def test_a_ticket_from_before_the_suspension_sends_nothing(ann: Seat, stage: Stage, account: Credentials) -> None:
    await connect(ann, account)
    ticket = await ann.say("/buy btc 100", "Buy BTC-USDT")
    await stage.kucoin.set_permission(account.key, f"{HARMLESS},Transfer")
    await ann.say("/keys", "in use")
    await ann.press("Refresh", "^Suspended")
    posts = stage.faults.add("POST", "/api/v1/hf/orders", Mode.HTML, times=9)
    await ann.press("Confirm", "is suspended", ticket)
    assert posts.hits == 0


async def test_open_orders_of_a_suspended_key_can_be_seen_and_cancelled(
    ann: Seat, stage: Stage, account: Credentials
) -> None:
    await connect(ann, account)
    await ann.say("/buy btc 0.01btc @ 66000", "Buy BTC-USDT")
    await ann.press("Confirm", "^Placed")
    await stage.kucoin.set_permission(account.key, f"{HARMLESS},Transfer")
    await ann.say("/keys", "in use")
    await ann.press("Refresh", "^Suspended")
    await ann.say("/orders", "66,000")
    await ann.say("/cancel all", "cancelled")


async def test_a_key_revoked_in_the_middle_is_noticed_by_the_next_thing_that_needs_it(
    ann: Seat, stage: Stage, account: Credentials
) -> None:
    await connect(ann, account)
    ticket = await ann.say("/buy btc 100", "Buy BTC-USDT")
    await stage.kucoin.revoke(account.key)
    await ann.press("Confirm", "^Rejected", ticket)
    told = await ann.hears("^Suspended")
    assert "KuCoin does not know it any more (400003" in told.text
    await ann.say("/buy btc 100", "is suspended")
    await ann.say("/balance", "400003")
    assert count(ann, "^Suspended") == 1


async def test_a_key_revoked_keeps_the_news_from_nobody_else(stage: Stage, account: Credentials) -> None:
    ann, boris = stage.seat("Ann"), stage.seat("Boris")
    async with stage.bot():
        await connect(ann, account)
        await ann.say("/alert delisting", "Alert set")
        await ann.say("/buy btc 100", "Buy BTC-USDT")
        await ann.press("Confirm", "^Filled")
        await boris.say("/mode paper", "paper")
        await boris.say("/alert delisting", "Alert set")
    await stage.kucoin.revoke(account.key)
    stage.clock.shift += timedelta(seconds=1)
    stage.kucoin.announce(Topic.DELISTING, "KuCoin Will Delist Tether (USDT)", "A made-up case.")
    async with stage.bot():
        await boris.hears("Will Delist Tether")
        assert count(ann, "Will Delist Tether") == 0, "it may yet be known what Ann has"


async def test_a_key_revoked_with_an_order_open_is_noticed_by_its_stream_within_ten_seconds(
    ann: Seat, stage: Stage, account: Credentials
) -> None:
    await connect(ann, account)
    await ann.say("/buy btc 0.01btc @ 66000", "Buy BTC-USDT")
    await ann.press("Confirm", "^Placed")
    await stage.until(lambda: stage.kucoin.streams.topics("/spotMarket/tradeOrdersV2") != [])
    dials = stage.faults.add("POST", "/api/v1/bullet-private", Mode.DELAY, times=99)
    await stage.kucoin.revoke(account.key)
    stage.kucoin.streams.cut()
    await ann.hears("^Suspended", 10)
    await stage.until(lambda: dials.hits == 3, 20)
    await stage.clock.sleep(10)  # as long as a stream waits at most before it dials anew
    assert dials.hits == 3
    assert count(ann, "^Suspended") == 1


async def test_a_damaged_record_stops_neither_the_bot_nor_anybody_else(stage: Stage, account: Credentials) -> None:
    ann, boris = stage.seat("Ann"), stage.seat("Boris")
    async with stage.bot():
        await connect(ann, account)
        await ann.say("/buy btc 0.01btc @ 66000", "Buy BTC-USDT")
        await ann.press("Confirm", "^Placed")
        await connect(boris, await stage.kucoin_account(permission=HARMLESS))
    await damage_key_of(stage, ann)
    async with stage.bot():
        told = await ann.hears("^Suspended")
        assert "changed or damaged" in told.text
        await ann.say("/buy btc 100", "changed or damaged")
        await boris.say("/buy btc 100", "Buy BTC-USDT")
        await boris.press("Confirm", "^Filled")


async def damage_key_of(stage: Stage, seat: Seat) -> None:
    database = Database(stage.settings.database_url.get_secret_value())
    async with database.write() as session:
        changed = text("UPDATE keys SET data = wrapped_key WHERE person_id = :person")
        await session.execute(changed, {"person": seat.person.id})
    await database.close()
