"""Processes of ours that begin at once: each is forked from one that has everything imported (`tests/preloaded.py`)."""

import asyncio
import os
import signal
import sys
import warnings
from asyncio import StreamReader
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess

# A setting of the machine that runs the tests must not reach the program under test.
BARE = {name: value for name, value in os.environ.items() if not name.startswith("TGBOT_")}
LONGEST_LINE = 2**24

_forking = get_context("forkserver")
_forking.set_forkserver_preload(["tests.preloaded"])


@dataclass(frozen=True)
class Fork:
    """As `asyncio.subprocess.Process`, for what tests do with one."""

    stdout: StreamReader
    stderr: StreamReader
    _process: ForkServerProcess
    _stdin: Connection

    @property
    def pid(self) -> int:
        assert self._process.pid
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Negative for a signal; `None` while it lives."""
        return self._process.exitcode

    def tell(self, line: str) -> None:
        os.write(self._stdin.fileno(), f"{line}\n".encode())

    def tell_no_more(self) -> None:
        self._stdin.close()

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    async def wait(self) -> int:
        loop, has_ended = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._process.sentinel, has_ended.set)
        try:
            await has_ended.wait()
        finally:
            loop.remove_reader(self._process.sentinel)
        self._process.join()
        assert self.returncode is not None
        return self.returncode


@asynccontextmanager
async def forked(
    act: Callable[..., object], *arguments: object, environment: Mapping[str, str] = BARE, argv: Sequence[str] = ()
) -> AsyncIterator[Fork]:
    """A process in which `act` runs, which can be imported by its name; whatever is left of it is killed on the way
    out."""
    await asyncio.to_thread(_wake)
    (their_in, stdin), (out, their_out), (err, their_err) = (_forking.Pipe(duplex=False) for _ in range(3))
    theirs = (their_in, their_out, their_err)
    process = _forking.Process(target=_become, args=(theirs, dict(environment), list(argv), act, arguments))
    process.start()
    for end in theirs:
        end.close()
    async with _reader(out) as stdout, _reader(err) as stderr:
        fork = Fork(stdout, stderr, process, stdin)
        try:
            yield fork
        finally:
            if fork.returncode is None:
                fork.send_signal(signal.SIGKILL)
                await fork.wait()
            stdin.close()


@cache
def _wake() -> None:
    """The process that forks takes its time to begin, and whoever asks for the first fork stands still meanwhile."""
    first = _forking.Process(target=int)
    first.start()
    first.join()


@asynccontextmanager
async def _reader(end: Connection) -> AsyncIterator[StreamReader]:
    reader = StreamReader(limit=LONGEST_LINE)
    pipe = os.fdopen(os.dup(end.fileno()), "rb")
    end.close()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    try:
        yield reader
    finally:
        transport.close()


def _become(
    ends: tuple[Connection, ...],
    environment: dict[str, str],
    argv: list[str],
    act: Callable[..., object],
    arguments: tuple[object, ...],
) -> None:
    for number, end in enumerate(ends):
        os.dup2(end.fileno(), number)
        end.close()
    sys.stdin = os.fdopen(0)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["tgbot", *argv]
    warnings.simplefilter("default")  # every warning is shown
    act(*arguments)
