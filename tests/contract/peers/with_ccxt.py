"""Trades BTC/USDT with ccxt. Called with an address and a key triple; `foreign.py` reads its output."""

import asyncio
import json
import sys
from collections.abc import Callable
from typing import Any

import ccxt
import ccxt.pro

BTC = "BTC/USDT"
PATIENCE = 20


async def main(url: str, key: str, secret: str, passphrase: str) -> None:
    exchange = ccxt.pro.kucoin({"apiKey": key, "secret": secret, "password": passphrase})
    exchange.urls["api"] |= {name: url for name in exchange.urls["api"] if name != "ws"}
    exchange.options["fetchMarkets"] = {"types": ["spot"]}
    exchange.options["watchTicker"] = {"spotMethod": "/market/ticker"}
    try:
        await look_around(exchange)
        streams = Streams(exchange)
        await streams.begin()
        await trade(exchange, streams)
        say(move="67100")
        await streams.until(lambda: streams.price == 67100)
        held = await balances(exchange)
        await streams.until(lambda: streams.usdt == list(map(float, held["USDT"])))
        say(balances_at_the_end=held, price_heard=streams.price)
        say(orders_heard=streams.orders, balance_heard=streams.usdt)
        streams.end()
    finally:
        await exchange.close()


async def look_around(exchange: Any) -> None:
    markets = await exchange.load_markets()
    steps = {
        row["id"]: [row["base"], row["quote"], row["precision"]["price"], row["precision"]["amount"]]
        for row in markets.values()
    }
    ticker = await exchange.fetch_ticker(BTC)
    book = await exchange.fetch_order_book(BTC, 20)
    say(markets=steps, ticker=[ticker["last"], ticker["bid"], ticker["ask"]])
    say(tickers={row["info"]["symbol"]: row["last"] for row in (await exchange.fetch_tickers()).values()})
    say(bids=book["bids"], asks=book["asks"])
    end = await exchange.fetch_time() // 60_000 * 60 - 60  # what is past does not change any more
    rows = await exchange.fetch_ohlcv(BTC, "1m", (end - 1800) * 1000, 30)
    say(candles_of=[end - 1800, end], candles=[[t // 1000, *row] for t, *row in rows])
    say(balances=await balances(exchange))


async def trade(exchange: Any, streams: "Streams") -> None:
    bought = (await exchange.create_market_buy_order_with_cost(BTC, 100))["id"]
    placed: dict[str, list[Any]] = {bought: ["buy", "market", 100]}
    await streams.until(lambda: streams.orders.get(bought) == "closed")

    async def place(side: str, price: float, size: float) -> str:
        order_id: str = (await exchange.create_order(BTC, "limit", side, size, price))["id"]
        placed[order_id] = [side, price, size]
        return order_id

    resting, offered = await place("buy", 60000, 0.01), await place("sell", 70000, 0.001)
    open_now = await exchange.fetch_open_orders(BTC)
    say(resting=resting, offered=offered, open={row["id"]: terms_of(row) for row in open_now})
    await exchange.cancel_order(resting, BTC)
    await streams.until(lambda: streams.orders.get(resting) == "canceled")

    filled = await place("buy", 66000, 0.01)
    await streams.until(lambda: streams.orders.get(filled) == "open")
    say(move="65900")
    await streams.until(lambda: streams.orders.get(filled) == "closed")
    trades = await exchange.fetch_my_trades(BTC, params={"orderId": filled})
    say(filled=filled, trades=[[row["side"], row["price"], row["amount"], row["fee"]["cost"]] for row in trades])
    say(placed=placed, orders={order_id: await seen(exchange, order_id) for order_id in placed})

    try:
        await exchange.create_order(BTC, "limit", "buy", 0.0000001, 60000)
    except ccxt.InvalidOrder as error:
        say(refused=str(error))


class Streams:
    def __init__(self, exchange: Any) -> None:
        self._exchange = exchange
        self._tasks: list[asyncio.Task[None]] = []
        self._news = asyncio.Event()
        self.price = 0.0
        self.orders: dict[str, str] = {}
        self.usdt: list[float] = []

    async def begin(self) -> None:
        self._tasks = [asyncio.create_task(watch()) for watch in (self._prices, self._changes, self._money)]
        await self.until(lambda: self.price > 0)

    def end(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not is_so():
                self._news.clear()
                await self._news.wait()

    async def _prices(self) -> None:
        while True:
            self.price = (await self._exchange.watch_ticker(BTC))["last"]
            self._news.set()

    async def _changes(self) -> None:
        while True:
            for order in await self._exchange.watch_orders(BTC):
                self.orders[order["id"]] = order["status"]
            self._news.set()

    async def _money(self) -> None:
        while True:
            usdt = (await self._exchange.watch_balance())["USDT"]
            self.usdt = [usdt["free"], usdt["used"]]
            self._news.set()


async def balances(exchange: Any) -> dict[str, list[str]]:
    held = await exchange.fetch_balance()
    return {row["currency"]: [row["available"], row["holds"]] for row in held["info"]["data"]}


async def seen(exchange: Any, order_id: str) -> list[Any]:
    row = await exchange.fetch_order(order_id, BTC)
    return [*terms_of(row), row["status"] == "open", row["filled"], row["cost"]]


def terms_of(row: dict[str, Any]) -> list[Any]:
    if row["type"] == "market":
        return [row["side"], "market", float(row["info"]["funds"])]  # it shows what was spent, not what might have been
    return [row["side"], row["price"], row["amount"]]


def say(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
