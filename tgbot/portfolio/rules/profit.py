"""What trading has brought: profit that was realised, by average cost, pair by pair."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from tgbot.core.money import ZERO
from tgbot.core.orders import Fill, Side


@dataclass(frozen=True, slots=True)
class Profit:
    """Of one pair within the time asked for. `realised` is quote, with the fees that were paid in quote or base taken
    off; `fees` holds those paid in anything else, by currency. `without_cost` is base that was sold although no buy of
    it is known: what it brought is no profit anybody could reckon."""

    symbol: str
    realised: Decimal
    fees: Mapping[str, Decimal]
    without_cost: Decimal


@dataclass(slots=True)
class _Position:
    """What is held at what cost (quote), as far as the fills tell."""

    size: Decimal = ZERO
    cost: Decimal = ZERO
    realised: Decimal = ZERO
    without_cost: Decimal = ZERO
    fees: dict[str, Decimal] = field(default_factory=dict)
    is_touched: bool = False


def profits(fills: Iterable[Fill], since: datetime) -> list[Profit]:
    """Earlier fills give the cost of what was sold since. Divisions are not rounded: these are figures to look at."""
    positions: dict[str, _Position] = {}
    for fill in sorted(fills, key=lambda each: each.at):
        position = positions.setdefault(fill.symbol, _Position())
        is_counted = fill.at >= since
        position.is_touched |= is_counted
        base, quote = fill.symbol.split("-", 1)
        if is_counted and fill.fee_currency not in {base, quote}:
            position.fees[fill.fee_currency] = position.fees.get(fill.fee_currency, ZERO) + fill.fee
        fee_in_quote = fill.fee if fill.fee_currency == quote else ZERO
        fee_in_base = fill.fee if fill.fee_currency == base else ZERO
        if fill.side is Side.BUY:
            position.size += fill.size - fee_in_base
            position.cost += fill.funds + fee_in_quote
        else:
            _sell(position, fill.size + fee_in_base, fill.funds - fee_in_quote, is_counted=is_counted)
    return [
        Profit(symbol, position.realised, position.fees, position.without_cost)
        for symbol, position in positions.items()
        if position.is_touched
    ]


def _sell(position: _Position, size: Decimal, proceeds: Decimal, *, is_counted: bool) -> None:
    known = min(size, position.size)
    cost = position.cost * known / position.size if position.size else ZERO
    if is_counted:
        position.realised += proceeds * known / size - cost if size else ZERO
        position.without_cost += size - known
    position.size -= known
    position.cost -= cost


@dataclass(frozen=True, slots=True)
class Trade:
    """The fills of one order, together."""

    symbol: str
    side: Side
    size: Decimal
    funds: Decimal
    at: datetime


def trades(fills: Iterable[Fill]) -> Sequence[Trade]:
    """The newest first; an order counts from its last fill."""
    by_order: dict[str, list[Fill]] = {}
    for fill in fills:
        by_order.setdefault(fill.order_id, []).append(fill)
    found = [
        Trade(
            symbol=several[0].symbol,
            side=several[0].side,
            size=sum((fill.size for fill in several), ZERO),
            funds=sum((fill.funds for fill in several), ZERO),
            at=max(fill.at for fill in several),
        )
        for several in by_order.values()
    ]
    return sorted(found, key=lambda trade: trade.at, reverse=True)
