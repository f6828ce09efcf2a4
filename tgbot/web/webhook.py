"""Where Telegram delivers updates. Whoever knows the address may post here, so only the secret makes it Telegram."""

import hmac
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

log = structlog.get_logger()

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of a header
BODY_CAP = 1024 * 1024

RawUpdate = Mapping[str, Any]
Receive = Callable[[Sequence[RawUpdate]], Awaitable[None]]


def webhook_route(path: str, secret: str, receive: Receive) -> Route:
    """Hands each update to `receive` and answers 200 once it has returned: what is not answered so, Telegram sends
    again."""

    async def deliver(request: Request) -> Response:
        if not _is_telegram(request, secret):
            return _refusal(403, "secret")
        body = await _body(request)
        if body is None:
            return _refusal(413, "size")
        update = _update(body)
        if update is None:
            return _refusal(400, "no update")
        await receive([update])
        return Response()

    return Route(path, deliver, methods=["POST"])


def _refusal(status: int, reason: str) -> Response:
    """Hangs up, whatever the sender has still to say."""
    log.warning("webhook_refused", reason=reason)
    return Response(status_code=status, headers={"Connection": "close"})


def _is_telegram(request: Request, secret: str) -> bool:
    """The header once, and no other: of two it is not known which one a proxy before us has looked at."""
    given = request.headers.getlist(SECRET_HEADER)
    return len(given) == 1 and hmac.compare_digest(given[0].encode(), secret.encode())


async def _body(request: Request) -> bytes | None:
    """`None` if it is too long; no more than the cap is ever held."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_CAP:
                return None
    except ClientDisconnect:
        return b""
    return bytes(body)


def _update(body: bytes) -> RawUpdate | None:
    try:
        update = json.loads(body)
    except (ValueError, RecursionError):
        return None
    is_update = isinstance(update, dict) and type(update.get("update_id")) is int
    return update if is_update else None
