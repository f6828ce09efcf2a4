"""Somebody sets an alert in the chat, and it rings there."""

from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest

from tests.flows.stage import Seat, Stage
from tests.flows.test_fills import connect
from tgbot.core.market import Topic
from tgbot.kucoin.listed import GONE_AFTER
from tgbot.paper.faults import Mode

BTC = "BTC-USDT"
TOPIC = f"/market/ticker:{BTC}"


def rung(seat: Seat, level: str = "70,000") -> list[str]:
    return [text for text in seat.texts() if f"{level}: now" in text or f"{level}: it was" in text]


async def is_fed(stage: Stage, topic: str = TOPIC) -> None:
    await stage.until(lambda: stage.kucoin.streams.readers(topic))


async def test_an_alert_set_by_text_rings_once(ann: Seat, stage: Stage) -> None:
    card = await ann.say("/alert btc > 70000", "Alert set: BTC-USDT > 70,000")
    assert "Now 67,000, +4.48% to go." in card.text
    await is_fed(stage)
    for price in (69_999, 70_012, 69_000, 70_500):
        stage.price(BTC, price)
    message = await ann.hears("70,000: now")
    assert message.text.splitlines()[0] == "🔔 BTC-USDT > 70,000: now 70,012"
    assert message.labels[:2] == ["💤 15 min", "💤 1 h"]
    assert message.labels[2:6] == ["🔔 +1%", "🔔 -1%", "Buy", "Sell"]
    assert message.labels[6:] == ["🔕 Mute pair", "✎ Edit", "↻ Arm again", "✕ Delete"]
    await ann.say("/alerts", "No alerts yet")
    assert len(rung(ann)) == 1
    await stage.until(lambda: not stage.kucoin.streams.readers(TOPIC))


async def test_the_price_may_be_there_before_the_feed_is(ann: Seat, stage: Stage) -> None:
    await ann.say("/alert btc > 70000", "Alert set")
    stage.price(BTC, 70_100)
    stage.price(BTC, 67_000)
    await ann.hears("70,000: now 70,100")


async def test_an_alert_grows_out_of_a_price_card_tap_by_tap(ann: Seat, stage: Stage) -> None:
    price = await ann.say("/price btc", BTC)
    question = await ann.press("Alert", "Ring at which price")
    assert question.id != price.id, "the price stays"
    card = await ann.press("-5% 63,650", "Alert set: BTC-USDT < 63,650")
    assert card.id == question.id
    await is_fed(stage)
    stage.price(BTC, 63_600)
    await ann.hears("63,650: now 63,600")


async def test_the_missing_part_may_be_typed(ann: Seat, stage: Stage) -> None:
    await ann.say("/alert", "Ring for which pair")
    await ann.say("eth", "ETH-USDT is at 3,200")
    await ann.say("< 3000", "Alert set: ETH-USDT < 3,000")


async def test_the_note_leads_the_message(ann: Seat, stage: Stage) -> None:
    await ann.say('/alert btc cross 66000 every 30m note "time to buy"', "Note: time to buy")
    await is_fed(stage)
    stage.price(BTC, 65_900)
    message = await ann.hears("^time to buy")
    assert message.text.splitlines()[1] == "🔔 BTC-USDT cross 66,000: now 65,900"
    assert "at most once in 30 min" in message.text
    assert message.labels[-2:] == ["⏸ Pause", "✕ Delete"]


async def test_a_restart_loses_no_crossing_and_owns_up_to_being_late(stage: Stage) -> None:
    ann = stage.seat("Ann")
    async with stage.bot():
        await ann.say("/alert btc > 70000", "Alert set")
        await ann.say("/alert eth < 3000", "Alert set")
        await is_fed(stage)
    stage.clock.shift += timedelta(minutes=1)
    stage.price(BTC, 70_500)
    stage.clock.shift += timedelta(minutes=1)
    stage.price(BTC, 66_000)
    stage.clock.shift += timedelta(minutes=1)
    async with stage.bot():
        late = await ann.hears("70,000: it was 70,500", timeout=10)
        assert "late" in late.text
        await is_fed(stage, "/market/ticker:ETH-USDT")
        stage.price(BTC, 70_600)
        stage.price("ETH-USDT", 2_999)
        await ann.hears("3,000: now 2,999")
    assert len(rung(ann)) == 1


async def test_a_quick_restart_is_not_noticed(stage: Stage) -> None:
    ann = stage.seat("Ann")
    async with stage.bot():
        await ann.say("/alert btc > 70000", "Alert set")
        await is_fed(stage)
        stage.price(BTC, 67_100)
    stage.price(BTC, 70_500)
    async with stage.bot():
        await ann.hears("70,000: now 70,500", timeout=10)


