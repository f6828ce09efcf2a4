"""What many journeys begin with; nobody photographs it."""

from datetime import timedelta

from tests.flows.gallery.traveller import LONG, Traveller
from tests.flows.stage import Seat
from tgbot.paper.exchange import Credentials


async def on_paper(one: Traveller) -> None:
    await one.quietly("/mode paper")


async def linked(one: Traveller, permission: str = "General,Spot") -> Credentials:
    """With 5,000 USDT and 0.1 BTC at KuCoin."""
    account = await one.stage.kucoin_account(permission=permission)
    await enter(one.seat, account)
    one.look_away()
    return account


async def enter(seat: Seat, account: Credentials) -> None:
    for text in ("/connect", account.key, account.secret, account.passphrase):
        seat.stage.clock.shift += timedelta(seconds=2)  # of Telegram's limit of a message a second
        await seat.say(text, patience=LONG)


async def ordered(one: Traveller, text: str) -> str:
    """Placed, with its answer photographed; its short id."""
    await ask_for(one, text)
    await one.press("ticket_ok")
    return one.short()


async def placed(one: Traveller, text: str) -> str:
    """The same, and nobody looks."""
    await ask_for(one, text)
    await one.tap("ticket_ok")
    return one.short()


async def ask_for(one: Traveller, text: str) -> None:
    """Until the ticket is there: news of other orders are no answer."""
    one.look_away()
    await one.seat.say(text, patience=LONG)
    await one.awaited("trading.ticket_footer")
    one.look_away()
