"""Whether the process lives, and whether it is of use."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

Checks = Callable[[], Awaitable[Mapping[str, bool]]]


def health_routes(checks: Checks) -> list[Route]:
    """`/live` answers while the event loop turns; `/ready` is 200 if every check holds, else 503; it shows them all."""

    async def live(request: Request) -> PlainTextResponse:
        return PlainTextResponse("alive\n")

    async def ready(request: Request) -> JSONResponse:
        found = dict(await checks())
        return JSONResponse(found, status_code=200 if all(found.values()) else 503)

    return [Route("/live", live), Route("/ready", ready)]
