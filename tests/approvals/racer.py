"""One of several processes that decide at the same desk: votes as it is told to.

Reads lines `PERSON CHOICE SHORT…` (one vote for each short id, all at once), answers each with one line when it is
done. Its Telegram says that everybody is who they were at the beginning.
"""

import asyncio

from tests.approvals.group import CHAT, NAMES, STANDINGS, Telegram, approvals_of
from tests.trading.desk import Desk
from tests.trading.racer import Act, race
from tgbot.approvals.building import Approvals
from tgbot.approvals.rules.votes import Choice
from tgbot.core.errors import UserError
from tgbot.core.people import Person


def votes(world: Desk) -> Act:
    approvals = approvals_of(world, world.now, Telegram(dict(STANDINGS)))

    async def act(line: str) -> str:
        person_id, choice, *shorts = line.split()
        await asyncio.gather(*(vote(approvals, int(person_id), Choice(choice), short) for short in shorts))
        return "done"

    return act


async def vote(approvals: Approvals, person_id: int, choice: Choice, short: str) -> None:
    person = Person(person_id, NAMES[person_id], "en", "UTC", "USDT", "USDT", None, is_operator=False)
    try:
        desk = await approvals.desks.at(CHAT)
        proposal = await approvals.proposals.find(desk, short)
        await approvals.proposals.vote(desk, person, proposal, choice)
    except UserError:
        return  # somebody was faster


def vote_as_told(database_url: str, exchange_url: str) -> None:
    asyncio.run(race(votes, database_url, exchange_url))
