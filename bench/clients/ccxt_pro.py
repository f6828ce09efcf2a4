"""ccxt: its streams and its order call."""

import ccxt.pro

from bench.exchange import BEGIN, END, KEY, PACED_SECONDS, PASSPHRASE, PEAK, PEAK_EVERY, SECRET, SYMBOLS
from bench.flights import fly
from bench.meter import FrameMeter, report


def connected(url: str) -> ccxt.pro.kucoin:
    exchange = ccxt.pro.kucoin({"apiKey": KEY, "secret": SECRET, "password": PASSPHRASE, "enableRateLimit": False})
    exchange.urls["api"] |= {name: url for name in exchange.urls["api"] if name != "ws"}
    exchange.options["fetchMarkets"] = {"types": ["spot"]}
    return exchange


async def feed(url: str, frames: int) -> None:
    prices: dict[str, float] = {}
    ended: list[bool] = []
    meter = FrameMeter(frames, lambda: ended.append(True))
    exchange = connected(url)
    await exchange.load_markets()
    names = {symbol.replace("-", "/"): symbol for symbol in (*SYMBOLS, BEGIN, END)}
    while not ended:
        for name, ticker in (await exchange.watch_tickers(list(names))).items():
            prices[name] = ticker["last"]
            meter.saw(names[name])
    await exchange.close()


async def rung(url: str, a_second: int) -> None:
    """Of the frames that touch a level, how many its user gets to see."""
    exchange = connected(url)
    exchange.urls["api"] |= {name: f"{url}/paced/{a_second}" for name in exchange.urls["api"] if name != "ws"}
    await exchange.load_markets()
    names = {symbol.replace("-", "/"): symbol for symbol in (*SYMBOLS, BEGIN, END)}
    peaks: set[tuple[str, float]] = set()
    while True:
        heard = await exchange.watch_tickers(list(names))
        peaks |= {(name, it["last"]) for name, it in heard.items() if names[name] in SYMBOLS and it["last"] >= PEAK}
        if any(names[name] == END for name in heard):
            break
    report(share=len(peaks) / (a_second * PACED_SECONDS // PEAK_EVERY))
    await exchange.close()


async def orders(url: str, calls: int, in_flight: int) -> None:
    exchange = connected(url)
    await exchange.load_markets()
    symbol = SYMBOLS[0].replace("-", "/")
    await fly(lambda: exchange.create_order(symbol, "limit", "buy", 0.001, 100.01), calls, in_flight)
    await exchange.close()
