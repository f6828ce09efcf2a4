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
_POLICY = "default-src 'self'; img-src 'self' blob: data:; frame-ancestors 'none'; base-uri 'none'"


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
        """Listens until the block ends; port 0 takes a free one."""
        listener = _listen(host, port)
        config = uvicorn.Config(self.app, log_config=None, log_level="critical", access_log=False, lifespan="off")
        config.timeout_graceful_shutdown = 1
        config.load()
        # Started piece by piece: serve() would take over the process's signals.
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup(sockets=[listener])
        try:
            reachable = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104 - compared, not bound
            yield Served(f"http://{reachable}:{listener.getsockname()[1]}")
        finally:
            self.world.updates.close()
            self.journal.close()
            await server.shutdown(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    # asyncio sends at once (TCP_NODELAY) only on sockets that name their protocol, else each answer waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    return listener


def _app(bot: BotApi, play: PlayApi) -> Starlette:
    routes = [
        Route("/", _page),
        Mount("/page", StaticFiles(directory=_PAGE)),
        Route("/play/events", play.events),
        Route("/play/state", play.state),
        Route("/play/files/{file_id}", play.file),
        Route("/play/{act}", play.act, methods=["POST"]),
        Route("/bot{token}/{method}", bot.answer, methods=["GET", "POST"]),
        Route("/file/bot{token}/{path:path}", bot.download),
    ]
    return Starlette(routes=routes, middleware=[Middleware(SameOriginOnly)])


async def _page(_request: Request) -> Response:
    return FileResponse(_PAGE / "index.html", headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache"})
