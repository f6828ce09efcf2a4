"""How prices look in the chat."""

from collections.abc import Callable, Sequence

from tgbot.core.market import Stats, SymbolRule
from tgbot.core.money import HUNDRED, ZERO, for_display
from tgbot.core.reply import Button, Percent, Reply, T, Table, Value
from tgbot.markets.symbols import show_price

PAIRS_A_ROW = 3
LONGEST_DATA = 64


def price_card(rule: SymbolRule, stats: Stats) -> Reply:
    first = T.of("markets.price", pair=stats.symbol, last=stats.last, change=_change(stats))
    volume = T.of("markets.amount", amount=for_display(stats.volume, 6), currency=rule.base)
    rows: list[tuple[Value, ...]] = [
        (T.of("markets.bid"), stats.bid),
        (T.of("markets.ask"), stats.ask),
        (T.of("markets.spread"), _spread(stats)),
        (T.of("markets.high"), stats.high),
        (T.of("markets.low"), stats.low),
        (T.of("markets.volume"), volume),
    ]
    suspended = () if rule.is_trading else (T.of("markets.suspended"),)
    return Reply((first, *suspended, Table(tuple(rows))), _card_buttons(stats.symbol))


def price_table(several: Sequence[Stats]) -> Reply:
    rows = tuple((stats.symbol, stats.last, _change(stats)) for stats in several)
    data = show_price(" ".join(stats.symbol for stats in several))
    # Long names may not fit behind a button; the command can still be typed again.
    buttons = ((_refresh(data),),) if len(data) <= LONGEST_DATA else ()
    return Reply((T.of("markets.prices", count=len(several)), Table(rows)), buttons)


def which_pair(popular: Sequence[str]) -> Reply:
    return Reply((T.of("markets.which_pair"),), pair_buttons(popular, show_price))


def pair_buttons(symbols: Sequence[str], offer: Callable[[str], str]) -> tuple[tuple[Button, ...], ...]:
    """A button for each symbol, in rows; `offer` turns a symbol into the button's data."""
    buttons = [Button(T.of("markets.pair", pair=symbol), offer(symbol)) for symbol in symbols]
    return tuple(tuple(buttons[start : start + PAIRS_A_ROW]) for start in range(0, len(buttons), PAIRS_A_ROW))


def _card_buttons(symbol: str) -> tuple[tuple[Button, ...], ...]:
    return (
        (Button(T.of("common.buy"), f"buy:{symbol}"), Button(T.of("common.sell"), f"sell:{symbol}")),
        (Button(T.of("markets.watch"), f"watch:{symbol}"), Button(T.of("markets.alert"), f"alert:{symbol}")),
        (_refresh(show_price(symbol)),),
    )


def _refresh(data: str) -> Button:
    return Button(T.of("common.refresh"), data)


def _change(stats: Stats) -> Percent:
    return Percent(stats.change * HUNDRED, signed=True)


def _spread(stats: Stats) -> T:
    spread = stats.ask - stats.bid
    share = spread / stats.ask * HUNDRED if stats.ask else ZERO
    return T.of("markets.spread_value", spread=spread, share=Percent(share, places=3))
