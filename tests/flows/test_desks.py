"""A group that decides together, on a bot that runs: from setting up a desk to the fill under its proposal."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from tests.flows.stage import Seat, Stage, kept_open


@dataclass
class Group:
    """Ann owns the group, Bob administers it, Eve is a member; each in the group, and Ann in her private chat."""

    stage: Stage
    ann: Seat
    bob: Seat
    eve: Seat
    ann_alone: Seat


@pytest.fixture
async def group(stage: Stage) -> AsyncIterator[Group]:
    """The bot runs, all three are known to it, and Ann is on paper."""
    async with kept_open(stage.bot()):
        alone = {name: stage.seat(name) for name in ("Ann", "Bob", "Eve")}
        for name, seat in alone.items():
            await seat.say("/start", "Ann|Bob|Eve")
            stage.playground.person(name, "en")
        await alone["Eve"].say("/settings language en", "Settings")
        await alone["Ann"].press("Try on paper", "10,000 USDT")
        ann, bob, eve = (stage.seat_in_group(name) for name in ("Ann", "Bob", "Eve"))
        yield Group(stage, ann, bob, eve, alone["Ann"])


@pytest.fixture
async def desk(group: Group) -> Group:
    """Ann has set the desk up and lends it her paper account."""
    await set_up(group)
    return group


async def set_up(group: Group) -> None:
    await group.ann.say("/desk", "A desk")
    await group.ann.press("Set up a desk", "Account: none yet")
    await lend(group)


async def lend(group: Group) -> None:
    link = await group.ann.press_for_link("Lend my account")
    await group.ann_alone.say(f"/start {link.partition('start=')[2]}", "Lend an account to Desk")
    await group.ann_alone.press_first("Lent")
    await group.ann.hears("Ann lends this desk a paper account")


async def test_a_group_proposes_approves_and_reads_of_the_fill(desk: Group) -> None:
    card = await desk.eve.say("/propose buy btc 100", "^Proposal")
    assert card.labels == ["Approve", "Reject"]
    assert "Size: ≈ 0.00149254 BTC / 100 USDT" in card.text
    assert "Approvals: 0 of 2" in card.text
    await desk.ann.press("Approve", r"Approvals: 1 of 2 \(Ann\)", card)
    await desk.bob.press("Approve", "^Approved", card)
    fill = await desk.bob.hears("^Filled: buy BTC for 100 USDT")
    assert fill.content["reply_to_message"]["message_id"] == card.id
    assert fill.labels == []
    record = await desk.eve.say("/audit", "^Record")
    for said in ("Eve proposed", "Ann approved", "Bob approved", "tgbot counted the votes", "tgbot noted"):
        assert said in record.text
