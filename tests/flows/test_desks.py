"""A group that decides together, on a bot that runs: from setting up a desk to the fill under its proposal."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from tests.flows.stage import Seat, Stage, kept_open
from tests.flows.test_fills import connect
from tgbot.playground.chats import Message


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


async def set_up(group: Group, account: int = 0) -> None:
    """Lends Ann's account of that place in her list."""
    await group.ann.say("/desk", "A desk")
    await group.ann.press("Set up a desk", "Account: none yet")
    await lend(group, account)


async def lend(group: Group, account: int = 0) -> None:
    link = await group.ann.press_for_link("Lend my account")
    offer = await group.ann_alone.say(f"/start {link.partition('start=')[2]}", "Lend an account to")
    await group.ann_alone.press(offer.labels[account], "Lent", offer)
    await group.ann.hears("Ann lends this desk a (paper|KuCoin) account")


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
    for said in ("Eve proposed", "Ann approved", "Bob approved", "tgbot counted the votes", "tgbot saw it filled"):
        assert said in record.text


async def test_the_account_of_a_desk_is_listened_to_while_it_is_lent(group: Group) -> None:
    stage = group.stage

    def is_heard() -> bool:
        return stage.kucoin.streams.readers("/spotMarket/tradeOrdersV2")

    await connect(group.ann_alone, stage)
    await set_up(group, 1)
    await stage.until(is_heard)
    await group.ann_alone.press("Take it back from Desk", "yours alone again")
    await stage.until(lambda: not is_heard())


async def test_an_open_order_is_called_back_by_an_approver_and_by_nobody_else(desk: Group) -> None:
    card = await desk.eve.say("/propose buy btc 100 @ 60000", "^Proposal")
    await desk.ann.press("Approve", "1 of 2", card)
    await desk.bob.press("Approve", "^Approved", card)
    order = await desk.bob.hears("^Placed")
    assert order.labels == ["Cancel order"]
    assert "does not count" in await desk.eve.press_for_toast("Cancel order", order)
    await desk.bob.press("Cancel order", "^Cancelled", order)
    record = await desk.eve.say("/audit", "^Record")
    assert "Bob called back the order" in record.text


async def test_typed_twins_the_list_and_the_trial_of_the_rules(desk: Group) -> None:
    card = await desk.eve.say("/b btc 100", "^Proposal")
    short = card.text.split("#")[1][:4]
    listed = await desk.bob.say("/proposals", "1 proposal waits")
    assert f"#{short} Buy BTC-USDT" in listed.text
    await desk.bob.say(f"/approve {short[:2].lower()}", "1 of 2")
    await desk.ann.say(f"/reject #{short}", "^Turned down")
    trial = await desk.eve.say("/policy test buy BTC 900", "would need 2 approvals")
    assert "Of: Ann, Bob" in trial.text
    await desk.eve.say("/policy test buy btc 5000", "above this desk’s cap")
    how = await desk.eve.say("/propose", "/propose buy btc 100")
    assert how.content["receiver_user"]["id"] == desk.eve.person.id  # nobody else reads what went wrong
    await desk.eve.say("/buy", "What shall I buy")
    await desk.eve.press("BTC-USDT", "How much")
    await desk.eve.press("50u", "^Proposal")
    await desk.ann_alone.say("/settings language ru", "Настройки")
    await desk.eve.say("/proposals", "Ждёт 1 предложение")  # a group is spoken to in its keeper's language


async def test_what_rings_in_the_group_leads_to_a_proposal_and_stays(desk: Group) -> None:
    await desk.bob.say("/alert btc > 70000", "Alert set")
    await desk.stage.until(lambda: desk.stage.kucoin.streams.readers("/market/ticker:BTC-USDT"))
    desk.stage.price("BTC-USDT", 70_100)
    rung = await desk.eve.hears("70,000: (now|it was) 70,100")
    question = await desk.eve.press("Buy", "How much", rung)
    assert question.id != rung.id
    assert rung.text.startswith("🔔 BTC-USDT > 70,000")
    await desk.eve.press("50u", "^Proposal", question)


async def test_rules_are_read_as_sentences_and_changed_by_buttons_of_the_owner(desk: Group) -> None:
    rules = await desk.ann.say("/policy", "version 1")
    for said in ("An order needs 2 approvals.", "Nobody approves their own proposal.", "1,000 USDT at most"):
        assert said in rules.text
    assert "Ann" in await desk.bob.press_for_toast("Change", rules)
    shown = await desk.bob.say("/desk", "Desk")
    assert "lent by somebody else" in await desk.bob.press_for_toast("Take my account back", shown)
    assert (await desk.ann.say("/audit", "^Record")).text.count("Bob was refused") == 2
    await desk.ann.press("Change", "Which rule")
    await desk.ann.press("Approvals", "How many approvals")
    await desk.ann.press("3", "version 2")
    await desk.ann.say("/policy quorum 1", "so the group is asked")
    change = await desk.ann.hears("Looser rules for this desk")
    assert "→ An order needs 1 approval." in change.text
    await desk.ann.say("/policy moon 1", "There is no rule")


