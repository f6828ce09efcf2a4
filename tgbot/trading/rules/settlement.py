"""What has become of an order: how an intent moves from state to state, and when silence proves something.

The exchange is asked by clientOid. Found: its word is taken, and progress never goes back. Not found: that proves
nothing until the gateway can no longer accept the order (`deadline`) and its answers cannot lag any more.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from tgbot.core.money import ZERO
from tgbot.core.orders import Order

CLOCK_SKEW = timedelta(seconds=2)
QUERY_LAG = timedelta(seconds=10)
MISSES_APART = timedelta(seconds=3)
FOUND_FOR = timedelta(days=2)  # how long KuCoin finds a cancelled order by its clientOid


class State(StrEnum):
    """TICKET → SENT → one of the others. UNKNOWN waits for the truth; OPEN and PARTIAL for the market."""

    TICKET = "ticket"
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
_RANK = {State.SENT: 0, State.UNKNOWN: 1, State.OPEN: 2, State.PARTIAL: 3, State.CANCELLED: 4, State.FILLED: 4}


@dataclass(frozen=True, slots=True)
class Misses:
    """How often, and when first and last, the exchange did not know the order."""

    count: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None

    def another(self, at: datetime) -> "Misses":
        return Misses(self.count + 1, self.first_at or at, at)


def state_of(order: Order) -> State:
    """A finished order that filled in part counts as cancelled; its fills tell how much."""
    if order.is_active:
        return State.PARTIAL if order.filled_size > ZERO else State.OPEN
    if order.is_cancelled or order.filled_size == ZERO:
        return State.CANCELLED
    return State.FILLED


def is_progress(state: State, filled: Decimal, seen: Order) -> bool:
    """Whether what was seen is newer than what is known. Late answers cannot reopen what is done."""
    rank, seen_rank = _RANK.get(state, 5), _RANK[state_of(seen)]
    return seen_rank > rank or (seen_rank == rank and seen.filled_size > filled)


def settle_missing(misses: Misses, deadline: datetime) -> State:
    """`deadline` and the times of `misses` are exchange time."""
    if misses.count < 2 or misses.first_at is None or misses.last_at is None:
        return State.UNKNOWN
    if misses.last_at > deadline + FOUND_FOR:
        return State.INDETERMINATE
    is_over = misses.last_at > deadline + CLOCK_SKEW + QUERY_LAG
    is_twice = misses.last_at - misses.first_at >= MISSES_APART
    return State.NOT_PLACED if is_over and is_twice else State.UNKNOWN
