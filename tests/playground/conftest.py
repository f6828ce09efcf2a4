"""A playground per test, served on loopback, and two ways for a bot to speak to it."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from telegram import Bot
from telegram.request import HTTPXRequest

from tests.clock import JumpClock
from tests.ids import CountingIds
from tgbot.playground import Playground
from tgbot.playground.chats import Chat, Person

# Without it python-telegram-bot warns, and warnings are errors.
os.environ.setdefault("PTB_TIMEDELTA", "1")

TOKEN = "700001:AA-a-token-for-tests"

Json = dict[str, Any]
Ask = Callable[..., Awaitable[Json]]


@pytest.fixture
def playground(clock: JumpClock, ids: CountingIds) -> Playground:
    return Playground(clock, ids, TOKEN)


@pytest.fixture
def ann(playground: Playground) -> Person:
    return playground.person("Ann")


@pytest.fixture
def bob(playground: Playground) -> Person:
    return playground.person("Bob")


@pytest.fixture
def eve(playground: Playground) -> Person:
    return playground.person("Eve")


@pytest.fixture
async def chat(playground: Playground, ann: Person) -> Chat:
    """Ann's private chat; she has pressed Start."""
    await playground.say(ann, playground.private(ann), "/start")
    return playground.private(ann)


@pytest.fixture
async def url(playground: Playground) -> AsyncIterator[str]:
    async with playground.serve() as served:
        yield served.url


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    # Everything here is plain HTTP: reading the certificates of the world would be the slowest part.
    async with httpx.AsyncClient(verify=False) as client:  # noqa: S501 - no TLS is spoken
        yield client


@pytest.fixture
async def bot(url: str) -> AsyncIterator[Bot]:
    async with connected(url) as bot:
        yield bot


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Bot]:
    """python-telegram-bot, as the real bot uses it."""
    calls, polls = (HTTPXRequest(httpx_kwargs={"verify": False}) for _ in range(2))
    async with Bot(TOKEN, f"{url}/bot", f"{url}/file/bot", calls, polls) as bot:
        yield bot


@pytest.fixture
def ask(url: str, http: httpx.AsyncClient) -> Ask:
    """The whole JSON answer to a method, called with a JSON body."""

    async def call(method: str, **params: object) -> Json:
        answer: Json = (await http.post(f"{url}/bot{TOKEN}/{method}", json=params)).json()
        return answer

    return call
