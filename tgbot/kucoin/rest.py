"""One REST host of KuCoin: signing, quotas, deadlines, and the reading of whatever comes back.

A read may be repeated, freshly signed. A write goes out once, as the bytes that were prepared, and ends in its answer,
a definite no, *not sent* or *unknown*: nothing else."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import count
from typing import TypeVar
from urllib.parse import quote

import httpx
import structlog

from tgbot.core.clock import Clock
from tgbot.core.errors import ExchangeRejected, ExchangeUnavailable, NotSent, OutcomeUnknown, Reason
from tgbot.core.ids import Ids
from tgbot.kucoin import operations
from tgbot.kucoin.budget import Budget, Patience
from tgbot.kucoin.errors import CLOCK_CODE, SUCCESS, is_throttle, read_error, write_error
from tgbot.kucoin.http import NOT_A_BYTE_SENT
from tgbot.kucoin.operations import Operation
from tgbot.kucoin.server_clock import ServerClock
from tgbot.kucoin.sign import Credentials, signed_headers
from tgbot.kucoin.wire.market import server_time
from tgbot.kucoin.wire.values import MALFORMED, Envelope, decode, milliseconds

T = TypeVar("T")
log = structlog.get_logger()

BODY_CAP = 2 * 1024 * 1024
TRIES = 3
CLOCK_SAMPLES = 2


@dataclass(frozen=True, slots=True)
class Call:
    """One request, signed and ready to go."""

    operation: Operation
    owner: str = field(repr=False)
    target: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes
    envelope: Envelope | None

    @property
    def code(self) -> str:
        return f"http {self.status}" if self.envelope is None else str(self.envelope.code)

    @property
    def message(self) -> str:
        return "no readable answer" if self.envelope is None else self.envelope.msg or ""


class _TooLarge(Exception):
    pass


class Rest:
    def __init__(
        self,
        client: httpx.AsyncClient,
        clock: Clock,
        ids: Ids,
        base_url: str,
        deadline: timedelta = timedelta(seconds=10),
    ) -> None:
        self._client = client
        self._clock = clock
        self._ids = ids
        self._base_url = base_url.rstrip("/")
        self._deadline = deadline.total_seconds()
        self._syncing = asyncio.Lock()
        self.budget = Budget(clock)
        self.server_clock = ServerClock(clock)

    async def read(
        self,
        operation: Operation,
        reader: Callable[[bytes], T],
        query: Mapping[str, str | int] | None = None,
        names: Mapping[str, str] | None = None,
        credentials: Credentials | None = None,
        patience: Patience = Patience.NONE,
    ) -> T:
        """What `reader` makes of the answer's `data`; `names` fill the braces of the path. Waits for quota and repeats
        what failed, all within the deadline. The more `patience`, the more others go first when quota gets scarce.
        Raises `ExchangeRejected`, else `ExchangeUnavailable`."""
        until = self._clock.monotonic() + self._deadline
        for attempt in count(1):
            if credentials is not None:
                await self.know_the_time()
            await self._wait_for_quota(operation, credentials, until, patience)
            try:
                return await self._read_once(self.prepare(operation, query, names, credentials), reader, until)
            except (ExchangeUnavailable, ExchangeRejected) as failure:
                pause = self._pause_after(failure, attempt)
                if pause is None or self._clock.monotonic() + pause >= until:
                    raise
                log.info("read_repeated", path=operation.path, code=failure.code, attempt=attempt)
            await self._clock.sleep(pause)
        raise AssertionError("unreachable")

    def prepare(
        self,
        operation: Operation,
        query: Mapping[str, str | int] | None = None,
        names: Mapping[str, str] | None = None,
        credentials: Credentials | None = None,
        body: bytes = b"",
    ) -> Call:
        """Signs with the present exchange time."""
        names = names or {}
        plain, encoded = operation.path.format_map(names), operation.path.format_map(_quoted(names))
        if query:
            plain += "?" + "&".join(f"{name}={value}" for name, value in query.items())
            encoded += "?" + "&".join(f"{name}={value}" for name, value in _quoted(query).items())
        if credentials is None:
            return Call(operation, "", encoded, {"Content-Type": "application/json"}, body)
        # KuCoin checks the signature against the query before percent-encoding.
        headers = signed_headers(
            credentials, milliseconds(self.server_clock.now()), operation.method, plain, body.decode()
        )
        return Call(operation, credentials.key, encoded, headers, body)

    async def write(self, call: Call, reader: Callable[[bytes], T]) -> T:
        """Sends these bytes once. Raises `NotSent` if nothing left this machine or KuCoin refused the timestamp,
        `ExchangeRejected` for a definite no, `OutcomeUnknown` for everything else but success."""
        wait = self.budget.wait_for(call.operation, call.owner)
        if wait > 0:
            raise NotSent("429000", f"the request quota is used up for {wait:.0f} s")
        try:
            answer = await self._exchange(call, self._deadline)
        except NOT_A_BYTE_SENT as error:
            raise NotSent("connection", str(error)) from _bare(error)
        except httpx.RequestError as error:
            raise OutcomeUnknown("connection", str(error)) from _bare(error)
        except (TimeoutError, _TooLarge) as error:
            raise OutcomeUnknown("connection", type(error).__name__) from error
        if answer.envelope is None:
            raise OutcomeUnknown(answer.code, answer.message)
        if answer.code != SUCCESS:
            raise write_error(answer.code, answer.message)
        try:
            return reader(bytes(answer.envelope.data))
        except MALFORMED as error:
            raise OutcomeUnknown(answer.code, "success without readable data") from error

    async def sync_clock(self) -> None:
        """Measures KuCoin's clock (`GET /api/v1/timestamp`); it is known then. Raises `ExchangeUnavailable`."""
        for _ in range(CLOCK_SAMPLES):
            await self.server_clock.measure(partial(self.read, operations.SERVER_TIME, server_time))
        if not self.server_clock.is_known:
            raise ExchangeUnavailable("clock", "our own clock jumped each time KuCoin's was asked for")

    async def know_the_time(self) -> None:
        """Measures KuCoin's clock unless that was done of late, and the machine has not slept since. Raises
        `ExchangeUnavailable`."""
        async with self._syncing:
            if not self.server_clock.is_known:
                await self.sync_clock()

    async def _wait_for_quota(
        self, operation: Operation, credentials: Credentials | None, until: float, patience: Patience
    ) -> None:
        owner = credentials.key if credentials else ""
        while wait := self.budget.wait_for(operation, owner, patience):
            if self._clock.monotonic() + wait >= until:
                raise ExchangeUnavailable("429000", f"the request quota is used up for {wait:.0f} s")
            await self._clock.sleep(wait + self._ids.fraction())

    def _pause_after(self, failure: ExchangeUnavailable | ExchangeRejected, attempt: int) -> float | None:
        """Full jitter; `None` where asking again will not help."""
        if attempt >= TRIES:
            return None
        if isinstance(failure, ExchangeRejected):
            return 0.0 if failure.reason is Reason.CLOCK and attempt == 1 else None
        return self._ids.fraction() * 2.0 ** (attempt - 1)

    async def _read_once(self, call: Call, reader: Callable[[bytes], T], until: float) -> T:
        try:
            answer = await self._exchange(call, until - self._clock.monotonic())
        except httpx.RequestError as error:
            raise ExchangeUnavailable("connection", str(error)) from _bare(error)
        except (TimeoutError, _TooLarge) as error:
            raise ExchangeUnavailable("connection", type(error).__name__) from error
        if answer.envelope is None:
            raise ExchangeUnavailable(answer.code, answer.message)
        if answer.code != SUCCESS:
            raise read_error(answer.code, answer.message)
        try:
            return reader(bytes(answer.envelope.data))
        except MALFORMED as error:
            raise ExchangeUnavailable(answer.code, "success without readable data") from error

    async def _exchange(self, call: Call, seconds: float) -> _Answer:
        self.budget.spend(call.operation, call.owner)
        request = self._client.build_request(
            call.operation.method, self._base_url + call.target, content=call.body, headers=call.headers
        )
        async with asyncio.timeout(seconds):
            response = await self._client.send(request, stream=True)
            try:
                body = await _capped_body(response)
            finally:
                await response.aclose()
        answer = _Answer(response.status_code, response.headers, body, _envelope(body))
        self._heed(call, answer)
        return answer

    def _heed(self, call: Call, answer: _Answer) -> None:
        """Whatever an answer says about us rather than about the question."""
        is_ours = answer.envelope is not None
        if answer.code == "1015" or (not is_ours and (answer.status in {403, 429} or b"1015" in answer.body[:4096])):
            self.budget.close_host()
        elif is_throttle(answer.status, answer.code):
            self.budget.throttled(call.operation, call.owner, answer.headers)
        else:
            self.budget.learn(call.operation, call.owner, answer.headers)
        if answer.code == CLOCK_CODE:
            self.server_clock.forget()
            log.warning("clock_refused", path=call.operation.path)


def _quoted(values: Mapping[str, str | int]) -> dict[str, str]:
    return {name: quote(str(value), safe=",") for name, value in values.items()}


async def _capped_body(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > BODY_CAP:
            raise _TooLarge
    return bytes(body)


def _envelope(body: bytes) -> Envelope | None:
    try:
        return decode(Envelope, body)
    except MALFORMED:
        return None


def _bare(error: httpx.RequestError) -> httpx.RequestError:
    """httpx hangs the request on its errors, and the request holds the key and the signature."""
    error.request = httpx.Request(error.request.method, error.request.url)
    return error.with_traceback(None)
