"""Opening WebSockets: the address and a one-time token are asked for over REST before every dial."""

import logging
import ssl
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

from tgbot.core.clock import Clock
from tgbot.core.ids import Ids
from tgbot.kucoin import operations
from tgbot.kucoin.pace import Pace
from tgbot.kucoin.rest import Rest
from tgbot.kucoin.sign import Credentials
from tgbot.kucoin.wire.market import Bullet, bullet

DIALS_A_MINUTE = 28  # KuCoin allows 30
FRAME_CAP = 1024 * 1024
OPEN_WITHIN = 10.0

# At debug level the library writes the address, and the address holds the token.
_quiet = logging.getLogger("tgbot.kucoin.websocket")
_quiet.setLevel(logging.WARNING)


class LinkLost(Exception):
    """A socket could not be opened or is of no use any more; the reason is a constant word or two."""


@dataclass(frozen=True, slots=True)
class Line:
    """An open socket that has not said anything yet."""

    connection: ClientConnection
    ping_every: timedelta
    pong_within: timedelta


class Dial(Protocol):
    async def __call__(self) -> Line: ...


class Dialer:
    """Of one host; all its sockets are opened here, because KuCoin counts them together."""

    def __init__(self, rest: Rest, ssl_context: ssl.SSLContext, clock: Clock, ids: Ids) -> None:
        self._rest = rest
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
            connection = await _Connect(
                address,
                ssl=self._ssl_context if address.startswith("wss:") else None,
                ping_interval=None,  # KuCoin counts only its own JSON pings
                compression=None,
                max_size=FRAME_CAP,
                open_timeout=OPEN_WITHIN,
                close_timeout=1,
                proxy=None,
                logger=_quiet,
            )
        except InvalidStatus as error:
            reason = f"http {error.response.status_code}"
        except (OSError, WebSocketException) as error:
            reason = type(error).__name__
        else:
            return Line(connection, where.ping_every, where.pong_within)
        # Outside the except block, because some of the library's errors hold the address.
        raise LinkLost(reason)


class _Connect(connect):
    def process_redirect(self, exc: Exception) -> Exception | str:
        """A token goes where KuCoin's REST answer says, and nowhere else."""
        return exc
