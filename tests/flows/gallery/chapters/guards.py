"""Limits, the freeze, notices and quiet hours."""

from datetime import timedelta

from tests.flows.gallery.chapters.steps import on_paper, placed
from tests.flows.gallery.traveller import Traveller, each_of


async def limit(one: Traveller) -> None:
    await on_paper(one)
    await one.tap_settings("limit")
    for name in ("order", "day", "pairs"):
        await one.press(f"limit:{name}")
        await one.tap("limit")
    await one.say(*each_of(("order 150", "day 200", "pairs btc"), "/settings limit {}"))
    await one.say("/buy btc 151", "/buy eth 10")
    await placed(one, "/buy btc 120")
    await one.say("/buy btc 90", "/settings limit order 500", "/settings limit pairs all", "/settings")
    await one.say(*each_of(("order soon", "nonsense 1"), "/settings limit {}"))
    await placed(one, "/buy btc 20 @ 60000")
    await one.say("/panic")
    await one.press("orders_cancel")
    await one.say("/buy btc 10", "/settings limit", "/resume", "/resume", "/settings limit order 1,500")


async def be_quiet(one: Traveller) -> None:
    await on_paper(one)
    await one.tap_settings("notice")
    for kind in ("fill", "alert", "watch", "account"):
        await one.press(f"notice:{kind}")
        await one.tap("notice")
    await one.press("quiet")
    await one.say("/settings notice watch off", "/settings notice nonsense on", "/settings quiet soon", "/settings")
    now = one.stage.clock.now()
    await one.say(f"/settings quiet {now:%H:%M}-{now + timedelta(minutes=10):%H:%M}")
    await one.quietly("/alert btc > 68000", "/alert eth > 3300")
    await one.fed("BTC-USDT", "ETH-USDT")
    one.stage.price("BTC-USDT", 68_010)
    one.stage.price("ETH-USDT", 3_310)
    await one.stage.clock.sleep(4)
    one.pass_time(minutes=11)
    await one.hear("11 min later", "delivery.kept")
