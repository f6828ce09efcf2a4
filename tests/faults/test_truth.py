"""The measure of doubt, which `dev.py faults` prints, measures it."""

from datetime import timedelta

from tests.faults import truth
from tests.faults.test_exchange import RESTING
from tests.trading.desk import BY_CLIENT_OID, Desk
from tgbot.paper.faults import Mode
from tgbot.trading import store
from tgbot.trading.rules.settlement import State


async def test_an_order_is_in_doubt_until_the_exchange_has_told_of_it(desk: Desk) -> None:
    desk.lose()
    desk.faults.add("GET", BY_CLIENT_OID, Mode.EDITED, edit=lambda _: b'{"code":"200000","data":null}')
    intent = await desk.send(RESTING)
    assert await truth.doubts(desk.database) == {}
    sent_at = desk.wall.now()
    await desk.settle()
    settled = await desk.intent(intent)
    assert settled.state is State.OPEN
    assert await truth.doubts(desk.database) == {intent.id: settled.changed_at - sent_at}
    assert settled.changed_at - sent_at > timedelta(seconds=1)


async def test_what_is_left_to_a_person_is_no_truth(desk: Desk) -> None:
    desk.lose()
    intent = await desk.send(RESTING)
    async with desk.database.write() as session:
        await store.move(session, intent, {State.UNKNOWN}, State.INDETERMINATE, desk.wall.now())
    assert await truth.doubts(desk.database) == {}
    async with desk.database.write() as session:  # the oracles want to see it told
        await store.move(session, intent, {State.INDETERMINATE}, State.UNKNOWN, desk.wall.now())
