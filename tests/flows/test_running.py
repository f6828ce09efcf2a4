"""The bot as processes: a second one of the same token, a killed one, one that is told to stop."""

import os
import signal
import time
from time import perf_counter

import pytest

from tests.flows.processes import ended, running
from tests.flows.stage import Stage
from tgbot import cli, system

pytestmark = pytest.mark.processes


@pytest.mark.long
@pytest.mark.timeout(120)
async def test_the_second_of_two_stops_and_names_the_first_whose_work_goes_on_after_a_kill(stage: Stage) -> None:
    ann = stage.seat("Ann")
    async with running("run", settings=stage.settings) as first:
        await first.until("ready")
        refused = await ended("run", settings=stage.settings, status=2)
        assert "Another process is running this bot already" in refused
        assert f"process {first.process.pid}" in refused
        await ann.say("/start", "Hello Ann")
        assert await first.end(signal.SIGKILL) == -signal.SIGKILL
    await stage.playground.say(ann.person, ann.chat, "/help")
    async with running("run", settings=stage.settings) as next_one:
        await next_one.until("ready")
        await ann.hears("What would you like to do")
        began = perf_counter()
        assert await next_one.end(signal.SIGTERM) == 0
        assert perf_counter() - began < 10
    async with running("run", settings=stage.settings) as last:
        began = perf_counter()
        await last.until("ready")
        assert perf_counter() - began < 9, "whoever stops in order gives the lease back"


def stalling() -> None:
    """A bot that stands still for a minute when it is told to, and is not as patient as the real one."""
    system.LONGEST_STANDSTILL = 4
    signal.signal(signal.SIGUSR1, lambda *_: time.sleep(60))  # noqa: TID251 - nobody has a turn meanwhile: that is the fault
    cli.main()


@pytest.mark.timeout(60)
async def test_a_bot_that_stands_still_ends_and_says_where_and_the_next_goes_on(stage: Stage) -> None:
    ann = stage.seat("Ann")
    async with running("run", settings=stage.settings, program=stalling) as bot:
        await bot.until("ready")
        began = perf_counter()
        assert await bot.end(signal.SIGUSR1) == 1
        assert perf_counter() - began < 15
        assert "Timeout" in bot.log
        assert "<lambda>" in bot.log
    await stage.playground.say(ann.person, ann.chat, "/start")
    async with running("run", settings=stage.settings) as bot:
        await bot.until("ready")
        await ann.hears("Hello Ann")


def flooding() -> None:
    """A bot that says more than anybody reads when it is told to, and waits for somebody to read it."""
    unread = os.pipe()

    def flood(*_: object) -> None:
        os.dup2(unread[1], 2)
        while True:
            os.write(2, b"x" * 2**16)

    system.LONGEST_STANDSTILL = 4
    signal.signal(signal.SIGUSR1, flood)
    cli.main()


@pytest.mark.timeout(60)
async def test_it_ends_too_where_nobody_reads_what_it_says(stage: Stage) -> None:
    async with running("run", settings=stage.settings, program=flooding) as bot:
        await bot.until("ready")
        assert await bot.end(signal.SIGUSR1) == -signal.SIGALRM


async def test_a_revoked_token_ends_the_process(stage: Stage) -> None:
    async with running("run", settings=stage.settings) as bot:
        await bot.until("ready")
        stage.playground.world.token = "7000000001:another-token-0123456789-abcdefghijkl"
        assert await bot.end() == 2
        assert "refuses the bot token" in bot.log


async def test_a_second_poller_elsewhere_ends_the_process(stage: Stage) -> None:
    """With a database of its own the lease does not help; Telegram says so."""
    async with running("run", settings=stage.settings) as bot:
        await bot.until("ready")
        stage.playground.faults.add("getUpdates", code=409, detail="terminated by other getUpdates request")
        ann = stage.seat("Ann")
        await stage.playground.say(ann.person, ann.chat, "/start")
        assert await bot.end() == 1
        assert "Traceback" not in bot.log


async def test_while_telegram_is_out_of_reach_two_signals_end_it(stage: Stage) -> None:
    settings = stage.settings.model_copy(update={"telegram_api_url": "http://127.0.0.1:1"})
    async with running("run", settings=settings) as bot:
        await bot.until("telegram_unreachable")
        assert await bot.end(signal.SIGINT, signal.SIGTERM) == 0
