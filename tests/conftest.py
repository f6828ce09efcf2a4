import gc
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.clock import JumpClock
from tests.ids import CountingIds
from tgbot.logs import TALKATIVE
from tgbot.system import spare_collector

# Without it python-telegram-bot warns that it will give up seconds as numbers, and warnings are errors here.
os.environ["PTB_TIMEDELTA"] = "1"

# No server of a test shows a certificate that somebody of this machine vouches for, and reading those takes 20 ms.
os.environ["SSL_CERT_FILE"] = os.devnull

# The library's own choice lexes and colours every traceback, a fifth of a second each.
structlog.configure(
    [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)

FIRST = ("long", "processes")

pytest_plugins = ["tests.browser", "tests.databases", "tests.faults.claims", "tests.skips", "tests.statements"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is long comes first, whatever the order of the rest, so that no worker is left alone with it at the end;
    then what starts processes: of several workers one then starts most of them, and the others, who have none to begin
    with, take their work from its other end."""
    items.sort(key=lambda item: [item.get_closest_marker(mark) is None for mark in FIRST])


def pytest_collection_finish() -> None:
    spare_collector()  # thousands of collected tests would be looked through during each of them
    gc.set_threshold(20_000, 20, 20)  # a test makes much that dies without it: looking less often saves a tenth


@pytest.fixture
def clock() -> JumpClock:
    return JumpClock()


@pytest.fixture
def ids() -> CountingIds:
    return CountingIds()


@pytest.fixture
def logs_as_before() -> Iterator[None]:
    """For what sets up the logs of the whole process, as a program does: the next test finds them as they were."""
    ours, loggers = structlog.get_config(), [logging.getLogger(name) for name in ("", *TALKATIVE)]
    handlers, levels = loggers[0].handlers[:], [logger.level for logger in loggers]
    yield
    structlog.configure(**ours)
    loggers[0].handlers[:] = handlers
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@pytest.fixture(scope="session")
def rig() -> list[str]:
    """The beginning of a command that drives a bot by a script: the Telegram rig, in an environment of its own."""
    root = Path(__file__).parents[1]
    program = root / "../shared/rig/telegram/rig.py"
    python = root / ".venv-rig/bin/python"
    if not program.exists():
        pytest.skip("no Telegram rig: ../shared is not beside this clone")
    if not python.exists():
        pytest.skip("no environment for the Telegram rig: `python3 dev.py test` makes it")
    return [str(python), str(program.resolve())]
