"""Opening WebSockets: the address and a one-time token are asked for over REST before every dial."""

import ssl
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from urllib.parse import quote

from tgbot.core.clock import Clock
from tgbot.core.ids import Ids
from tgbot.kucoin import operations
from tgbot.kucoin.connection import Connection
from tgbot.kucoin.pace import Pace
from tgbot.kucoin.readers import FAILED, Reader, status
from tgbot.kucoin.rest import Rest
from tgbot.kucoin.sign import Credentials
from tgbot.kucoin.wire.market import Bullet, bullet

DIALS_A_MINUTE = 28  # KuCoin allows 30


class LinkLost(Exception):
    """A socket could not be opened or is of no use any more; the reason is a constant word or two."""


@dataclass(frozen=True, slots=True)
class Line:
    """An open connection that has not said anything yet."""

    connection: Connection
    ping_every: timedelta
    pong_within: timedelta


class Dial(Protocol):
    async def __call__(self) -> Line: ...


class Dialer:
    """Of one host; all its sockets are opened here, because KuCoin counts them together."""

    def __init__(self, rest: Rest, ssl_context: ssl.SSLContext, clock: Clock, ids: Ids, reader: Reader) -> None:
        self._rest = rest
        self._reader = reader
        self._ssl_context = ssl_context
        self._ids = ids
        self._pace = Pace(clock, DIALS_A_MINUTE, 60)

    async def public(self) -> Line:
        """Raises `LinkLost` or `ExchangeUnavailable`."""
        await self._pace.turn()
        return await self._open(await self._rest.read(operations.PUBLIC_BULLET, bullet))

    async def private(self, credentials: Credentials) -> Line:
        """As `public`; raises `ExchangeRejected` if the key is refused."""
        await self._pace.turn()
        return await self._open(await self._rest.read(operations.PRIVATE_BULLET, bullet, credentials=credentials))

    async def _open(self, where: Bullet) -> Line:
        token = quote(where.token, safe="")
        address = f"{where.endpoint}?token={token}&connectId={self._ids.unique()}"
        try:
            connection = await self._reader.open(address, self._ssl_context)
        except FAILED as error:
            answer = status(error)
            reason = f"http {answer}" if answer else type(error).__name__
        else:
            return Line(connection, where.ping_every, where.pong_within)
        # Outside the except block, because some of the errors hold the address.
        raise LinkLost(reason)
