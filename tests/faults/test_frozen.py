"""A bot that stands still until another has taken its place, and wakes beside it. Row X3."""

from signal import SIGCONT, SIGSTOP, SIGTERM

import pytest

from tests.faults import oracle
from tests.faults.crashes import PATIENCE, House
from tests.faults.living import FROZEN
from tests.faults.scenes import confirm, ticket
from tgbot.playground.chats import Message

pytestmark = [pytest.mark.processes, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]

# Telegram tells it of the other, or the database does, whichever is asked first.
REASONS = ("terminated by other getUpdates request", "is held by")


# While Telegram gives it the tap, or before the right to send is used up, the other one uses it; where it is used up
# already, nobody sends any more.
@pytest.mark.parametrize(("point", "truth"), [("", "Filled"), ("C5", "Filled"), ("C6", "Not placed")])
async def test_frozen_until_another_has_taken_over_it_wakes_and_ends_without_another_word(
    house: House, point: str, truth: str
) -> None:
    async with house.another() as other:
        shown = await frozen_at(house, point)
        await other.begin()
        await house.stage.until(lambda: shown.text.startswith(truth), PATIENCE)
        await other.quiet()
        before = house.seat.texts(), len(oracle.orders_at(house.stage.kucoin))
        house.kill(SIGCONT)
        assert await house.ended() == 1
        assert any(reason in house.log.read_text().splitlines()[-1] for reason in REASONS)
        await other.quiet()
        assert (house.seat.texts(), len(oracle.orders_at(house.stage.kucoin))) == before
        other.kill(SIGTERM)
        assert await other.ended() == 0, "whoever has taken over goes on until it is told to stop"


async def frozen_at(house: House, point: str) -> Message:
    """What it was about. Who is frozen in the middle of a transaction keeps everybody out of the file, on SQLite, until
    it is woken or killed; then there is no other, and this is tried again with the next order."""
    while True:
        shown = await ticket(house)
        if point:
            house.arm(point + FROZEN)
        else:
            house.kill(SIGSTOP)
        await confirm(house, shown)
        await house.stage.until(lambda: house.is_frozen, PATIENCE)
        house.arm("")
        if house.is_free():
            return shown
        house.kill(SIGCONT)
        await house.quiet()
