"""What is slow keeps nothing else waiting: an answer that does not come, of whatever account, holds up only itself."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import pytest

from tests.clock import a_moment
from tests.kucoin.conftest import HurryClock
from tests.trading.desk import Desk
from tgbot.paper.faults import Fault, Mode
from tgbot.trading import store
from tgbot.trading.rounds import OF_ALL, OF_ONE_ACCOUNT, Piece, Rounds
from tgbot.trading.rules.settlement import State
from tgbot.trading.store import Intent

SOON = 5.0  # seconds of real time; a busy machine may take some of them


@asynccontextmanager
async def running(*roles: Callable[[], object]) -> AsyncIterator[None]:
    """The roles, on a clock that stands still: whatever happens, happens because of a hint."""
    tasks = [asyncio.ensure_future(role()) for role in roles]  # type: ignore[call-overload]  # each is a coroutine
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def stick(desk: Desk, number: int) -> tuple[Fault, asyncio.Event]:
    """The next lookup of this order has no answer until the event is set."""
    until = asyncio.Event()
    path = f"/api/v1/hf/orders/client-order/{desk.placed()[number].client_oid}"
    return desk.faults.add("GET", path, Mode.DELAY, 1, until=until), until


async def until_it(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await a_moment()


async def becomes(desk: Desk, intent: Intent, state: State) -> bool:
    """Soon."""
    with suppress(TimeoutError):
        async with asyncio.timeout(SOON):
            while (await desk.intent(intent)).state is not state:
                await a_moment()
            return True
    return False


@pytest.mark.parametrize("whose", ["one account", "two accounts"])
async def test_a_fill_is_told_at_once_while_another_answer_does_not_come(desk: Desk, whose: str) -> None:
    await desk.send("btc 0.01btc @ 66000")
    if whose == "two accounts":
        await desk.link()
    other = await desk.send("btc 0.01btc @ 66001")
    await desk.rounds(0)
    fault, answer = stick(desk, 0)
    desk.clock.hurries = False
    async with running(desk.now.reconciler.run):
        await desk.clock.until_sleeping()
        await desk.now.reconciler.look_at_client_oid(desk.placed()[0].client_oid)
        await until_it(lambda: fault.hits > 0)
        desk.price("BTC-USDT", 65_990)
        await desk.now.reconciler.look_at_client_oid(desk.placed()[1].client_oid)
        assert await becomes(desk, other, State.FILLED)
        answer.set()


async def test_a_round_does_not_wait_for_the_one_before(desk: Desk) -> None:
    """Nobody tells of the fill: the round in which it is seen comes while an answer of the last is missing."""
    await desk.send("btc 0.01btc @ 66000")
    other = await desk.send("btc 0.01btc @ 66001")
    await desk.rounds(0)
    desk.restart()
    fault, answer = stick(desk, 0)
    desk.clock.hurries = False
    async with running(desk.now.reconciler.run):
        await until_it(lambda: fault.hits > 0)
        await desk.clock.until_sleeping()
        desk.price("BTC-USDT", 65_990)
        desk.clock.advance(31)
        assert await becomes(desk, other, State.FILLED)
        answer.set()


async def test_of_one_order_there_is_one_look_at_a_time_and_one_more_for_what_happened_meanwhile(desk: Desk) -> None:
    intent = await desk.send("btc 0.01btc @ 66000")
    await desk.rounds(0)
    (order,) = desk.placed()
    fault, answer = stick(desk, 0)
    again = desk.show(lambda data: data)
    desk.clock.hurries = False
    async with running(desk.now.reconciler.run):
        await desk.clock.until_sleeping()
        await desk.now.reconciler.look_at_client_oid(order.client_oid)
        await until_it(lambda: fault.hits > 0)
        for _ in range(5):
            await desk.now.reconciler.look_at_client_oid(order.client_oid)
            desk.clock.advance(31)
            await a_moment(0.05)
        assert again.hits == 0
        desk.price("BTC-USDT", 65_990)
        answer.set()
        assert await becomes(desk, intent, State.FILLED)
        assert again.hits <= 1, "the delayed answer may have told of the fill already"


async def test_an_exit_is_placed_while_another_one_gets_no_answer(desk: Desk) -> None:
    await desk.send("eth 0.2eth tp +4% sl -2%")
    await desk.now.reconciler.look()
    until = asyncio.Event()
    slow = desk.faults.add("POST", "/api/v3/oco/order", Mode.DELAY, 1, until=until)
    desk.clock.hurries = False
    async with running(desk.now.exits.run):
        await until_it(lambda: slow.hits > 0)
        entry = await desk.send("btc 0.01btc tp +4% sl -2%")
        await desk.now.reconciler.look()
        async with asyncio.timeout(SOON):
            while not await exits_of(desk, entry):
                await a_moment()
        (exit_,) = await exits_of(desk, entry)
        assert await becomes(desk, exit_, State.WAITING)
        until.set()


async def exits_of(desk: Desk, entry: Intent) -> list[Intent]:
    async with desk.database.read() as session:
        return await store.exits_of(session, entry.id)


# --- The places ------------------------------------------------------------------------------------------------------


class Work:
    """Pieces that last until they are let go."""

    def __init__(self, names: Sequence[tuple[str, str]]) -> None:
        self.names = names
        self.going: list[str] = []
        self.most: dict[str, int] = {}
        self.done: list[str] = []
        self.let_go = asyncio.Event()
        self.rounds = Rounds(HurryClock(), timedelta(seconds=2), self.due)

    async def due(self, hints: Collection[str], is_round: bool) -> Sequence[Piece]:
        return [self._piece(*one, one[0] in hints) for one in self.names if is_round or one[0] in hints]

    def _piece(self, name: str, key_id: str, is_hinted: bool) -> Piece:
        async def work() -> None:
            assert name not in self.going, "one at a time"
            self.going.append(name)
            for key, count in self.of_each().items():
                self.most[key] = max(self.most.get(key, 0), count)
            await self.let_go.wait()
            self.going.remove(name)
            self.done.append(name)

        return Piece(name, key_id, work, is_hinted)

    def of_each(self) -> dict[str, int]:
        keys = dict(self.names)
        counts: dict[str, int] = {"": len(self.going)}
        for name in self.going:
            counts[keys[name]] = counts.get(keys[name], 0) + 1
        return counts


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)  # noqa: TID251 - every task that can go on has then done so


async def test_one_account_takes_no_more_than_its_places_and_what_is_hinted_has_places_of_its_own() -> None:
    work = Work([*((f"slow {n}", "one") for n in range(50)), ("quick", "one"), ("other", "two")])
    going = asyncio.ensure_future(work.rounds.once())
    await settled()
    assert work.of_each() == {"": OF_ONE_ACCOUNT + 1, "one": OF_ONE_ACCOUNT, "two": 1}
    work.rounds.hint("quick")
    await settled()
    assert "quick" in work.going
    work.let_go.set()
    await going
    assert sorted(set(work.done)) == sorted(name for name, _ in work.names)
    assert work.most["one"] <= 2 * OF_ONE_ACCOUNT


async def test_all_accounts_together_take_no_more_than_all_places() -> None:
    work = Work([(f"{n}", f"key {n % 100}") for n in range(300)])
    going = asyncio.ensure_future(work.rounds.once())
    await settled()
    assert work.of_each()[""] == OF_ALL
    work.let_go.set()
    await going
    assert len(work.done) == 300


async def test_what_happens_during_its_look_is_looked_at_once_more() -> None:
    work = Work([("a", "one")])
    going = asyncio.ensure_future(work.rounds.once())
    await settled()
    for _ in range(3):
        work.rounds.hint("a")
        await settled()
    assert work.going == ["a"]
    work.let_go.set()
    await going
    assert work.done == ["a", "a"]
