"""Prices from a recording of KuCoin's stream, played again and again.

A recording has one frame a line behind its time, `1619378326.36: {…}`, as cryptofeed writes it; what the client sent
(`… <- …`) is skipped. A file beside it whose name begins alike may hold the answer of `/api/v1/symbols` of that day.
"""

import asyncio
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import msgspec

from tgbot.core.clock import Clock
from tgbot.core.errors import ConfigError
from tgbot.core.market import SymbolRule, Tick
from tgbot.core.money import ONE, decimals_of
from tgbot.paper.prices import OnTick

_TICKER = "/market/ticker:"
_LARGEST = Decimal(10_000_000_000)


@dataclass(frozen=True, slots=True)
class _Recorded:
    """`second` is when the frame came in, since the epoch."""

    second: Decimal
    symbol: str
    price: Decimal
    bid: Decimal
    ask: Decimal


class _Ticker(msgspec.Struct, rename="camel"):
    price: Decimal
    best_bid: Decimal
    best_ask: Decimal


class _Frame(msgspec.Struct):
    topic: str = ""
    data: msgspec.Raw = msgspec.Raw()


class _Rule(msgspec.Struct, rename="camel"):
    symbol: str
    base_currency: str
    quote_currency: str
    fee_currency: str
    base_min_size: Decimal
    base_max_size: Decimal
    base_increment: Decimal
    quote_min_size: Decimal
    quote_max_size: Decimal
    quote_increment: Decimal
    price_increment: Decimal
    price_limit_rate: Decimal
    enable_trading: bool


class _Symbols(msgspec.Struct):
    data: list[_Rule]


class Replay:
    """Ticks carry today's time and a sequence of their own. Each pair stands at its first recorded price until a
    market topic is subscribed to; then everything runs at the recorded pace, and from the start again at the end."""

    def __init__(self, clock: Clock, file: Path) -> None:
        """Reads the recording; `ConfigError` if there is no ticker in it."""
        self._clock = clock
        self._recorded = list(_read(file))
        if not self._recorded:
            raise ConfigError(f"no recorded ticker in {file.name}")
        self._rules = _rules(file, self._recorded)
        self._demanded = asyncio.Event()
        self._sequence = 0
        self._on_tick: OnTick | None = None

    @property
    def rules(self) -> Mapping[str, SymbolRule]:
        return self._rules

    def listen(self, on_tick: OnTick) -> None:
        self._on_tick = on_tick
        for symbol in self._rules:
            self._tell(next(recorded for recorded in self._recorded if recorded.symbol == symbol))

    def follow(self, symbols: Collection[str]) -> None:
        """Nothing: what was recorded comes in any case."""

    def demand(self) -> None:
        self._demanded.set()

    async def refresh(self, symbol: str) -> bool:
        return symbol in self._rules

    async def run(self) -> None:
        await self._demanded.wait()
        while True:
            began, first = self._clock.monotonic(), self._recorded[0].second
            for recorded in self._recorded:
                await self._until(began + float(recorded.second - first))
                self._tell(recorded)
            await self._clock.sleep(1)

    async def _until(self, due: float) -> None:
        ahead = due - self._clock.monotonic()
        if ahead > 0:
            await self._clock.sleep(ahead)

    def _tell(self, recorded: _Recorded) -> None:
        self._sequence += 1
        tick = Tick(recorded.symbol, recorded.price, recorded.bid, recorded.ask, self._sequence, self._clock.now())
        if self._on_tick:
            self._on_tick(tick)


def _read(file: Path) -> Iterator[_Recorded]:
    for line in file.read_text().splitlines():
        stamp, _, text = line.partition(": ")
        second = stamp.rpartition(" ")[2]
        if " <- " in stamp or not text.startswith("{") or not second.replace(".", "", 1).isdecimal():
            continue
        frame = msgspec.json.decode(text, type=_Frame)
        if frame.topic.startswith(_TICKER):
            ticker = msgspec.json.decode(frame.data, type=_Ticker)
            symbol = frame.topic.removeprefix(_TICKER)
            yield _Recorded(Decimal(second), symbol, ticker.price, ticker.best_bid, ticker.best_ask)


def _rules(file: Path, recorded: list[_Recorded]) -> dict[str, SymbolRule]:
    """In the order in which the pairs first appear."""
    known = _recorded_rules(file)
    symbols = dict.fromkeys(tick.symbol for tick in recorded)
    return {symbol: known.get(symbol) or _guessed_rule(symbol, recorded) for symbol in symbols}


def _recorded_rules(file: Path) -> dict[str, SymbolRule]:
    for neighbour in sorted(file.parent.glob(f"{file.name.split('.')[0]}.*")):
        for line in neighbour.read_text().splitlines():
            address, _, answer = line.partition(" -> ")
            if address.endswith("/api/v1/symbols"):
                text = answer.partition(": ")[2]
                return {rule.symbol: _rule(rule) for rule in msgspec.json.decode(text, type=_Symbols).data}
    return {}


def _rule(recorded: _Rule) -> SymbolRule:
    """Of 2021: there was no `minFunds` yet, the smallest funds did its work."""
    return SymbolRule(
        symbol=recorded.symbol,
        base=recorded.base_currency,
        quote=recorded.quote_currency,
        fee_currency=recorded.fee_currency,
        base_min=recorded.base_min_size,
        base_max=recorded.base_max_size,
        base_increment=recorded.base_increment,
        quote_min=recorded.quote_min_size,
        quote_max=recorded.quote_max_size,
        quote_increment=recorded.quote_increment,
        price_increment=recorded.price_increment,
        price_limit_rate=recorded.price_limit_rate,
        min_funds=recorded.quote_min_size,
        is_trading=recorded.enable_trading,
        maker_coefficient=ONE,
        taker_coefficient=ONE,
    )


def _guessed_rule(symbol: str, recorded: list[_Recorded]) -> SymbolRule:
    """As fine as the finest recorded price."""
    base, _, quote = symbol.partition("-")
    prices = [price for tick in recorded if tick.symbol == symbol for price in (tick.price, tick.bid, tick.ask)]
    increment = ONE.scaleb(-max(decimals_of(price) for price in prices))
    fine = Decimal("0.00000001")
    smallest = Decimal("0.1") if quote.startswith("USD") else Decimal("0.000001")
    return SymbolRule(
        symbol=symbol,
        base=base,
        quote=quote,
        fee_currency=quote,
        base_min=fine,
        base_max=_LARGEST,
        base_increment=fine,
        quote_min=smallest,
        quote_max=_LARGEST,
        quote_increment=fine,
        price_increment=increment,
        price_limit_rate=Decimal("0.1"),
        min_funds=smallest,
        is_trading=True,
        maker_coefficient=ONE,
        taker_coefficient=ONE,
    )
