"""The playground as a whole: a Telegram of one bot, its people and a page to look at."""

import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from tgbot.core.clock import Clock
from tgbot.core.ids import Ids
from tgbot.playground.api import BotApi
from tgbot.playground.chats import Member, Status
from tgbot.playground.faults import Faults
from tgbot.playground.guard import SameOriginOnly
from tgbot.playground.hints import Hint
from tgbot.playground.journal import Journal
from tgbot.playground.limits import Limits
from tgbot.playground.people import People
from tgbot.playground.play import PlayApi
from tgbot.playground.world import World

_PAGE = Path(__file__).parent / "page"
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


@dataclass(frozen=True, slots=True)
class Served:
    """`url` is the page's address, and the Bot API's base: `<url>/bot<token>/<method>`."""

    url: str


class Playground(People):
    """Ann, Bob and Eve (who reads Russian) have a private chat with the bot each, and share the supergroup `desk`: Ann
    owns it, Bob is an administrator, Eve a member, the bot a member too."""

    def __init__(
        self, clock: Clock, ids: Ids, token: str, username: str = "tgbot_demo_bot", hints: Sequence[Hint] = ()
    ) -> None:
        super().__init__(World(clock, ids, token, username))
        self.faults: Faults = self.world.faults
        self.limits: Limits = self.world.limits
        self.journal: Journal = self.world.journal
        ann, bob, eve = self.person("Ann", "en"), self.person("Bob", "en"), self.person("Eve", "ru")
        self.desk = self.world.add_group("Desk", "supergroup")
        self.desk.members |= {
            ann.id: Member(ann, Status.CREATOR),
            bob.id: Member(bob, Status.ADMINISTRATOR),
            eve.id: Member(eve),
        }
        self.app = _app(BotApi(self.world), PlayApi(self, tuple(hints)))

    @asynccontextmanager
    async def serve(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Served]:
        """Listens until the block ends; port 0 takes a free one. Raises `OSError` if the address cannot be had."""
        listener = _listen(host, port)
        config = uvicorn.Config(self.app, log_config=None, log_level="critical", access_log=False, lifespan="off")
        config.timeout_graceful_shutdown = 1
        config.load()
        # Started piece by piece: serve() would take over the process's signals.
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup(sockets=[listener])
        try:
            yield Served(f"http://{_reachable(host)}:{listener.getsockname()[1]}")
        finally:
            self.world.updates.close()
            self.journal.close()
            await server.shutdown(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    # asyncio sends at once (TCP_NODELAY) only on sockets that name their protocol, else each answer waits 40 ms.
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener


def _reachable(host: str) -> str:
    """What a browser on this machine calls `host`."""
    if ":" in host:
        return f"[{host}]"
    return "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104 - compared, not bound


def _app(bot: BotApi, play: PlayApi) -> Starlette:
    routes = [
        Route("/", _page),
        Mount("/page", _PageFiles(directory=_PAGE)),
        Route("/play/events", play.events),
        Route("/play/state", play.state),
        Route("/play/files/{file_id}", play.file),
        Route("/play/{act}", play.act, methods=["POST"]),
        Route("/bot{token}/{method}", bot.answer, methods=["GET", "POST"]),
        Route("/file/bot{token}/{path:path}", bot.download),
    ]
    return Starlette(routes=routes, middleware=[Middleware(SameOriginOnly)])


class _PageFiles(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(_HEADERS)
        return response


async def _page(_request: Request) -> Response:
    return FileResponse(_PAGE / "index.html", headers=_HEADERS)
