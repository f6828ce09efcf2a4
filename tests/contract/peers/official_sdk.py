"""Trades BTC-USDT with kucoin-universal-sdk. Called with an address and a key triple; `foreign.py` reads its output."""

import json
import os
import sys
import threading
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from kucoin_universal_sdk.api import DefaultClient
from kucoin_universal_sdk.generate.account.account import GetSpotAccountListReqBuilder
from kucoin_universal_sdk.generate.spot.market import (
    GetAllSymbolsReqBuilder,
    GetKlinesReqBuilder,
    GetPartOrderBookReqBuilder,
    GetTickerReqBuilder,
)
from kucoin_universal_sdk.generate.spot.order import (
    AddOrderReq,
    AddOrderReqBuilder,
    AddOrderSyncReqBuilder,
    CancelOrderByOrderIdReqBuilder,
    GetOpenOrdersReqBuilder,
    GetOrderByOrderIdReqBuilder,
    GetTradeHistoryReqBuilder,
)
from kucoin_universal_sdk.model import ClientOptionBuilder, TransportOptionBuilder, WebSocketClientOptionBuilder

BTC = "BTC-USDT"
PATIENCE = 20


def main(url: str, key: str, secret: str, passphrase: str) -> None:
    client = connected(url, key, secret, passphrase)
    rest = client.rest_service()
    spot, accounts = rest.get_spot_service(), rest.get_account_service().get_account_api()
    look_around(spot.get_market_api())
    say(balances=balances(accounts))
    streams = listened(client)
    trade(spot.get_order_api(), streams)
    say(move="67100")
    streams.until(lambda: streams.price == "67100")
    held = balances(accounts)
    streams.until(lambda: streams.usdt == held["USDT"])
    say(balances_at_the_end=held, price_heard=streams.price, orders_heard=streams.orders, balance_heard=streams.usdt)


def look_around(market: Any) -> None:
    rows = market.get_all_symbols(GetAllSymbolsReqBuilder().build()).data
    steps = {
        row.symbol: [row.base_currency, row.quote_currency, row.price_increment, row.base_increment] for row in rows
    }
    ticker = market.get_ticker(GetTickerReqBuilder().set_symbol(BTC).build())
    say(markets=steps, ticker=[ticker.price, ticker.best_bid, ticker.best_ask])
    say(tickers={row.symbol: row.last for row in market.get_all_tickers().ticker})
    book = market.get_part_order_book(GetPartOrderBookReqBuilder().set_symbol(BTC).set_size("20").build())
    say(bids=book.bids, asks=book.asks)
    end = market.get_server_time().data // 60_000 * 60 - 60  # what is past does not change any more
    window = GetKlinesReqBuilder().set_symbol(BTC).set_type("1min").set_start_at(end - 1800).set_end_at(end)
    rows = market.get_klines(window.build()).data
    candles = [[at, opened, high, low, closed, volume] for at, opened, closed, high, low, volume, _ in rows]
    say(candles_of=[end - 1800, end], candles=candles)


def trade(orders: Any, streams: "Streams") -> None:
    bought = orders.add_order_sync(order(AddOrderSyncReqBuilder()).set_type("market").set_funds("100").build()).order_id
    placed = {bought: ["buy", "market", "100"]}
    streams.until(lambda: streams.orders.get(bought) == "filled")

    def place(*terms: str) -> str:
        order_id: str = orders.add_order(limit(*terms)).order_id
        placed[order_id] = list(terms)
        return order_id

    resting, offered = place("buy", "60000", "0.01"), place("sell", "70000", "0.001")
    open_now = orders.get_open_orders(GetOpenOrdersReqBuilder().set_symbol(BTC).build()).data
    say(resting=resting, offered=offered, open={row.id: terms_of(row) for row in open_now})
    orders.cancel_order_by_order_id(CancelOrderByOrderIdReqBuilder().set_order_id(resting).set_symbol(BTC).build())
    streams.until(lambda: streams.orders.get(resting) == "canceled")

    filled = place("buy", "66000", "0.01")
    streams.until(lambda: streams.orders.get(filled) == "open")
    say(move="65900")
    streams.until(lambda: streams.orders.get(filled) == "filled")
    trades = orders.get_trade_history(GetTradeHistoryReqBuilder().set_symbol(BTC).set_order_id(filled).build()).items
    say(filled=filled, trades=[[row.side.value, row.price, row.size, row.fee] for row in trades])
    say(placed=placed, orders={order_id: seen(orders, order_id) for order_id in placed})

    try:
        orders.add_order(limit("buy", "66000.05", "0.01"))
    except Exception as error:  # noqa: BLE001 - whichever of its own it raises
        say(refused=str(error))


class Streams:
    """What the callbacks, which run in threads of the library, have been told."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self.price = ""
        self.orders: dict[str, str] = {}
        self.usdt: list[str] = []

    def until(self, is_so: Callable[[], bool]) -> None:
        with self._news:
            if not self._news.wait_for(is_so, PATIENCE):
                raise TimeoutError(f"heard only {vars(self)}")

    def on_ticker(self, topic: str, subject: str, data: Any) -> None:
        with self._news:
            self.price = data.price
            self._news.notify_all()

    def on_order(self, topic: str, subject: str, data: Any) -> None:
        with self._news:
            self.orders[data.order_id] = data.type.value
            self._news.notify_all()

    def on_balance(self, topic: str, subject: str, data: Any) -> None:
        with self._news:
            if data.currency == "USDT":
                self.usdt = [data.available, data.hold]
            self._news.notify_all()


def listened(client: DefaultClient) -> Streams:
    streams = Streams()
    public, private = client.ws_service().new_spot_public_ws(), client.ws_service().new_spot_private_ws()
    public.start()
    private.start()
    public.ticker([BTC], streams.on_ticker)
    private.order_v2(streams.on_order)
    private.account(streams.on_balance)
    return streams


def balances(accounts: Any) -> dict[str, list[str]]:
    rows = accounts.get_spot_account_list(GetSpotAccountListReqBuilder().set_type("trade").build()).data
    return {row.currency: [row.available, row.holds] for row in rows}


def seen(orders: Any, order_id: str) -> list[Any]:
    row = orders.get_order_by_order_id(GetOrderByOrderIdReqBuilder().set_order_id(order_id).set_symbol(BTC).build())
    return [*terms_of(row), row.active, row.deal_size, row.deal_funds]


def terms_of(row: Any) -> list[str]:
    if row.type.value == "market":
        return [row.side.value, "market", row.funds]
    return [row.side.value, row.price, row.size]


def limit(side: str, price: str, size: str) -> AddOrderReq:
    return order(AddOrderReqBuilder(), side).set_type("limit").set_price(price).set_size(size).build()


def order(builder: Any, side: str = "buy") -> Any:
    return builder.set_client_oid(uuid4().hex).set_symbol(BTC).set_side(side)


def connected(url: str, key: str, secret: str, passphrase: str) -> DefaultClient:
    options = ClientOptionBuilder().set_key(key).set_secret(secret).set_passphrase(passphrase)
    options = options.set_spot_endpoint(url).set_futures_endpoint(url).set_broker_endpoint(url)
    options = options.set_transport_option(TransportOptionBuilder().build())
    return DefaultClient(options.set_websocket_client_option(WebSocketClientOptionBuilder().build()).build())


def say(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
    os._exit(0)  # its stop() may wait for ever
