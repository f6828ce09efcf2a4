"""How balances, trades and profits look in the chat."""

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from tgbot.core.money import for_display
from tgbot.core.people import Mode
from tgbot.core.reply import Button, Reply, T, Table, Value
from tgbot.portfolio.rules.profit import Profit, Trade
from tgbot.portfolio.rules.valuation import Holding
from tgbot.portfolio.service import Balances, Gains, History

CENT = Decimal("0.01")
MOST_ROWS = 15
SPANS = ((1, timedelta(days=1)), (7, timedelta(days=7)), (30, timedelta(days=30)), (365, timedelta(days=365)))


def balances(found: Balances) -> Reply:
    valuation = found.valuation
    badge = _badge(found.mode)
    total = T.of("portfolio.total", total=_money(valuation.total), currency=valuation.currency, badge=badge)
    refresh = ((Button(T("common.refresh"), "balance"),),)
    first = [*_age(found), *([] if _is_unpriced(found) else [total])]
    if not valuation.holdings and not valuation.dust:
        return Reply((*first, T("portfolio.empty")), refresh)
    rows = tuple(_row(holding) for holding in valuation.holdings[:MOST_ROWS])
    head: tuple[Value, ...] = (T("portfolio.coin"), T("portfolio.amount"), valuation.currency)
    lines: list[T | Table] = [*first, Table((head, *rows))] if rows else [*first]
    held = [h for h in valuation.holdings if h.balance.hold > 0]
    lines += [
        T.of("portfolio.held", hold=for_display(h.balance.hold, 6), currency=h.balance.currency) for h in held[:5]
    ]
    if valuation.dust:
        lines.append(T.of("portfolio.dust", count=valuation.dust, worth=_money(valuation.dust_worth)))
    return Reply(tuple(lines), refresh)


def _age(found: Balances) -> list[T]:
    """Where they are not those of now, that is the first thing to know."""
    if found.as_of is None or found.error is None:
        return []
    return [
        T.of("portfolio.as_of", at=found.as_of, badge=_badge(found.mode)),
        T.of("portfolio.not_asked", code=found.error.code, message=found.error.message),
    ]


def _is_unpriced(found: Balances) -> bool:
    """Something of unknown worth in a list of before: then the prices were not to be had, and a sum would deceive."""
    return found.as_of is not None and any(holding.worth is None for holding in found.valuation.holdings)


def history(found: History, symbol: str | None) -> Reply:
    """The newest orders first; longer spans are a tap away."""
    again = f"history:{symbol} " if symbol else "history:"
    spans = tuple(Button(T.of("portfolio.span", span=span), f"{again}{days}d") for days, span in SPANS)
    values: dict[str, Value] = {"count": len(found.trades), "span": found.span, "badge": _badge(found.mode)}
    title = T("portfolio.history", values) if found.trades else T("portfolio.no_history", values)
    lines = [_trade_line(trade) for trade in found.trades[:MOST_ROWS]]
    rest = len(found.trades) - MOST_ROWS
    more = [T.of("portfolio.more_trades", count=rest)] if rest > 0 else []
    return Reply((title, *lines, *more), (spans,))


def gains(found: Gains) -> Reply:
    """Realised profit only: what is still held has neither won nor lost yet."""
    spans = tuple(Button(T.of("portfolio.span", span=span), f"pnl:{days}d") for days, span in SPANS)
    title = T.of(
        "portfolio.loss" if found.total < 0 else "portfolio.gain",
        amount=_money(abs(found.total)),
        currency=found.currency,
        span=found.span,
        badge=_badge(found.mode),
    )
    if not found.profits:
        return Reply((T.of("portfolio.no_gains", span=found.span, badge=_badge(found.mode)),), (spans,))
    ordered = sorted(found.profits, key=lambda profit: profit.symbol)
    table = Table(tuple(_profit_row(profit) for profit in ordered[:MOST_ROWS]))
    fees = [
        T.of("portfolio.other_fees", fee=for_display(fee, 6), currency=currency)
        for profit in ordered
        for currency, fee in profit.fees.items()
    ]
    unknown = [
        T.of("portfolio.without_cost", size=for_display(profit.without_cost, 6), pair=profit.symbol)
        for profit in ordered
        if profit.without_cost
    ]
    return Reply((title, table, *fees[:5], *unknown[:5], T("portfolio.gains_how")), (spans,))


def _trade_line(trade: Trade) -> T:
    base, quote = trade.symbol.split("-", 1)
    return T.of(
        f"portfolio.trade_{trade.side}",
        at=trade.at,
        size=trade.size,
        base=base,
        price=for_display(trade.funds / trade.size, 9),
        quote=quote,
    )


def _profit_row(profit: Profit) -> tuple[Value, ...]:
    sign = "−" if profit.realised < 0 else "+"
    amount = T.of("portfolio.signed", sign=sign, amount=_money(abs(profit.realised)))
    return (profit.symbol, amount)


def _badge(mode: Mode) -> T | str:
    return T("portfolio.paper_badge") if mode is Mode.PAPER else ""


def _row(holding: Holding) -> tuple[Value, ...]:
    worth: Value = "?" if holding.worth is None else _money(holding.worth)
    return (holding.balance.currency, for_display(holding.balance.total, 6), worth)


def _money(value: Decimal) -> Decimal:
    """To the cent, or to what matters of an amount below one."""
    return value.quantize(CENT, ROUND_HALF_UP) if value >= 1 else for_display(value, 2)
