"""Somebody goes through the product, and what the bot answers is photographed."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from io import BytesIO

from PIL import Image

from tests.browser import Screen
from tests.flows.gallery.sheet import Card, toast
from tests.flows.gallery.shown import Overheard
from tests.flows.stage import Seat, Stage
from tgbot.paper.faults import Mode
from tgbot.playground.chats import Message

REST = 0.35  # seconds in which a chat that has come to rest does not change
AWAY = "delivery.away"
LONG = 45  # seconds of patience for what is looked at every few
SHORT = 20  # a key is longer
_WAKING = asyncio.Lock()  # a process migrates one database at a time


def nothing() -> None:
    """Only time passes."""


@dataclass
class Traveller:
    """A person and the window on their phone. Buttons are found by what they do and messages by the texts in them, so
    that any language will do."""

    stage: Stage
    seat: Seat
    screen: Screen
    heard: Overheard
    language: str
    cards: list[Card] = field(default_factory=list)
    shown: set[str] = field(default_factory=set)
    _life: AsyncExitStack = field(default_factory=AsyncExitStack)
    _seen: dict[int, int] = field(default_factory=dict)
    _began: int = 0
    _visits: int = 0

    async def wake_bot(self) -> None:
        """Until it knows the pairs."""
        asked = self.stage.faults.add("GET", "/api/v2/symbols", Mode.DELAY)
        async with _WAKING:
            await self._life.enter_async_context(self.stage.bot())
            await self.stage.until(lambda: asked.hits > 0)
        await self.stage.clock.sleep(REST)

    async def stop_bot(self) -> None:
        await self._life.aclose()

    async def go_to(self, seat: Seat) -> None:
        """Sits there from now on."""
        self.seat = seat
        base = self.stage.settings.telegram_api_url
        self._visits += 1  # another query, so that the page is loaded anew
        await self.screen.page.goto(f"{base}/?{self._visits}#{seat.person.id}/{seat.chat.id}")
        self.look_away()

    # Acts whose answers are photographed

    async def say(self, *texts: str) -> None:
        for text in texts:
            self.look_away()
            await self.seat.say(text, patience=LONG)
            await self._keep(text if text.startswith("/") or len(text) < SHORT else "…")

    async def press(self, verb: str) -> None:
        """The newest button that does this; the card is the message that changes, or those that come."""
        self.look_away()
        message, label = self.newest(verb)
        await self.seat.press(label, "", message)
        await self._keep(f"[ {label} ]", message)

    async def press_for_toast(self, verb: str) -> None:
        message, label = self.newest(verb)
        words = await self.seat.press_for_toast(label, message)
        if keys := self.heard.keys(words):
            self.cards.append((f"[ {label} ]", toast(words)))
            self.shown |= keys
        await self.stage.clock.sleep(REST)
        await self.screen.page.keyboard.press("Escape")  # what is shown over all else goes away

    async def hear(self, caption: str, key: str, act: Callable[[], object] = nothing) -> Message:
        """What is told of something that happens: a message with this text, and whatever comes with it."""
        act()
        self.seat._take_time()
        message = await self.awaited(key)
        await self.stage.clock.sleep(1)  # as long as Telegram's limit keeps a second message of it back
        await self._keep(f"({caption})", message)
        return message

    async def keep_all(self) -> None:
        """Whatever has come since the last act."""
        await self._keep("…")

    async def find(self, caption: str, key: str) -> None:
        """The newest message with this text, which came while nobody looked."""
        message = next(each for each in reversed(self.said()) if key in self.keys(each))
        await self._photograph(f"({caption})", message)

    # Acts that are not of interest here

    async def quietly(self, *texts: str) -> None:
        for text in texts:
            await self.seat.say(text, patience=LONG)
        self.look_away()

    async def tap(self, verb: str) -> None:
        message, label = self.newest(verb)
        await self.seat.press(label, "", message)
        await self.stage.clock.sleep(REST)
        self.look_away()

    async def tap_settings(self, verb: str) -> None:
        """Of /settings, with a picture of what comes."""
        await self.quietly("/settings")
        await self.press(verb)

    async def fed(self, *symbols: str) -> None:
        """Until the bot listens to their prices."""
        for symbol in symbols:
            await self.stage.until(partial(self.stage.kucoin.streams.readers, f"/market/ticker:{symbol}"))

    async def awaited(self, key: str) -> Message:
        """The message with this text that came or changed since the last act."""
        return await self.stage.playground.wait_for(
            self.seat.chat, lambda message: message.revision > self._began and key in self.keys(message), LONG
        )

    def look_away(self) -> None:
        """What is in the chat now is not of interest any more."""
        self._seen = {message.id: message.revision for message in self.said()}
        self._began = max(self._seen.values(), default=0)

    def pass_time(self, **span: float) -> None:
        self.stage.clock.shift += timedelta(**span)

    # What is in the chat

    def said(self) -> list[Message]:
        """What this person sees of the bot here."""
        bot = self.stage.playground.bot
        return [
            message
            for message in self.stage.playground.messages(self.seat.chat)
            if message.sender is bot
            and message.content.get("receiver_user", {}).get("id") in {None, self.seat.person.id}
        ]

    def keys(self, message: Message) -> frozenset[str]:
        return self.heard.keys(message.text)

    def newest(self, verb: str) -> tuple[Message, str]:
        """Of a button whose data are this or, where there is none, begin so."""
        said = reversed(self.said())
        offered = [(message, button) for message in said for row in message.buttons for button in row]
        for does in (verb.__eq__, lambda data: data.startswith((f"{verb}:", f"{verb} "))):
            for message, button in offered:
                if does(str(button.get("callback_data", ""))):
                    return message, button["text"]
        raise LookupError(f"no button here does {verb!r}: {[message.text for message in self.said()[-2:]]}")

    def short(self) -> str:
        """The newest id of something in this chat."""
        texts = [message.text for message in reversed(self.said()) if "#" in message.text]
        return texts[0].rpartition("#")[2][:4]

    async def _keep(self, caption: str, pressed: Message | None = None) -> None:
        """What has come, once the chat is at rest, and what was pressed if that has changed; else what has changed
        last."""
        await self.stage.clock.sleep(REST)
        if not any(each.id not in self._seen for each in self.said()):
            await self.stage.clock.sleep(1)  # Telegram's limit may keep back what comes besides
        said = self.said()
        changed = [each for each in said if self._seen.get(each.id) != each.revision]
        kept = [each for each in changed if each.id not in self._seen or each is pressed]
        for message in kept or changed[-1:]:
            if AWAY in self.keys(message) and message is not pressed:
                continue  # the clock was moved
            await self._photograph(caption, message)
            caption = "…"
        self._seen |= {each.id: each.revision for each in changed}

    async def _photograph(self, caption: str, message: Message) -> None:
        shown = self.screen.page.locator(f'.message[data-id="{message.id}"]')
        await shown.wait_for()
        await self.screen.page.wait_for_function(
            "node => [...node.querySelectorAll('img')].every((picture) => picture.complete)",
            arg=await shown.element_handle(),
        )
        png = await shown.screenshot(animations="disabled")
        self.cards.append((caption, Image.open(BytesIO(png)).convert("RGB")))
        self.shown |= self.keys(message)


def each_of(words: Iterable[str], form: str) -> list[str]:
    return [form.format(word) for word in words]
