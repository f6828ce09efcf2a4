"""What one writes first: `websockets` and `json`, `httpx` and `hmac`."""

import base64
import hashlib
import hmac
import json
import time
from decimal import Decimal
from uuid import uuid4

import httpx
import websockets

from bench.exchange import BEGIN, END, KEY, PASSPHRASE, SECRET, SYMBOLS
from bench.flights import fly
from bench.meter import FrameMeter


async def feed(url: str, frames: int) -> None:
    prices: dict[str, Decimal] = {}
    meter = FrameMeter(frames, lambda: None)
    async with httpx.AsyncClient() as client:
        bullet = (await client.post(f"{url}/api/v1/bullet-public")).json()["data"]
    address = f"{bullet['instanceServers'][0]['endpoint']}?token={bullet['token']}&connectId=1"
    topic = "/market/ticker:" + ",".join((*SYMBOLS, BEGIN, END))
    async with websockets.connect(address) as socket:
        await socket.send(json.dumps({"id": 1, "type": "subscribe", "topic": topic, "response": True}))
        async for text in socket:
            frame = json.loads(text)
            if frame["type"] != "message":
                continue
            symbol = frame["topic"].split(":")[1]
            prices[symbol] = Decimal(frame["data"]["price"])
            meter.saw(symbol)
            if symbol == END:
                return


async def orders(url: str, calls: int, in_flight: int) -> None:
    async with httpx.AsyncClient(base_url=url) as client:

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
