"""Two processes that race each other on one database, as their test tells them to."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.flows.processes import BARE


@dataclass(frozen=True)
class Racer:
    """A process that does what each line says, and answers it with one."""

    process: Process

    def tell(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{line}\n".encode())

    async def answer(self) -> str:
        assert self.process.stdout
        return (await self.process.stdout.readline()).decode().strip()

    async def end(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        await self.process.wait()


@asynccontextmanager
async def two_racers(module: str, database_url: str, exchange_url: str) -> AsyncIterator[tuple[Racer, Racer]]:
    """Two of this module, ready to go."""
    first, second = [await begun(module, database_url, exchange_url) for _ in range(2)]
    try:
        assert [await first.answer(), await second.answer()] == ["ready", "ready"]
        yield first, second
    finally:
        await first.end()
        await second.end()


async def begun(module: str, *arguments: str) -> Racer:
    command = (sys.executable, "-m", module, *arguments)
    return Racer(await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, env=BARE))
