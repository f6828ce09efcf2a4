"""Writes docs/gallery: `python3 dev.py gallery`, or with the names of sheets only those, as in `gallery orders en`.

Each sheet is a journey of its own: its own exchange, its own bot, and the same traveller.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from traceback import format_exception

from tests.browser import Chromium, Look, launched
from tests.flows.gallery.chapters import CHAPTERS, Chapter
from tests.flows.gallery.sheet import contact_sheet, save
from tests.flows.gallery.shown import Overheard, overhearing, write_list
from tests.flows.gallery.traveller import Traveller
from tests.flows.stage import open_stage

PHONE = Look(390, 12_000)  # so that nothing is scrolled away
LANGUAGES = ("en", "ru")
READER = "Ann"  # she owns the group, which Bob administers


async def take(wanted: Sequence[str]) -> bool:
    """Whether every journey came to its end; of one that did not, there is a sheet all the same."""
    names = [name for name in wanted if name in CHAPTERS] or list(CHAPTERS)
    languages = [language for language in LANGUAGES if language in wanted] or list(LANGUAGES)
    shown: dict[str, set[str]] = {name: set() for name in names}
    broken: list[str] = []

    async def take_all(language: str) -> None:
        for name in names:
            traveller, error = await travel(CHAPTERS[name], language, chromium, heard)
            save(f"{name}-{language}", contact_sheet(traveller.cards))
            shown[name] |= traveller.shown
            if error is not None:
                print(f"{name}-{language} broke off:", *format_exception(error), sep="\n")  # noqa: T201 - a script
                broken.append(f"{name}-{language}")

    with overhearing() as heard:
        async with launched() as chromium, asyncio.TaskGroup() as tasks:
            for language in languages:
                tasks.create_task(take_all(language))
    write_list(shown, CHAPTERS)
    print("broken off:", *broken or ["none"])  # noqa: T201 - a script
    return not broken


async def travel(
    chapter: Chapter, language: str, chromium: Chromium, heard: Overheard
) -> tuple[Traveller, Exception | None]:
    with TemporaryDirectory() as folder:
        database = f"sqlite+aiosqlite:///{folder}/tgbot.db"
        async with open_stage(Path(folder), database) as stage:
            stage.price("BTC-USDT", "67412.3")
            stage.playground.person(READER, language)
            async with chromium.open(stage.settings.telegram_api_url, PHONE) as screen:
                traveller, error = Traveller(stage, stage.seat(READER), screen, heard, language), None
                try:
                    await traveller.wake_bot()
                    await traveller.go_to(traveller.seat)
                    await chapter(traveller)
                except Exception as caught:  # noqa: BLE001 - the other sheets are taken all the same
                    error = caught
                await traveller.stop_bot()
                return traveller, error


if __name__ == "__main__":
    os.environ["PTB_TIMEDELTA"] = "1"
    sys.exit(0 if asyncio.run(take(sys.argv[1:])) else 1)
