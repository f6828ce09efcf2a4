"""How balances look in the chat."""

from decimal import ROUND_HALF_UP, Decimal

from tgbot.core.money import for_display
from tgbot.core.people import Mode
from tgbot.core.reply import Button, Reply, T, Table, Value
from tgbot.portfolio.rules import Holding
from tgbot.portfolio.service import Balances

CENT = Decimal("0.01")
MOST_ROWS = 15


def balances(found: Balances) -> Reply:
    valuation = found.valuation
    badge: Value = T("portfolio.paper_badge") if found.mode is Mode.PAPER else ""
    total = T.of("portfolio.total", total=_money(valuation.total), currency=valuation.currency, badge=badge)
    refresh = ((Button(T("common.refresh"), "balance"),),)
    if not valuation.holdings and not valuation.dust:
        return Reply((total, T("portfolio.empty")), refresh)
    rows = tuple(_row(holding) for holding in valuation.holdings[:MOST_ROWS])
    lines: list[T | Table] = [total, Table(rows)] if rows else [total]
    held = [h for h in valuation.holdings if h.balance.hold > 0]
    lines += [
        T.of("portfolio.held", hold=for_display(h.balance.hold, 6), currency=h.balance.currency) for h in held[:5]
    ]
    if valuation.dust:
        lines.append(T.of("portfolio.dust", count=valuation.dust, worth=_money(valuation.dust_worth)))
    return Reply(tuple(lines), refresh)


def _row(holding: Holding) -> tuple[Value, ...]:
    worth: Value = "?" if holding.worth is None else _money(holding.worth)
    return (holding.balance.currency, for_display(holding.balance.total, 6), worth)


def _money(value: Decimal) -> Decimal:
    """To the cent, or to what matters of an amount below one."""
    return value.quantize(CENT, ROUND_HALF_UP) if value >= 1 else for_display(value, 2)
