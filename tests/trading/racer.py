"""One of several processes on one database: taps as it is told to.

Reads lines `TIMES SHORT` (Ann confirms that ticket so often, all at once), answers each with one line when it is done:
how many of them ended how.
"""

import asyncio
import json
import os
import ssl
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from tests.trading.conftest import pairs
from tests.trading.desk import ANN, CARD, BotClock, Desk
from tgbot.core.people import Mode
from tgbot.db.engine import Database
from tgbot.kucoin.http import make_client, make_transport
from tgbot.kucoin.market import SpotMarket
from tgbot.kucoin.rest import Rest
from tgbot.markets.symbols import Symbols
from tgbot.paper.prices import Handed
from tgbot.system import SystemClock, SystemIds
from tgbot.trading.witness import Witness

NO_WITNESS = Witness(Path(os.devnull))

Act = Callable[[str], Awaitable[str]]


async def race(begin: Callable[[Desk], Act], database_url: str, exchange_url: str) -> None:
    """`begin` says, of the order path of this process, what to do with each line and how to answer it."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # standard output is for answers
    clock = SystemClock()
    wall = BotClock(clock)  # type: ignore[arg-type]  # it asks no more of a clock than any clock has
    market = Handed(clock)
    market.hand_rules(pairs())
    async with make_client(make_transport(ssl.create_default_context())) as client:
        rest = Rest(client, wall, SystemIds(), exchange_url)
        symbols = Symbols(SpotMarket(rest), wall)
        await symbols.load()
        database = Database(database_url)
        world = Desk(database, clock, wall, SystemIds(), rest, None, market, None, symbols, NO_WITNESS)  # type: ignore[arg-type]  # no exchange of its own
        act = begin(world)
        loop = asyncio.get_running_loop()
        print("ready", flush=True)  # noqa: T201 - that is how it speaks
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            print(await act(line), flush=True)  # noqa: T201 - as above
        await database.close()


def taps(world: Desk) -> Act:
    world.modes[ANN] = Mode.LIVE

    async def tap(short: str) -> None:
        ticket = await world.now.tickets.find(world.person(), short)
        await world.now.sending.confirm(world.person(), ticket, 0, CARD)

    async def act(line: str) -> str:
        times, short = line.split()
        ends = await asyncio.gather(*(tap(short) for _ in range(int(times))), return_exceptions=True)
        return json.dumps(Counter(type(end).__name__ for end in ends))

    return act


def tap_as_told(database_url: str, exchange_url: str) -> None:
    asyncio.run(race(taps, database_url, exchange_url))
