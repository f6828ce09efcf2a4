"""One of several processes that decide at the same desk: votes as it is told to.

python -m tests.approvals.racer DATABASE_URL EXCHANGE_URL

Reads lines `PERSON CHOICE SHORT…` (one vote for each short id, all at once), answers each with one line when it is
done. Its Telegram says that everybody is who they were at the beginning.
"""

import asyncio
import os
import ssl
import sys
from pathlib import Path

import structlog

os.environ["PTB_TIMEDELTA"] = "1"

from tests.approvals.group import CHAT, NAMES, STANDINGS, Telegram, approvals_of
from tests.trading.conftest import pairs
from tests.trading.desk import BotClock, Desk
from tgbot.approvals.building import Approvals
from tgbot.approvals.rules.votes import Choice
from tgbot.core.errors import UserError
from tgbot.core.people import Person
from tgbot.db.engine import Database
from tgbot.kucoin.http import make_client, make_transport
from tgbot.kucoin.market import SpotMarket
from tgbot.kucoin.rest import Rest
from tgbot.markets.symbols import Symbols
from tgbot.paper.prices import Handed
from tgbot.system import SystemClock, SystemIds
from tgbot.trading.witness import Witness

structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # standard output is for answers
NO_WITNESS = Witness(Path(os.devnull))


async def race(database_url: str, exchange_url: str) -> None:
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
        approvals = approvals_of(world, world.now, Telegram(dict(STANDINGS)))
        loop = asyncio.get_running_loop()
        print("ready", flush=True)  # noqa: T201 - that is how it speaks
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            person_id, choice, *shorts = line.split()
            await asyncio.gather(*(vote(approvals, int(person_id), Choice(choice), short) for short in shorts))
            print("done", flush=True)  # noqa: T201 - as above
        await database.close()


async def vote(approvals: Approvals, person_id: int, choice: Choice, short: str) -> None:
    person = Person(person_id, NAMES[person_id], "en", "UTC", "USDT", "USDT", None, is_operator=False)
    try:
        desk = await approvals.desks.at(CHAT)
        proposal = await approvals.proposals.find(desk, short)
        await approvals.proposals.vote(desk, person, proposal, choice)
    except UserError:
        return  # somebody was faster


if __name__ == "__main__":
    asyncio.run(race(*sys.argv[1:]))
