"""What a living bot asks of the kernel, by strace: which bytes go where, and what is waited for in between."""

import asyncio
import re
import shutil
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

CALLS = "pwrite64,write,writev,fsync,fdatasync,sendto,sendmsg"
LINE = re.compile(r"(?P<thread>\d+) +(?P<call>\w+)\((?P<rest>.*)")
RESUMED = re.compile(r"(?P<thread>\d+) +<\.\.\. (?P<call>\w+) resumed>(?P<rest>.*)")


@dataclass(frozen=True)
class Call:
    """`begun` and `done` are its places in the order of all that happened."""

    name: str
    text: str
    begun: int
    done: int


@asynccontextmanager
async def traced(pid: int, file: Path, *options: str) -> AsyncIterator[None]:
    """From now on, and until it ends; `options` are those of strace."""
    if shutil.which("strace") is None:
        pytest.skip("no strace: install it to see what the bot asks of the kernel")
    command = ["strace", "-f", "-y", "-s", "9999", "-o", str(file), "-e", f"trace={CALLS}", *options, "-p", str(pid)]
    strace = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stderr=PIPE)
    try:
        assert strace.stderr
        said = (await strace.stderr.readline()).decode()
        if "not permitted" in said:
            pytest.skip("strace may not look at another process here")
        assert "attached" in said, said
        yield
    finally:
        if strace.returncode is None:
            strace.terminate()
        await strace.communicate()


def calls_in(file: Path) -> Iterator[Call]:
    """As they ended. One that another thread interrupts is two lines of the file."""
    begun: dict[tuple[str, str], tuple[int, str]] = {}
    for number, line in enumerate(file.read_text().splitlines()):
        if found := LINE.match(line):
            thread, name, rest = found.groups()
            if rest.endswith("<unfinished ...>"):
                begun[thread, name] = (number, rest)
            else:
                yield Call(name, rest, number, number)
        elif found := RESUMED.match(line):
            thread, name, rest = found.groups()
            since, text = begun.pop((thread, name))
            yield Call(name, text + rest, since, number)
