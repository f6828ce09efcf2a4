"""The first steps, help, settings and prices."""

from dataclasses import replace
from datetime import timedelta

from tests.flows.gallery.chapters.steps import on_paper
from tests.flows.gallery.traveller import Traveller, each_of


async def begin(one: Traveller) -> None:
    await one.say("/start", "/keys", "/balance", "/buy btc 100", "/mode")
    await one.tap("help")
    await one.quietly("/start")
    await one.press("paper_try")
    await one.say("/start", "/mode", "/mode live", "/mode nonsense", "/paper", "/paper rest", "/paper reset")
    await one.say("/history", "/pnl")


async def read_help(one: Traveller) -> None:
    await one.say("/help")
    for task in ("prices", "trade", "alerts", "money", "groups", "me"):
        await one.press(f"help:{task}")
        await one.tap("help")
    await one.say("/help buy", "/help alert", "/help nonsense")


async def set_up(one: Traveller) -> None:
    await one.say("/settings")
    for setting in ("language", "zone", "display", "quote", "rearm", "drift", "confirm"):
        await one.press(f"set:{setting}")
        await one.tap("settings")
    await one.say("/settings zone Europe/Berlin", "/settings rearm 0.5%")
    wrong = ("language xx", "zone Mars", "display DOGE", "rearm 9%", "drift 99%", "confirm -1", "nonsense 1")
    await one.say(*each_of(wrong, "/settings {}"))


async def look_at_prices(one: Traveller) -> None:
    await one.say("/price btc", "/price btc eth", "/price btcc", "/price nonsense", "/price")
    await one.say(f"/price{' btc eth eth-btc' * 7}")
    await one.say("/book btc", "/book", "/movers", "/movers losers", "/movers volume", "/movers nonsense")
    await one.say("/chart eth 4h")
    await one.press("redraw:ETH-USDT 4h light")
    await one.say("/chart", "/chart btc 2h")
    await _suspend(one, "ETH-BTC")
    await one.say("/price eth/btc", "/chart eth/btc")


async def _suspend(one: Traveller, symbol: str) -> None:
    market = one.stage.market
    market.hand_rules([replace(market.rules[symbol], is_trading=False)])
    await one.stop_bot()
    await one.wake_bot()


async def be_misunderstood(one: Traveller) -> None:
    """What is never acted on."""
    play = one.stage.playground
    await on_paper(one)
    await one.say("hello", "/qqqqqqqqqqq", "/prise btc", "/propose buy btc 1")
    mine = await play.say(one.seat.person, one.seat.chat, "hello")
    await one.quietly("hello")
    one.look_away()
    await play.edit(mine, "/price btc")
    await one.hear("/price btc, edited", "intake.edited")
    bob = one.stage.seat("Bob")
    his = await play.say(bob.person, bob.chat, "/buy btc 100")
    one.look_away()
    await play.forward(one.seat.person, his, one.seat.chat)
    await one.hear("/buy btc 100, forwarded", "intake.forwarded")
    await one.say("is 0123456789abcdef01234567 my key?")
    await one.stop_bot()
    await play.say(one.seat.person, one.seat.chat, "/buy btc 100")
    one.stage.clock.shift += timedelta(seconds=75)
    await one.wake_bot()
    await one.hear("/buy btc 100, too late", "intake.too_old")
    await one.stop_bot()
    one.stage.clock.shift += timedelta(minutes=10)
    await one.wake_bot()
    await one.hear("10 min later", "delivery.away")
    await one.go_to(one.stage.seat_in_group(one.seat.person.name))
    await one.say("/help", "/price btc", "/keys", "/buy btc 100")
    await play.say(one.stage.playground.person("Bob"), one.seat.chat, "/alerts", anonymous=True)
    await one.hear("/alerts, anonymous", "intake.anonymous")
