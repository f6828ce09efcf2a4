"""Whether the process lives, and whether it is of use."""

import httpx
import pytest
from starlette.applications import Starlette

from tgbot.web.health import health_routes


@pytest.mark.parametrize(
    ("checks", "status"),
    [
        ({"database": True, "symbols": True}, 200),
        ({"database": False, "symbols": True}, 503),
        ({"symbols": False}, 503),
    ],
)
async def test_ready_says_what_holds_and_live_only_that_we_turn(checks: dict[str, bool], status: int) -> None:
    async def look() -> dict[str, bool]:
        return checks

    transport = httpx.ASGITransport(Starlette(routes=health_routes(look)))
    async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
        ready = await client.get("/ready")
        assert (ready.status_code, ready.json()) == (status, checks)
        assert (await client.get("/live")).status_code == 200
        assert (await client.post("/live")).status_code == 405
