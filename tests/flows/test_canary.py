"""Every secret is a marker; a journey through everything, at debug level and past every fault, leaves none of them."""

import asyncio
import base64
import json
import signal
import sqlite3
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from tests.flows.processes import Running, running
from tests.flows.stage import TOKEN, Seat, Stage
from tests.ports import free_bind
from tgbot.paper.exchange import Credentials
from tgbot.paper.faults import Mode
from tgbot.settings import Settings

pytestmark = pytest.mark.processes

WEBHOOK_SECRET = "canary-webhook-secret-0123456789"
WRONG = Credentials("c0ffee000000000000000001", "c0ffee00-0000-4000-8000-000000000001", "canary-wrong-phrase")
LEAKED = ("c0ffee000000000000000002", "c0ffee00-0000-4000-8000-000000000002")
LOST = "canary-phrase-after-the-time"


@dataclass
class Journey:
    """The people, and what the bot's processes have written."""

    stage: Stage
    account: Credentials
    settings: Settings
    written: list[str] = field(default_factory=list)
    stored: list[bytes] = field(default_factory=list)
    masters: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ann, self.bob, self.eve = (self.stage.seat(name) for name in ("Ann", "Bob", "Eve"))

    async def run(self) -> None:
        """Three lives of the bot: one that sees everything, one that ends in the middle, one that finds the rest."""
        with_webhook = self.settings.model_copy(update=free_webhook() | {"log_format": "json"})
        for settings, chapters in (
            (with_webhook, [self.practise(), self.go_live(), self.talk_too_much()]),
            (self.settings, [self.stumble()]),
            (with_webhook, [self.come_back()]),
        ):
            async with running("run", settings=settings) as bot:
                await bot.until("receiving")
                await self.live(bot, chapters)
                self.note_files()
                await bot.end(signal.SIGTERM)
                self.note(bot)
        for arguments in (("invite",), ("keys", "reset", "--yes")):
            async with running(*arguments, settings=self.settings) as process:
                assert await process.end() == 0, process.log
                self.note(process)

    async def live(self, bot: Running, chapters: Sequence[Coroutine[None, None, None]]) -> None:
        async with asyncio.TaskGroup() as tasks:
            reading = tasks.create_task(bot.read_on())
            await asyncio.wait([tasks.create_task(chapter) for chapter in chapters])
            reading.cancel()

    def note_files(self) -> None:
        """The database and its write-ahead log."""
        self.stored += [file.read_bytes() for file in self.stage.folder.glob("tgbot.db*")]

    def note(self, process: Running) -> None:
        """What the process leaves behind."""
        self.written.append(process.log)
        self.note_files()
        self.masters.append(base64.b64decode(self.settings.master_key_file.read_bytes().splitlines()[1]))

    async def practise(self) -> None:
        ann = self.ann
        await ann.say("/start")
        await ann.press("Try on paper", "10,000 USDT")
        for command in (
            "/help",
            "/price btc eth",
            "/chart btc",
            "/book btc",
            "/movers",
            "/watch btc",
            "/alert btc > 70000",
            "/alerts",
            "/settings zone Europe/Berlin",
            "/balance",
        ):
            await ann.say(command)
        await ann.say("/buy btc 100", "Buy BTC-USDT")
        await ann.press("Confirm", "^Filled")
        await ann.say("/buy btc 100 @ 50000", "Buy BTC-USDT")
        await ann.press("Confirm", "^Placed")
        for command in ("/orders", "/cancel all", "/history", "/pnl", "/paper reset", "/nonsense", "/panic", "/resume"):
            await ann.say(command)

    async def go_live(self) -> None:
        bob, faults = self.bob, self.stage.faults
        await bob.say("/start")
        await enter(bob, WRONG, "^refused")
        faults.add("GET", "/api/v1/user/api-key", Mode.DROP, times=1)
        faults.add("GET", "/api/v1/user/api-key", Mode.HTML, times=9, status=503)
        await enter(bob, self.account, "^refused")
        faults.clear()
        await enter(bob, self.account, "^Connected")
        await bob.say("/keys")
        for mode in (Mode.LOST, Mode.DROP, Mode.TRUNCATED):
            faults.add("POST", "/api/v1/hf/orders", mode)
            await bob.say("/buy btc 20", "Buy BTC-USDT")
            await bob.press("Confirm", "^Filled|^Unknown|^Not sent|^Not placed")
        faults.add("GET", "/api/v1/accounts", Mode.ERROR, times=3, code="400005", message="Invalid KC-API-SIGN")
        await bob.say("/balance")
        faults.clear()
        await bob.say("/balance", "USDT")

    async def talk_too_much(self) -> None:
        eve, playground = self.eve, self.stage.playground
        await eve.say("/start")
        for secret in LEAKED:
            await eve.say(f"my key is {secret}")
        note = await playground.say(eve.person, eve.chat, "a note")
        await playground.edit(note, f"a note with {LEAKED[0]}")
        await playground.forward(eve.person, note, eve.chat)
        await playground.inline(eve.person, LEAKED[1])
        group = await playground.group("Talk", eve.person)
        await playground.promote(group, playground.bot)
        mine = await playground.say(eve.person, group, f"use {LEAKED[0]} and {LEAKED[1]}")
        await playground.wait_for(group, "", since=mine)

    async def stumble(self) -> None:
        """The end comes in the middle of an entry, after Telegram has failed in every way."""
        telegram = self.stage.playground.faults
        telegram.add("getUpdates", "drop", times=2)
        faults = [telegram.add("sendMessage", mode) for mode in ("drop", "lost", "html", "error")]
        for _ in faults:
            await self.stage.playground.say(self.bob.person, self.bob.chat, "/price eth")
        await self.stage.until(lambda: all(fault.hits for fault in faults), patience=60)
        await self.bob.say("/connect", "1 of 3", patience=40)
        telegram.add("deleteMessage", "html", times=1)
        await self.bob.say(self.account.key, "2 of 3", patience=20)
        await self.stage.playground.say(self.bob.person, self.bob.chat, self.account.secret)

    async def come_back(self) -> None:
        await self.bob.say(LOST, patience=20)
        await self.bob.press("Cancel")
        await self.bob.say("/price btc", "67,")


