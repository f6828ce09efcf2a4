"""Private streams over TLS, one for each account: what a thousand of them take in memory."""

import asyncio
import gc
import resource
import ssl
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

import structlog
import websockets

from bench.clients.alerts import resident
from bench.clients.ours import CLOCK, IDS, reached
from bench.exchange import KEY, PASSPHRASE, SECRET
from bench.meter import cpu, report
from tgbot.kucoin.dialer import Dialer
from tgbot.kucoin.private import PrivateStream
from tgbot.kucoin.readers import Reader, by_aiofastnet, by_asyncio
from tgbot.kucoin.sign import Credentials

FIRST = 20  # not counted: they load what all the others use
AT_ONCE = 20


async def streams(url: str, count: int, certificate: str) -> None:
    await _streams(url, count, certificate, by_asyncio())


async def fast_streams(url: str, count: int, certificate: str) -> None:
    """With the extra `fast`."""
    await _streams(url, count, certificate, by_aiofastnet())


async def _streams(url: str, count: int, certificate: str, reader: Reader) -> None:
    """A dialer each: one for all of them would wait two seconds between two dials, as it has to."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    context = ssl.create_default_context(cafile=certificate)
    async with reached(url, context) as rest, asyncio.TaskGroup() as group:
        running: list[asyncio.Task[None]] = []

        async def open_one() -> None:
            is_up = asyncio.Event()

            async def up() -> None:
                is_up.set()

            dialer = Dialer(rest, context, CLOCK, IDS, reader)
            keys = Credentials(KEY, SECRET, PASSPHRASE)
            stream = PrivateStream(dialer, keys, CLOCK, IDS, on_order=_hear, on_balance=_hear, on_connected=up)
            running.append(group.create_task(stream.run()))
            await is_up.wait()

        await _measure(open_one, count)
        for task in running:
            task.cancel()


async def plain_streams(url: str, count: int, certificate: str) -> None:
    """`websockets` as one writes it first: a context each, which is what it makes by itself."""
    address = url.replace("https", "wss") + "/?connectId=1"
    async with AsyncExitStack() as stack:

        async def open_one() -> None:
            context = ssl.create_default_context()
            context.load_verify_locations(certificate)
            await stack.enter_async_context(websockets.connect(address, ssl=context))

        await _measure(open_one, count)


async def _measure(open_one: Callable[[], Coroutine[Any, Any, None]], count: int) -> None:
    """Per thousand, whatever the count."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    await _open(open_one, FIRST)
    gc.collect()
    before, began = resident(), cpu()
    await _open(open_one, count)
    gc.collect()
    report(memory_mb=(resident() - before) / count * 1e3, cpu_ms=(cpu() - began) / count * 1e3)


async def _open(open_one: Callable[[], Coroutine[Any, Any, None]], count: int) -> None:
    for _ in range(count // AT_ONCE):
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(open_one())


async def _hear(_: object) -> None:
    return None
