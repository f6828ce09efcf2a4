"""One Chromium for the whole run, and windows in it that must not complain or look elsewhere.

Tests that use it share one event loop (`SHARED_LOOP`), because the connection to the browser lives in it.
"""

import shutil
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Error, Locator, Page, Request, async_playwright, expect

PATIENCE = 10_000  # milliseconds, for a machine that has a lot to do
SHARED_LOOP = pytest.mark.asyncio(loop_scope="session")

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
# In a container it has no sandbox and no graphics; it must not speak to its maker.
_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(frozen=True, slots=True)
class Look:
    """How large the window is, and what it says of itself."""

    width: int = 1280
    height: int = 900
    theme: Literal["light", "dark"] = "light"
    scale: float = 1

    @property
    def is_phone(self) -> bool:
        return self.width < 500


DESKTOP = Look()
PHONE = Look(390, 844)


@dataclass(frozen=True, slots=True)
class Screen:
    """What a person sees of the playground's page."""

    page: Page

    @property
    def field(self) -> Locator:
        return self.page.get_by_role("textbox", name="Message")

    def button(self, name: str) -> Locator:
        """By its exact words; the newest, where several say the same."""
        return self.page.get_by_role("button", name=name, exact=True).last

    def person(self, name: str) -> Locator:
        """Whose eyes one may look through."""
        return self.page.get_by_role("group", name="You are").get_by_role("button", name=name)

    def chat(self, title: str) -> Locator:
        """Of the list of chats."""
        return self.page.get_by_role("group", name="Chats").get_by_role("button", name=title)

    def message(self, text: str) -> Locator:
        """The newest one that holds `text`, with its keyboard."""
        return self.page.locator(".message").filter(has_text=text).last

    async def say(self, text: str) -> None:
        await self.field.fill(text)
        await self.field.press("Enter")

    async def choose(self, message: Locator, action: str) -> None:
        """From the menu of a message."""
        await message.locator(".bubble").click(button="right", position={"x": 8, "y": 8})
        await self.page.get_by_role("menuitem", name=action).click()


class Chromium:
    """Keeps its windows for the next test: making one costs more than most tests."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._idle: defaultdict[Look, list[Page]] = defaultdict(list)

    @asynccontextmanager
    async def open(self, url: str, look: Look = DESKTOP) -> AsyncIterator[Screen]:
        """The page of a playground. Fails at the end if it complained or asked anybody but `url` for anything."""
        page = self._idle[look].pop() if self._idle[look] else await self._window(look)
        with _overheard(page, url) as complaints:
            await page.goto(url)
            await page.get_by_text("Connected", exact=True).wait_for(state="attached")
            yield Screen(page)
            await page.goto("about:blank")
        assert complaints == []
        self._idle[look].append(page)

    async def _window(self, look: Look) -> Page:
        context = await self._browser.new_context(
            viewport={"width": look.width, "height": look.height},
            device_scale_factor=look.scale,
            has_touch=look.is_phone,
            is_mobile=look.is_phone,
            color_scheme=look.theme,
            reduced_motion="reduce",
            permissions=["clipboard-read", "clipboard-write"],
        )
        context.set_default_timeout(PATIENCE)
        return await context.new_page()


@contextmanager
def _overheard(page: Page, url: str) -> Iterator[list[str]]:
    """What the page does in this time that it should not."""
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        # Chromium notes each refused request; the page shows the reason to the person.
        if message.type in {"error", "warning"} and "status of 400" not in message.text:
            complaints.append(f"console: {message.text}")

    def fail(error: Error) -> None:
        complaints.append(f"error: {error}")

    def look(request: Request) -> None:
        if not request.url.startswith((f"{url}/", "about:")):
            complaints.append(f"asked elsewhere: {request.url}")

    page.on("console", hear)
    page.on("pageerror", fail)
    page.on("request", look)
    yield complaints
    page.remove_listener("console", hear)
    page.remove_listener("pageerror", fail)
    page.remove_listener("request", look)


@asynccontextmanager
async def launched() -> AsyncIterator[Chromium]:
    """Raises `LookupError` where there is no Chromium."""
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        raise LookupError("no Chromium here")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=_OPTIONS)
        expect.set_options(timeout=PATIENCE)
        yield Chromium(browser)
        await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Chromium]:
    try:
        async with launched() as chromium:
            yield chromium
    except LookupError as error:
        pytest.skip(f"{error}: the page is not tried in a browser")
