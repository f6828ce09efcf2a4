"""Alerts and watches of a group, on a bot that runs: set by its administrators, told to everybody in it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from tests.flows.stage import Seat, Stage, kept_open

BTC = "BTC-USDT"
TOPIC = f"/market/ticker:{BTC}"


@dataclass
class Club:
    """Bob administers the group, Eve is a member; the bot knows both, and Eve reads English."""

    stage: Stage
    bob: Seat
    eve: Seat
    eve_alone: Seat

    async def is_fed(self) -> None:
        await self.stage.until(lambda: self.stage.kucoin.streams.readers(TOPIC))


@pytest.fixture
async def club(stage: Stage) -> AsyncIterator[Club]:
    async with kept_open(stage.bot()):
        stage.playground.person("Eve", "en")
        for name in ("Bob", "Eve"):
            await stage.seat(name).say("/start", name)
        yield Club(stage, stage.seat_in_group("Bob"), stage.seat_in_group("Eve"), stage.seat("Eve"))


async def test_a_group_that_nobody_keeps_yet_answers_whoever_asks_in_their_language(stage: Stage) -> None:
    async with stage.bot():
        for name, hello in (("Bob", "Hello"), ("Eve", "Здравствуйте")):
            await stage.seat(name).say("/start", hello)
        await stage.seat_in_group("Eve").say("/desk", "^Деск")
        await stage.seat_in_group("Bob").say("/desk", "^A desk")


async def test_an_administrator_sets_an_alert_and_everybody_reads_it_ring(club: Club) -> None:
    play = club.stage.playground
    card = await club.bob.say("/alert btc > 70000", "^🔔 Alert set: BTC-USDT > 70,000")
    await club.eve.say("/alert btc > 80000", "^Only this group’s administrators")
    await club.bob.say("/alert btc > 80000", "anonymous", anonymous=True)
    for label in ("⏸ Pause", "✕ Delete", "✎ Edit", "All alerts"):
        assert "Only this group’s administrators" in await club.eve.press_for_toast(label, card)
    assert (await club.eve.say("/alerts", "^1 alert")).text.count("#") == 1
    await club.is_fed()
    club.stage.price(BTC, 70_012)
    rung = await club.eve.hears("70,000: (now|it was) 70,012")
    told = rung.text
    assert "Only this group’s administrators" in await club.eve.press_for_toast("💤 1 h", rung)
    assert rung.text == told
    assert "start=buy-BTC-USDT" in await club.eve.press_for_link("Buy")
    await club.eve_alone.say("/start buy-BTC-USDT", "How much")
    await club.bob.press("💤 1 h", "^💤 Alert snoozed", rung)
    await play.demote(play.desk, club.bob.person)
    assert "Only this group’s administrators" in await club.bob.press_for_toast("✕ Delete", rung)
    await club.eve.say("/alerts", "^1 alert")


async def test_a_groups_card_is_its_administrators(club: Club) -> None:
    card = await club.bob.say("/watch btc 2%", "Watching 1 pair")
    await club.eve.say("/watch eth", "^Only this group’s administrators")
    assert "Only this group’s administrators" in await club.eve.press_for_toast(f"✕ {BTC}", card)
    await club.is_fed()
    club.stage.price(BTC, 69_000)
    await club.eve.hears("since 67,000")
    await club.bob.press(f"✕ {BTC}", "You watch no pair", card)


async def test_alerts_and_watches_follow_their_group_and_end_where_the_bot_is_thrown_out(club: Club) -> None:
    play = club.stage.playground
    small = await play.group("Small", club.bob.person, club.eve.person, kind="group")
    bob = Seat(club.stage, club.bob.person, small)
    await bob.say("/alert btc > 70000", "Alert set")
    await bob.say("/alert btc > 75000", "Alert set")
    await bob.say("/watch btc 10%", "Watching 1 pair")
    large = await play.migrate(small)
    there = Seat(club.stage, club.bob.person, large)
    await there.say("/alerts", "^2 alerts")
    await club.is_fed()
    club.stage.price(BTC, 70_100)
    await there.hears("70,000: (now|it was) 70,100")
    club.stage.price(BTC, 74_000)
    await there.hears("since 67,000")
    await play.remove(large, play.bot)
    club.stage.price(BTC, 76_000)
    await club.stage.until(lambda: any("kicked" in call.error for call in play.journal.calls("sendMessage")))
    await club.stage.until(lambda: not club.stage.kucoin.streams.readers(TOPIC))
    await play.demote(large, play.bot)
    await there.say("/alert eth > 5000", "Alert set: ETH-USDT > 5,000")
    await there.hears("1 alert waits for its price again|^👁 Watched again: BTC-USDT")
    await club.is_fed()
