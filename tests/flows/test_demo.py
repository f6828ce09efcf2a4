"""`tgbot demo` as a newcomer starts it: a process of its own."""

import asyncio
import re
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from playwright.async_api import expect

from tests.browser import SHARED_LOOP, Chromium
from tests.forks import BARE

UP_WITHIN = 20
DOWN_WITHIN = 15


async def start(*arguments: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tgbot", "demo", *arguments, env=BARE, stdout=PIPE, stderr=PIPE
    )


async def end(process: Process, how: signal.Signals = signal.SIGTERM) -> tuple[str, str]:
    """What else it said on stdout and stderr until it had ended by itself."""
    process.send_signal(how)
    async with asyncio.timeout(DOWN_WITHIN):
        output, errors = await process.communicate()
    return output.decode(), errors.decode()


@asynccontextmanager
async def demo() -> AsyncIterator[tuple[Process, str]]:
    """The process, and the address that it printed."""
    process = await start("--bind", "127.0.0.1:0")
    assert process.stdout is not None
    try:
        async with asyncio.timeout(UP_WITHIN):
            line = (await process.stdout.readline()).decode()
        [address] = re.findall(r"http://\S+", line)
        yield process, address
    finally:
        if process.returncode is None:
            await end(process)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
async def test_it_prints_one_address_answers_there_and_ends_when_told(how: signal.Signals) -> None:
    async with demo() as (process, address), httpx.AsyncClient(base_url=address, verify=False) as http:  # noqa: S501 - no TLS
        assert "<title>Playground</title>" in (await http.get("/")).text
        async with http.stream("GET", "/play/events") as watched:  # a page that is open does not hold it back
            state = await anext(watched.aiter_lines())
            assert '"first_name": "Ann"' in state
            output, errors = await end(process, how)
    assert (process.returncode, output, errors) == (0, "", "")


async def test_a_taken_port_is_named_without_a_traceback() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        process = await start("--bind", address)
        output, errors = await process.communicate()
    assert process.returncode == 2
    assert output == b""
    assert errors.decode().startswith(f"The page cannot be served at {address}: Address already in use.")
    assert "--bind" in errors.decode()
    assert "Traceback" not in errors.decode()


async def test_an_address_that_is_none_is_explained() -> None:
    process = await start("--bind", "8060")
    _, errors = await process.communicate()
    assert process.returncode == 2
    assert "must look like 127.0.0.1:" in errors.decode()


@pytest.mark.browser
@SHARED_LOOP
async def test_the_key_beside_the_chat_can_be_connected(browser: Chromium) -> None:
    async with demo() as (_, address), browser.open(address) as screen:
        await screen.button("Start").click()
        await screen.button("/connect").click()
        for value in ("API key", "Secret", "Passphrase"):
            await expect(screen.page.locator(".message").last).to_contain_text(value, ignore_case=True)
            await screen.button(f"Insert {value}").click()
            await screen.field.press("Enter")
        await expect(screen.message("Connected")).to_be_visible()
