"""Takes the pictures of `docs/images` anew, from the real bot in a real browser: `python -m tests.flows.pictures`."""

import asyncio
import os
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.async_api import expect

from tests.browser import Look, Screen, launched
from tests.flows.stage import Stage, open_stage

IMAGES = Path(__file__).parents[2] / "docs" / "images"
PHONE = Look(390, 760, scale=2)
COLOURS = 256
GAP = 24
TABLE = "#dfe6ee"  # what the phones lie on


async def take() -> None:
    with TemporaryDirectory() as folder:
        database = f"sqlite+aiosqlite:///{folder}/tgbot.db"
        async with open_stage(Path(folder), database) as stage, stage.bot(), launched() as chromium:
            stage.price("BTC-USDT", "67412.3")
            async with chromium.open(stage.settings.telegram_api_url, PHONE) as screen:
                pictures = await journey(stage, screen)
    for name, picture in pictures.items():
        save(name, picture)
    save("first-trade", side_by_side([pictures[name] for name in ("price", "ticket", "filled")]))


async def journey(stage: Stage, screen: Screen) -> dict[str, Image.Image]:
    """From Start to an alert that rings."""
    pictures = {}
    await screen.button("Start").tap()
    await expect(screen.message("Hello Ann!")).to_be_visible()
    pictures["greeting"] = await picture(screen)
    await screen.button("Try on paper").tap()
    await expect(screen.message("Your paper account is open")).to_be_visible()
    await screen.say("/price btc")
    await expect(screen.message("BTC-USDT 67,412.3")).to_be_visible()
    pictures["price"] = await picture(screen)
    await screen.say("/buy btc 100")
    await expect(screen.button("Confirm")).to_be_visible()
    pictures["ticket"] = await picture(screen)
    await screen.button("Confirm").tap()
    await expect(screen.message("Filled")).to_be_visible()
    pictures["filled"] = await picture(screen)
    await screen.say("/alert btc > 68000")
    await expect(screen.message("Alert set")).to_be_visible()
    stage.price("BTC-USDT", "68004.6")
    await expect(screen.message("now 68,004.6")).to_be_visible()
    pictures["alert"] = await picture(screen)
    await screen.say("/chart btc")
    await expect(screen.page.locator(".message img")).to_have_js_property("complete", value=True)
    pictures["chart"] = await picture(screen)
    return pictures


async def picture(screen: Screen) -> Image.Image:
    return Image.open(BytesIO(await screen.page.screenshot(animations="disabled"))).convert("RGB")


def side_by_side(pictures: Sequence[Image.Image]) -> Image.Image:
    """At half their size."""
    small = [
        picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.LANCZOS) for picture in pictures
    ]
    width, height = small[0].size
    sheet = Image.new("RGB", (len(small) * (width + GAP) + GAP, height + 2 * GAP), TABLE)
    for number, each in enumerate(small):
        sheet.paste(each, (GAP + number * (width + GAP), GAP))
    return sheet


def save(name: str, picture: Image.Image) -> None:
    IMAGES.mkdir(exist_ok=True)
    file = IMAGES / f"{name}.png"
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    print(f"{file.relative_to(Path.cwd())}: {file.stat().st_size // 1024} kB")  # noqa: T201 - a script


if __name__ == "__main__":
    os.environ["PTB_TIMEDELTA"] = "1"
    asyncio.run(take())
