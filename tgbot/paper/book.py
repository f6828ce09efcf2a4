"""An order book and trade sizes around a tick, made up but always the same for the same tick: prices are handed to the
exchange without them."""

from decimal import Decimal

from tgbot.core.market import Book, Level, SymbolRule, Tick
from tgbot.core.money import ceil_to, floor_to
from tgbot.paper.noise import chance, seed_of

# What is traded in a pair in a day, in its quote currency.
_TURNOVER = {"USDT": Decimal(25_000_000), "USDC": Decimal(5_000_000), "BTC": Decimal(300), "ETH": Decimal(9_000)}
_USUAL_TURNOVER = Decimal(1_000_000)
_TRADES_A_DAY = 250_000
_THOUSAND = 1_000


def ladder(tick: Tick, rule: SymbolRule, depth: int) -> Book:
    """`depth` levels on either side, best first; the best are the tick's own quotes."""
    spacing = ceil_to(tick.price / 50_000, rule.price_increment)
    bids, asks = [], []
    bid, ask = tick.bid, tick.ask
    for level in range(depth):
        bids.append(Level(bid, _size(tick, rule, -level - 1)))
        asks.append(Level(ask, _size(tick, rule, level + 1)))
        bid -= spacing * (1 + _draw(tick, -level - 1) % 3)
        ask += spacing * (1 + _draw(tick, level + 1) % 3)
    return Book(tick.symbol, tuple(level for level in bids if level.price > 0), tuple(asks), tick.at)


def trade_size(tick: Tick, rule: SymbolRule) -> Decimal:
    """How much changed hands at this tick, in base currency."""
    return _size(tick, rule, 0)


def daily_volume(rule: SymbolRule, price: Decimal) -> Decimal:
    """About what a day brings, in base currency."""
    return floor_to(_TURNOVER.get(rule.quote, _USUAL_TURNOVER) / price, rule.base_increment)


def _size(tick: Tick, rule: SymbolRule, level: int) -> Decimal:
    """Mostly small, sometimes large: the usual size of a trade times the square of an even number up to three."""
    usual = daily_volume(rule, tick.price) / _TRADES_A_DAY
    factor = Decimal(_draw(tick, level) // 7 % (3 * _THOUSAND)) / _THOUSAND
    return max(rule.base_min, floor_to(usual * factor * factor, rule.base_increment))


def _draw(tick: Tick, level: int) -> int:
    return chance(seed_of(tick.symbol), tick.sequence, level)