async def test_a_crossing_while_the_stream_was_cut_is_told(ann: Seat, stage: Stage) -> None:
    await ann.say("/alert btc > 70000", "Alert set")
    await is_fed(stage)
    stage.price(BTC, 67_100)
    stage.kucoin.streams.cut()
    await stage.until(lambda: not stage.kucoin.streams.readers(TOPIC))
    stage.price(BTC, 70_500)
    stage.price(BTC, 67_200)
    await ann.hears("70,000: (now|it was) 70,500", timeout=10)
    assert len(rung(ann)) == 1


async def test_a_rung_alert_leads_on(trader: Seat, stage: Stage) -> None:
    await trader.say("/alert btc > 70000 note half", "Alert set")
    await is_fed(stage)
    stage.price(BTC, 70_100)
    message = await trader.hears("70,000: now 70,100")
    await trader.press("Buy", "How much", message)
    again = await trader.press("🔔 +1%", "Alert set: BTC-USDT > 70,801", message)
    assert again.id == message.id
    assert "Note: half" in again.text
    await is_fed(stage)
    stage.price(BTC, 70_900)
    await trader.hears("70,801: now 70,900")


async def test_a_move_and_a_price_together_ring(ann: Seat, stage: Stage) -> None:
    card = await ann.say("/alert btc 3% 1h and > 70000", "Alert set: BTC-USDT ±3% in 1 h and > 70,000")
    assert "Already" not in card.text
    await ann.say("/alert eth rsi 1h < 30", "Judged each time a candle closes")
    await stage.until(lambda: stage.kucoin.streams.topics("/market/candles:") == ["/market/candles:ETH-USDT_1hour"])
    await is_fed(stage)
    for price in (66_900, 69_900, 70_100):
        stage.price(BTC, price)
    message = await ann.hears("> 70,000: now 70,100")
    assert "% within 1 h" in message.text


async def test_listings_and_delistings_are_told_to_whom_they_concern(stage: Stage) -> None:
    ann = stage.seat("Ann")
    async with stage.bot():
        await ann.say("/mode paper", "paper")
        await ann.say("/alert listing", "Alert set: new listings")
        await ann.say("/alert eth delisting", "Alert set: ETH-USDT delisting")
        await ann.say("/alert delisting", "Alert set: delistings of my coins")
    stage.clock.shift += timedelta(seconds=1)
    news = stage.kucoin.announce
    news(Topic.LISTING, "Scroll (SCR) Gets Listed on KuCoin!", "Trading: 11:00 (UTC)", "https://www.kucoin.com/scr")
    news(Topic.DELISTING, "KuCoin Will Delist Ether (ETH)", "Trading of ETH/BTC ends.")
    news(Topic.DELISTING, "KuCoin Will Delist Tether (USDT)", "A made-up case.")
    news(Topic.DELISTING, "KuCoin Will Delist Nobody's Coin (NBC)")
    async with stage.bot():
        told = await ann.hears("3 alerts", timeout=10)  # what comes at once is one message
        for title in ("Scroll (SCR) Gets Listed", "Will Delist Ether", "Will Delist Tether"):
            assert title in told.text
        shown = await ann.say("/alerts", "ETH-USDT delisting")
        listed = await ann.press("✕ ETH-USDT delisting", "delistings of my coins", shown)
        assert "✕ ETH-USDT delisting" not in listed.labels
        stage.clock.shift += timedelta(seconds=1)
        news(Topic.LISTING, "Second (SEC) Gets Listed", "", "https://www.kucoin.com/sec")
    async with stage.bot():
        listed = await ann.hears("Second", timeout=10)
        assert listed.labels == ["Read at KuCoin", "✕ new listings"]
    assert not any("Nobody" in text for text in ann.texts())


async def test_arming_again_waits_for_the_next_crossing(ann: Seat, stage: Stage) -> None:
    await ann.say("/alert btc > 70000", "Alert set")
    await is_fed(stage)
    stage.price(BTC, 70_100)
    message = await ann.hears("70,000: now 70,100")
    await ann.press("Arm again", "Already so at 70,100", message)
    await is_fed(stage)
    stage.price(BTC, 69_000)
    stage.price(BTC, 70_200)
    await ann.hears("70,000: now 70,200")


async def test_a_rung_alert_is_snoozed_edited_and_muted(ann: Seat, stage: Stage) -> None:
    await ann.say("/alert btc > 70000", "Alert set")
    await ann.say("/alert btc > 80000 for 1h", r"Until \d+ \w+ \d\d:\d\d\.")
    await is_fed(stage)
    stage.price(BTC, 70_100)
    message = await ann.hears("70,000: now 70,100")
    await ann.press("💤 15 min", "Alert snoozed: BTC-USDT > 70,000", message)
    stage.clock.shift += timedelta(minutes=15)
    await ann.say("/alert eth > 9000", "Alert set")  # news make the bot look at the clock, which a test has moved
    message = await ann.hears("70,000: still so at 70,100")
    question = await ann.press("Edit", "What instead", message)
    assert question.id != message.id
    await ann.say("> 71000", "Alert set: BTC-USDT > 71,000")
    stage.price(BTC, 71_100)
    # The stream may be dialled anew: for it a quarter of an hour has passed in silence.
    message = await ann.hears("71,000: (now|it was) 71,100")
    await ann.press("Mute pair", "BTC-USDT is silent: 1 alert paused", message)
    stage.clock.shift += timedelta(hours=1)
    await ann.say("/alert eth > 9500", "Alert set")
    await ann.hears("80,000: its time has run out")


