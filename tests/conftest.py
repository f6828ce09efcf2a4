import os

import pytest

from tests.clock import JumpClock
from tests.ids import CountingIds

# Without it python-telegram-bot warns that it will give up seconds as numbers, and warnings are errors here.
os.environ["PTB_TIMEDELTA"] = "1"

pytest_plugins = ["tests.databases", "tests.skips"]


@pytest.fixture
def clock() -> JumpClock:
    return JumpClock()


@pytest.fixture
def ids() -> CountingIds:
    return CountingIds()