@pytest.mark.long
@pytest.mark.timeout(180)
async def test_no_secret_is_left_anywhere(stage: Stage) -> None:
    keys = stage.folder / "keys"
    settings = stage.settings.model_copy(update={"log_level": "debug", "master_key_file": keys / "master.key"})
    account = await stage.kucoin_account(passphrase="canary-passphrase-1")
    journey = Journey(stage, account, settings)
    await journey.run()

    secrets = {TOKEN, WEBHOOK_SECRET, *LEAKED, LOST, *three_of(account), *three_of(WRONG), *paper_secrets(keys)}
    assert len(secrets) >= 14, "paper accounts have secrets too"
    markers = {form for secret in secrets for form in forms_of(secret.encode())}
    markers |= {form for master in journey.masters for form in forms_of(master)}
    log = "\n".join(journey.written).encode()
    assert b"ready" in log
    assert b"debug" in log
    assert found_in(log, markers) == []
    assert found_in(everything_said(stage), markers) == []
    assert len(journey.stored) >= 3
    for content in journey.stored:
        assert found_in(content, markers) == []


def free_webhook() -> dict[str, object]:
    """Settings for one on a free port of this machine."""
    bind = free_bind()
    return {
        "telegram_webhook_url": f"http://{bind}/hook",
        "telegram_webhook_secret": SecretStr(WEBHOOK_SECRET),
        "web_bind": bind,
    }


async def enter(seat: Seat, account: Credentials, expect: str) -> None:
    await seat.say("/connect", "1 of 3")
    await seat.say(account.key, "2 of 3")
    await seat.say(account.secret, "3 of 3")
    await seat.say(account.passphrase, expect, patience=20)


def three_of(account: Credentials) -> tuple[str, str, str]:
    return account.key, account.secret, account.passphrase


def paper_secrets(folder: Path) -> Iterator[str]:
    """Of the accounts that people have opened on paper; the paper exchange itself has to know them."""
    with closing(sqlite3.connect(folder / "paper.db")) as database:
        for row in database.execute("SELECT key, secret, passphrase FROM accounts"):
            yield from row


def forms_of(secret: bytes) -> set[bytes]:
    """As it is, and as it would look in a header, an address or a dump."""
    encoded = {base64.b64encode(secret).rstrip(b"="), base64.urlsafe_b64encode(secret).rstrip(b"=")}
    return {secret, secret.hex().encode(), quote(secret, safe="").encode(), *encoded}


def found_in(content: bytes, markers: set[bytes]) -> list[bytes]:
    return [content[max(0, at - 80) : at + 80] for marker in markers if (at := content.find(marker)) >= 0]


def everything_said(stage: Stage) -> bytes:
    """What is in the chats, was shown over a button, or went to Telegram at all."""
    playground = stage.playground
    shown = [message.to_json() for chat in playground.world.chats.values() for message in playground.messages(chat)]
    toasts = [press.text for press in playground.world.presses.values()]
    calls = [call.params for call in playground.journal.calls() if call.method != "setWebhook"]
    return json.dumps([shown, toasts, calls], ensure_ascii=False).encode()
