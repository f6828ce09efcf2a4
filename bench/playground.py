"""The playground in a process of its own, so many people in it: `python -m bench.playground PEOPLE` prints its address
and the id of the first of them; the others follow."""

import asyncio
import sys

from tgbot.playground.playground import Playground
from tgbot.system import SystemClock, SystemIds

TOKEN = "123456:token-of-the-playground"


def populate(playground: Playground, people: int) -> int:
    """The id of the first; all of them have written to the bot."""
    ids = [playground.world.add_person(f"P{number}", "en").id for number in range(people)]
    for chat_id in ids:
        playground.world.chats[chat_id].is_started = True
    assert ids == list(range(ids[0], ids[0] + people))
    return ids[0]


async def main(people: int) -> None:
    clock = SystemClock()
    playground = Playground(clock, SystemIds(), TOKEN)
    first = populate(playground, people)
    async with playground.serve() as served:
        print(served.url, first, flush=True)
        while True:
            await clock.sleep(3600)


if __name__ == "__main__":
    try:
        asyncio.run(main(int(sys.argv[1])))
    except KeyboardInterrupt:
        sys.exit(0)
