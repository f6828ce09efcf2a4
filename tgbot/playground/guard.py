"""Keeps other sites' pages, open in the same browser, away from the playground."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class SameOriginOnly:
    """Refuses (403) what names another host, or comes from a page of another origin. The Bot API is left out: its token
    is its guard, and its callers are no browsers."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = LOOPBACK) -> None:
        self._app = app
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(("/bot", "/file/bot")) or self._is_own(scope):
            await self._app(scope, receive, send)
            return
        await PlainTextResponse("Forbidden: another host or origin", 403)(scope, receive, send)

    def _is_own(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if urlsplit(f"//{host}").hostname not in self._hosts:
            return False
        return origin is None or origin == f"{scope['scheme']}://{host}"
