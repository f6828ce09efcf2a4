"""Tickets and orders on paper, from the typed line to their end."""

from tests.flows.gallery.chapters.steps import ask_for, on_paper, ordered, placed
from tests.flows.gallery.traveller import Traveller


async def trade(one: Traveller) -> None:
    await on_paper(one)
    await one.say("/buy")
    await one.press("buy:BTC-USDT")
    await one.say("/buy btc 100")
    await one.press("ticket_ok")
    await one.say("/sell btc 50% @ 70000")
    await one.press("ticket_edit")
    await one.say("/sell btc 50%")
    await one.press("ticket_drop")
    await one.say("/sell", "/sell btc")
    await one.say("/buy btc 100 @ 66000 hidden", "/buy btc 0.1btc @ 66000 iceberg 0.01", "/buy btc 50 @ 67500 ioc")
    await one.say("/buy btc 50 @ 67500 fok", "/buy eth 0.1eth @ -2% post gtt 1h")
    await one.say("/buy btc 0.05btc @ 66000", "0.01", "0.05")
    await one.press("ticket_ok")
    await one.say("/balance", "/history", "/pnl", "/history 1d", "/pnl nonsense")
    await placed(one, "/sell btc 100%")
    await one.say("/history btc 30d", "/pnl 30d")


async def follow(one: Traveller) -> None:
    """Orders that rest."""
    await on_paper(one)
    await one.say("/orders", "/cancel all")
    short = await ordered(one, "/buy btc 0.01btc @ 66000")
    await one.say("/orders", f"/order {short}")
    await one.press("order_edit")
    await one.press("ticket_ok")
    one.pass_time(minutes=1)  # what fills at once is told in the ticket's place alone
    await one.hear("BTC-USDT 65990", "trading.filled", lambda: one.stage.price("BTC-USDT", "65990"))
    await one.say(f"/order {one.short()}")
    await placed(one, "/buy btc 0.01btc @ 65000")
    await placed(one, "/buy eth 0.1eth @ 3000")
    await one.say("/cancel")
    await one.press("order_cancel")
    await placed(one, "/buy btc 0.01btc @ 64000")
    await one.say("/cancel btc")
    await ask_for(one, "/buy btc 100")
    one.stage.price("BTC-USDT", 67_500)
    await one.press("ticket_ok")
    one.pass_time(seconds=61)
    await one.press("ticket_ok")
    await one.press("ticket_fresh")
    await one.say(f"/order {one.short()}")


async def wait_for_prices(one: Traveller) -> None:
    """Stops, profit and loss."""
    await on_paper(one)
    await placed(one, "/buy btc 900")
    await one.say("/buy btc 100 stop 70000")
    await one.press("ticket_ok")
    await one.say("/sell btc 0.01 stop 66000 @ 65900", "/sell btc 0.01 tp 72000 sl 60000")
    await one.press("ticket_ok")
    await one.say("/orders")
    await one.hear("BTC-USDT 70000", "trading.filled", lambda: one.stage.price("BTC-USDT", 70_000))
    await one.say("/buy btc 100 tp +4% sl -2%")
    await one.press("ticket_ok")
    await one.hear("its exit", "trading.or_when_down")
    await one.say("/orders")
    await one.press("order_cancel")
    await one.say("/buy btc 0.01btc @ 66000 tp 72000", "/buy btc 0.01btc @ 66000 tp 72000 sl 60000")
    await one.press("ticket_ok")
    await one.say("/orders")
    await one.press("order_cancel")
    await one.say("/cancel all")


async def be_refused(one: Traveller) -> None:
    await on_paper(one)
    await one.say(
        "/buy btc 0.01",
        "/buy btc 0.0000001",
        "/buy btc 99999",
        "/sell sol 1",
        "/sell btc 50%",
        "/buy btc 1,500",
        "/buy btc 5x",
        "/buy btc lots",
        "/buy btc 10 xrp",
        "/buy btc 200000000",
        "/buy btc 50 @ much",
        "/buy btc 50 @ 65000.123",
        "/buy btc 50 @ 90000",
        "/sell btc 1 @ 10000",
        "/buy btc 50 @ -99%",
        "/buy btc 50 post",
        "/buy btc 50 ioc post @ 60000",
        "/buy btc 50 fok fok @ 60000",
        "/buy btc 50 hidden iceberg 0.1 @ 60000",
        "/buy btc 0.1btc @ 66000 iceberg 0.0001",
        "/buy btc 50 gtt",
        "/buy btc 50 stop 67412.3",
        "/sell btc 0.01 tp 60000 sl 59000",
        "/sell btc 0.01 tp 72000 sl 71000",
        "/buy btc 50 tp 60000",
        "/buy btc 50 sl 70000",
        "/buy btc 50 tp -4%",
        "/buy btc 0.1 tp 4%",
        "/sell btc 0.01 @ 70000 tp 72000",
        "/cancel zzzz",
        "/order zzzz",
        "/history nonsense",
    )
