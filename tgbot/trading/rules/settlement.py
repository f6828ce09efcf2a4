"""What has become of an order: how an intent moves from state to state, and when silence proves something.

The exchange is asked by clientOid. Found: its word is taken, and progress never goes back. Not found: that proves
nothing until the gateway can no longer accept the order (`deadline`) and its answers cannot lag any more.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from tgbot.core.money import ONE, ZERO
from tgbot.core.orders import Order

CLOCK_SKEW = timedelta(seconds=2)
QUERY_LAG = timedelta(seconds=10)
MISSES_APART = timedelta(seconds=3)
FOUND_FOR = timedelta(days=2)  # how long KuCoin finds a cancelled order by its clientOid
VANISHED_AFTER = timedelta(minutes=10)
DUST = Decimal("0.01")  # of the amount


class State(StrEnum):
    """TICKET → SENT → one of the others. UNKNOWN waits for the truth; OPEN and PARTIAL for the market. What a group
    decides on is PROPOSED instead of a TICKET: no tap of one person sends it."""

    TICKET = "ticket"
    PROPOSED = "proposed"
    DROPPED = "dropped"
    REPLACED = "replaced"
    SENT = "sent"
    UNKNOWN = "unknown"
    NOT_SENT = "not_sent"
    REJECTED = "rejected"
    OPEN = "open"
    PARTIAL = "partial"
    FILLED = "filled"
    CANCELLED = "cancelled"
    NOT_PLACED = "not_placed"
    INDETERMINATE = "indeterminate"


UNSETTLED = frozenset({State.SENT, State.UNKNOWN})
WORKING = frozenset({State.OPEN, State.PARTIAL})
PENDING = UNSETTLED | WORKING
DONE = frozenset({State.FILLED, State.CANCELLED})
# We have said that there is no order, or that nobody can tell. Should one turn up all the same, that is the truth.
GIVEN_UP = frozenset({State.NOT_SENT, State.REJECTED, State.NOT_PLACED, State.INDETERMINATE})
_RANK = {State.OPEN: 1, State.PARTIAL: 2, State.CANCELLED: 3, State.FILLED: 3}


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
    if order.is_active:
        return State.PARTIAL if order.filled_size > ZERO else State.OPEN
    if order.filled_size == ZERO:
        return State.CANCELLED
    return State.CANCELLED if order.is_cancelled and not _is_whole(order) else State.FILLED


def is_progress(state: State, filled: Decimal, seen: Order) -> bool:
    """Whether what was seen is newer than what is known. Late answers cannot reopen what is done."""
    rank, seen_rank = _RANK.get(state, 0), _RANK[state_of(seen)]
    return seen.filled_size >= filled and (seen_rank > rank or seen.filled_size > filled)


def settle_missing(misses: Misses, deadline: datetime) -> State:
    """Of an order whose POST had no definite answer. `deadline` and the times of `misses` are exchange time."""
    if misses.count < 2 or misses.last_at is None or misses.span < MISSES_APART:
        return State.UNKNOWN
    if misses.last_at > deadline + FOUND_FOR:
        return State.INDETERMINATE
    return State.NOT_PLACED if misses.last_at > deadline + CLOCK_SKEW + QUERY_LAG else State.UNKNOWN


def has_vanished(misses: Misses) -> bool:
    """Of an order that the exchange did know: not listed again and again is more than a lag."""
    return misses.count >= 3 and misses.span >= VANISHED_AFTER


def _is_whole(order: Order) -> bool:
    if order.size > ZERO:
        return order.filled_size >= order.size
    return order.filled_funds >= order.funds * (ONE - DUST)
