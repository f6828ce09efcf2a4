"""A paper exchange that stands alone and takes its prices from another one."""

import asyncio

import httpx
import pytest

from tests.flows.processes import paper_process
from tests.flows.stage import Stage
from tests.forks import forked
from tests.paper.conftest import NO_TLS
from tgbot import cli

pytestmark = pytest.mark.processes


async def last_price(url: str, symbol: str) -> str:
    async with httpx.AsyncClient(verify=NO_TLS) as http:
        answer = await http.get(f"{url}/api/v1/market/orderbook/level1", params={"symbol": symbol})
    return str(answer.json()["data"]["price"])


async def test_relayed_prices_are_those_of_the_other_exchange_and_follow_them(stage: Stage) -> None:
    async with paper_process("--prices", stage.settings.kucoin_url) as url:
        await stage.until(lambda: bool(stage.kucoin.streams.topics("/market/ticker:")))
        for price in ("67100", "67200"):
            stage.price("BTC-USDT", price)
            async with asyncio.timeout(10):
                while await last_price(url, "BTC-USDT") != price:
                    await stage.clock.sleep(0.05)


async def test_without_the_other_exchange_it_does_not_start() -> None:
    async with forked(cli.main, argv=("paper", "--bind", "127.0.0.1:0", "--prices", "http://127.0.0.1:9")) as process:
        said = (await process.stderr.read()).decode()
        assert (await process.wait(), said.splitlines()[-1][:12]) == (1, "tgbot stops:")
