"""The whole exchange: its parts, its accounts, its ASGI app, its background work."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import WebSocketRoute
from starlette.types import ASGIApp

from tgbot.core.clock import Clock
from tgbot.core.ids import Ids
from tgbot.core.market import Announcement, Tick, Topic
from tgbot.paper.budget import Pool
from tgbot.paper.engine import Engine, Event
from tgbot.paper.feeds import Feeds, topics_of
from tgbot.paper.gateway import Call, Gateway, Operation
from tgbot.paper.market import Market
from tgbot.paper.prices import Prices
from tgbot.paper.rest_account import AccountApi
from tgbot.paper.rest_ocos import OcosApi
from tgbot.paper.rest_orders import OrdersApi
from tgbot.paper.rest_public import PublicApi
from tgbot.paper.rest_stops import StopsApi
from tgbot.paper.server import Served, listening
from tgbot.paper.signing import Account
from tgbot.paper.stops import PaperStop
from tgbot.paper.store import Store
from tgbot.paper.streams import PING_INTERVAL_MS, PING_TIMEOUT_MS, Session, Streams
from tgbot.paper.triggers import Triggers

DEFAULT_PERMISSION = "General,Spot,Margin,Futures"

_STREAM_PATH = "/endpoint"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a person would copy from KuCoin's page; `repr` shows the key only."""

    key: str
    secret: str
    passphrase: str

    def __repr__(self) -> str:
        return f"Credentials(key={self.key!r})"


class PaperExchange:
    """`app` is the ASGI app; it needs `run()` beside it. `serve()` does both. `state_path` `None` remembers nothing."""

    def __init__(self, prices: Prices, clock: Clock, ids: Ids, state_path: Path | None = None) -> None:
        self._prices = prices
        self._clock = clock
        self._ids = ids
        self._store = Store(state_path)
        self.market = Market(prices.rules, clock)
        self.streams = Streams(clock, ids, topics_of(self.market), self._subscribed)
        self._feeds = Feeds(self.market, self.streams, clock)
        self._engine = Engine(prices, self.market, self._store, clock, ids, self._tell)
        self._triggers = Triggers(self._engine, self.market, self._store, clock, ids, self._tell_stop)
        self._announcements: list[Announcement] = []
        self.app = self._build_app()
        prices.listen(self._on_tick)

    # running

    @asynccontextmanager
    async def serve(self, host: str = "127.0.0.1", port: int = 0, app: ASGIApp | None = None) -> AsyncIterator[Served]:
        """Listen and keep prices moving while inside; the exchange is closed on the way out. `app` stands in front of
        the exchange's own, e.g. `Faults(exchange.app)`."""
        try:
            async with asyncio.TaskGroup() as tasks:
                background = tasks.create_task(self.run())
                async with listening(app or self.app, host, port) as served:
                    yield served
                background.cancel()
        finally:
            self.close()

    async def run(self) -> None:
        """Move prices, expire orders, push snapshots; until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._prices.run())
            tasks.create_task(self._keep_time())

    def close(self) -> None:
        """Close the state file; for those who do not use `serve`."""
        self._store.close()

    # accounts

    async def open_account(
        self,
        balances: Mapping[str, Decimal],
        *,
        key: str | None = None,
        secret: str | None = None,
        passphrase: str | None = None,
        permission: str = DEFAULT_PERMISSION,
    ) -> Credentials:
        """A new account with a key of its own; what is not given is made up in KuCoin's forms. An account whose key
        is there already is left as it is."""
        credentials = Credentials(
            key or self._ids.unique()[-24:],
            secret or _dashed(self._ids.unique()),
            passphrase or self._ids.short(10),
        )
        known = self._store.account(credentials.key)
        if known:
            return Credentials(known.key, known.secret, known.passphrase)
        self._store.add_account(
            Account(credentials.key, credentials.secret, credentials.passphrase, permission, 0, self._clock.now())
        )
        self._store.reset_balances(credentials.key, balances)
        return credentials

    async def reset_account(self, key: str, balances: Mapping[str, Decimal]) -> None:
        """Its open orders are cancelled, then it has these balances and no others; history stays."""
        self._triggers.cancel(self._triggers.waiting(key))
        for order in self._engine.active(key):
            self._engine.cancel(order)
        self._store.reset_balances(key, balances)

    async def set_permission(self, key: str, permission: str) -> None:
        """KuCoin's text, comma-separated: `General,Spot,Transfer`."""
        self._store.set_permission(key, permission)

    async def revoke(self, key: str) -> None:
        """The key is unknown from now on; its orders rest where they are."""
        self._store.revoke(key)

    # news

    def announce(self, topic: Topic, title: str, text: str = "", url: str = "") -> None:
        """Makes it known, as KuCoin does of listings and delistings."""
        number = len(self._announcements) + 1
        self._announcements.append(Announcement(number, topic, title, text, url, self._clock.now()))

    # beneath

    def _build_app(self) -> Starlette:
        gateway = Gateway(self._clock, self._store.account)
        operations = [
            *PublicApi(self.market, self._clock, self._announcements).operations(),
            *AccountApi(self._store, self.market).operations(),
            *OrdersApi(self._engine, self._store, self.market).operations(),
            *StopsApi(self._triggers, self._store, self.market).operations(),
            *OcosApi(self._triggers, self._store).operations(),
            Operation("POST", "/api/v1/bullet-public", Pool.PUBLIC, 10, self._bullet),
            Operation("POST", "/api/v1/bullet-private", Pool.SPOT, 10, self._bullet, "General"),
        ]

        async def unknown(_: Request, __: Exception) -> Response:
            return gateway.unknown()

        routes = [*gateway.routes(operations), WebSocketRoute(_STREAM_PATH, self.streams.endpoint)]
        return Starlette(routes=routes, exception_handlers={404: unknown, 405: unknown})

    async def _bullet(self, call: Call) -> dict[str, object]:
        """A stream token, and where to dial: the address that this call came to."""
        return {
            "token": self.streams.issue(call.signer.key if call.signer else None),
            "instanceServers": [
                {
                    "endpoint": f"{'wss' if call.is_secure else 'ws'}://{call.host}{_STREAM_PATH}",
                    "encrypt": call.is_secure,
                    "protocol": "websocket",
                    "pingInterval": PING_INTERVAL_MS,
                    "pingTimeout": PING_TIMEOUT_MS,
                }
            ],
        }

    def _on_tick(self, tick: Tick) -> None:
        trade = self.market.record(tick)
        self._engine.touch(tick)
        self._triggers.touch(tick)
        self._feeds.tick(tick, trade)

    def _subscribed(self, session: Session, topic: str) -> None:
        self._feeds.greet(session, topic)
        if topic.startswith(("/market/", "/spotMarket/level2")):
            self._prices.demand()

    def _tell(self, event: Event) -> None:
        account = self._store.account(event.order.account)
        if account:
            self._feeds.event(event, account)

    def _tell_stop(self, stop: PaperStop) -> None:
        account = self._store.account(stop.account)
        if account:
            self._feeds.stop(stop, account)

    async def _keep_time(self) -> None:
        while True:
            await self._clock.sleep(1)
            self._engine.expire()
            self.streams.hang_up_on_silence()
            await self._clock.sleep(1)
            self._engine.expire()
            self._feeds.snapshots()


def _dashed(hexadecimal: str) -> str:
    parts = (hexadecimal[:8], hexadecimal[8:12], hexadecimal[12:16], hexadecimal[16:20], hexadecimal[20:])
    return "-".join(parts)
