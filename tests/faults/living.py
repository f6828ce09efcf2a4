"""A life of a bot as a process of its own, which is killed or frozen at a crash point."""

import asyncio
import ctypes
import json
import os
import signal
from pathlib import Path

import structlog

from tests.faults.pace import FastClock
from tgbot import app, logs
from tgbot.core import crash
from tgbot.core.errors import BotError
from tgbot.settings import Settings
from tgbot.system import SystemIds

# Lets strace in where the kernel allows it to none but a parent (Yama); elsewhere it means nothing.
PR_SET_PTRACER, PR_SET_PTRACER_ANY = 0x59616D61, -1

FROZEN = " frozen"


def live(log: Path, settings: Path, armed: Path, started: float, speed: int) -> None:
    """To its end, on the settings of a JSON file. `armed` is a file: when the bot comes to the crash point that is
    named there, it is killed as `kill -9` does, or frozen where the file says so after the name. Only this script looks
    at it. `started` is the monotonic moment from which time runs `speed` times as fast as it does, here and in the
    process that plays KuCoin and Telegram."""
    ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_ulong(PR_SET_PTRACER_ANY))
    with log.open("a") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    crash.arm(lambda point: meet(point, armed.read_text() if armed.exists() else ""))
    read = Settings.model_validate(json.loads(settings.read_text()))
    logs.configure("debug", "json", [read.telegram_token.get_secret_value()])
    code = 1
    try:
        asyncio.run(until_told(read, FastClock(started, speed)))
        code = 0
    except* BotError as reason:
        structlog.get_logger().error("ended", exc_info=reason)
    finally:
        os._exit(code)


async def until_told(settings: Settings, clock: FastClock) -> None:
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    await app.run(settings, clock, SystemIds(), stopping)


def meet(point: str, armed: str) -> None:
    if armed == point:
        os.kill(os.getpid(), signal.SIGKILL)
    if armed == point + FROZEN:
        os.kill(os.getpid(), signal.SIGSTOP)
