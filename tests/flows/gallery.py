"""Every card of the chat on contact sheets: `python3 dev.py gallery` writes docs/gallery, in English and in Russian.

A traveller goes through the whole product; each answer of the bot is photographed at phone width, as it looks in that
moment, and laid beside the others of its chapter under the words that called it forth.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image, ImageDraw, ImageFont

from tests.browser import Look, Screen, launched
from tests.flows.stage import Seat, Stage, open_stage
from tgbot.playground.chats import Message

GALLERY = Path(__file__).parents[2] / "docs" / "gallery"
PHONE = Look(390, 12_000)  # so that nothing is scrolled away
REST = 0.6  # seconds in which a chat that has come to rest does not change
COLUMNS = 4
GAP = 16
CAPTION = 26
CARD = 376  # the width of a sheet's column; wide enough for what a phone shows of a message
COLOURS = 128
TABLE, INK = "#dfe6ee", "#2b3a4a"
LANGUAGES = ("en", "ru")
READER = "Ann"  # she owns the group, which Bob administers


@dataclass
class Traveller:
    """A person and the window on their phone. Buttons are found by what they do, so that any language will do."""

    stage: Stage
    seat: Seat
    screen: Screen
    cards: list[tuple[str, Image.Image]] = field(default_factory=list)

    async def say(self, text: str) -> None:
        await self.seat.say(text, patience=10)
        await self.keep(text if len(text) < 36 else "…")

    async def press(self, verb: str) -> None:
        """The newest button that does this; the card is the message that changes or comes."""
        message, label = self.newest(verb)
        await self.seat.press(label, "", message)
        await self.keep(f"[ {label} ]" if label.isascii() else f"[ {verb} ]")

    async def hear(self, symbol: str, price: str, told: str) -> None:
        """What is told of this price."""
        self.stage.price(symbol, price)
        await self.seat.hears(told)
        await self.keep(f"({symbol} {price})")

    def newest(self, verb: str) -> tuple[Message, str]:
        for message in reversed(self.stage.playground.messages(self.seat.chat)):
            for button in (button for row in message.buttons for button in row):
                if str(button.get("callback_data", "")).partition(":")[0] == verb:
                    return message, button["text"]
        raise LookupError(f"no button here does {verb!r}")

    async def keep(self, caption: str) -> None:
        """What has changed last, once the chat has come to rest."""
        await self.stage.clock.sleep(REST)
        said = [m for m in self.stage.playground.messages(self.seat.chat) if m.sender is not self.seat.person]
        message = max(said, key=lambda message: message.revision)
        shown = self.screen.page.locator(f'.message[data-id="{message.id}"]')
        await shown.wait_for()
        await self.screen.page.wait_for_function(
            "node => [...node.querySelectorAll('img')].every((picture) => picture.complete)",
            arg=await shown.element_handle(),
        )
        png = await shown.screenshot(animations="disabled")
        self.cards.append((caption, Image.open(BytesIO(png)).convert("RGB")))


async def begin(one: Traveller) -> None:
    for text in ("/start", "/help", "/help buy", "/help alert", "hello", "/nonsense", "/buy btc 100"):
        await one.say(text)
    await one.press("paper_try")
    for text in ("/mode", "/settings", "/settings zone Europe/Berlin", "/settings nonsense 1", "/paper"):
        await one.say(text)


async def look_at_prices(one: Traveller) -> None:
    for text in ("/price btc", "/price btc eth", "/price btcc", "/price", "/book btc", "/movers", "/chart eth 4h"):
        await one.say(text)


async def trade(one: Traveller) -> None:
    await one.say("/buy")
    await one.say("/buy btc")
    await one.say("/buy btc 100")
    await one.press("ticket_ok")
    await one.say("/buy eth 0.1eth @ -2% post gtt 1h")
    await one.press("ticket_ok")
    await one.say("/sell btc 50% @ 70000")
    await one.press("ticket_edit")
    await one.say("/sell btc 50%")
    await one.press("ticket_drop")
    await one.say("/buy btc 0.05btc @ 66000")
    await one.say("0.05")
    await one.press("ticket_ok")
    await one.say("/orders")
    await one.say("/cancel all")
    for text in ("/balance", "/history", "/pnl"):
        await one.say(text)


async def be_refused(one: Traveller) -> None:
    for text in (
        "/buy btc 0.01",
        "/buy btc 0.0000001",
        "/buy btc 99999",
        "/buy btc 1,500",
        "/buy btc 5x",
        "/buy btc 50 @ 65000.123",
        "/buy btc 50 post",
        "/sell sol 1",
        "/buy btc 50 ioc post @ 60000",
        "/cancel zzzz",
        "/order zzzz",
        "/chart btc 2h",
    ):
        await one.say(text)
    await one.say("/panic")
    await one.say("/buy btc 100")
    await one.say("/resume")


async def be_told(one: Traveller) -> None:
    await one.say('/alert btc > 68000 note "take profit"')
    await one.say("/alert eth cross 3000 every 30m")
    await one.say("/alert eth")
    await one.say("/alerts")
    await one.hear("BTC-USDT", "68004.6", "^take profit")
    await one.say("/watch btc eth 2%")
    await one.say("/watch")
    await one.say("/unwatch eth")
    await one.say("/alert btc > 1,500")
    await one.say("/alert btc nonsense")


async def decide_together(one: Traveller) -> None:
    """In the group; the treasurer and the other administrator act where nobody photographs."""
    stage, bob = one.stage, one.stage.seat_in_group("Bob")
    await stage.seat("Bob").say("/start")
    await one.say("/desk")
    await one.press("desk_make")
    url = await one.seat.press_for_link(one.newest("desk_lend")[1])
    alone = stage.seat(one.seat.person.name)
    await alone.say(f"/start {url.partition('start=')[2]}")
    await alone.press_first("")
    await one.screen.page.goto(f"{one.screen.page.url.partition('#')[0]}&again#{one.seat.person.id}/{one.seat.chat.id}")
    for text in ("/policy", "/policy test buy btc 900", "/buy btc 100"):
        await one.say(text)
    card, approve = one.newest("vote_yes")
    await bob.press(approve, "", card)
    await one.keep(f"[ {approve} ], Bob" if approve.isascii() else "[ approve ], Bob")
    for text in ("/propose sell btc 5", "/proposals", "/policy quorum 1", "/audit", "/approve zz"):
        await one.say(text)


async def link(one: Traveller) -> None:
    account = await one.stage.kucoin_account()
    await one.say("/connect")
    await one.say(account.key)
    await one.say(account.secret)
    await one.say(account.passphrase)
    await one.say("/keys")
    await one.say("/mode live")
    await one.say("/buy btc 20")
    await one.press("ticket_ok")


CHAPTERS: dict[str, Callable[[Traveller], Awaitable[None]]] = {
    "begin": begin,
    "prices": look_at_prices,
    "trade": trade,
    "refusals": be_refused,
    "alerts": be_told,
    "keys": link,
}


async def take() -> None:
    async with launched() as chromium:
        for language in LANGUAGES:
            async with a_stage() as stage:
                stage.playground.person(READER, language)
                seat = stage.seat(READER)
                url = stage.settings.telegram_api_url
                async with chromium.open(url, PHONE) as screen:
                    await screen.page.goto(f"{url}/?{language}#{seat.person.id}/{seat.chat.id}")
                    for chapter, journey in CHAPTERS.items():
                        traveller = Traveller(stage, seat, screen)
                        await journey(traveller)
                        save(f"{chapter}-{language}", contact_sheet(traveller.cards))
                    there = stage.seat_in_group(READER)
                    await screen.page.goto(f"{url}/?{language}-desk#{there.person.id}/{there.chat.id}")
                    group = Traveller(stage, there, screen)
                    await decide_together(group)
                    save(f"desk-{language}", contact_sheet(group.cards))


@asynccontextmanager
async def a_stage() -> AsyncIterator[Stage]:
    with TemporaryDirectory() as folder:
        database = f"sqlite+aiosqlite:///{folder}/tgbot.db"
        async with open_stage(Path(folder), database) as stage, stage.bot():
            stage.price("BTC-USDT", "67412.3")
            yield stage


def contact_sheet(cards: Sequence[tuple[str, Image.Image]]) -> Image.Image:
    """In columns of about the same height, read downwards."""
    blocks = [captioned(caption, picture) for caption, picture in cards]
    total = sum(block.height + GAP for block in blocks)
    columns: list[list[Image.Image]] = [[]]
    height = 0
    for block in blocks:
        if height > total / COLUMNS and len(columns) < COLUMNS:
            columns.append([])
            height = 0
        columns[-1].append(block)
        height += block.height + GAP
    tallest = max(sum(block.height + GAP for block in column) for column in columns)
    sheet = Image.new("RGB", (len(columns) * (CARD + GAP) + GAP, tallest + GAP), TABLE)
    for number, column in enumerate(columns):
        top = GAP
        for block in column:
            sheet.paste(block, (GAP + number * (CARD + GAP), top))
            top += block.height + GAP
    return sheet


def captioned(caption: str, picture: Image.Image) -> Image.Image:
    block = Image.new("RGB", (CARD, picture.height + CAPTION), TABLE)
    ImageDraw.Draw(block).text((0, 4), caption, INK, ImageFont.load_default(14))
    block.paste(picture.crop((0, 0, min(CARD, picture.width), picture.height)), (0, CAPTION))
    return block


def save(name: str, picture: Image.Image) -> None:
    GALLERY.mkdir(exist_ok=True)
    file = GALLERY / f"{name}.png"
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    print(f"{file.relative_to(Path.cwd())}: {picture.width}x{picture.height}, {file.stat().st_size // 1024} kB")  # noqa: T201 - a script


if __name__ == "__main__":
    os.environ["PTB_TIMEDELTA"] = "1"
    asyncio.run(take())
