"""The production reader and the production order path."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

from bench.exchange import BEGIN, END, KEY, PASSPHRASE, SECRET, SYMBOLS
from bench.flights import fly
from bench.meter import FrameMeter
from tgbot.core.orders import OrderSpec, OrderType, Side
from tgbot.kucoin.account import SpotAccount
from tgbot.kucoin.dialer import Dialer
from tgbot.kucoin.http import make_client, make_transport
from tgbot.kucoin.hub import TickerHub
from tgbot.kucoin.market import SpotMarket
from tgbot.kucoin.readers import Reader, by_aiofastnet, by_asyncio
from tgbot.kucoin.rest import Rest
from tgbot.kucoin.sign import Credentials
from tgbot.markets.prices import PriceBoard
from tgbot.system import SystemClock, SystemIds

CLOCK, IDS = SystemClock(), SystemIds()
ORDER = OrderSpec(SYMBOLS[0], Side.BUY, OrderType.LIMIT, size=Decimal("0.001"), price=Decimal("100.01"))


async def feed(url: str, frames: int) -> None:
    await _feed(url, frames, by_asyncio())


async def fast_feed(url: str, frames: int) -> None:
    """With the extra `fast`."""
    await _feed(url, frames, by_aiofastnet())


async def _feed(url: str, frames: int, reader: Reader) -> None:
    context = ssl.create_default_context()
    ended = asyncio.Event()
    meter = FrameMeter(frames, ended.set)
    async with reached(url, context) as rest:
        board = PriceBoard(CLOCK)
        board.listen(lambda tick: meter.saw(tick.symbol))
        hub = make_hub(Dialer(rest, context, CLOCK, IDS, reader), rest, board)
        for symbol in (*SYMBOLS, BEGIN, END):
            hub.hold(symbol)
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(hub.run())
            await ended.wait()
            reading.cancel()


def make_hub(dialer: Dialer, rest: Rest, board: PriceBoard) -> TickerHub:
    return TickerHub(
        dialer.public,
        SpotMarket(rest).all_tickers,
        CLOCK,
        IDS,
        on_tick=board.on_tick,
        on_gap=board.on_gap,
        on_stats=lambda _: None,
        on_refused=lambda _: None,
    )


async def orders(url: str, calls: int, in_flight: int) -> None:
    async with reached(url, ssl.create_default_context()) as rest:
        account = SpotAccount(rest, Credentials(KEY, SECRET, PASSPHRASE))
        await rest.sync_clock()

        async def place() -> None:
            await account.send(account.prepare_order(IDS.client_oid(), ORDER))

        await fly(place, calls, in_flight)


@asynccontextmanager
async def reached(url: str, context: ssl.SSLContext) -> AsyncIterator[Rest]:
    async with make_client(make_transport(context)) as client:
        yield Rest(client, CLOCK, IDS, url)
