"""`/bot<token>/<method>`: one call of the bot, from request to answer, faults included."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from tgbot.playground.errors import ApiError, too_many
from tgbot.playground.faults import Fault, Mode
from tgbot.playground.forms import read_params
from tgbot.playground.journal import Call
from tgbot.playground.methods import METHODS
from tgbot.playground.params import Params
from tgbot.playground.world import World

_NAMES = {name.lower(): name for name in ("getUpdates", *METHODS)}
_CUT = "the connection was cut"


class CutResponse(Response):
    """Breaks the connection behind the headers, so that the caller cannot know what was done."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})


@dataclass(frozen=True, slots=True)
class BotApi:
    world: World

    async def answer(self, request: Request) -> Response:
        token: str = request.path_params["token"]
        if token != self.world.token:
            return _refusal(ApiError(401, "" if ":" in token else "invalid token specified"))
        name = _NAMES.get(request.path_params["method"].lower())
        if name is None:
            return _refusal(ApiError(404, "method not found"))
        try:
            params = await read_params(request)
        except ApiError as error:
            return _refusal(error)
        return await self._respond(name, params)

    async def download(self, request: Request) -> Response:
        stored = self.world.files.at_path(request.path_params["path"])
        if request.path_params["token"] != self.world.token or stored is None:
            return _refusal(ApiError(404))
        return Response(stored.data, media_type="application/octet-stream")

    async def _respond(self, name: str, params: Params) -> Response:
        call = Call(name, params.values, {key: len(upload.data) for key, upload in params.files.items()})
        if name != "getUpdates":
            self.world.journal.record(call)
        fault = self.world.faults.strike(name, params.values.get("chat_id"))
        if fault is not None and fault.seconds:
            await self.world.clock.sleep(fault.seconds)
        if fault is not None and fault.mode not in {Mode.LOST, Mode.DELAY}:
            return _spoiled(fault, call)
        response = await self._perform(name, params, call)
        if fault is not None and fault.mode == Mode.LOST:
            call.error = _CUT
            return CutResponse()
        return response

    async def _perform(self, name: str, params: Params, call: Call) -> Response:
        try:
            result = await self._updates(params) if name == "getUpdates" else METHODS[name](self.world, params)
        except ApiError as error:
            call.error = error.description
            return _refusal(error)
        return JSONResponse({"ok": True, "result": result})

    async def _updates(self, params: Params) -> object:
        updates = self.world.updates
        updates.allow(params)
        return await updates.poll(params.number("offset"), params.number("limit", 100), params.number("timeout"))


def _refusal(error: ApiError) -> Response:
    retry_after = error.parameters.get("retry_after")
    headers = {"Retry-After": str(retry_after)} if retry_after else {}
    return JSONResponse(error.to_json(), error.code, headers)


def _spoiled(fault: Fault, call: Call) -> Response:
    if fault.mode == Mode.DROP:
        call.error = _CUT
        return CutResponse()
    if fault.mode == Mode.HTML:
        call.error = "502 page"
        return HTMLResponse("<html><body><h1>502 Bad Gateway</h1></body></html>", 502)
    error = too_many(fault.retry_after or 1) if fault.code == 429 else ApiError(fault.code, fault.detail)
    call.error = error.description
    return _refusal(error)
