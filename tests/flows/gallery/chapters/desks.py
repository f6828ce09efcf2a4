"""A group that decides together. Ann owns it, Bob administers it, Eve is a member; all is seen through Ann's eyes."""

from dataclasses import dataclass

from tests.flows.gallery.chapters.steps import on_paper
from tests.flows.gallery.traveller import Traveller
from tests.flows.stage import Seat
from tgbot.approvals.views.policies import CHOICES
from tgbot.playground.chats import Message


@dataclass
class Desk:
    one: Traveller
    alone: Seat
    here: Seat
    bob: Seat
    eve: Seat

    async def propose(self, text: str) -> Message:
        """By Eve; nobody looks yet."""
        self.one.look_away()
        return await self.eve.say(text, patience=20)

    async def bob_does(self, verb: str) -> None:
        """A tap, and what it changes."""
        message, label = self.one.newest(verb)
        self.one.look_away()
        await self.bob.press(label, "", message)
        await self.one.stage.clock.sleep(1)  # what follows from it comes, and moves what is above
        await self.one._keep(f"[ {label} ], Bob", message)


async def group_of(one: Traveller) -> Desk:
    """All are known to the bot, and Ann's window shows the group."""
    stage, alone = one.stage, one.seat
    await on_paper(one)
    for name in ("Bob", "Eve"):
        await stage.seat(name).say("/start")
    here, bob, eve = (stage.seat_in_group(name) for name in (alone.person.name, "Bob", "Eve"))
    await one.go_to(here)
    return Desk(one, alone, here, bob, eve)


async def desk_of(one: Traveller) -> Desk:
    """A desk, with Ann's paper account."""
    desk = await group_of(one)
    await one.quietly("/desk")
    await one.tap("desk_make")
    await lend(desk)
    return desk


async def lend(desk: Desk) -> None:
    one = desk.one
    url = await desk.here.press_for_link(one.newest("desk_lend")[1])
    await desk.alone.say(f"/start {url.partition('start=')[2]}")
    await desk.alone.press_first("")
    await one.stage.clock.sleep(1)
    await one.go_to(desk.here)


async def set_up(one: Traveller) -> None:
    desk = await group_of(one)
    await one.say("/desk", "/buy btc 100")
    await one.press("desk_make")
    url = await desk.here.press_for_link(one.newest("desk_lend")[1])
    await one.go_to(desk.alone)
    await one.say(f"/start {url.partition('start=')[2]}")
    await one.press("desk_lend_ok")
    await one.say("/desk")
    await one.go_to(desk.here)
    await one.find("lent", "approvals.lent_paper")
    await one.say("/desk", "/policy")
    await desk.propose("/propose buy btc 100")
    await one.hear("/propose buy btc 100, Eve", "approvals.card_open")
    await one.say("/proposals")
    await one.press("vote_yes")
    await desk.bob_does("vote_yes")
    await one.hear("…", "trading.filled")
    await one.say("/audit")
    await one.say("/audit csv")
    await one.go_to(desk.alone)
    await one.quietly("/desk")
    await one.press("desk_back")
    await one.say("/desk")


async def decide(one: Traveller) -> None:
    """Every end that a proposal can have."""
    desk = await desk_of(one)
    await one.say("/buy", "/buy btc")
    await desk.propose("/propose buy btc 100 @ 60000")
    await one.press("vote_yes")
    await desk.bob_does("vote_yes")
    await one.hear("…", "trading.placed")
    await one.press("desk_cancel")
    await desk.propose("/propose buy btc 5")
    await one.say(f"/reject {one.short()}")
    await one.say("/propose buy btc 6")
    await one.press("vote_no")
    await desk.propose("/propose buy btc 7")
    one.pass_time(minutes=22)
    await one.hear("20 min later", "approvals.reminder")
    one.pass_time(minutes=10)
    await one.hear("30 min later", "approvals.card_expired")
    await desk.propose("/propose buy btc 8")
    await one.tap("vote_yes")
    one.stage.price("BTC-USDT", 70_500)
    await one.stage.clock.sleep(0.5)
    await desk.bob_does("vote_yes")
    await desk.propose("/propose buy btc 9")
    one.look_away()
    await one.seat.say("/policy drift 1", patience=20)
    await one.hear("/policy drift 1", "approvals.void_policy")
    await desk.propose("/propose buy btc 9")
    await one.stage.playground.demote(one.seat.chat, desk.bob.person)
    await one.press("vote_yes")
    await one.stage.playground.promote(one.seat.chat, desk.bob.person)
    await one.quietly("/desk")
    await one.press("desk_withdraw")
    await one.say("/proposals", "/propose buy btc 10", "/audit 40")


async def rule(one: Traveller) -> None:
    """Rules: read, tried, chosen by button and changed."""
    desk = await desk_of(one)
    await one.say("/policy")
    await one.press("policy_edit")
    for name in CHOICES:
        await one.press(f"policy_edit:{name}")
        await one.tap("policy_edit")
    await one.say("/policy quorum 1")
    await one.press("vote_yes")
    await desk.bob_does("vote_yes")
    await one.say("/policy")
    await one.go_to(desk.alone)
    await one.find("to whom the account belongs", "approvals.rules_loosen")
    await one.go_to(desk.here)
    await one.quietly("/policy")
    await one.tap("policy_edit")
    await one.tap("policy_edit:quorum")
    await one.press("policy_set:quorum 3")
    await one.say("/policy tier 500 4", "/policy pairs btc eth")
    await one.say("/policy test buy btc 900", "/policy test buy btc 5000", "/audit")
    await one.say(*(f"/policy {wrong}" for wrong in ("moon 1", "quorum", "quorum many", "own maybe", "time soon")))
    await one.say("/policy order much", "/policy quorum 3", "/policy approvers list", "/policy test")


async def be_refused(one: Traveller) -> None:
    await desk_of(one)
    await one.say("/propose", "/approve", "/approve zz", "/cancel", "/cancel zzzz", "/propose buy btc 5000")
    await one.say("/propose sell btc 50%", "/propose buy btc 900000", "/audit nonsense", "/desk")
    await one.say("/alert", "/alert btc", "/alert btc > 70000", "/alerts")
    await one.press("alert_edit")
    await one.say("/propose buy btc 5")
    await one.press_for_toast("vote_yes")
    short = one.short()
    await one.quietly(f"/reject {short}")
    await one.say(f"/approve {short}")
    await one.quietly("/policy pairs btc", "/policy day 20")
    await one.say("/propose buy eth 5", "/propose buy btc 30")
    await one.quietly("/policy proposers list 1")
    await one.say("/propose buy btc 5")
