"""Live prices in the chat, from /watch to the exchange's topics and back."""

from datetime import timedelta

import pytest

from tests.flows.stage import Seat, Stage
from tgbot.alerts.rules.watch_cards import EDIT_EVERY
from tgbot.playground.chats import Message

BTC, ETH = "BTC-USDT", "ETH-USDT"
TOPICS = {f"/market/ticker:{BTC}", f"/market/snapshot:{BTC}"}


def edits(stage: Stage, card: Message) -> list[str]:
    calls = stage.playground.journal.calls("editMessageText")
    return [call.params["text"] for call in calls if call.params["message_id"] == card.id]


def topics(stage: Stage) -> set[str]:
    """What is asked for at the exchange at this moment."""
    return set(stage.kucoin.streams.topics("/market/"))


def rest_is_over(stage: Stage) -> None:
    """The next edit of a card need not wait any more."""
    stage.clock.shift += timedelta(seconds=EDIT_EVERY)


async def test_a_card_shows_the_prices_and_is_edited_as_they_move(ann: Seat, stage: Stage) -> None:
    card = await ann.say("/watch btc eth", "Watching 2 pairs")
    assert card.labels == [f"✕ {BTC}", f"✕ {ETH}", "Refresh"]
    assert f"{BTC} 67,000" in card.text
    assert max(map(len, card.text.splitlines())) <= 34
    stage.price(BTC, 67_123)
    edited = await ann.hears("67,123")
    assert edited.id == card.id
    assert len(edits(stage, card)) == 1


async def test_a_card_that_looks_the_same_is_not_edited(ann: Seat, stage: Stage) -> None:
    card = await ann.say("/watch btc", "Watching 1 pair")
    bob = stage.seat("Bob")
    await bob.say("/watch btc eth", "Watching 2 pairs")
    await stage.until(lambda: topics(stage) >= TOPICS)
    rest_is_over(stage)
    stage.price(BTC, "67000.04")
    stage.price(ETH, 3_300)
    await bob.hears("3,300")
    assert edits(stage, card) == [], "they were looked at in the same turn"


async def test_a_card_is_edited_no_faster_than_telegram_bears(ann: Seat, stage: Stage) -> None:
    card = await ann.say("/watch btc", "Watching 1 pair")
    rest_is_over(stage)
    stage.price(BTC, 67_001)
    await ann.hears("67,001")
    first = stage.clock.monotonic()
    for price in range(67_002, 67_020):
        stage.price(BTC, price)
    await ann.hears("67,019", timeout=2 * EDIT_EVERY)
    assert stage.clock.monotonic() - first >= EDIT_EVERY - 1, "a second for its way into the chat"
    assert len(edits(stage, card)) == 2


async def test_a_move_is_told_in_a_message_of_its_own(ann: Seat, stage: Stage) -> None:
    card = await ann.say("/watch btc 2%", "A message at every move of 2%")
    await stage.until(lambda: topics(stage) >= TOPICS)
    stage.price(BTC, 68_000)
    stage.price(BTC, 68_340)
    told = await ann.hears("since 67,000")
    assert told.id > card.id
    assert told.text == f"{BTC} 68,340, +2% since 67,000"
    assert told.labels == ["Buy", "Sell", "★ Watched"]
    stage.price(BTC, 66_000)
    await ann.hears("66,000, -3.42% since 68,340")


async def test_watching_survives_a_restart(stage: Stage) -> None:
    ann = stage.seat("Ann")
    async with stage.bot():
        card = await ann.say("/watch btc 2%", "Watching 1 pair")
    await stage.until(lambda: not topics(stage))
    stage.price(BTC, 70_000)
    async with stage.bot():
        await ann.hears(r"70,000, \+4.48% since 67,000")
        rest_is_over(stage)
        assert (await ann.hears("Watching 1 pair\n.*70,000")).id == card.id


async def test_an_ended_watch_is_edited_no_more(ann: Seat, stage: Stage) -> None:
    card = await ann.say("/watch btc eth 2%", "Watching 2 pairs")
    await ann.say("/unwatch btc", f"No longer watching {BTC}")
    fewer = await ann.hears("Watching 1 pair")
    assert fewer.id == card.id
    assert fewer.labels == [f"✕ {ETH}", "Refresh"]
    none = await ann.press(f"✕ {ETH}", "You watch no pair")
    assert none.id == card.id
    count = len(edits(stage, card))
    await stage.until(lambda: not topics(stage))
    rest_is_over(stage)
    stage.price(BTC, 90_000)
    stage.price(ETH, 9_000)
    bob = stage.seat("Bob")
    await bob.say("/watch btc", "Watching 1 pair")
    rest_is_over(stage)
    stage.price(BTC, 90_001)
    await bob.hears("90,001")
    assert len(edits(stage, card)) == count
    assert not any("since" in text for text in ann.texts())


