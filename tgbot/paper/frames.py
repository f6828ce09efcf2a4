"""The frames that streams push, in KuCoin's shapes. Pure. `Decimal` values leave as JSON numbers, the rest as text."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from tgbot.core.market import Book, Stats, SymbolRule, Tick
from tgbot.core.money import ONE, ZERO, decimals_of, plain
from tgbot.core.orders import OrderType
from tgbot.paper.candles import Bar
from tgbot.paper.engine import Event
from tgbot.paper.ledger import Entry
from tgbot.paper.market import Trade
from tgbot.paper.orders import BASE_RATES, PaperFill, PaperOrder
from tgbot.paper.rest_public import candle_view
from tgbot.paper.rules import market_of
from tgbot.paper.stamps import ms, ns
from tgbot.paper.stops import PaperStop

Fields = dict[str, object]


def ticker(tick: Tick, trade: Trade, best: Book) -> Fields:
    """Of `/market/ticker:`; `best` has one level on each side."""
    return {
        "sequence": str(tick.sequence),
        "price": plain(tick.price),
        "size": plain(trade.size),
        "bestAsk": plain(tick.ask),
        "bestAskSize": plain(best.asks[0].size) if best.asks else "0",
        "bestBid": plain(tick.bid),
        "bestBidSize": plain(best.bids[0].size) if best.bids else "0",
        "time": ms(tick.at),
    }


def match(symbol: str, trade: Trade) -> Fields:
    """Of `/market/match:`."""
    return {
        "symbol": symbol,
        "type": "match",
        "side": trade.side.value,
        "price": plain(trade.price),
        "size": plain(trade.size),
        "sequence": str(trade.sequence),
        "tradeId": str(trade.sequence),
        "time": str(ns(trade.at)),
        "makerOrderId": f"{trade.sequence:024x}",
        "takerOrderId": f"{trade.sequence + 1:024x}",
    }


def depth(book: Book) -> Fields:
    """Of `/spotMarket/level2Depth5:`."""
    return {
        "asks": [[plain(level.price), plain(level.size)] for level in book.asks],
        "bids": [[plain(level.price), plain(level.size)] for level in book.bids],
        "timestamp": ms(book.at),
    }


def candle(symbol: str, bar: Bar, at: datetime) -> Fields:
    """Of `/market/candles:`."""
    return {"symbol": symbol, "candles": candle_view(bar), "time": ns(at)}


def snapshot(stats: Stats, rule: SymbolRule, best: Book, spans: dict[str, Bar], sequence: int) -> Fields:
    """Of `/market/snapshot:`; `spans` are the last `1h`, `4h` and `24h`, each as one bar."""
    places = decimals_of(rule.price_increment)
    opening = spans["24h"].open
    return {
        "sequence": str(sequence),
        "data": {
            "symbol": rule.symbol,
            "symbolCode": rule.symbol,
            "baseCurrency": rule.base,
            "quoteCurrency": rule.quote,
            "market": market_of(rule),
            "markets": [market_of(rule)],
            "siteTypes": ["global"],
            "board": 1,
            "mark": 0,
            "sort": 100,
            "trading": rule.is_trading,
            "marginTrade": False,
            "lastTradedPrice": stats.last,
            "close": stats.last,
            "open": opening,
            "buy": stats.bid,
            "sell": stats.ask,
            "bidSize": best.bids[0].size if best.bids else Decimal(0),
            "askSize": best.asks[0].size if best.asks else Decimal(0),
            "high": stats.high,
            "low": stats.low,
            "changePrice": stats.last - opening,
            "changeRate": round(stats.change, 4),
            "averagePrice": round(stats.turnover / stats.volume if stats.volume else stats.last, places),
            "vol": stats.volume,
            "volValue": stats.turnover,
            "makerFeeRate": BASE_RATES.maker,
            "takerFeeRate": BASE_RATES.taker,
            "makerCoefficient": rule.maker_coefficient,
            "takerCoefficient": rule.taker_coefficient,
            **{f"marketChange{name}": _change(bar) for name, bar in spans.items()},
            "datetime": ms(stats.at),
        },
    }


def order_changes(event: Event) -> Iterator[Fields]:
    """Of `/spotMarket/tradeOrdersV2`, in the order they happened: received, open, match, filled or canceled. The older
    `/spotMarket/tradeOrders` has no `received`."""
    order, fill = event.order, event.fill
    is_resting = order.is_active or (fill and fill.is_maker)
    if event.is_new:
        yield {**_order(order), "type": "received", "status": "new"}
        if is_resting:
            yield {**_order(order), **_untouched(order), "type": "open", "status": "open"}
    if fill:
        yield {**_order(order), **_progress(order), **_match(fill), "type": "match"}
    if not order.is_active:
        kind = "canceled" if order.cancel_exists else "filled"
        yield {**_order(order), **_progress(order), "type": kind, "status": "done"}


def balance_change(entry: Entry, order: PaperOrder, account_id: str, event_id: str) -> Fields:
    """Of `/account/balance`."""
    return {
        "accountId": account_id,
        "currency": entry.after.currency,
        "total": plain(entry.after.total),
        "available": plain(entry.after.available),
        "hold": plain(entry.after.hold),
        "availableChange": plain(entry.available_change),
        "holdChange": plain(entry.hold_change),
        "relationContext": {"symbol": order.symbol, "orderId": order.id},
        "relationEvent": entry.event,
        "relationEventId": event_id,
        "time": str(ms(order.updated_at)),
    }


def stop_change(stop: PaperStop, at: datetime) -> Fields:
    """Of `/spotMarket/advancedOrders`: taken in, triggered (with or without success), or cancelled."""
    fields: Fields = {
        "createdAt": ms(stop.created_at),
        "orderId": stop.id,
        "orderPrice": plain(stop.request.price or ZERO),
        "orderType": "stop",
        "side": stop.request.side.value,
        "size": plain(stop.request.size or ZERO),
        "stop": stop.kind.value,
        "stopPrice": plain(stop.stop_price),
        "symbol": stop.symbol,
        "tradeType": "TRADE",
        "ts": ns(at),
    }
    if stop.triggered_at:
        return {**fields, "type": "triggered", "triggerSuccess": bool(stop.order_id)}
    return {**fields, "type": "open" if stop.is_waiting else "cancel"}


def _change(bar: Bar) -> Fields:
    change = bar.close - bar.open
    return {
        "changePrice": change,
        "changeRate": round(change / (bar.open or ONE), 4),
        "high": bar.high,
        "low": bar.low,
        "open": bar.open,
        "vol": bar.volume,
        "volValue": bar.turnover,
    }


def _order(order: PaperOrder) -> Fields:
    fields: Fields = {
        "clientOid": order.client_oid,
        "orderId": order.id,
        "orderTime": ms(order.created_at),
        "orderType": order.type.value,
        "originSize": plain(order.size),
        "side": order.side.value,
        "symbol": order.symbol,
        "ts": ns(order.updated_at),
    }
    if order.type is OrderType.LIMIT:
        fields |= {"price": plain(order.price), "size": plain(order.size)}
    elif order.funds:
        fields["originFunds"] = plain(order.funds)
    return fields


def _untouched(order: PaperOrder) -> Fields:
    return {"filledSize": "0", "canceledSize": "0", "remainSize": plain(order.size)}


def _progress(order: PaperOrder) -> Fields:
    fields: Fields = {
        "filledSize": plain(order.deal_size),
        "canceledSize": plain(order.cancelled_size),
        "remainSize": plain(order.remain_size),
    }
    if order.type is OrderType.MARKET and order.funds:
        fields["remainFunds"] = plain(order.remain_funds)
    return fields


def _match(fill: PaperFill) -> Fields:
    """A maker's order was open, a taker's is matched as it comes."""
    return {
        "status": "open" if fill.is_maker else "match",
        "liquidity": "maker" if fill.is_maker else "taker",
        "feeType": "makerFee" if fill.is_maker else "takerFee",
        "matchPrice": plain(fill.price),
        "matchSize": plain(fill.size),
        "tradeId": str(fill.number),
    }
