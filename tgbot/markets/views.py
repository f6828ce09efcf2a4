"""How prices look in the chat."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from tgbot.core.market import Stats, SymbolRule
from tgbot.core.money import HUNDRED, ZERO, for_display
from tgbot.core.reply import Button, Percent, Reply, T, Table, Value
from tgbot.markets.symbols import show_price

PAIRS_A_ROW = 3
LONGEST_DATA = 64
DIGITS = 4  # of amounts that nobody reads to the last one
_THOUSAND = Decimal(1000)
_THOUSANDS = ("markets.thousand", "markets.million", "markets.billion", "markets.trillion")


def price_card(rule: SymbolRule, stats: Stats) -> Reply:
    first = T.of("markets.price", pair=stats.symbol, last=stats.last, change=change(stats))
    volume = T.of("markets.amount", amount=for_display(stats.volume, 6), currency=rule.base)
    rows: list[tuple[Value, ...]] = [
        (T.of("markets.bid"), stats.bid),
        (T.of("markets.ask"), stats.ask),
        (T.of("markets.spread"), spread(stats.bid, stats.ask)),
        (T.of("markets.high"), stats.high),
        (T.of("markets.low"), stats.low),
        (T.of("markets.volume"), volume),
    ]
    suspended = () if rule.is_trading else (T.of("markets.suspended"),)
    return Reply((first, *suspended, Table(tuple(rows))), _card_buttons(stats.symbol))


def price_table(several: Sequence[Stats]) -> Reply:
    rows = tuple((stats.symbol, stats.last, change(stats)) for stats in several)
    data = show_price(" ".join(stats.symbol for stats in several))
    # Long names may not fit behind a button; the command can still be typed again.
    buttons = ((refresh(data),),) if len(data) <= LONGEST_DATA else ()
    return Reply((T.of("markets.prices", count=len(several)), Table(rows)), buttons)


def which_pair(popular: Sequence[str]) -> Reply:
    return Reply((T.of("markets.which_pair"),), pair_buttons(popular, show_price))


def pair_buttons(symbols: Sequence[str], offer: Callable[[str], str]) -> tuple[tuple[Button, ...], ...]:
    """A button for each symbol, in rows; `offer` turns a symbol into the button's data."""
    buttons = [Button(T.of("markets.pair", pair=symbol), offer(symbol)) for symbol in symbols]
    return tuple(tuple(buttons[start : start + PAIRS_A_ROW]) for start in range(0, len(buttons), PAIRS_A_ROW))


def deal_buttons(symbol: str) -> tuple[Button, Button]:
    return Button(T.of("common.buy"), f"buy:{symbol}"), Button(T.of("common.sell"), f"sell:{symbol}")


def refresh(data: str) -> Button:
    return Button(T.of("common.refresh"), data)


def change(stats: Stats) -> Percent:
    return Percent(stats.change * HUNDRED, signed=True)


def spread(bid: Decimal, ask: Decimal) -> T:
    """In the quote and as a share of the ask, of which a tight market leaves next to nothing."""
    share = for_display((ask - bid) / ask * HUNDRED, 2) if ask else ZERO
    return T.of("markets.spread_value", spread=ask - bid, share=Percent(share, places=6))


def compact(amount: Decimal) -> Value:
    """Rounded to a few digits, in thousands, millions … where it is that large."""
    if amount < _THOUSAND:
        return for_display(amount, DIGITS)
    power = min((amount.adjusted()) // 3, len(_THOUSANDS))
    return T.of(_THOUSANDS[power - 1], amount=for_display(amount / _THOUSAND**power, DIGITS))


def _card_buttons(symbol: str) -> tuple[tuple[Button, ...], ...]:
    return (
        deal_buttons(symbol),
        (Button(T.of("markets.watch"), f"watch:{symbol}"), Button(T.of("markets.alert"), f"alert:{symbol}")),
        (Button(T.of("common.chart"), f"chart:{symbol}"), refresh(show_price(symbol))),
    )
