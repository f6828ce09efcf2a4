"""Alerts, what rings, and live prices."""

from datetime import timedelta
from typing import cast

from tests.flows.gallery.chapters.steps import on_paper
from tests.flows.gallery.traveller import Traveller
from tgbot.core.market import Topic


async def be_told(one: Traveller) -> None:
    """From setting one to its end."""
    await on_paper(one)
    price = one.stage.price
    await one.say("/alert")
    await one.press("alert_drop")
    await one.say("/alert eth", "< 3000", "/alert eth 3000", "/alert btc > 1,500")
    await one.say('/alert btc > 68000 note "take profit"', "/alert eth cross 3100 every 30m")
    await one.fed("BTC-USDT", "ETH-USDT")
    await one.hear("BTC-USDT 68004.6", "alerts.fired_note", lambda: price("BTC-USDT", "68004.6"))
    await one.press("alert_snooze")
    await one.say("/alerts")
    one.pass_time(minutes=15)
    await one.quietly("/alert eth > 9000")
    await one.hear("15 min later", "alerts.still_so")
    await one.press("alert_edit")
    await one.say("> 69000")
    await one.fed("BTC-USDT")
    await one.hear("BTC-USDT 69100", "alerts.what", lambda: price("BTC-USDT", 69_100))
    await one.press("alert_arm")
    await one.press("alert_pause")
    await one.press("alert_delete")
    await one.say("/alert btc > 80000 for 1h")
    await one.tap("alerts")
    await one.quietly("/alert btc > 69500")
    await one.fed("BTC-USDT")
    await one.hear("BTC-USDT 69600", "alerts.what", lambda: price("BTC-USDT", 69_600))
    await one.press("alert_mute")
    one.pass_time(hours=2)
    await one.quietly("/alert eth > 9500")
    await one.hear("2 h later", "alerts.ended")
    await one.quietly("/alert btc > 70000")
    await one.stop_bot()
    one.pass_time(minutes=1)
    price("BTC-USDT", 70_500)
    one.pass_time(minutes=2)
    price("BTC-USDT", 66_000)
    one.pass_time(minutes=1)
    one.look_away()
    await one.wake_bot()
    await one.hear("missed while away", "alerts.fired_late")


async def keep_a_list(one: Traveller) -> None:
    """/alerts, and what cannot be set."""
    await on_paper(one)
    await one.say("/alerts")
    await one.quietly('/alert btc > 70000 note "half"', "/alert btc < 60000 every 30m", "/alert eth > 4000 for 3d")
    await one.say("/alerts")
    await one.press("alert_pause")
    await one.press("alert_delete")
    await one.quietly("/alert btc > 75000")
    rules = cast("dict[str, object]", one.stage.market.rules)
    await one.fed("BTC-USDT")
    kept = rules.pop("BTC-USDT")
    one.stage.kucoin.streams.cut()
    await one.hear("no live prices", "alerts.not_fed")
    rules["BTC-USDT"] = kept
    for level in range(71_000, 80_000, 1_000):
        await one.quietly(f"/alert eth > {level}")
    await one.say("/alerts")
    await one.press("alerts:2")
    await one.say(
        "/alert btcc > 70000",
        "/alert btc > 0",
        "/alert btc nonsense",
        "/alert btc > 70000 > 80000",
        "/alert btc funding > 1%",
        "/alert btc > 70000 every soon",
        "/alert btc > 70000 until 1999-01-01",
        f"/alert btc > 70000 note {'x' * 201}",
        "/alert btc > 70000 and",
    )


async def compute(one: Traveller) -> None:
    """Alerts of more than a price."""
    await on_paper(one)
    await one.say("/alert btc 3% 1h", "/alert btc 3% 1h and > 70000", "/alert eth rsi 1h < 30")
    await one.say("/alert btc ma 50/200 1h", "/alert btc volume 3x 1h", "/alert btc rsi 1h < 30 and volume 2x 1h")
    await one.say("/alerts")
    await one.fed("BTC-USDT")
    one.stage.price("BTC-USDT", 67_400)
    await one.hear("BTC-USDT 69900", "alerts.measured_move", lambda: one.stage.price("BTC-USDT", 69_900))
    await one.hear("BTC-USDT 70100", "alerts.condition_and", lambda: one.stage.price("BTC-USDT", 70_100))
    await one.say(
        "/alert btc rsi 1h",
        "/alert btc ma 200/50 1h",
        "/alert btc rsi 7h < 30",
        "/alert btc volume 1h",
        "/alert btc 3% 9d",
    )


async def read_news(one: Traveller) -> None:
    news = one.stage.kucoin.announce
    await on_paper(one)
    await one.say("/alert listing", "/alert eth delisting", "/alert delisting", "/alerts")
    for topic, title, words, url in (
        (Topic.LISTING, "Scroll (SCR) Gets Listed on KuCoin!", "Trading: 11:00 (UTC)", "https://www.kucoin.com/scr"),
        (Topic.DELISTING, "KuCoin Will Delist Ether (ETH)", "Trading of ETH/BTC ends.", ""),
        (Topic.DELISTING, "KuCoin Will Delist Tether (USDT)", "A made-up case.", ""),
        (Topic.DELISTING, "Notice on Some Projects", "", ""),
    ):
        await one.stop_bot()
        one.stage.clock.shift += timedelta(seconds=1)
        news(topic, title, words, url)
        one.look_away()
        await one.wake_bot()
        await one.hear(title[:24], f"alerts.news_{topic}")
    await one.quietly("/alerts")
    await one.press("news_off")
    await one.go_to(one.stage.seat_in_group(one.seat.person.name))
    await one.say("/alert delisting")


async def watch(one: Traveller) -> None:
    await on_paper(one)
    price = one.stage.price
    await one.say("/watch", "/watch btc eth 2%")
    await one.fed("BTC-USDT")
    await one.hear("BTC-USDT 68770", "watches.moved", lambda: price("BTC-USDT", 68_770))
    await one.say("/watch", "/unwatch eth", "/unwatch eth", "/watch eth 200%", "/watch eth 1% 2%", "/watch eth 2")
    await one.say("/watch eth 1,500%", "/watch 2%")
    play = one.stage.playground
    await one.quietly("/alert btc > 70000", "/alert btc > 71000")
    await one.fed("BTC-USDT")
    await play.block(one.seat.person)
    price("BTC-USDT", 70_100)
    await one.stage.until(lambda: not one.stage.kucoin.streams.readers("/market/ticker:BTC-USDT"))
    await play.unblock(one.seat.person)
    await one.say("/start")
    await one.hear("afterwards", "watches.regained")
    await one.say("/unwatch all", "/unwatch")
