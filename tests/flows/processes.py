"""Our programs as real processes."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

PYTHON = [sys.executable, "-X", "dev"]
# A setting of the machine that runs the tests must not reach the program under test.
BARE = {name: value for name, value in os.environ.items() if not name.startswith("TGBOT_")}


@asynccontextmanager
async def paper_process(*arguments: str) -> AsyncIterator[str]:
    """`tgbot paper` on a free port: its REST address."""
    command = [*PYTHON, "-m", "tgbot", "paper", "--bind", "127.0.0.1:0", *arguments]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, env=BARE)
    assert process.stdout
    try:
        first_line = await process.stdout.readline()
        yield json.loads(first_line)["url"]
    finally:
        process.terminate()
        assert await process.wait() == 0
