"""What has become of an order: how an intent moves from state to state, and when silence proves something.

The exchange is asked by clientOid. Found: its word is taken, and progress never goes back. Not found: that proves
nothing until the gateway can no longer accept the order (`deadline`) and its answers cannot lag any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from tgbot.core.money import ONE, ZERO
from tgbot.core.orders import Fill, Order

CLOCK_SKEW = timedelta(seconds=2)
QUERY_LAG = timedelta(seconds=10)
MISSES_APART = timedelta(seconds=3)
FOUND_FOR = timedelta(days=2)  # how long KuCoin finds a cancelled order by its clientOid
VANISHED_AFTER = timedelta(minutes=10)
DUST = Decimal("0.01")  # of the amount


class State(StrEnum):
    """TICKET → SENT → one of the others; or DROPPED, REPLACED, VOID, where nobody can tell whether it was used, or
    OVERTAKEN, where it was for the rest of an order of which less remained.
    UNKNOWN waits for the truth; WAITING for its trigger, outside the book; OPEN and PARTIAL for the market, in it. What
    a group decides on is PROPOSED instead of a TICKET: no tap of one person sends it. INDETERMINATE is left to a
    person; CHECKED, once that person has looked it up."""

    TICKET = "ticket"
    PROPOSED = "proposed"
    DROPPED = "dropped"
    REPLACED = "replaced"
    VOID = "void"
    OVERTAKEN = "overtaken"
    SENT = "sent"
    UNKNOWN = "unknown"
    NOT_SENT = "not_sent"
    REJECTED = "rejected"
    WAITING = "waiting"
    OPEN = "open"
    PARTIAL = "partial"
    FILLED = "filled"
    CANCELLED = "cancelled"
    NOT_PLACED = "not_placed"
    INDETERMINATE = "indeterminate"
    CHECKED = "checked"


UNSETTLED = frozenset({State.SENT, State.UNKNOWN})
WORKING = frozenset({State.OPEN, State.PARTIAL})
PENDING = UNSETTLED | WORKING | {State.WAITING}
DONE = frozenset({State.FILLED, State.CANCELLED})
# We have said that there is no order, or that nobody can tell. Should one turn up all the same, that is the truth.
GIVEN_UP = frozenset({State.NOT_SENT, State.REJECTED, State.NOT_PLACED, State.INDETERMINATE, State.CHECKED})
_RANK = {State.WAITING: 1, State.OPEN: 2, State.PARTIAL: 3, State.CANCELLED: 4, State.FILLED: 4}


@dataclass(frozen=True, slots=True)
class Misses:
    """How often in a row, and when first and last, the exchange did not know the order."""

    count: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None

    def another(self, at: datetime) -> "Misses":
        return Misses(self.count + 1, self.first_at or at, at)

    @property
    def span(self) -> timedelta:
        if self.first_at is None or self.last_at is None:
            return timedelta(0)
        return self.last_at - self.first_at


def state_of(order: Order) -> State:
    """An order that was cancelled before all of it had filled counts as cancelled; its fills tell how much. What is
    over of an amount of quote, because it does not make a whole step, was not meant to fill."""
    if order.is_waiting:
        return State.WAITING
    if order.is_active:
        return State.PARTIAL if order.filled_size > ZERO else State.OPEN
    if order.filled_size == ZERO:
        return State.CANCELLED
    return State.CANCELLED if order.is_cancelled and not _is_whole(order) else State.FILLED


def is_progress(state: State, filled: Decimal, seen: Order) -> bool:
    """Whether what was seen is newer than what is known. Late answers cannot reopen what is done."""
    rank, seen_rank = _RANK.get(state, 0), _RANK[state_of(seen)]
    return seen.filled_size >= filled and (seen_rank > rank or seen.filled_size > filled)


def agree(order: Order, fills: Sequence[Fill]) -> bool:
    """Whether order and fills, two answers of which either may lag behind, can be the truth together. While it is in
    the book, more may have filled since the order was read; at its end each has to account for the other, and what has
    not filled for a cancellation."""
    filled = filled_by(fills)
    if order.is_active:
        return filled >= order.filled_size
    is_whole = order.is_cancelled or order.is_outside or order.size == ZERO or order.filled_size >= order.size
    return filled == order.filled_size and is_whole


def at_its_end(order: Order, fills: Sequence[Fill]) -> Order:
    """The order with all that has proven to have filled: that a trade is not in it yet does not undo the trade."""
    filled = filled_by(fills)
    if order.is_active or filled <= order.filled_size:
        return order
    funds, fee = sum((fill.funds for fill in fills), ZERO), sum((fill.fee for fill in fills), ZERO)
    return replace(order, filled_size=filled, filled_funds=funds, fee=fee, fee_currency=fills[-1].fee_currency)


def filled_by(fills: Sequence[Fill]) -> Decimal:
    return sum((fill.size for fill in fills), ZERO)


def turns_up(state: State, filled: Decimal, ended_for: timedelta, seen: Order) -> bool:
    """Whether an order that was called cancelled is alive after all, `ended_for` later: so late no answer of before can
    come any more. One that has filled less than is known is such an answer all the same."""
    is_alive = seen.is_active and seen.filled_size >= filled
    return state is State.CANCELLED and is_alive and ended_for > QUERY_LAG


def may_grow(state: State, filled: Decimal, size: Decimal | None) -> bool:
    """Whether news of an order that is over can be news: all but one of which everything has filled."""
    return state in GIVEN_UP or state is State.CANCELLED or (state is State.FILLED and filled < (size or ZERO))


def verdict(state: State, misses: Misses, deadline: datetime, seen_at: datetime) -> State | None:
    """What an order in `state` has become, now that KuCoin does not know it; `None` while that proves nothing. All
    times are exchange time, `seen_at` that of the last look that has found it."""
    if state in UNSETTLED:
        settled = settle_missing(misses, deadline)
        return None if settled is State.UNKNOWN else settled
    if state is State.WAITING:
        return settle_gone(misses, deadline, seen_at)
    return State.INDETERMINATE if has_vanished(misses) else None


def settle_missing(misses: Misses, deadline: datetime) -> State:
    """Of an order whose POST had no definite answer. `deadline` and the times of `misses` are exchange time."""
    if misses.count < 2 or misses.last_at is None or misses.span < MISSES_APART:
        return State.UNKNOWN
    if misses.last_at > deadline + FOUND_FOR:
        return State.INDETERMINATE
    return State.NOT_PLACED if misses.last_at > deadline + CLOCK_SKEW + QUERY_LAG else State.UNKNOWN


def settle_gone(misses: Misses, deadline: datetime, seen_at: datetime) -> State | None:
    """Of a stop order or an OCO that KuCoin has had. It shows those that wait and those that were triggered, so one
    that is neither, nor an order, was cancelled; unless it may have been done so long ago that the order is forgotten,
    too. Misses of before it was taken prove nothing: as long as it may be new, its answers lag."""
    if misses.count < 2 or misses.last_at is None or misses.span < QUERY_LAG:
        return None
    if misses.last_at <= deadline + CLOCK_SKEW + QUERY_LAG:
        return None
    return State.INDETERMINATE if misses.last_at > seen_at + FOUND_FOR else State.CANCELLED


def has_vanished(misses: Misses) -> bool:
    """Of an order that the exchange did know: not listed again and again is more than a lag."""
    return misses.count >= 3 and misses.span >= VANISHED_AFTER


def _is_whole(order: Order) -> bool:
    if order.size > ZERO:
        return order.filled_size >= order.size
    return order.filled_funds >= order.funds * (ONE - DUST)