async def test_two_people_share_a_topic_until_the_last_one_leaves(ann: Seat, stage: Stage) -> None:
    bob = stage.seat("Bob")
    await ann.say("/watch btc", "Watching 1 pair")
    await bob.say("/watch btc", "Watching 1 pair")
    await stage.until(lambda: topics(stage) == TOPICS)
    await ann.say("/unwatch btc", "No longer watching")
    rest_is_over(stage)
    stage.price(BTC, 67_777)
    await bob.hears("67,777")
    assert topics(stage) == TOPICS
    await bob.say("/unwatch all", "No longer watching")
    await stage.until(lambda: not topics(stage))


async def test_the_button_of_the_price_card_adds_to_the_card(ann: Seat, stage: Stage) -> None:
    first = await ann.say("/watch eth", "Watching 1 pair")
    price = await ann.say("/price btc", BTC)
    card = await ann.press("Watch", "Watching 2 pairs", price)
    assert card.id > price.id
    left = await ann.hears("in a newer message")
    assert (left.id, left.labels) == (first.id, [])
    assert "67,000" in next(message.text for message in stage.playground.messages(ann.chat) if message.id == price.id)


async def test_nothing_watched_offers_pairs_and_a_tap_turns_it_into_the_card(ann: Seat) -> None:
    offer = await ann.say("/watch", "You watch no pair")
    assert offer.labels == [BTC, ETH]
    card = await ann.press(BTC, "Watching 1 pair")
    assert card.id == offer.id
    again = await ann.say("/unwatch", "Watching 1 pair")
    assert again.id > card.id
    assert f"✕ {BTC}" in again.labels


async def test_refresh_answers_at_once(ann: Seat, stage: Stage) -> None:
    await ann.say("/watch btc", "Watching 1 pair")
    await stage.until(lambda: topics(stage) == TOPICS)
    stage.price(BTC, 67_001)
    card = await ann.press("Refresh", "67,001")
    assert len(edits(stage, card)) == 1


@pytest.mark.parametrize(
    ("text", "answer", "labels"),
    [
        ("/watch btx", "no pair “btx”. Did you mean BTC-USDT", [BTC]),
        ("/watch btc 0%", "“0%” is not a per cent from 0.1% to 100%", []),
        ("/watch btc -2%", "“-2%” is not a per cent", []),
        ("/watch btc 101%", "“101%” is not a per cent", []),
        ("/watch btc much%", "“much%” is not a per cent", []),
        ("/watch btc 1,500%", "“1,500%” can be read in two ways", ["1.5%"]),
        ("/watch btc 2", "2 of what", ["2%"]),
        ("/watch btc 1% 2%", "1% or 2%", []),
        ("/watch 2%", "Watch which pair", [BTC, ETH]),
        ("/unwatch btc", "You watch no pair", [BTC, ETH]),
    ],
)
async def test_what_cannot_be_meant_is_said_and_changes_nothing(
    ann: Seat, stage: Stage, text: str, answer: str, labels: list[str]
) -> None:
    said = await ann.say(text)
    assert answer in said.text
    assert said.labels == labels
    assert not topics(stage)


async def test_a_near_pair_is_watched_with_the_per_cent_that_was_written(ann: Seat) -> None:
    await ann.say("/watch btx eth 3%", "Did you mean")
    await ann.press(BTC, f"every move of 3%: {BTC}, {ETH}")


async def test_a_pair_that_is_not_watched_cannot_be_ended(ann: Seat) -> None:
    await ann.say("/watch btc", "Watching 1 pair")
    refusal = await ann.say("/unwatch eth", f"You do not watch {ETH}")
    await ann.press("Show all", "Watching 1 pair", refusal)


async def test_a_deleted_card_comes_again_when_the_price_moves(ann: Seat, stage: Stage) -> None:
    card = await ann.say("/watch btc", "Watching 1 pair")
    await stage.playground.delete(card)
    rest_is_over(stage)
    stage.price(BTC, 67_500)
    again = await ann.hears("67,500")
    assert again.id != card.id
    rest_is_over(stage)
    stage.price(BTC, 67_501)
    assert (await ann.hears("67,501")).id == again.id


async def test_whoever_blocks_the_bot_is_left_in_peace_and_watches_on_afterwards(ann: Seat, stage: Stage) -> None:
    await ann.say("/watch btc 2%", "Watching 1 pair")
    await stage.until(lambda: topics(stage) == TOPICS)
    await stage.playground.block(ann.person)
    stage.price(BTC, 80_000)
    await stage.until(lambda: not topics(stage))
    await stage.playground.unblock(ann.person)
    await ann.say("/watch", "Watched again: BTC-USDT|Watching 1 pair")
    await stage.until(lambda: topics(stage) == TOPICS)
