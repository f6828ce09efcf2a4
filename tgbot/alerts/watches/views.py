"""How watched prices look in the chat."""

from collections.abc import Mapping, Sequence

from tgbot.alerts.rules.watch_cards import Quote
from tgbot.alerts.rules.watching import Watch, WatchRequest, as_percent, watch_data
from tgbot.alerts.watches.followed import Move
from tgbot.core.money import HUNDRED
from tgbot.core.reply import Button, Percent, Reply, T, Table, Value
from tgbot.markets.views import PAIRS_A_ROW, pair_buttons

SHOW = ((Button(T("watches.show"), "watch"),),)


def card(watches: Sequence[Watch], quotes: Mapping[str, Quote | None]) -> Reply:
    rows = tuple(_row(watch.symbol, quotes[watch.symbol]) for watch in watches)
    lines: tuple[T | Table, ...] = (T.of("watches.title", count=len(watches)), Table(rows), *_moves(watches))
    stops = [Button(T.of("watches.stop", pair=watch.symbol), f"unwatch_here:{watch.symbol}") for watch in watches]
    in_rows = tuple(tuple(stops[start : start + PAIRS_A_ROW]) for start in range(0, len(stops), PAIRS_A_ROW))
    return Reply(lines, (*in_rows, (Button(T("common.refresh"), "watch_here"),)))


def nothing_watched(offered: Sequence[str]) -> Reply:
    return Reply((T("watches.nothing"),), pair_buttons(offered, lambda symbol: f"watch_here:{symbol}"))


def which_pair(offered: Sequence[str], request: WatchRequest) -> Reply:
    """For a per cent without a pair."""
    buttons = pair_buttons(offered, lambda symbol: watch_data(WatchRequest((symbol,), request.move)))
    return Reply((T("watches.which_pair"),), buttons)


def card_moved() -> Reply:
    """What remains of a card that is shown anew further down."""
    return Reply((T("watches.card_moved"),))


def regained(watches: Sequence[Watch]) -> Reply:
    """The chat is there again, and so is what it watches."""
    pairs = ", ".join(watch.symbol for watch in watches)
    return Reply((T.of("watches.regained", pairs=pairs),), ((Button(T("watches.all"), "watch"),),))


def stopped(symbols: Sequence[str]) -> Reply:
    return Reply((T.of("watches.stopped", pairs=", ".join(symbols)),))


def moved(move: Move) -> Reply:
    watch = move.watch
    change = Percent((move.price / watch.reference - 1) * HUNDRED, signed=True)
    line = T.of("watches.moved", pair=watch.symbol, price=move.price, change=change, reference=watch.reference)
    trade = (
        Button(T("common.buy"), f"buy:{watch.symbol}"),
        Button(T("common.sell"), f"sell:{watch.symbol}"),
        Button(T("watches.all"), "watch"),
    )
    return Reply((line,), (trade,))


def _row(symbol: str, quote: Quote | None) -> tuple[Value, ...]:
    if quote is None:
        return (symbol, T("watches.coming"))
    price = T("watches.no_price") if quote.price is None else quote.price
    if quote.is_stale:
        return (symbol, price, T("watches.stale"))
    return (symbol, price, *([] if quote.change is None else [Percent(quote.change, signed=True)]))


def _moves(watches: Sequence[Watch]) -> list[T]:
    """A line for each per cent, the smallest first."""
    moves = sorted({watch.move for watch in watches if watch.move is not None})
    return [
        T.of(
            "watches.pushed",
            move=as_percent(move),
            pairs=", ".join(watch.symbol for watch in watches if watch.move == move),
        )
        for move in moves
    ]
