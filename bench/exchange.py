"""A KuCoin and a Bot API in one process: canned answers, prepared frames, as fast as a socket takes them.

`python -m bench.exchange FRAMES [CERTIFICATE]` prints its address, and with a certificate that of its encrypted twin.
Whoever puts `/paced/5000` behind the address gets so many frames a second, and by `/soak/5000/60` for so many seconds.
It knows no library, so that it costs every client the same.
"""

import asyncio
import base64
import hashlib
import json
import ssl
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

BEGIN, END = "BEGIN-USDT", "END-USDT"
SYMBOLS = [f"C{number:03}-USDT" for number in range(98)]
WARM_UP = 2_000
BLOCK = 240  # frames written at once, some 64 KB

PACED_SECONDS = 6
QUIET, PEAK = 1000.25, 1001  # prices of paced frames; each peak of a symbol is one higher than the one before
PEAK_EVERY, SOAK_PEAK_EVERY = 50, 500  # frames

KEY = "6705f5c311545b000157d3eb"
SECRET = "f03a5284-5c39-4aaa-9b20-dea10bdcf8e3"
PASSPHRASE = "a passphrase"


def ticker(symbol: str, sequence: int) -> bytes:
    """As KuCoin writes it, down to the order of the fields."""
    price = 100 + sequence * 7919 % 1000 / 100
    data = {
        "sequence": str(1_613_277_183_873 + sequence),
        "bestAsk": f"{price + 0.01:.2f}",
        "size": "0.08000012",
        "bestBidSize": "0.68148185",
        "price": f"{price:.2f}",
        "time": 1_619_378_326_330 + sequence,
        "bestAskSize": "4.51280965",
        "bestBid": f"{price - 0.01:.2f}",
    }
    frame = {"data": data, "subject": "trade.ticker", "topic": f"/market/ticker:{symbol}", "type": "message"}
    return text(frame)


