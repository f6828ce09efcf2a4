import asyncio
from collections import defaultdict
from decimal import Decimal

import pytest

from tests.clock import JumpClock
from tgbot.core.market import Tick
from tgbot.core.money import is_multiple
from tgbot.paper.rules import walk_pairs
from tgbot.paper.walk import Walk

MINUTE = 600  # turns of a tenth of a second


async def walked(seed: int, turns: int) -> dict[str, list[Tick]]:
    clock = JumpClock()
    walk = Walk(clock, seed)
    ticks = defaultdict(list)
    walk.listen(lambda tick: ticks[tick.symbol].append(tick))
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(walk.run())
        for _ in range(turns):
            await clock.until_sleeping()
            clock.advance(0.1)
        await clock.until_sleeping()
        running.cancel()
    return ticks


async def test_same_seed_walks_the_same_way() -> None:
    assert await walked(7, 100) == await walked(7, 100)
    assert await walked(7, 100) != await walked(8, 100)


async def test_every_pair_ticks_a_few_times_a_second_in_its_increments() -> None:
    ticks = await walked(1, MINUTE)
    assert len(ticks) >= 24
    for rule, start in walk_pairs():
        of_pair = ticks[rule.symbol]
        assert of_pair[0].price == start
        assert len(of_pair) == 201
        assert all(tick.bid <= tick.price <= tick.ask and tick.bid < tick.ask for tick in of_pair)
        assert all(is_multiple(price, rule.price_increment) for t in of_pair for price in (t.price, t.bid, t.ask))
        assert [tick.sequence for tick in of_pair] == sorted({tick.sequence for tick in of_pair})


@pytest.mark.parametrize("symbol", ["BTC-USDT", "ETH-BTC", "PEPE-USDT"])
async def test_level_a_fifth_of_a_per_cent_away_is_usually_met_within_a_minute(symbol: str) -> None:
    prices = [tick.price for tick in (await walked(1, 10 * MINUTE))[symbol]]
    met = [
        any(abs(later - price) >= price / 500 for later in prices[at : at + 200])
        for at, price in enumerate(prices[:-200])
    ]
    assert sum(met) > 0.95 * len(met)
    assert max(prices) < min(prices) * Decimal("1.05")
