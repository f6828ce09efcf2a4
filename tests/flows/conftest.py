from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults import oracle
from tests.flows.stage import Seat, Stage, kept_open, open_stage
from tgbot.db.engine import Database


@pytest.fixture
async def stage(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Stage]:
    """Servers only; a test starts the bot itself, as often as it needs."""
    async with kept_open(open_stage(tmp_path, sqlite_url)) as stage:
        yield stage


@pytest.fixture
async def judged(stage: Stage, capsys: pytest.CaptureFixture[str]) -> AsyncIterator[None]:
    """The oracles at the end of the scenario, when no bot runs any more."""
    yield
    database = Database(stage.settings.database_url.get_secret_value())
    printed = capsys.readouterr()
    breaches = await oracle.judge(stage.kucoin, database, printed.out + printed.err, is_settled=True)
    await database.close()
    assert breaches == []


@pytest.fixture
async def ann(stage: Stage) -> AsyncIterator[Seat]:
    """The bot runs, and Ann sits in her private chat with it."""
    async with kept_open(stage.bot()):
        yield stage.seat("Ann")


@pytest.fixture
async def trader(ann: Seat) -> Seat:
    """Ann on paper."""
    await ann.say("/start", "Hello Ann")
    await ann.press("Try on paper", "10,000 USDT")
    return ann
