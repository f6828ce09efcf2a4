"""What is left of an order that is changed. The rest is in tests/faults/test_amend.py."""

from decimal import Decimal

from tests.trading.desk import Desk
from tgbot.trading.rules.settlement import State


async def test_only_what_remains_is_shown_anew(desk: Desk) -> None:
    intent = await desk.send("btc 0.01btc @ 66000")
    size = Decimal("0.004")
    rows = {"dealSize": str(size), "dealFunds": str(size * 66_000), "fee": "0.26"}
    desk.show(lambda data: data | rows | {"active": True})
    await desk.rounds(31, 31)
    assert (await desk.intent(intent)).state is State.PARTIAL
    desk.faults.clear()
    desk.show(lambda data: data | rows | {"cancelExist": True})
    done = await desk.amend(await desk.intent(intent))
    assert done.old.state is State.CANCELLED
    assert done.shown is not None
    assert done.shown.intent.spec.size == Decimal("0.006")