async def test_the_list_pauses_resumes_and_deletes(ann: Seat, stage: Stage) -> None:
    await ann.say("/alert btc > 70000", "Alert set")
    listed = await ann.say("/alerts", "1 alert")
    pause, _, _, delete = listed.labels[:4]
    await ann.press(pause, "paused", listed)
    await stage.until(lambda: not stage.kucoin.streams.readers(TOPIC))
    resume = listed.labels[0]
    assert resume.startswith("▶")
    await ann.press(resume, r"\+4.48%", listed)
    await is_fed(stage)
    await ann.press(delete, "No alerts yet", listed)
    await stage.until(lambda: not stage.kucoin.streams.readers(TOPIC))


async def test_everybody_has_alerts_of_their_own(ann: Seat, stage: Stage) -> None:
    eve = stage.seat("Eve")
    await ann.say("/alert btc > 70000", "Alert set")
    await eve.say("/alert btc > 71000,5", "Оповещение поставлено")
    await is_fed(stage)
    stage.price(BTC, 70_500)
    await ann.hears("70,000: now")
    stage.price(BTC, 71_001)
    await eve.hears("71\u00a0000,5: цена 71\u00a0001")
    assert len(rung(ann)) == 1


async def test_a_pair_that_kucoin_feeds_no_more_is_told_of(ann: Seat, stage: Stage) -> None:
    await ann.say("/alert eth > 4000", "Alert set")
    await ann.say("/alert btc > 70000", "Alert set")
    await is_fed(stage)
    await is_fed(stage, "/market/ticker:ETH-USDT")
    cast("dict[str, object]", stage.market.rules).pop("ETH-USDT")
    stage.kucoin.streams.cut()
    await ann.hears("^ETH-USDT: 1 alert paused", timeout=10)
    await is_fed(stage)
    stage.price(BTC, 70_100)
    await ann.hears("70,000: (now|it was) 70,100")
    assert "paused" in (await ann.say("/alerts", "ETH-USDT")).text


async def test_a_pair_that_kucoin_trades_no_more_is_told_of_though_its_topic_is_not_refused(
    ann: Seat, stage: Stage
) -> None:
    """It is found when the rules are fetched, here because an order was refused by them."""
    await ann.say("/alert eth/btc > 1", "Alert set: ETH-BTC")
    await connect(ann, stage)
    stage.market.hand_rules([replace(stage.market.rules["ETH-BTC"], is_trading=False)])
    stage.faults.add("POST", "/api/v1/hf/orders", Mode.ERROR, 3, code="400100", message="Price increment invalid.")
    for _ in range(3):  # two lists, a minute apart; the first may come late
        await ann.say("/buy btc 0.01btc @ 66000", "Buy BTC-USDT")
        await ann.press("Confirm", "^Rejected")
        stage.clock.shift += timedelta(seconds=GONE_AFTER)
    message = await ann.hears("alert paused")
    assert message.text.splitlines()[0] == "ETH-BTC: 1 alert paused"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("/alert btcc > 70000", "no pair “btcc”. Did you mean BTC-USDT"),
        ("/alert btc > 0", "above zero"),
        ("/alert btc funding > 1%", "“funding” is not available in alerts yet"),
    ],
)
async def test_what_cannot_be_set_is_said_and_changes_nothing(ann: Seat, text: str, says: str) -> None:
    await ann.say(text, says)
    await ann.say("/alerts", "No alerts yet")


async def test_whoever_has_blocked_the_bot_and_is_back_has_alerts_and_watches_again(ann: Seat, stage: Stage) -> None:
    await ann.say("/watch eth", "ETH-USDT")
    await ann.say("/alert btc > 70000", "Alert set")
    await ann.say("/alert btc > 71000", "Alert set")
    await is_fed(stage)
    await stage.playground.block(ann.person)
    stage.price(BTC, 70_100)  # Telegram says now that nobody reads it
    await stage.until(lambda: not stage.kucoin.streams.readers(TOPIC))
    stage.price(BTC, 67_000)
    await stage.playground.unblock(ann.person)
    await ann.say("/start", "1 alert waits for its price again")
    await ann.hears("Watched again: ETH-USDT")
    await is_fed(stage)
    stage.price(BTC, 71_100)
    await ann.hears("71,000: now 71,100")
