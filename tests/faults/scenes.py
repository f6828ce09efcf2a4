"""What is going on when the end comes."""

import asyncio
import re
from collections.abc import Callable
from decimal import Decimal

from tests.faults.crashes import PATIENCE, House, short_of
from tgbot.paper.faults import Mode
from tgbot.playground.chats import Message

PLACE, STOPS, OCOS = "/api/v1/hf/orders", "/api/v1/stop-order", "/api/v3/oco/order"
ENTRY_SIZE = Decimal("0.0002")


async def ticket(house: House, text: str = "/buy btc 2") -> Message:
    return await house.seat.say(text, "(Buy|Sell) BTC-USDT")


async def confirm(house: House, shown: Message) -> None:
    await house.stage.playground.press(house.seat.person, shown, "Confirm")


async def resting(house: House, text: str = "/buy btc 0.001btc @ 66000") -> Message:
    """Placed, and not filled."""
    shown = await ticket(house, text)
    await confirm(house, shown)
    await house.stage.until(lambda: shown.text.startswith("Placed"), PATIENCE)
    return shown


async def cancel(house: House, shown: Message) -> None:
    await house.stage.playground.press(house.seat.person, shown, "Cancel order")


async def edit(house: House, shown: Message) -> None:
    await house.stage.playground.press(house.seat.person, shown, "Edit")


async def entry(house: House) -> Message:
    """A buy that rests, with an exit that lives in the bot."""
    return await resting(house, f"/buy btc {ENTRY_SIZE}btc @ 66000 tp +4% sl -2%")


async def fill(house: House, shown: Message | None = None) -> None:
    """The market comes down to every buy that rests, and goes back."""
    house.stage.price("BTC-USDT", 65_990)
    house.stage.price("BTC-USDT", 67_000)


def take_profit(house: House) -> None:
    """The market goes up to every exit, and goes back."""
    house.stage.price("BTC-USDT", 69_000)
    house.stage.price("BTC-USDT", 67_000)


async def proposal(house: House) -> Message:
    """Of Eve in her group, whose desk Ann has set up and lends her account; Ann has approved it already."""
    play = house.stage.playground
    ann, eve = house.seat.person, play.person("Eve", "en")
    await desk_of(house)
    asked = await play.say(eve, play.desk, "/propose buy btc 2")
    card = await play.wait_for(play.desk, "^(Proposal|Предложение)", PATIENCE, since=asked)
    await play.press(ann, card, "Approve")
    await house.stage.until(lambda: "1 of 2" in card.text, PATIENCE)
    return card


async def desk_of(house: House) -> Message:
    """The newest message there. Nothing is proposed any more: a desk takes only so many at a time."""
    play = house.stage.playground
    if not any("lends this desk" in message.text for message in play.messages(play.desk)):
        await set_up_desk(house)
    for card in play.messages(play.desk):
        if "Reject" in card.labels and short_of(card) in house.proposed():
            await withdraw(house, card)
    return play.messages(play.desk)[-1]


async def withdraw(house: House, card: Message) -> None:
    await house.stage.playground.press(house.stage.playground.person("Eve", "en"), card, "Reject")
    await house.stage.until(lambda: short_of(card) not in house.proposed(), PATIENCE)


async def propose(house: House, before: Message) -> None:
    await house.stage.playground.say(house.stage.playground.person("Eve", "en"), before.chat, "/propose buy btc 2")


async def set_up_desk(house: House) -> None:
    play, ann = house.stage.playground, house.seat.person
    asked = await play.say(ann, play.desk, "/desk")
    question = await play.wait_for(play.desk, "A desk", PATIENCE, since=asked)
    await play.press(ann, question, "Set up a desk")
    await house.stage.until(lambda: "Account: none yet" in question.text, PATIENCE)
    link = (await play.answered(await play.press(ann, question, "Lend my account"), PATIENCE)).url
    opened = await play.say(ann, house.seat.chat, f"/start {link.partition('start=')[2]}")
    offer = await play.wait_for(house.seat.chat, "Lend an account to", PATIENCE, since=opened)
    await play.press(ann, offer, offer.labels[0])
    await play.wait_for(play.desk, "lends this desk", PATIENCE)


async def approve(house: House, card: Message) -> None:
    """Bob's is the last approval that is needed."""
    await house.stage.playground.press(house.stage.playground.person("Bob"), card, "Approve")


def answers(card: Message, first_words: str) -> Callable[[Message], bool]:
    """A message under that card which begins so."""

    def fits(message: Message) -> bool:
        answered = message.content.get("reply_to_message", {}).get("message_id")
        return answered == card.id and re.search(first_words, message.text) is not None

    return fits


def hold_post(house: House, mode: Mode = Mode.EDITED, path: str = PLACE) -> tuple[Callable[[], bool], asyncio.Event]:
    """The next order has been taken by the exchange (with `DELAY`: has only arrived there), and no answer comes before
    the event is set."""
    going_on = asyncio.Event()
    fault = house.stage.faults.add("POST", path, mode, until=going_on)
    return lambda: fault.hits > 0, going_on


def lag(house: House) -> None:
    """The exchange does not find its newest orders by their clientOid for a few seconds."""
    for path in ("/api/v1/hf/orders/client-order/.*", "/api/v3/oco/client-order/.*"):
        house.stage.faults.add("GET", path, Mode.ERROR, 3, code="400100", message="The order does not exist.")