async def test_strangers_forgers_and_the_anonymous_change_nothing(desk: Group) -> None:
    play = desk.stage.playground
    card = await desk.eve.say("/propose buy btc 100", "^Proposal")
    short = card.text.split("#")[1][:4]
    assert "does not count" in await desk.eve.press_for_toast("Approve", card)
    mallory = desk.stage.seat("Mallory")
    await mallory.say("/start", "Mallory")
    outside = desk.stage.seat_in_group("Mallory")
    assert "does not count" in await outside.press_for_toast("Approve", card)
    await desk.bob.say(f"/approve {short}", "anonymous", anonymous=True)
    private = desk.ann_alone.texts()
    approval = await play.say(desk.bob.person, play.private(desk.bob.person), f"/approve {short}")
    await desk.stage.seat("Bob").hears("This works in a group only")
    await play.forward(desk.bob.person, approval, play.desk)
    await desk.bob.hears("forwarded")
    harmless = await play.say(desk.bob.person, play.desk, "/help@somebody_else_bot")
    await play.edit(harmless, f"/approve {short}")  # its text is not even kept
    for forged in (
        "close",
        "help",
        f"vote_yes:{short}\0",
        "vote_yes:",
        "vote_yes:ZZZZ",
        f"vote_yes:{short}' OR 1=1",
        "desk_back:x",
    ):
        assert await desk.bob.press_for_toast("Approve", card, data=forged)
    assert desk.ann_alone.texts() == private
    assert "0 of 2" in card.text
    record = await desk.ann.say("/audit 40", "^Record")
    assert record.text.count("was refused") >= 8


async def test_another_groups_card_cannot_be_pressed_into_this_one(desk: Group) -> None:
    play = desk.stage.playground
    card = await desk.eve.say("/propose buy btc 100", "^Proposal")
    data = card.buttons[0][0]["callback_data"]
    other = await play.group("Other", desk.bob.person)
    bob_there = Seat(desk.stage, desk.bob.person, other)
    question = await bob_there.say("/desk", "A desk")
    assert "not under this message" in await bob_there.press_for_toast("Set up a desk", question, data=data)
    await bob_there.press("Set up a desk", "Account: none yet", question)
    await bob_there.say(f"/approve {data.partition(':')[2]}", "There is no proposal")
    assert "0 of 2" in card.text


async def test_card_that_was_deleted_is_decided_on_by_typing(desk: Group) -> None:
    card = await desk.eve.say("/propose buy btc 100", "^Proposal")
    short = card.text.split("#")[1][:4]
    await desk.stage.playground.delete(card)
    await desk.ann.say(f"/approve {short}", "^Proposal")
    await desk.stage.playground.press(desk.bob.person, card, data=f"vote_yes:{short}")
    await desk.bob.hears("^Filled")


async def test_group_that_becomes_a_supergroup_loses_no_vote(stage: Stage, group: Group) -> None:
    play = stage.playground
    small = await play.group("Small", group.ann.person, group.bob.person, group.eve.person, kind="group")
    await play.promote(small, group.bob.person)
    ann, bob, eve = (Seat(stage, seat.person, small) for seat in (group.ann, group.bob, group.eve))
    before = Group(stage, ann, bob, eve, group.ann_alone)
    await set_up(before)
    card = await before.eve.say("/propose buy btc 100", "^Proposal")
    await before.ann.press("Approve", "1 of 2", card)
    large = await play.migrate(small)
    moved = Seat(stage, group.bob.person, large)
    again = await moved.hears("^Proposal")
    assert "1 of 2 (Ann)" in again.text
    await moved.press("Approve", "^Approved", again)
    await moved.hears("^Filled")


async def test_the_record_as_a_file_and_an_account_taken_back_in_private(desk: Group) -> None:
    card = await desk.eve.say("/propose buy btc 100", "^Proposal")
    await desk.ann_alone.say("/desk", "Groups that trade with your accounts")
    await desk.ann_alone.press("Take it back from Desk", "yours alone again")
    await desk.stage.until(lambda: card.text.startswith("Void"))
    await desk.eve.say("/propose buy btc 100", "has no account")
    await desk.stage.playground.say(desk.eve.person, desk.stage.playground.desk, "/audit csv")
    await desk.eve.hears("")
    await desk.stage.until(lambda: any("document" in each.content for each in desk_messages(desk)))


def desk_messages(desk: Group) -> list[Message]:
    return desk.stage.playground.messages(desk.stage.playground.desk)