@dataclass(frozen=True)
class Market:
    """Pairs whose prices rest, but for a peak in every so many frames. Each peak of a pair is one higher than the one
    before, and is over with the next frame."""

    symbols: Sequence[str]
    peak_every: int
    is_wide: bool  # one topic for all of them

    def frame(self, number: int) -> bytes:
        """Its sequence is the moment at which it is sent, in nanoseconds."""
        symbol, price = self.symbols[number % len(self.symbols)], QUIET
        if self._is_peak(number):
            height, which = divmod(number // self.peak_every, len(self.symbols))
            symbol, price = self.symbols[which], PEAK + height
        now = time.time_ns() // 1_000_000
        subject, topic = (symbol, "all") if self.is_wide else ("trade.ticker", symbol)
        return text(_PACED % (price + 0.01, price, time.monotonic_ns(), now, price - 0.01, subject, topic))

    def first(self) -> bytes:
        """Of each pair something that is no peak."""
        numbers = range(2 * len(self.symbols))
        return b"".join(self.frame(number) for number in numbers if not self._is_peak(number))

    def _is_peak(self, number: int) -> bool:
        return number % self.peak_every == self.peak_every - 1


_PACED = (
    '{"data":{"bestAsk":"%.2f","size":"0.08000012","bestBidSize":"0.68148185","price":"%.2f","sequence":"%d",'
    '"time":%d,"bestAskSize":"4.51280965","bestBid":"%.2f"},"subject":"%s",'
    '"topic":"/market/ticker:%s","type":"message"}'
)


PACED = Market(SYMBOLS, PEAK_EVERY, is_wide=False)
SOAKED = Market([f"S{number:03}-USDT" for number in range(1_000)], SOAK_PEAK_EVERY, is_wide=True)


def text(message: object) -> bytes:
    """One unmasked WebSocket frame."""
    payload = (message if isinstance(message, str) else json.dumps(message, separators=(",", ":"))).encode()
    size = len(payload)
    return bytes([0x81, size]) + payload if size < 126 else bytes([0x81, 126]) + size.to_bytes(2) + payload


def rule(symbol: str) -> dict[str, object]:
    base, quote = symbol.split("-")
    amounts = {"MinSize": "0.00001", "MaxSize": "10000000000", "Increment": "0.00000001"}
    sizes = {f"base{name}": value for name, value in amounts.items()}
    sizes |= {"quoteMinSize": "0.1", "quoteMaxSize": "99999999", "quoteIncrement": "0.000001"}
    fees = {"feeCategory": 1, "makerFeeCoefficient": "1.00", "takerFeeCoefficient": "1.00"}
    names = {"symbol": symbol, "name": symbol, "baseCurrency": base, "quoteCurrency": quote, "feeCurrency": quote}
    prices = {"priceIncrement": "0.01", "priceLimitRate": "0.1", "minFunds": "0.1"}
    return {**names, **sizes, **fees, **prices, "market": "USDS", "isMarginEnabled": False, "enableTrading": True}


class Exchange:
    def __init__(self, frames: int) -> None:
        self._warm_up = [ticker(SYMBOLS[n % len(SYMBOLS)], n) for n in range(WARM_UP)]
        every = [ticker(SYMBOLS[n % len(SYMBOLS)], n) for n in range(WARM_UP, WARM_UP + frames)]
        self._blocks = [b"".join(every[at : at + BLOCK]) for at in range(0, frames, BLOCK)]
        self._number = count(1)
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                first, *lines = head.split("\r\n")
                headers = dict(line.lower().split(": ", 1) for line in lines if line)
                method, target, _ = first.split(" ")
                if headers.get("upgrade") == "websocket":
                    return await self._stream(reader, writer, head, target)
                await reader.readexactly(int(headers.get("content-length", "0")))
                writer.write(await self._answer(method, target.split("?")[0]))
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        finally:
            writer.close()

    async def _answer(self, method: str, path: str) -> bytes:
        body = await self._telegram(path) if path.startswith("/bot") else self._kucoin(method, path)
        payload = json.dumps(body).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(payload)}\r\n"
        quota = "gw-ratelimit-limit: 4000\r\ngw-ratelimit-remaining: 3999\r\ngw-ratelimit-reset: 30000\r\n"
        return head.encode() + quota.encode() + b"\r\n" + payload

    def _kucoin(self, method: str, path: str) -> dict[str, object]:
        data: object = [] if method == "GET" else {}
        if "bullet" in path:
            server = {"endpoint": self.url.replace("http", "ws") + path.partition("/api/")[0], "encrypt": False}
            server |= {"protocol": "websocket", "pingInterval": 18000, "pingTimeout": 10000}
            data = {"token": "token", "instanceServers": [server]}
        elif path.endswith("/hf/orders"):
            data = {"orderId": f"670fd33bf9406e{next(self._number):010}"}
        elif path.endswith("/symbols"):
            data = [rule(symbol) for symbol in (*SYMBOLS, BEGIN, END)]
        elif path.endswith("/timestamp"):
            data = 1_729_100_692_873
        elif path.endswith("/allTickers"):
            data = {"time": 1_729_100_692_873, "ticker": []}
        elif path.endswith("/account/status"):
            data = True
        return {"code": "200000", "data": data}

    async def _telegram(self, path: str) -> dict[str, object]:
        result: object = True
        if path.endswith("/getUpdates"):
            await asyncio.sleep(1)
            result = []
        elif path.endswith("/getMe"):
            result = {"id": 1, "is_bot": True, "first_name": "Bench", "username": "bench_bot"}
        elif path.endswith("/sendMessage"):
            chat = {"id": 7, "type": "private", "first_name": "Ann"}
            result = {"message_id": next(self._number), "date": 1_729_100_692, "chat": chat, "text": "hello"}
        return {"ok": True, "result": result}

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: str, target: str) -> None:
        key = next(line for line in head.split("\r\n") if line.lower().startswith("sec-websocket-key")).split(": ")[1]
        accept = base64.b64encode(hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest())
        upgrade = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        writer.write(upgrade + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        connect_id = target.partition("connectId=")[2].partition("&")[0]
        writer.write(text({"id": connect_id, "type": "welcome"}))
        async with asyncio.TaskGroup() as group:
            pushing: asyncio.Task[None] | None = None
            while (message := await _said(reader, writer)) is not None:
                if message["type"] == "ping":
                    writer.write(text({"id": message["id"], "type": "pong"}))
                elif message["type"] == "subscribe":
                    writer.write(text({"id": str(message["id"]), "type": "ack"}))
                    if message["topic"].startswith("/market/ticker"):
                        pushing = pushing or group.create_task(self._push(writer, target))
            if pushing is not None:
                pushing.cancel()

    async def _push(self, writer: asyncio.StreamWriter, target: str) -> None:
        """A warm-up, a mark, everything, and a mark again and again: not every client shows its user every frame."""
        await asyncio.sleep(0.2)
        match target.partition("?")[0].split("/"):
            case [_, "paced", a_second]:
                return await _push_paced(writer, PACED, int(a_second), PACED_SECONDS)
            case [_, "soak", a_second, seconds]:
                return await _push_paced(writer, SOAKED, int(a_second), int(seconds))
        writer.write(b"".join(self._warm_up))
        await asyncio.sleep(0.7)
        writer.write(ticker(BEGIN, 1))
        await asyncio.sleep(0.1)
        for block in self._blocks:
            writer.write(block)
            await writer.drain()
        return await _mark_the_end(writer)


async def _push_paced(writer: asyncio.StreamWriter, market: Market, a_second: int, seconds: int) -> None:
    """Whatever is due, each millisecond."""
    writer.write(market.first())
    await asyncio.sleep(0.7)
    writer.write(ticker(BEGIN, 1))
    began, sent = time.monotonic(), 0
    while sent < a_second * seconds:
        await asyncio.sleep(0.001)
        due = min(int((time.monotonic() - began) * a_second), a_second * seconds)
        writer.write(b"".join(map(market.frame, range(sent, due))))
        sent = due
        await writer.drain()
    await _mark_the_end(writer)


async def _mark_the_end(writer: asyncio.StreamWriter) -> None:
    for number in count(1):
        writer.write(ticker(END, number))
        await asyncio.sleep(0.05)


async def _said(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> dict[str, str] | None:
    """The next message of the client; `None` when it has gone."""
    while True:
        try:
            opcode, size = await reader.readexactly(2)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        size &= 127
        if size == 126:
            size = int.from_bytes(await reader.readexactly(2))
        mask = await reader.readexactly(4)
        payload = bytes(byte ^ mask[at % 4] for at, byte in enumerate(await reader.readexactly(size)))
        if opcode == 0x81:
            message: dict[str, str] = json.loads(payload)
            return message
        if opcode == 0x89:
            writer.write(bytes([0x8A, len(payload)]) + payload)
        if opcode == 0x88:
            return None


async def main(frames: int, certificate: str = "") -> None:
    servers = [await served(Exchange(frames), None)]
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        servers.append(await served(Exchange(0), context))
    print(flush=True)
    await servers[0].serve_forever()


async def served(exchange: Exchange, tls: ssl.SSLContext | None) -> asyncio.Server:
    server = await asyncio.start_server(exchange.serve, "127.0.0.1", 0, limit=2**20, backlog=1_000, ssl=tls)
    exchange.url = f"http{'s' if tls else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    print(exchange.url, end=" ")
    return server


if __name__ == "__main__":
    try:
        asyncio.run(main(int(sys.argv[1]), *sys.argv[2:]))
    except KeyboardInterrupt:
        sys.exit(0)
