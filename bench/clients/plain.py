"""What one writes first: `websockets` and `json`, `httpx` and `hmac`, the latter on aiohttp too; and the least that is
possible with picows."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from decimal import Decimal
from uuid import uuid4

import httpx
import msgspec
import picows
import websockets
from httpx_aiohttp import AiohttpTransport

from bench.exchange import BEGIN, END, KEY, PASSPHRASE, SECRET, SYMBOLS
from bench.flights import fly
from bench.meter import FrameMeter

TOPIC = "/market/ticker:" + ",".join((*SYMBOLS, BEGIN, END))


async def feed(url: str, frames: int) -> None:
    prices: dict[str, Decimal] = {}
    meter = FrameMeter(frames, lambda: None)
    async with websockets.connect(await _address(url)) as socket:
        await socket.send(json.dumps({"id": 1, "type": "subscribe", "topic": TOPIC, "response": True}))
        async for text in socket:
            frame = json.loads(text)
            if frame["type"] != "message":
                continue
            symbol = frame["topic"].split(":")[1]
            prices[symbol] = Decimal(frame["data"]["price"])
            meter.saw(symbol)
            if symbol == END:
                return


async def _address(url: str) -> str:
    async with httpx.AsyncClient() as client:
        bullet = (await client.post(f"{url}/api/v1/bullet-public")).json()["data"]
    return f"{bullet['instanceServers'][0]['endpoint']}?token={bullet['token']}&connectId=1"


class _Ticker(msgspec.Struct):
    price: Decimal


class _Frame(msgspec.Struct):
    type: str
    topic: str = ""
    data: _Ticker | None = None


class _Reader(picows.WSListener):
    """The least that a reader could do."""

    def __init__(self, frames: int) -> None:
        self._decoder = msgspec.json.Decoder(_Frame)
        self._prices: dict[str, Decimal] = {}
        self._meter = FrameMeter(frames, self._end)
        self.ended = asyncio.Event()

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        message = {"id": 1, "type": "subscribe", "topic": TOPIC, "response": True}
        transport.send(picows.WSMsgType.TEXT, json.dumps(message).encode())

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        message = self._decoder.decode(frame.get_payload_as_memoryview())
        if message.data is not None:
            symbol = message.topic.split(":")[1]
            self._prices[symbol] = message.data.price
            self._meter.saw(symbol)

    def _end(self) -> None:
        self.ended.set()


async def fast_feed(url: str, frames: int) -> None:
    reader = _Reader(frames)
    await picows.ws_connect(lambda: reader, await _address(url))
    await reader.ended.wait()


async def orders(url: str, calls: int, in_flight: int) -> None:
    await _orders(httpx.AsyncClient(base_url=url), calls, in_flight)


async def aiohttp_orders(url: str, calls: int, in_flight: int) -> None:
    """The same by `httpx-aiohttp`, as it comes."""
    await _orders(httpx.AsyncClient(base_url=url, transport=AiohttpTransport()), calls, in_flight)


async def _orders(client: httpx.AsyncClient, calls: int, in_flight: int) -> None:
    async with client:

        async def place() -> None:
            order = {"clientOid": uuid4().hex, "symbol": SYMBOLS[0], "side": "buy", "type": "limit"}
            body = json.dumps({**order, "size": "0.001", "price": "100.01"})
            timestamp = str(int(time.time() * 1000))
            headers = {
                "KC-API-KEY": KEY,
                "KC-API-SIGN": signature(f"{timestamp}POST/api/v1/hf/orders{body}"),
                "KC-API-TIMESTAMP": timestamp,
                "KC-API-PASSPHRASE": signature(PASSPHRASE),
                "KC-API-KEY-VERSION": "3",
                "Content-Type": "application/json",
            }
            answer = (await client.post("/api/v1/hf/orders", content=body, headers=headers)).json()
            if answer["code"] != "200000":
                raise RuntimeError(answer)

        await fly(place, calls, in_flight)


def signature(text: str) -> str:
    return base64.b64encode(hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).digest()).decode()
