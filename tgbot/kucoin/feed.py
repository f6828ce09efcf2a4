"""What arrives on a WebSocket, made into the words of `tgbot.core`. What is unreadable raises one of `wire.MALFORMED`;
what nobody asked for is not even decoded."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import msgspec

from tgbot.core.market import Stats, Tick
from tgbot.core.money import ZERO
from tgbot.core.orders import BalanceChange, ChangeKind, OrderChange, StopChange, StopStatus
from tgbot.kucoin.wire.market import StatsRow
from tgbot.kucoin.wire.values import LEAST, MOST, NULL, Wire, decode, moment

TICKER = "/market/ticker:"
ALL_TICKERS = "/market/ticker:all"
SNAPSHOT = "/market/snapshot:"
CANDLES = "/market/candles:"
ORDERS = "/spotMarket/tradeOrdersV2"
BALANCES = "/account/balance"
STOPS = "/spotMarket/advancedOrders"

# Sequences that jump back while time goes on were started anew; a frame that merely comes late is not that much newer.
STARTED_ANEW = timedelta(seconds=5)


class Frame(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """The outside of every frame. `id` comes back as a string, whatever it was sent as."""

    type: str
    id: str | int | None = None
    topic: str = ""
    subject: str = ""
    user_id: str = ""
    code: int | None = None
    data: msgspec.Raw = msgspec.Raw(NULL)


# Both decoders are held by name, because they run for every frame.
_FRAME_DECODER = msgspec.json.Decoder(Frame, strict=False)


def read_frame(text: str | bytes) -> Frame:
    return _FRAME_DECODER.decode(text)


@dataclass(frozen=True, slots=True)
class Resync:
    """The exchange has begun to count anew: what is remembered of this symbol may have a gap before `tick`."""

    tick: Tick


class _Ticker(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    sequence: int
    price: Decimal
    best_bid: Decimal | None = None
    best_ask: Decimal | None = None
    time: int | None = None
    capital_time: int | None = msgspec.field(default=None, name="Time")


_TICKER_DECODER = msgspec.json.Decoder(_Ticker, strict=False)


class Tickers:
    """Remembers the last tick of each symbol, so that none comes twice and none comes late. `is_wanted` spares the
    decoding of the rest where one topic brings every symbol."""

    def __init__(self, is_wanted: Callable[[str], bool]) -> None:
        self._is_wanted = is_wanted
        self._last: dict[str, Tick] = {}
        self.dropped: Counter[str] = Counter()

    def read(self, frame: Frame) -> Tick | Resync | None:
        symbol = frame.subject if frame.topic == ALL_TICKERS else frame.topic.removeprefix(TICKER)
        if not self._is_wanted(symbol):
            return None
        tick = _tick(symbol, _TICKER_DECODER.decode(frame.data))
        last = self._last.get(symbol)
        if last is None or tick.sequence > last.sequence:
            self._last[symbol] = tick
            return tick
        if tick.at >= last.at + STARTED_ANEW:
            self._last[symbol] = tick
            return Resync(tick)
        self.dropped["repeated" if tick.sequence == last.sequence else "late"] += 1
        return None

    def last(self, symbol: str) -> Tick | None:
        return self._last.get(symbol)

    def forget(self, symbol: str) -> None:
        self._last.pop(symbol, None)


def _tick(symbol: str, row: _Ticker) -> Tick:
    """Thousands of them are made every second: what is checked of each stands here, not in calls."""
    stamp = row.time if row.time is not None else row.capital_time
    if stamp is None:
        raise ValueError("a tick without a time")
    price, bid, ask = row.price, row.best_bid or ZERO, row.best_ask or ZERO
    if not LEAST <= price < MOST or (bid and not LEAST <= bid < MOST) or (ask and not LEAST <= ask < MOST):
        raise ValueError(f"{price}, {bid}, {ask} are no prices above zero")
    return Tick._make((symbol, price, bid, ask, row.sequence, moment(stamp)))  # half of what its own name takes


class _Snapshot(Wire):
    data: msgspec.Raw


class _SnapshotRow(StatsRow, kw_only=True):
    last: Decimal = msgspec.field(name="lastTradedPrice")
    datetime: int


def read_stats(frame: Frame) -> Stats:
    """Of `/market/snapshot:{symbol}`, whose data lies one level deeper than elsewhere."""
    row = decode(_SnapshotRow, bytes(decode(_Snapshot, bytes(frame.data)).data))
    return row.stats(moment(row.datetime))


class _Beginning(msgspec.Struct, frozen=True, gc=False, array_like=True):
    second: int


class _Begun(msgspec.Struct, frozen=True, gc=False):
    candles: _Beginning


_BEGUN_DECODER = msgspec.json.Decoder(_Begun, strict=False)


def begun(frame: Frame) -> int:
    """In which second since 1970 the candle began that a frame of `/market/candles:` tells of; the rest stays as it
    came, for of all the frames of a candle only the last one matters."""
    return _BEGUN_DECODER.decode(frame.data).candles.second


class _OrderChange(Wire):
    order_id: str
    symbol: str
    type: ChangeKind
    status: str
    ts: int
    client_oid: str = ""
    filled_size: Decimal | None = None
    remain_size: Decimal | None = None
    trade_id: str | int | None = None


def read_order_change(frame: Frame) -> OrderChange:
    row = decode(_OrderChange, bytes(frame.data))
    return OrderChange(
        client_oid=row.client_oid,
        order_id=row.order_id,
        symbol=row.symbol,
        kind=row.type,
        is_done=row.status == "done",
        filled_size=row.filled_size,
        remain_size=row.remain_size,
        trade_id=None if row.trade_id is None else str(row.trade_id),
        at=moment(row.ts),
    )


class _BalanceChange(Wire):
    currency: str
    available: Decimal
    hold: Decimal
    time: int
    relation_event: str


def read_balance_change(frame: Frame) -> BalanceChange | None:
    """`None` for what happened outside the trading account."""
    row = decode(_BalanceChange, bytes(frame.data))
    if not row.relation_event.startswith("trade"):
        return None
    return BalanceChange(row.currency, row.available, row.hold, moment(row.time))


class _StopChange(Wire):
    order_id: str
    symbol: str
    type: str
    ts: int
    trigger_success: bool = True


# KuCoin has spelled them small and in capitals.
_STOP_STATUSES = {"open": StopStatus.WAITING, "triggered": StopStatus.TRIGGERED, "cancel": StopStatus.CANCELLED}


def read_stop_change(frame: Frame) -> StopChange:
    """Of a stop order whose trigger was met, but which could not be placed, nothing is left: it is cancelled."""
    row = decode(_StopChange, bytes(frame.data))
    kind = row.type.lower()
    if kind not in _STOP_STATUSES:
        raise ValueError(f"unknown change {row.type}")
    status = _STOP_STATUSES[kind] if row.trigger_success else StopStatus.CANCELLED
    return StopChange(row.order_id, row.symbol, status, moment(row.ts))
