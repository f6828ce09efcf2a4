"""python-kucoin, the oldest client of other people's: streams only."""

import asyncio
import os
from decimal import Decimal
from typing import Any

from kucoin.asyncio import KucoinSocketManager
from kucoin.asyncio.websockets import ReconnectingWebsocket
from kucoin.client import Client

from bench.exchange import BEGIN, END, KEY, PASSPHRASE, SECRET, SYMBOLS
from bench.meter import FrameMeter


async def feed(url: str, frames: int) -> None:
    Client.REST_API_URL = url
    ReconnectingWebsocket._get_ws_encryption = lambda self: None  # noqa: SLF001 - else it insists on encryption
    prices: dict[str, Decimal] = {}
    ended = asyncio.Event()
    meter = FrameMeter(frames, ended.set)

    async def on_message(message: dict[str, Any]) -> None:
        symbol = message["topic"].split(":")[1]
        prices[symbol] = Decimal(message["data"]["price"])
        meter.saw(symbol)

    client = Client(KEY, SECRET, PASSPHRASE)
    sockets = await KucoinSocketManager.create(asyncio.get_running_loop(), client, on_message)
    await asyncio.sleep(1)
    await sockets.subscribe("/market/ticker:" + ",".join((*SYMBOLS, BEGIN, END)))
    await ended.wait()
    os._exit(0)  # its socket takes no cancelling
