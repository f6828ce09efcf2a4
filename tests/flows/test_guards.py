"""Limits, /panic and the operator's kill switch, on a bot that runs."""

import re

import pytest

from tests.flows.stage import Seat, Stage
from tests.forks import BARE, forked
from tgbot import cli

pytestmark = pytest.mark.processes


async def test_panic_stops_tickets_and_confirmations_until_resume(trader: Seat, stage: Stage) -> None:
    ticket = await trader.say("/buy btc 100", "Buy BTC-USDT")
    frozen = await trader.say("/panic", "Frozen")
    assert frozen.labels == ["Cancel orders", "Resume"]
    assert "frozen" in await trader.press_for_toast("Confirm", ticket)
    await trader.say("/buy btc 100", "Your trading is frozen")
    await trader.say("/resume", "Thawed")
    await trader.press("Confirm", "^Filled", ticket)


async def test_panic_outlives_a_restart(stage: Stage) -> None:
    ann = stage.seat("Ann")
    async with stage.bot():
        await ann.say("/start", "Hello Ann")
        await ann.press("Try on paper", "10,000 USDT")
        await ann.say("/panic", "Frozen")
    async with stage.bot():
        await ann.say("/buy btc 100", "Your trading is frozen")


async def test_open_orders_can_be_cancelled_while_frozen(trader: Seat) -> None:
    await trader.say("/buy btc 0.01btc @ 66000", "Buy BTC-USDT")
    await trader.press("Confirm", "^Placed")
    await trader.say("/panic", "Frozen")
    await trader.press("Cancel orders", "cancelled")


async def test_own_limits_hold_and_are_rows_of_the_settings(trader: Seat) -> None:
    await trader.say("/settings limit order 150", "Limit per order: 150 USDT")
    await trader.say("/settings limit day 200", "Limit per day: 200 USDT")
    await trader.say("/settings limit pairs btc", "Pairs allowed: BTC-USDT")
    await trader.say("/settings", "Limit per order: 150 USDT")
    await trader.say("/buy btc 151", "above your own limit of 150 USDT")
    await trader.say("/buy eth 10", "not among the pairs you allowed yourself")
    await trader.say("/buy btc 120", "Buy BTC-USDT")
    await trader.press("Confirm", "^Filled")
    await trader.say("/buy btc 90", "more than the 80 USDT left")
    later = await trader.say("/settings limit order 500", "begins only at")
    assert re.search(r"From .*: Per order 500 USDT$", later.text, re.MULTILINE)
    later = await trader.say("/settings limit pairs all", "begins only at")
    assert re.search(r"From .*: Pairs All$", later.text, re.MULTILINE)
    await trader.say("/buy btc 151", "above your own limit of 150 USDT")
    await trader.say("/settings limit order soon", "no amount")


async def test_ticket_made_before_a_limit_is_held_to_it(trader: Seat) -> None:
    ticket = await trader.say("/buy btc 100", "Buy BTC-USDT")
    await trader.say("/settings limit order 50", "Saved, in force at once")
    assert "above your own limit" in await trader.press_for_toast("Confirm", ticket)


async def test_kill_switch_of_the_command_line_works_on_a_running_bot(trader: Seat, stage: Stage) -> None:
    await operate(stage, "kill", "all")
    await trader.say("/buy btc 100", "stopped for everybody")
    await operate(stage, "resume", "all")
    ticket = await trader.say("/buy btc 100", "Buy BTC-USDT")
    await operate(stage, "kill", str(trader.person.id))
    assert "stopped for you" in await trader.press_for_toast("Confirm", ticket)
    await trader.say("/resume", "was not frozen")
    await trader.say("/buy btc 100", "stopped for you")


async def operate(stage: Stage, verb: str, whom: str) -> None:
    environment = BARE | {
        "TGBOT_DATABASE_URL": stage.settings.database_url.get_secret_value(),
        "TGBOT_MASTER_KEY_FILE": str(stage.settings.master_key_file),
    }
    async with forked(cli.main, environment=environment, argv=("ops", verb, whom)) as process:
        assert await process.wait() == 0
