"""One thing at a time for each person, people side by side."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tgbot.intake.lanes import Lanes


class Work:
    """Handles items `(lane, number)`, each only when the test lets it."""

    def __init__(self) -> None:
        self.begun: list[tuple[int, int]] = []
        self.done: list[tuple[int, int]] = []
        self._gates: dict[tuple[int, int], asyncio.Event] = {}
        self._changed = asyncio.Condition()

    def gate(self, item: tuple[int, int]) -> asyncio.Event:
        return self._gates.setdefault(item, asyncio.Event())

    async def handle(self, item: tuple[int, int]) -> None:
        async with self._changed:
            self.begun.append(item)
            self._changed.notify_all()
        await self.gate(item).wait()
        self.done.append(item)

    async def until_begun(self, *items: tuple[int, int]) -> None:
        async with asyncio.timeout(5), self._changed:
            await self._changed.wait_for(lambda: set(items) <= set(self.begun))


@pytest.fixture
def work() -> Work:
    return Work()


async def test_of_one_person_the_second_waits_for_the_first(work: Work) -> None:
    lanes = Lanes(work.handle)
    async with running(lanes):
        for number in (1, 2, 3):
            lanes.put(7, (7, number))
        await work.until_begun((7, 1))
        assert work.begun == [(7, 1)]
        for number in (1, 2, 3):
            work.gate((7, number)).set()
        await lanes.idle()
    assert work.done == [(7, 1), (7, 2), (7, 3)]


async def test_people_do_not_wait_for_each_other(work: Work) -> None:
    lanes = Lanes(work.handle)
    async with running(lanes):
        lanes.put(7, (7, 1))
        await work.until_begun((7, 1))
        lanes.put(8, (8, 1))
        work.gate((8, 1)).set()
        await work.until_begun((8, 1))
        assert (7, 1) not in work.done
        work.gate((7, 1)).set()
        await lanes.idle()


async def test_only_so_many_are_served_at_once_and_the_others_in_turn(work: Work) -> None:
    lanes = Lanes(work.handle, side_by_side=2)
    async with running(lanes):
        for lane in (1, 2, 3):
            lanes.put(lane, (lane, 1))
        await work.until_begun((1, 1), (2, 1))
        assert len(work.begun) == 2
        for lane in (1, 2, 3):
            work.gate((lane, 1)).set()
        await lanes.idle()
    assert len(work.done) == 3


async def test_one_person_with_thousands_does_not_slow_another(work: Work) -> None:
    lanes = Lanes(work.handle, side_by_side=2)
    async with running(lanes):
        for number in range(10_000):
            lanes.put(7, (7, number))
        lanes.put(8, (8, 1))
        await work.until_begun((7, 0), (8, 1))
        assert work.begun == [(7, 0), (8, 1)]


async def test_what_was_put_before_the_start_is_handled_in_order(work: Work) -> None:
    lanes = Lanes(work.handle)
    for number in (1, 2):
        lanes.put(7, (7, number))
        work.gate((7, number)).set()
    async with running(lanes):
        await lanes.idle()
    assert work.done == [(7, 1), (7, 2)]


async def test_a_lane_that_was_empty_is_used_again(work: Work) -> None:
    lanes = Lanes(work.handle)
    async with running(lanes):
        for number in (1, 2):
            work.gate((7, number)).set()
            lanes.put(7, (7, number))
            await lanes.idle()
    assert work.done == [(7, 1), (7, 2)]
    assert lanes._waiting == {}


async def test_an_error_ends_them_all() -> None:
    async def fail(item: int) -> None:
        raise OSError("disk full")

    lanes = Lanes(fail)
    lanes.put(7, 1)
    with pytest.raises(ExceptionGroup) as group:
        await lanes.run()
    assert group.group_contains(OSError, match="disk full")


@asynccontextmanager
async def running(lanes: Lanes[tuple[int, int]]) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(lanes.run())
        yield
        task.cancel()
