import pytest

from tests.approvals.group import STANDINGS, Group, Telegram, approvals_of
from tests.trading.conftest import client, clock, desk, desk_url, on_both_databases, ssl_context
from tests.trading.desk import Desk

__all__ = ["client", "clock", "desk", "desk_url", "on_both_databases", "ssl_context"]


@pytest.fixture
async def group(desk: Desk) -> Group:
    """Its desk is set up with the usual rules, and Ann's account is lent."""
    telegram = Telegram(dict(STANDINGS))
    group = Group(desk, telegram, approvals_of(desk, desk.now, telegram))
    await group.set_up()
    await desk.told()
    return group
