"""What every REST call goes through: budget, signature, permission, then the operation, then KuCoin's envelope."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tgbot.core.clock import Clock
from tgbot.paper.budget import Budget, Pool
from tgbot.paper.rejections import Rejection, bad_parameter
from tgbot.paper.signing import Account, require, verify

log = structlog.get_logger()

_MAX_BODY = 64 * 1024


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `host` is the address it came to, with the port."""

    query: Mapping[str, str]
    path: Mapping[str, str]
    body: bytes
    host: str
    is_secure: bool
    signer: Account | None

    @property
    def account(self) -> Account:
        """Whose key signed it; only private operations ask."""
        if self.signer is None:
            raise Rejection("400001", "Private operation", 401)
        return self.signer

    def whole(self, name: str, default: int | None = None) -> int | None:
        """A whole number from the query."""
        text = self.query.get(name)
        if not text:
            return default
        if not text.isdecimal():
            raise bad_parameter(f"{name} is invalid")
        return int(text)


Handler = Callable[[Call], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Operation:
    """`weight` and `permission` as in KuCoin's catalogue; without a permission it is public."""

    method: str
    path: str
    pool: Pool
    weight: int
    handler: Handler
    permission: str | None = None


class Gateway:
    def __init__(self, clock: Clock, find_account: Callable[[str], Account | None]) -> None:
        self._clock = clock
        self._find_account = find_account
        self._budget = Budget(clock)

    def routes(self, operations: Iterable[Operation]) -> list[Route]:
        """In the order given: the more particular path first."""
        return [Route(op.path, self._endpoint(op), methods=[op.method]) for op in operations]

    def unknown(self) -> Response:
        return _envelope({"code": "404000", "msg": "Not Found"}, 404, {})

    def _endpoint(self, operation: Operation) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            owner = _owner(operation, request)
            try:
                data = await self._answer(operation, owner, request)
                answer, status = {"code": "200000", "data": data}, 200
            except Rejection as rejection:
                log.debug("paper_rejected", path=operation.path, code=rejection.code)
                answer, status = {"code": rejection.code, "msg": rejection.message}, rejection.status
            return _envelope(answer, status, self._budget.headers(operation.pool, owner))

        return endpoint

    async def _answer(self, operation: Operation, owner: str, request: Request) -> object:
        if not self._budget.spend(operation.pool, owner, operation.weight):
            raise Rejection("429000", "Too many requests in a short period of time, please retry later", 429)
        body = await _body(request)
        signer = self._signer(operation.permission, request, body) if operation.permission else None
        host, is_secure = request.url.netloc, request.url.scheme == "https"
        return await operation.handler(Call(request.query_params, request.path_params, body, host, is_secure, signer))

    def _signer(self, permission: str, request: Request, body: bytes) -> Account:
        query = unquote_plus(request.url.query)
        signed = f"{request.method}{request.url.path}{'?' if query else ''}{query}"
        account = verify(request.headers, signed, body, self._clock.now(), self._find_account)
        require(account, permission)
        return account


def _owner(operation: Operation, request: Request) -> str:
    address = request.client.host if request.client else ""
    return (request.headers.get("KC-API-KEY") if operation.permission else None) or address


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY:
            raise Rejection("400000", "Bad Request", 413)
    return body


def _envelope(answer: object, status: int, headers: Mapping[str, str]) -> Response:
    return Response(msgspec.json.encode(answer), status, dict(headers), "application/json")
