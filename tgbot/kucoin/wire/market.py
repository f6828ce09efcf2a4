"""Public market data and the address of a WebSocket."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from tgbot.core.market import Announcement, Book, Candle, Level, ServiceStatus, Stats, SymbolRule, Tick, Topic
from tgbot.core.money import ONE, ZERO
from tgbot.kucoin.wire.values import Wire, decode, is_sane, moment, positive, readable


def server_time(data: bytes) -> datetime:
    return moment(decode(int, data))


class _Status(Wire):
    status: str


_STATUSES = {"open": ServiceStatus.OPEN, "close": ServiceStatus.CLOSED, "cancelonly": ServiceStatus.CANCEL_ONLY}


def status(data: bytes) -> ServiceStatus:
    word = decode(_Status, data).status
    if word not in _STATUSES:
        raise ValueError(f"unknown status {word}")
    return _STATUSES[word]


class _Symbol(Wire):
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
    min_funds: Decimal | None = None
    maker_fee_coefficient: Decimal | None = None
    taker_fee_coefficient: Decimal | None = None

    def rule(self) -> SymbolRule:
        return SymbolRule(
            symbol=self.symbol,
            base=self.base_currency,
            quote=self.quote_currency,
            fee_currency=self.fee_currency,
            base_min=self.base_min_size,
            base_max=self.base_max_size,
            base_increment=positive(self.base_increment),
            quote_min=self.quote_min_size,
            quote_max=self.quote_max_size,
            quote_increment=positive(self.quote_increment),
            price_increment=positive(self.price_increment),
            price_limit_rate=self.price_limit_rate,
            min_funds=self.quote_min_size if self.min_funds is None else self.min_funds,
            is_trading=self.enable_trading,
            maker_coefficient=ONE if self.maker_fee_coefficient is None else self.maker_fee_coefficient,
            taker_coefficient=ONE if self.taker_fee_coefficient is None else self.taker_fee_coefficient,
        )


def symbols(data: bytes) -> list[SymbolRule]:
    """A pair whose row cannot be read is left out: it cannot be traded, the others can."""
    return readable(decode(list[msgspec.Raw], data), lambda row: decode(_Symbol, row).rule())


class _Ticker(Wire):
    time: int
    sequence: int
    price: Decimal
    best_bid: Decimal | None = None
    best_ask: Decimal | None = None


def ticker(symbol: str, data: bytes) -> Tick:
    """A side of the book on which nobody stands is 0."""
    row = decode(_Ticker, data)
    bid, ask = row.best_bid or ZERO, row.best_ask or ZERO
    return Tick(symbol, positive(row.price), bid, ask, row.sequence, moment(row.time))


class StatsRow(Wire):
    """The last 24 hours. An empty side of the book is 0."""

    symbol: str
    last: Decimal
    time: int = 0
    buy: Decimal | None = None
    sell: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    change_rate: Decimal | None = None
    vol: Decimal | None = None
    vol_value: Decimal | None = None

    def stats(self, at: datetime) -> Stats:
        last = positive(self.last)
        return Stats(
            symbol=self.symbol,
            last=last,
            bid=self.buy or ZERO,
            ask=self.sell or ZERO,
            high=self.high or last,
            low=self.low or last,
            change=self.change_rate or ZERO,
            volume=self.vol or ZERO,
            turnover=self.vol_value or ZERO,
            at=at,
        )


class _AllTickers(Wire):
    time: int
    ticker: list[msgspec.Raw]


def stats(data: bytes) -> Stats:
    row = decode(StatsRow, data)
    return row.stats(moment(row.time))


def all_tickers(data: bytes) -> list[Stats]:
    """A pair that has never traded has no last price and is left out."""
    answer = decode(_AllTickers, data)
    at = moment(answer.time)
    return readable(answer.ticker, lambda row: decode(StatsRow, row).stats(at))


# KuCoin writes the time, then open, close, high, low, volume and turnover.
_CandleRow = tuple[int, Decimal, Decimal, Decimal, Decimal, Decimal, Decimal]


class _Told(Wire):
    candles: _CandleRow


def candles(data: bytes) -> list[Candle]:
    """KuCoin sends the newest first."""
    return sorted(map(_candle, decode(list[_CandleRow], data)), key=lambda candle: candle.at)


def told_candle(data: bytes) -> Candle:
    """The one that is pushed while it is being made."""
    return _candle(decode(_Told, data).candles)


def _candle(row: _CandleRow) -> Candle:
    second, *numbers, _ = row
    if not all(is_sane(number) for number in row[1:]):
        raise ValueError("a candle is no number to reckon with")
    opened, close, high, low, volume = numbers
    return Candle(moment(second), opened, high, low, close, volume)


class _Book(Wire):
    time: int
    bids: list[tuple[Decimal, Decimal]]
    asks: list[tuple[Decimal, Decimal]]


def book(symbol: str, data: bytes) -> Book:
    answer = decode(_Book, data)
    bids, asks = (
        tuple(Level(positive(price), positive(size)) for price, size in side) for side in (answer.bids, answer.asks)
    )
    return Book(symbol, bids, asks, moment(answer.time))


TOPICS = {Topic.LISTING: "new-listings", Topic.DELISTING: "delistings"}


class _Announcement(Wire):
    ann_id: int
    ann_title: str
    ann_desc: str
    c_time: int
    ann_url: str = ""


class _Announcements(Wire):
    items: list[msgspec.Raw]


def announcements(topic: Topic, data: bytes) -> list[Announcement]:
    """One that cannot be read is left out."""

    def read(data: bytes) -> Announcement:
        row = decode(_Announcement, data)
        return Announcement(row.ann_id, topic, row.ann_title, row.ann_desc, row.ann_url, moment(row.c_time))

    return readable(decode(_Announcements, data).items, read)


class _Server(Wire):
    endpoint: str
    ping_interval: int
    ping_timeout: int


class _Bullet(Wire):
    token: str
    instance_servers: list[_Server]


@dataclass(frozen=True, slots=True)
class Bullet:
    """Where and how to open one WebSocket. The token is good for one dial and is a secret."""

    endpoint: str
    ping_every: timedelta
    pong_within: timedelta
    token: str = field(repr=False)


def bullet(data: bytes) -> Bullet:
    answer = decode(_Bullet, data)
    if not answer.token or not answer.instance_servers:
        raise ValueError("no token or no server")
    server = answer.instance_servers[0]
    if server.ping_interval <= 0 or server.ping_timeout <= 0:
        raise ValueError("a heartbeat without an interval")
    interval, timeout = (timedelta(milliseconds=number) for number in (server.ping_interval, server.ping_timeout))
    return Bullet(server.endpoint, interval, timeout, answer.token)
