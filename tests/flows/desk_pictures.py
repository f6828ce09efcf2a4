"""Takes the pictures of a desk for `docs/images` anew: `python -m tests.flows.desk_pictures`."""

import asyncio
import os
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.async_api import expect

from tests.browser import Screen, launched
from tests.flows.pictures import PHONE, picture, save, side_by_side
from tests.flows.stage import Stage, open_stage


async def take() -> None:
    with TemporaryDirectory() as folder:
        database = f"sqlite+aiosqlite:///{folder}/tgbot.db"
        async with open_stage(Path(folder), database) as stage, stage.bot(), launched() as chromium:
            stage.price("BTC-USDT", "67412.3")
            async with chromium.open(stage.settings.telegram_api_url, PHONE) as screen:
                pictures = await journey(stage, screen)
    save("desk-approval", side_by_side([pictures[name] for name in ("proposed", "one-approval", "filled")]))
    save("desk-set-up", side_by_side([pictures[name] for name in ("desk", "lend", "rules")]))
    save("desk-record", pictures["record"])


async def journey(stage: Stage, screen: Screen) -> dict[str, Image.Image]:
    """Ann's phone: she sets the desk up and lends her paper account; Eve proposes, Ann and Bob approve."""
    pictures = {}
    play = stage.playground
    bob, eve = play.person("Bob"), play.person("Eve", "en")
    for name in ("Bob", "Eve"):
        await stage.seat(name).say("/start", name)
    await screen.button("Start").tap()
    await screen.button("Try on paper").tap()
    await expect(screen.message("Your paper account is open")).to_be_visible()
    await open_group(screen)
    await screen.say("/desk")
    await screen.button("Set up a desk").tap()
    await expect(screen.message("Account: none yet")).to_be_visible()
    pictures["desk"] = await picture(screen)
    await screen.button("Lend my account").tap()
    await expect(screen.message("Lend an account to Desk?")).to_be_visible()
    pictures["lend"] = await picture(screen)
    await screen.page.locator(".message button").filter(has_text="PAPER").last.tap()
    await expect(screen.message("Lent to Desk")).to_be_visible()
    await open_group(screen)
    pass_time(stage)
    await screen.say("/policy")
    await expect(screen.message("Rules of this desk")).to_be_visible()
    pictures["rules"] = await picture(screen)
    pass_time(stage)
    await play.say(eve, play.desk, "/propose buy btc 500")
    await expect(screen.message("Approvals: 0 of 2")).to_be_visible()
    pictures["proposed"] = await picture(screen)
    await screen.button("Approve").tap()
    await expect(screen.message("Approvals: 1 of 2")).to_be_visible()
    pictures["one-approval"] = await picture(screen)
    pass_time(stage)
    card = next(message for message in play.messages(play.desk) if "1 of 2" in message.text)
    await play.press(bob, card, "Approve")
    await expect(screen.message("Filled")).to_be_visible()
    pictures["filled"] = await picture(screen)
    pass_time(stage)
    await screen.say("/audit")
    await expect(screen.message("Record:")).to_be_visible()
    pictures["record"] = await picture(screen)
    return pictures


async def open_group(screen: Screen) -> None:
    await screen.page.get_by_role("button", name="People and chats").tap()
    await screen.chat("Desk").last.tap()  # the newest message of the private chat may name it too


def pass_time(stage: Stage) -> None:
    """In a group Telegram lets a bot speak 20 times a minute."""
    stage.clock.shift += timedelta(seconds=20)


if __name__ == "__main__":
    os.environ["PTB_TIMEDELTA"] = "1"
    asyncio.run(take())
