"""kucoin-universal-sdk, KuCoin's own: threads and blocking calls."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any
from uuid import uuid4

from kucoin_universal_sdk.api import DefaultClient
from kucoin_universal_sdk.generate.spot.order import AddOrderReqBuilder
from kucoin_universal_sdk.model import ClientOptionBuilder, TransportOptionBuilder, WebSocketClientOptionBuilder

from bench.exchange import BEGIN, END, KEY, PASSPHRASE, SECRET, SYMBOLS
from bench.meter import CALLS_TO_WARM_UP, CallMeter, FrameMeter


def connected(url: str, connections: int = 10) -> DefaultClient:
    transport = TransportOptionBuilder().set_keep_alive(True).set_max_connection_per_pool(connections).build()
    options = ClientOptionBuilder().set_key(KEY).set_secret(SECRET).set_passphrase(PASSPHRASE)
    options = options.set_spot_endpoint(url).set_futures_endpoint(url).set_broker_endpoint(url)
    options = options.set_transport_option(transport)
    return DefaultClient(options.set_websocket_client_option(WebSocketClientOptionBuilder().build()).build())


def feed(url: str, frames: int) -> None:
    prices: dict[str, Decimal] = {}
    ended = threading.Event()
    meter = FrameMeter(frames, ended.set)

    def on_ticker(topic: str, subject: str, data: Any) -> None:
        symbol = topic.split(":")[1]
        prices[symbol] = Decimal(data.price)
        meter.saw(symbol)

    stream = connected(url).ws_service().new_spot_public_ws()
    stream.start()
    stream.ticker([*SYMBOLS, BEGIN, END], on_ticker)
    ended.wait()
    os._exit(0)  # its stop() may wait for ever


def orders(url: str, calls: int, in_flight: int) -> None:
    api = connected(url, connections=in_flight).rest_service().get_spot_service().get_order_api()

    def place() -> None:
        order = AddOrderReqBuilder().set_client_oid(uuid4().hex).set_symbol(SYMBOLS[0]).set_side("buy")
        api.add_order(order.set_type("limit").set_size("0.001").set_price("100.01").build())

    meter = CallMeter()
    with ThreadPoolExecutor(in_flight) as threads:
        list(threads.map(lambda _: meter.calling(place), range(CALLS_TO_WARM_UP)))
        meter.begin()
        list(threads.map(lambda _: meter.calling(place), range(calls)))
    meter.end()
