"""Our programs as real processes."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from pydantic import SecretStr

from tests.forks import BARE, Fork, forked
from tgbot import cli
from tgbot.settings import Settings

# Every warning is shown. Not -X dev: with the debug mode of asyncio a bot costs half as much again.
PYTHON = [sys.executable, "-W", "default"]


def environment_of(settings: Settings) -> dict[str, str]:
    """What makes a process of ours have these settings."""
    given = settings.model_dump(exclude_unset=True)
    given |= {name: value.get_secret_value() for name, value in given.items() if isinstance(value, SecretStr)}
    given |= {name: ",".join(map(str, value)) for name, value in given.items() if isinstance(value, tuple)}
    return {f"TGBOT_{name.upper()}": str(value) for name, value in given.items()}


async def ended(*arguments: str, settings: Settings, status: int = 0) -> str:
    """What `tgbot` with these arguments has said to its end, on both ways out."""
    async with forked(cli.main, environment=BARE | environment_of(settings), argv=arguments) as process:
        said, complained = await asyncio.gather(process.stdout.read(), process.stderr.read())
        assert await process.wait() == status, (said + complained).decode()
    return (said + complained).decode()


@dataclass
class Running:
    """A process of ours at work, and what it has written to its log."""

    process: Fork
    lines: list[str] = field(default_factory=list)

    @property
    def log(self) -> str:
        return "".join(self.lines)

    async def until(self, words: str, patience: float = 20) -> None:
        """It has written a line with these words."""
        async with asyncio.timeout(patience):
            while words not in self.log:
                assert await self._read_line(), f"it ended without saying {words!r}:\n{self.log}"

    async def read_on(self) -> None:
        """Whatever it writes from now on, to its end."""
        while await self._read_line():
            continue

    async def end(self, *signals: int) -> int:
        """What it ends with when it is sent these, one after the other."""
        for number in signals:
            self.process.send_signal(number)
        await self.read_on()
        return await self.process.wait()

    async def _read_line(self) -> bool:
        line = (await self.process.stderr.readline()).decode()
        self.lines.append(line)
        return bool(line)


@asynccontextmanager
async def running(
    *arguments: str, settings: Settings, program: Callable[[], None] = cli.main, **more: str
) -> AsyncIterator[Running]:
    """`tgbot` with these arguments; whatever is left of it is killed on the way out."""
    async with forked(program, environment=BARE | environment_of(settings) | more, argv=arguments) as process:
        yield Running(process)


@asynccontextmanager
async def paper_process(*arguments: str) -> AsyncIterator[str]:
    """`tgbot paper` on a free port: its REST address."""
    async with forked(cli.main, argv=("paper", "--bind", "127.0.0.1:0", *arguments)) as process:
        first_line = await process.stdout.readline()
        yield json.loads(first_line)["url"]
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
