"""Gives birth to bots: a process that has everything imported already and forks a new life for each line it reads.

python -m tests.faults.nursery LOG SETTINGS.json ARMED STARTED SPEED

`ARMED` is a file: when the bot comes to the crash point that is named there, it is killed as `kill -9` does, or frozen
where the file says so after the name. Only this script looks at it. `STARTED` is the monotonic moment from which time
runs `SPEED` times as fast as it does, here and in the process that plays KuCoin and Telegram.
"""

import asyncio
import ctypes
import json
import os
import signal
import sys
from pathlib import Path

import structlog
from sqlalchemy.orm import configure_mappers

from tests.faults.pace import FastClock
from tgbot import app, logs
from tgbot.core import crash
from tgbot.core.errors import BotError
from tgbot.kucoin import readers
from tgbot.packaged import folder
from tgbot.settings import Settings
from tgbot.system import SystemIds
from tgbot.texts.catalogue import Catalogue

# Lets strace in where the kernel allows it to none but a parent (Yama); elsewhere it means nothing.
PR_SET_PTRACER, PR_SET_PTRACER_ANY = 0x59616D61, -1

FROZEN = " frozen"


def main(log: str, settings: str, armed: str, started: str, speed: str) -> None:
    warm_up()
    clock = FastClock(float(started), int(speed))
    tell("warm")
    for _ in sys.stdin:
        if child := os.fork():
            tell(f"born {child}")
            _, status = os.waitpid(child, 0)
            tell(f"ended {os.waitstatus_to_exitcode(status)}")
        else:
            live(Path(log), Settings.model_validate(json.loads(Path(settings).read_text())), Path(armed), clock)


def warm_up() -> None:
    """What every life would do again, at the cost of half its beginning."""
    Catalogue(folder("locales"))
    configure_mappers()
    readers.fastest()
    os.environ["SSL_CERT_FILE"] = os.devnull  # nobody here shows a certificate that would have to be vouched for


def live(log: Path, settings: Settings, armed: Path, clock: FastClock) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_ulong(PR_SET_PTRACER_ANY))
    with log.open("a") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    crash.arm(lambda point: meet(point, armed.read_text() if armed.exists() else ""))
    logs.configure("debug", "json", [settings.telegram_token.get_secret_value()])
    code = 1
    try:
        asyncio.run(until_told(settings, clock))
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


def tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
