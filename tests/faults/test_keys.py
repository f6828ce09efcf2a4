"""Rows Y: the master key is wrong or lost, a wrong key is entered, while an order of the person rests."""

import asyncio
import base64
from dataclasses import replace
from pathlib import Path

import pytest

from tests.flows.stage import Seat, Stage
from tests.flows.test_fills import LONG, hears_orders
from tests.flows.test_keys import connect, found
from tests.flows.test_orders import rest
from tgbot.cli import _accounts
from tgbot.core.errors import ConfigError
from tgbot.credentials.master import HEADER, reset_master_key
from tgbot.db.engine import Database
from tgbot.paper.exchange import Credentials
from tgbot.system import SystemIds

pytestmark = pytest.mark.usefixtures("judged")


@pytest.fixture
async def account(stage: Stage) -> Credentials:
    return await stage.kucoin_account()


@pytest.fixture
async def left(stage: Stage, account: Credentials) -> Seat:
    """Ann, whose order rests at KuCoin since the bot's last life."""
    ann = stage.seat("Ann")
    async with stage.bot():
        await connect(ann, account)
        await rest(ann)
    return ann


ANOTHER = f"{HEADER}\n{base64.b64encode(bytes(32)).decode()}\n"


async def test_without_its_master_key_no_bot_starts_and_with_it_the_order_goes_on(stage: Stage, left: Seat) -> None:
    """First it is lost, then another one is in its place; the order fills meanwhile."""
    file, database = stage.settings.master_key_file, stage.folder / "tgbot.db"
    key, before = file.read_text(), database.read_bytes()
    file.unlink()
    await is_refused(stage)
    write(file, ANOTHER)
    await is_refused(stage)
    assert database.read_bytes() == before
    stage.price("BTC-USDT", 65_990)
    write(file, key)
    async with stage.bot():
        await left.hears("^Filled", LONG)


async def is_refused(stage: Stage) -> None:
    with pytest.raises(ExceptionGroup) as refused:
        async with stage.bot(), asyncio.timeout(10):
            await asyncio.Event().wait()
    assert refused.group_contains(ConfigError, match="master key")


def write(file: Path, content: str) -> None:
    file.write_text(content)
    file.chmod(0o600)


async def test_the_order_of_a_key_that_was_sealed_with_a_lost_one_goes_on_when_it_is_linked_again(
    stage: Stage, left: Seat, account: Credentials
) -> None:
    database = Database(stage.settings.database_url.get_secret_value())
    set_mode = _accounts(database, stage.settings).set_mode
    assert await reset_master_key(database, stage.settings.master_key_file, SystemIds(), set_mode) == 1
    await database.close()
    async with stage.bot():
        await left.hears("^Unknown, for you to check: .*\nIts account cannot be used", LONG)
        stage.price("BTC-USDT", 65_990)
        await connect(left, account)
        await left.hears("^Filled", LONG)


async def test_a_wrong_passphrase_changes_nothing_for_the_key_that_works(
    ann: Seat, stage: Stage, account: Credentials
) -> None:
    await connect(ann, account)
    await rest(ann)
    wrong = replace(await stage.kucoin_account(), passphrase="wrong-horse-1")
    await connect(ann, wrong, "^refused")
    assert found(stage, wrong) == []
    await stage.until(lambda: hears_orders(stage))
    stage.price("BTC-USDT", 65_990)
    await ann.hears("^Filled")
