"""Calls that one account signs: reads that may be repeated, writes that go out once, orders that are prepared first."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TypeVar

from tgbot.core.errors import ExchangeRejected, ExchangeUnavailable, NotSent, Reason
from tgbot.kucoin.operations import Operation
from tgbot.kucoin.rest import Call, Rest
from tgbot.kucoin.sign import Credentials

T = TypeVar("T")
Row = TypeVar("Row")

LAST_MOMENT = timedelta(seconds=0.5)
SIGNATURE_LIVES = timedelta(seconds=5)  # KuCoin refuses a request whose timestamp is further off (400002)
MOST_PAGES = 50
OF_THE_KEY = frozenset({Reason.KEY, Reason.IP, Reason.PERMISSION})


@dataclass(frozen=True, slots=True)
class PreparedOrder:
    """The right bytes, not sent yet. `deadline` is exchange time: KuCoin's gateway takes them until then and never
    after. `digest` is the SHA-256 of the body in hex."""

    call: Call
    client_oid: str
    symbol: str
    signed_at: datetime
    deadline: datetime
    digest: str


class SignedCalls:
    """Reads raise `ExchangeRejected` (with a reason that names the key, the address or the permission where that is
    it) or `ExchangeUnavailable`; writes raise as `Rest.write` does."""

    def __init__(self, rest: Rest, credentials: Credentials) -> None:
        self._rest = rest
        self._credentials = credentials
        self._on_key_refused: Callable[[], None] = lambda: None

    def listen(self, on_key_refused: Callable[[], None]) -> None:
        """Tell this listener of every refusal that is about the key and not about the question."""
        self._on_key_refused = on_key_refused

    def exchange_time(self) -> datetime:
        return self._rest.server_clock.now()

    async def know_the_time(self) -> None:
        """Before anything is signed that goes out once: with a wrong clock it is refused."""
        await self._rest.know_the_time()

    def wait_for_quota(self, operation: Operation) -> float:
        """Seconds until this call would go out; 0 means now."""
        return self._rest.budget.wait_for(operation, self._credentials.key)

    async def read(
        self,
        operation: Operation,
        reader: Callable[[bytes], T],
        query: Mapping[str, str | int] | None = None,
        names: Mapping[str, str] | None = None,
    ) -> T:
        with self._overheard():
            return await self._rest.read(operation, reader, query, names, self._credentials)

    async def find(
        self,
        operation: Operation,
        reader: Callable[[bytes], T | None],
        query: Mapping[str, str | int] | None = None,
        names: Mapping[str, str] | None = None,
    ) -> T | None:
        """`None` also if KuCoin says that there is no such thing."""
        try:
            return await self.read(operation, reader, query, names)
        except ExchangeRejected as error:
            if error.reason is not Reason.NOT_FOUND:
                raise
            return None

    async def numbered_pages(
        self, operation: Operation, reader: Callable[[bytes], tuple[list[Row], int]], query: Mapping[str, str | int]
    ) -> list[Row]:
        """All rows of a list whose pages are counted; `reader` tells the rows of one, and how many there are."""
        found: list[Row] = []
        for page in range(1, MOST_PAGES + 1):
            rows, pages = await self.read(operation, reader, {**query, "currentPage": page})
            found += rows
            if page >= pages:
                break
        return found

    async def write(
        self,
        operation: Operation,
        reader: Callable[[bytes], T],
        query: Mapping[str, str | int] | None = None,
        names: Mapping[str, str] | None = None,
    ) -> T:
        try:
            await self.know_the_time()
        except ExchangeUnavailable as error:
            raise NotSent(error.code, error.message) from error
        with self._overheard():
            return await self._rest.write(self._rest.prepare(operation, query, names, self._credentials), reader)

    def prepare(
        self,
        operation: Operation,
        body: bytes,
        *,
        client_oid: str,
        symbol: str,
        signed_at: datetime,
        lives: timedelta = SIGNATURE_LIVES,
    ) -> PreparedOrder:
        """Signs now; nothing is sent. `lives` is shorter where the body itself says until when it may be taken."""
        call = self._rest.prepare(operation, credentials=self._credentials, body=body)
        return PreparedOrder(call, client_oid, symbol, signed_at, signed_at + lives, sha256(body).hexdigest())

    async def send(self, prepared: PreparedOrder, reader: Callable[[bytes], T]) -> T:
        """Posts exactly those bytes, once."""
        if self._rest.server_clock.now() > prepared.deadline - LAST_MOMENT:
            raise NotSent("deadline", "prepared too long ago")
        with self._overheard():
            return await self._rest.write(prepared.call, reader)

    @contextmanager
    def _overheard(self) -> Iterator[None]:
        try:
            yield
        except ExchangeRejected as error:
            if error.reason in OF_THE_KEY:
                self._on_key_refused()
            raise
