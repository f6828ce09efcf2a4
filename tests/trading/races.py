"""Two processes that race each other on one database, as their test tells them to."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.forks import Fork, forked


@dataclass(frozen=True)
class Racer:
    """A process that does what each line says, and answers it with one."""

    process: Fork

    def tell(self, line: str) -> None:
        self.process.tell(line)

    async def answer(self) -> str:
        return (await self.process.stdout.readline()).decode().strip()

    async def end(self) -> None:
        self.process.tell_no_more()
        await self.process.wait()


@asynccontextmanager
async def two_racers(
    act: Callable[[str, str], None], database_url: str, exchange_url: str
) -> AsyncIterator[tuple[Racer, Racer]]:
    """Two in which `act` runs, ready to go."""
    async with forked(act, database_url, exchange_url) as one, forked(act, database_url, exchange_url) as other:
        first, second = Racer(one), Racer(other)
        assert [await first.answer(), await second.answer()] == ["ready", "ready"]
        yield first, second
        await first.end()
        await second.end()
