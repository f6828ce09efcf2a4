"""What happens to an order after it was placed is heard of as it happens."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from tests.flows.stage import Seat, Stage
from tgbot.paper.exchange import Credentials as Account
from tgbot.paper.faults import Mode
from tgbot.paper.requests import OrderRequest, read_body

LONG = 20  # seconds of patience, still less than the half minute after which an open order is looked at anyway


async def place(seat: Seat) -> None:
    """A limit buy that rests below the market."""
    await seat.say("/buy btc 0.01btc @ 66000", "Buy BTC-USDT")
    await seat.press("Confirm", "^Placed")


async def connect(seat: Seat, stage: Stage) -> Account:
    account = await stage.kucoin_account()
    await seat.say("/connect", "API key")
    await seat.say(account.key, "secret")
    await seat.say(account.secret, "passphrase")
    await seat.say(account.passphrase, "Connected")
    return account


def hears_orders(stage: Stage) -> bool:
    return stage.kucoin.streams.topics("/spotMarket/tradeOrdersV2") != []


async def place_elsewhere(account: Account, stage: Stage) -> None:
    """The same, of another size and at another price, by another program."""
    request = {"side": "buy", "symbol": "BTC-USDT", "type": "limit", "price": "65000", "size": "0.002"}
    await stage.kucoin._engine.place(account.key, read_body(json.dumps(request).encode(), OrderRequest))


@asynccontextmanager
async def unheard(stage: Stage) -> AsyncIterator[None]:
    """The stream is cut, and comes back when this is over: of what happens meanwhile no frame ever tells."""
    back = asyncio.Event()
    stage.faults.add("POST", "/api/v1/bullet-private", Mode.DELAY, until=back)
    stage.kucoin.streams.cut()
    await stage.until(lambda: not hears_orders(stage))
    try:
        yield
    finally:
        back.set()


async def test_fill_of_a_resting_paper_order_is_told_at_once(trader: Seat, stage: Stage) -> None:
    await place(trader)
    stage.price("BTC-USDT", 65_990)
    await trader.hears(r"^Filled: buy 0.01 BTC at 66,000\n[^#]*#\w+ · BTC-USDT · PAPER")


async def test_paper_order_from_before_a_restart_is_filled_after_it(stage: Stage) -> None:
    seat = stage.seat("Ann")
    async with stage.bot():
        await seat.say("/start", "Hello Ann")
        await seat.press("Try on paper", "10,000 USDT")
        await place(seat)
    async with stage.bot():
        stage.price("BTC-USDT", 65_990)
        await seat.hears("^Filled", LONG)


@pytest.mark.parametrize("cut", ["before", "meanwhile"])
async def test_fill_that_no_stream_told_of_is_found_when_it_is_back(ann: Seat, stage: Stage, cut: str) -> None:
    await connect(ann, stage)
    if cut == "before":
        stage.faults.add("POST", "/api/v1/bullet-private", Mode.HTML, times=1)
    await place(ann)
    if cut == "meanwhile":
        await stage.until(lambda: hears_orders(stage))
        stage.faults.add("POST", "/api/v1/bullet-private", Mode.HTML, times=1)
        stage.kucoin.streams.cut()
    stage.price("BTC-USDT", 65_990)
    await ann.hears("^Filled", LONG)


async def test_order_made_elsewhere_that_was_shown_is_listened_for_until_it_has_filled(ann: Seat, stage: Stage) -> None:
    account = await connect(ann, stage)
    await place_elsewhere(account, stage)
    assert not hears_orders(stage)
    await ann.say("/orders", "made elsewhere")
    await stage.until(lambda: hears_orders(stage))
    stage.price("BTC-USDT", 64_990)
    told = await ann.hears("^Filled: buy 0.002 BTC at 65,000")
    assert told.text.endswith("BTC-USDT · made elsewhere")
    await stage.until(lambda: not hears_orders(stage))


async def test_order_made_elsewhere_that_has_filled_unheard_is_told_when_the_stream_is_back(
    ann: Seat, stage: Stage
) -> None:
    await place_elsewhere(await connect(ann, stage), stage)
    await ann.say("/orders", "made elsewhere")
    await stage.until(lambda: hears_orders(stage))
    async with unheard(stage):
        stage.price("BTC-USDT", 64_990)
    told = await ann.hears("^Filled: buy 0.002 BTC at 65,000", LONG)
    assert told.text.endswith("BTC-USDT · made elsewhere")


async def test_stream_is_left_when_nothing_is_on_its_way(ann: Seat, stage: Stage) -> None:
    await connect(ann, stage)
    await place(ann)
    await stage.until(lambda: hears_orders(stage))
    stage.price("BTC-USDT", 65_990)
    await ann.hears("^Filled")
    stage.clock.shift += timedelta(seconds=90)
    await stage.clock.sleep(3)  # longer than the round in which the bot looks what is still wanted
    await stage.until(lambda: not hears_orders(stage))
    again = stage.faults.add("POST", "/api/v1/bullet-private", Mode.HTML)
    await stage.clock.sleep(2)  # longer than a stream that is still wanted waits before it dials anew
    assert again.hits == 0
