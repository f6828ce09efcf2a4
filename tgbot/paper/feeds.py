"""Which frames go out when: on each tick, every two seconds, on each change of an order."""

from collections.abc import Callable

from tgbot.core.clock import Clock
from tgbot.core.market import Tick
from tgbot.paper import frames
from tgbot.paper.book import ladder
from tgbot.paper.candles import LENGTHS, Bar, bar_start, merge
from tgbot.paper.engine import Event
from tgbot.paper.market import Market, Trade
from tgbot.paper.rest_account import account_id
from tgbot.paper.signing import Account
from tgbot.paper.stamps import seconds
from tgbot.paper.stops import PaperStop
from tgbot.paper.streams import Session, Streams

_TICKER = "/market/ticker:"
_ALL_TICKERS = "/market/ticker:all"
_MATCH = "/market/match:"
_DEPTH = "/spotMarket/level2Depth5:"
_SNAPSHOT = "/market/snapshot:"
_CANDLES = "/market/candles:"
_ORDERS = "/spotMarket/tradeOrdersV2"
_OLDER_ORDERS = "/spotMarket/tradeOrders"
_BALANCE = "/account/balance"
_STOPS = "/spotMarket/advancedOrders"
_BY_SYMBOL = (_TICKER, _MATCH, _DEPTH, _SNAPSHOT)

_SPANS = {"1h": 2, "4h": 8, "24h": 48}  # in half hours


class Feeds:
    def __init__(self, market: Market, streams: Streams, clock: Clock) -> None:
        self._market = market
        self._streams = streams
        self._clock = clock
        self._changes = 0

    def tick(self, tick: Tick, trade: Trade) -> None:
        """The frames that a new price causes, for those who read them."""
        symbol = tick.symbol
        if self._streams.readers(_TICKER + symbol):
            self._streams.publish(_TICKER + symbol, "trade.ticker", self._ticker(tick, trade))
        if self._streams.readers(_ALL_TICKERS):
            self._streams.publish(_ALL_TICKERS, symbol, self._ticker(tick, trade))
        if self._streams.readers(_MATCH + symbol):
            self._streams.publish(_MATCH + symbol, "trade.l3match", frames.match(symbol, trade))
        if self._streams.readers(_DEPTH + symbol):
            book = ladder(tick, self._market.rule(symbol), 5)
            self._streams.publish(_DEPTH + symbol, "level2", frames.depth(book))
        for topic in self._streams.topics(f"{_CANDLES}{symbol}_"):
            self._publish_candle(topic)

    def snapshots(self) -> None:
        for topic in self._streams.topics(_SNAPSHOT):
            self._streams.publish(topic, "trade.snapshot", self._snapshot(topic.removeprefix(_SNAPSHOT)))

    def greet(self, session: Session, topic: str) -> None:
        """KuCoin pushes a ticker within 100 ms of the subscription; here at once, however quiet the pair."""
        symbols = [tick.symbol for tick in self._market.ticks()]
        if topic == _ALL_TICKERS:
            for symbol in symbols:
                self._streams.show(session, topic, symbol, self._last_ticker(symbol))
        elif topic.startswith(_TICKER) and (symbol := topic.removeprefix(_TICKER)) in symbols:
            self._streams.show(session, topic, "trade.ticker", self._last_ticker(symbol))

    def event(self, event: Event, account: Account) -> None:
        """To the streams of the account that the order belongs to."""
        user = str(account.uid)
        for fields in frames.order_changes(event):
            self._streams.tell(account.key, _ORDERS, "orderChange", fields, userId=user)
            if fields["type"] != "received":
                self._streams.tell(account.key, _OLDER_ORDERS, "orderChange", fields, userId=user)
        for entry in event.entries:
            self._changes += 1
            change = str(self._changes)
            number = account_id(account, entry.after.currency)
            fields = frames.balance_change(entry, event.order, number, change)
            self._streams.tell(account.key, _BALANCE, "account.balance", fields, userId=user, id=change)

    def stop(self, stop: PaperStop, account: Account) -> None:
        """To the streams of the account that the stop order belongs to."""
        fields = frames.stop_change(stop, self._clock.now())
        self._streams.tell(account.key, _STOPS, "stopOrder", fields, userId=str(account.uid))

    def _ticker(self, tick: Tick, trade: Trade) -> frames.Fields:
        return frames.ticker(tick, trade, ladder(tick, self._market.rule(tick.symbol), 1))

    def _last_ticker(self, symbol: str) -> frames.Fields:
        return self._ticker(self._market.tick(symbol), list(self._market.trades(symbol))[-1])

    def _publish_candle(self, topic: str) -> None:
        symbol, _, name = topic.removeprefix(_CANDLES).rpartition("_")
        now = self._clock.now()
        start = bar_start(LENGTHS[name], seconds(now))
        for bar in self._market.bars(symbol, LENGTHS[name], start, seconds(now)):
            self._streams.publish(topic, "trade.candles.update", frames.candle(symbol, bar, now))

    def _snapshot(self, symbol: str) -> frames.Fields:
        tick, rule = self._market.tick(symbol), self._market.rule(symbol)
        day = self._market.day(symbol)
        spans: dict[str, Bar] = {name: merge(day[-count:]) for name, count in _SPANS.items()}
        return frames.snapshot(self._market.stats(symbol), rule, ladder(tick, rule, 1), spans, tick.sequence)


def topics_of(market: Market) -> Callable[[str], bool]:
    """Tells a public topic of a pair of this market from anything else."""

    def is_topic(topic: str) -> bool:
        if topic == _ALL_TICKERS:
            return True
        prefix, colon, name = topic.partition(":")
        if prefix + colon == _CANDLES:
            symbol, _, length = name.rpartition("_")
            return symbol in market.rules and length in LENGTHS
        return prefix + colon in _BY_SYMBOL and name in market.rules

    return is_topic
