"""The top of an order book, as a card."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate

from tgbot.core.market import Book, Level
from tgbot.core.money import HUNDRED
from tgbot.core.reply import Percent, Reply, T, Table, Value
from tgbot.markets.views import compact, deal_buttons, pair_buttons, refresh, spread

LEVELS_SHOWN = 8


def show_book(symbol: str) -> str:
    """The data of a button that shows the order book."""
    return f"book:{symbol}"


def book_card(book: Book) -> Reply:
    """The dearest ask on top, the cheapest bid at the bottom, the market in between; the last column adds up from
    there."""
    if not book.bids and not book.asks:
        return Reply((T.of("markets.book_empty", pair=book.symbol),), ((refresh(show_book(book.symbol)),),))
    nobody = T.of("markets.book_nobody")
    bid, ask = (side[0].price if side else nobody for side in (book.bids, book.asks))
    lines: list[T | Table] = [T.of("markets.book", pair=book.symbol, bid=bid, ask=ask)]
    if book.bids and book.asks:
        lines.append(T.of("markets.book_spread", spread=spread(book.bids[0].price, book.asks[0].price)))
    lines += [T.of("markets.book_balance", share=_share_of_bids(book)), _ladder(book)]
    return Reply(tuple(lines), (deal_buttons(book.symbol), (refresh(show_book(book.symbol)),)))


def which_book(popular: Sequence[str]) -> Reply:
    return Reply((T.of("markets.which_book"),), pair_buttons(popular, show_book))


def _ladder(book: Book) -> Table:
    header = (T.of("markets.column_price"), T.of("markets.column_size"), T.of("markets.column_sum"))
    return Table((header, *reversed(_summed(book.asks)), ("", "", ""), *_summed(book.bids)))


def _summed(levels: Sequence[Level]) -> list[tuple[Value, ...]]:
    """Price, size, and how much there is up to this price."""
    shown = levels[:LEVELS_SHOWN]
    sums = accumulate(level.size for level in shown)
    return [(level.price, compact(level.size), compact(total)) for level, total in zip(shown, sums, strict=True)]


def _share_of_bids(book: Book) -> Percent:
    """Of the size that is shown."""
    bids, asks = (sum((level.size for level in side[:LEVELS_SHOWN]), Decimal(0)) for side in (book.bids, book.asks))
    return Percent(bids / (bids + asks) * HUNDRED, places=0)
