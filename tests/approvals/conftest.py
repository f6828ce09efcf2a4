from collections.abc import AsyncIterator

import pytest

from tests.approvals.group import STANDINGS, Group, Telegram, approvals_of
from tests.faults import oracle
from tests.trading.conftest import client, clock, desk, desk_url, on_both_databases, ssl_context
from tests.trading.desk import Desk

__all__ = ["client", "clock", "desk", "desk_url", "on_both_databases", "ssl_context"]


@pytest.fixture
async def group(desk: Desk, capsys: pytest.CaptureFixture[str]) -> AsyncIterator[Group]:
    """Its desk is set up with the usual rules, and Ann's account is lent. The oracles at the end of every scenario."""
    telegram = Telegram(dict(STANDINGS))
    group = Group(desk, telegram, approvals_of(desk, desk.now, telegram))
    await group.set_up()
    await desk.told()
    yield group
    printed = capsys.readouterr()
    assert await oracle.judge(desk.exchange, desk.database, printed.out + printed.err) == []
