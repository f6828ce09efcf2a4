"""A group calls back what was sent for it, whatever has become of that: an exit between its tries, or one in doubt."""

import pytest

from tests.approvals.group import BOB, CHAT, Group
from tests.approvals.test_decision import granted
from tests.trading.conftest import on_both_databases
from tests.trading.desk import ANN, read
from tgbot.approvals.store.proposals import Proposal
from tgbot.core.errors import NotFound
from tgbot.core.orders import Side
from tgbot.paper.faults import Mode
from tgbot.trading import store
from tgbot.trading.rules.settlement import State
from tgbot.trading.store import Intent, exits_of

ENTRY = "btc 0.01btc tp +4% sl -2%"
OCOS = "/api/v3/oco/order"


async def only_exit(group: Group, bought: Proposal) -> Intent:
    async with group.world.database.read() as session:
        (exit_,) = await exits_of(session, bought.id)
    return exit_


async def calls_back(group: Group, short: str) -> str:
    return read(await group.now.proposals.cancel(group.desk, group.person(BOB), short))


async def sent_in_vain(group: Group, mode: Mode, code: str) -> tuple[Proposal, Intent]:
    """An entry that has filled, and its exit, which has come to nothing and is due once more."""
    group.world.faults.add("POST", OCOS, mode, code=code, message="not now")
    bought = await granted(group, ENTRY)
    await group.world.rounds(0)
    while (exit_ := await only_exit(group, bought)).state is State.UNKNOWN:
        await group.world.now.reconciler.look()
        group.world.clock.advance(1)
    return bought, exit_


@on_both_databases
@pytest.mark.parametrize(
    ("mode", "code", "state"),
    [
        (Mode.ERROR, "200001", State.REJECTED),
        (Mode.ERROR, "400002", State.NOT_SENT),
        (Mode.DROP, "", State.NOT_PLACED),
    ],
)
async def test_an_exit_between_its_tries_is_called_back_for_good(
    group: Group, mode: Mode, code: str, state: State
) -> None:
    bought, exit_ = await sent_in_vain(group, mode, code)
    assert exit_.state is state
    assert f"#{bought.short}: the bot places no further exit" in await calls_back(group, exit_.short)
    await group.world.rounds(31, 31)
    assert (await only_exit(group, bought)).id == exit_.id
    assert group.world.exchange._store.waiting_stops() == []
    assert (await group.acts())[-1] == "Bob cancel"


async def given_up(group: Group, intent: Intent, origin: State) -> None:
    """Nobody can tell any more what has become of it; it is at the exchange all the same."""
    async with group.world.database.write() as session:
        assert await store.move(session, intent, {origin}, State.INDETERMINATE, group.world.clock.now())


async def test_the_button_of_an_exit_that_is_in_doubt_for_good_ends_it(group: Group) -> None:
    bought = await granted(group, ENTRY)
    await group.world.settle()
    exit_ = await only_exit(group, bought)
    await given_up(group, exit_, State.WAITING)
    reply = await group.now.proposals.cancel(group.desk, group.person(BOB), bought.short)
    assert [button.data for row in reply.buttons for button in row] == [f"desk_cancel:{exit_.short}"]
    assert (await calls_back(group, exit_.short)).startswith("Cancelled")
    assert group.world.exchange._store.waiting_stops() == []


async def test_an_order_that_is_in_doubt_for_good_can_be_called_back(group: Group) -> None:
    sent = await granted(group, "btc 100 @ 60000")
    intent = await group.world.now.tickets.find(group.person(ANN), sent.short)
    await given_up(group, intent, State.OPEN)
    assert (await calls_back(group, sent.short)).startswith("Cancelled")
    assert not any(order.is_active for order in group.world.placed())


async def test_an_exit_of_its_treasurer_or_of_another_group_is_not_there_between_its_tries(group: Group) -> None:
    group.world.faults.add("POST", OCOS, Mode.ERROR, code="200001", message="not now")
    private = await group.world.send(ENTRY)
    await group.world.rounds(0)
    async with group.world.database.read() as session:
        (of_private,) = await exits_of(session, private.id)
    assert of_private.state is State.REJECTED
    _, exit_ = await sent_in_vain(group, Mode.ERROR, "200001")
    await group.now.desks.set_up(group.person(BOB), CHAT - 1, None, "Other")
    with pytest.raises(NotFound):
        await calls_back(group, of_private.short)
    async with group.world.database.write() as session:
        await store.move_chat(session, CHAT, CHAT - 1)
    with pytest.raises(NotFound):
        await calls_back(group, exit_.short)


@pytest.mark.parametrize("state", [State.TICKET, State.PROPOSED, State.DROPPED, State.REPLACED, State.VOID])
async def test_what_was_never_sent_is_not_there_to_be_called_back(group: Group, state: State) -> None:
    proposal = await group.propose("btc 0.01btc", side=Side.SELL)
    intent = await group.world.now.tickets.find(group.person(ANN), proposal.short)
    async with group.world.database.write() as session:
        await store.move(session, intent, {State.PROPOSED}, state, group.world.clock.now())
    with pytest.raises(NotFound):
        await calls_back(group, proposal.short)
