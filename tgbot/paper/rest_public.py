"""Public market data, as KuCoin's REST gives it."""

from collections.abc import Sequence
from decimal import Decimal

from tgbot.core.clock import Clock
from tgbot.core.market import Announcement, Level, Stats, Topic
from tgbot.core.money import ONE, decimals_of, plain
from tgbot.paper.book import ladder, trade_size
from tgbot.paper.budget import Pool
from tgbot.paper.candles import LENGTHS, Bar
from tgbot.paper.currencies import FIAT, currency_view
from tgbot.paper.gateway import Call, Operation
from tgbot.paper.market import Market
from tgbot.paper.orders import BASE_RATES
from tgbot.paper.rejections import bad_parameter
from tgbot.paper.rules import market_of, symbol_view
from tgbot.paper.stamps import ms, ns, seconds

_MOST_BARS = 1500


_MOST_ANNOUNCEMENTS = 50  # on a page
_MONTH_MS = 30 * 86_400_000


class PublicApi:
    """`announcements` are what the exchange has made known so far, the oldest first."""

    def __init__(self, market: Market, clock: Clock, announcements: Sequence[Announcement]) -> None:
        self._market = market
        self._clock = clock
        self._announcements = announcements

    def operations(self) -> list[Operation]:
        table = [
            ("/api/v1/timestamp", 3, self.timestamp),
            ("/api/v1/status", 3, self.status),
            ("/api/v2/symbols", 4, self.symbols),
            ("/api/v2/symbols/{symbol}", 4, self.symbol),
            ("/api/v3/currencies", 3, self.currencies),
            ("/api/v3/currencies/{currency}", 3, self.currency),
            ("/api/v1/market/orderbook/level1", 2, self.ticker),
            ("/api/v1/market/orderbook/level2_{depth:int}", 2, self.book),
            ("/api/v1/market/allTickers", 15, self.all_tickers),
            ("/api/v1/market/stats", 15, self.stats),
            ("/api/v1/market/candles", 3, self.candles),
            ("/api/v1/market/histories", 3, self.trades),
            ("/api/v3/announcements", 20, self.announcements),
            ("/api/v1/prices", 3, self.fiat_prices),
            ("/api/v3/margin/symbols", 3, self.cross_margin_symbols),
            ("/api/v1/isolated/symbols", 3, self.isolated_margin_symbols),
        ]
        return [Operation("GET", path, Pool.PUBLIC, weight, handler) for path, weight, handler in table]

    async def timestamp(self, _: Call) -> int:
        return ms(self._clock.now())

    async def status(self, _: Call) -> dict[str, str]:
        return {"status": "open", "msg": ""}

    async def symbols(self, call: Call) -> list[dict[str, object]]:
        wanted = call.query.get("market")
        return [symbol_view(rule) for rule in self._market.rules.values() if wanted in (None, "", market_of(rule))]

    async def symbol(self, call: Call) -> dict[str, object]:
        return symbol_view(self._market.rule(call.path["symbol"]))

    async def currencies(self, _: Call) -> list[dict[str, object]]:
        return [currency_view(name) for name in self._currencies()]

    async def currency(self, call: Call) -> dict[str, object]:
        name = call.path["currency"]
        if name not in self._currencies():
            raise bad_parameter("Unsupported currency")
        return currency_view(name)

    async def ticker(self, call: Call) -> dict[str, object]:
        symbol = call.query.get("symbol", "")
        tick, rule = self._market.tick(symbol), self._market.rule(symbol)
        best = ladder(tick, rule, 1)
        return {
            "time": ms(tick.at),
            "sequence": str(tick.sequence),
            "price": plain(tick.price),
            "size": plain(trade_size(tick, rule)),
            "bestBid": plain(tick.bid),
            "bestBidSize": _best_size(best.bids),
            "bestAsk": plain(tick.ask),
            "bestAskSize": _best_size(best.asks),
        }

    async def book(self, call: Call) -> dict[str, object]:
        depth = int(call.path["depth"])
        if depth not in (20, 100):
            raise bad_parameter("size is invalid")
        symbol = call.query.get("symbol", "")
        tick = self._market.tick(symbol)
        book = ladder(tick, self._market.rule(symbol), depth)
        return {
            "time": ms(book.at),
            "sequence": str(tick.sequence),
            "bids": [[plain(level.price), plain(level.size)] for level in book.bids],
            "asks": [[plain(level.price), plain(level.size)] for level in book.asks],
        }

    async def all_tickers(self, _: Call) -> dict[str, object]:
        return {
            "time": ms(self._clock.now()),
            "ticker": [self._summary(tick.symbol) for tick in self._market.ticks()],
        }

    async def stats(self, call: Call) -> dict[str, object]:
        symbol = call.query.get("symbol", "")
        stats = self._market.stats(symbol)
        return {"time": ms(stats.at), "symbol": symbol, **self._day(stats)}

    async def candles(self, call: Call) -> list[list[str]]:
        """Newest first, at most 1,500, the newest if there would be more."""
        length = LENGTHS.get(call.query.get("type", ""))
        if length is None:
            raise bad_parameter("type is invalid")
        end = call.whole("endAt", 0) or seconds(self._clock.now())
        start = max(call.whole("startAt", 0) or 0, end - _MOST_BARS * length + 1)
        bars = self._market.bars(call.query.get("symbol", ""), length, start, end)
        return [candle_view(bar) for bar in reversed(bars)]

    async def trades(self, call: Call) -> list[dict[str, object]]:
        return [
            {
                "sequence": str(trade.sequence),
                "price": plain(trade.price),
                "size": plain(trade.size),
                "side": trade.side.value,
                "time": ns(trade.at),
            }
            for trade in self._market.trades(call.query.get("symbol", ""))
        ]

    async def announcements(self, call: Call) -> dict[str, object]:
        """Of the last month unless told otherwise, the newest first."""
        wanted, start = call.query.get("annType", ""), call.whole("startTime", 0)
        start = start or ms(self._clock.now()) - _MONTH_MS
        size = min(call.whole("pageSize", 0) or _MOST_ANNOUNCEMENTS, _MOST_ANNOUNCEMENTS)
        page = call.whole("currentPage", 0) or 1
        found = [
            announcement
            for announcement in reversed(self._announcements)
            if wanted in ("", "latest-announcements", _TOPICS[announcement.topic]) and ms(announcement.at) >= start
        ]
        return {
            "totalNum": len(found),
            "totalPage": -(-len(found) // size),
            "currentPage": page,
            "pageSize": size,
            "items": [_announcement_view(each) for each in found[(page - 1) * size : page * size]],
        }

    async def fiat_prices(self, call: Call) -> dict[str, str]:
        """One coin in `base` money; a dollar is taken to be a USDT."""
        rate = FIAT.get(call.query.get("base") or "USD")
        if rate is None:
            raise bad_parameter("Unsupported base currency")
        wanted = [name for name in call.query.get("currencies", "").split(",") if name]
        prices = {"USDT": ONE, "USDC": ONE}
        for tick in self._market.ticks():
            rule = self._market.rule(tick.symbol)
            if rule.quote == "USDT":
                prices[rule.base] = tick.price
        return {name: f"{price * rate:.16f}" for name, price in prices.items() if not wanted or name in wanted}

    async def cross_margin_symbols(self, _: Call) -> dict[str, object]:
        """None: there is no margin here. Some clients read both lists before anything else."""
        return {"timestamp": ms(self._clock.now()), "items": []}

    async def isolated_margin_symbols(self, _: Call) -> list[object]:
        return []

    def _currencies(self) -> list[str]:
        rules = self._market.rules.values()
        return sorted({rule.base for rule in rules} | {rule.quote for rule in rules})

    def _summary(self, symbol: str) -> dict[str, object]:
        tick, rule = self._market.tick(symbol), self._market.rule(symbol)
        best = ladder(tick, rule, 1)
        return {
            "symbol": symbol,
            "symbolName": symbol,
            "bestBidSize": _best_size(best.bids),
            "bestAskSize": _best_size(best.asks),
            **self._day(self._market.stats(symbol)),
        }

    def _day(self, stats: Stats) -> dict[str, object]:
        rule = self._market.rule(stats.symbol)
        opening = stats.last / (1 + stats.change)
        places = decimals_of(rule.price_increment)
        return {
            "buy": plain(stats.bid),
            "sell": plain(stats.ask),
            "changeRate": plain(round(stats.change, 4)),
            "changePrice": plain(round(stats.last - opening, places)),
            "high": plain(stats.high),
            "low": plain(stats.low),
            "vol": plain(stats.volume),
            "volValue": plain(stats.turnover),
            "last": plain(stats.last),
            "averagePrice": _average(stats, places),
            "takerFeeRate": plain(BASE_RATES.taker),
            "makerFeeRate": plain(BASE_RATES.maker),
            "takerCoefficient": plain(rule.taker_coefficient),
            "makerCoefficient": plain(rule.maker_coefficient),
        }


_TOPICS = {Topic.LISTING: "new-listings", Topic.DELISTING: "delistings"}


def _announcement_view(announcement: Announcement) -> dict[str, object]:
    return {
        "annId": announcement.id,
        "annTitle": announcement.title,
        "annType": ["latest-announcements", _TOPICS[announcement.topic]],
        "annDesc": announcement.text,
        "cTime": ms(announcement.at),
        "language": "en_US",
        "annUrl": announcement.url,
    }


def candle_view(bar: Bar) -> list[str]:
    """KuCoin's order: time, open, close, high, low, volume, turnover."""
    amounts = (bar.open, bar.close, bar.high, bar.low, bar.volume, bar.turnover)
    return [str(bar.at), *(plain(amount) for amount in amounts)]


def _best_size(levels: tuple[Level, ...]) -> str:
    return plain(levels[0].size) if levels else "0"


def _average(stats: Stats, places: int) -> str:
    price = stats.turnover / stats.volume if stats.volume else stats.last
    return plain(round(Decimal(price), places))
