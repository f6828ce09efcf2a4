"""The exchange of `test_simulation.py`, in memory: what it takes becomes orders that fill, wait, are triggered and end
by the dice; what it says of them is as old as the dice want it."""

import heapq
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import count

from tests.clock import START
from tgbot.core.orders import Fill, Order, OrderType, Side

WINDOW = 3  # seconds in which the bytes of an order are taken
LONGEST_LAG = 10
ZERO = Decimal(0)
NUMBERS = [Decimal(number) for number in range(100)]

Actor = Generator[int, None, None]  # yields how many seconds it waits; others act meanwhile


class Dice:
    def __init__(self, seed: int) -> None:
        self._state = seed * 2654435761 + 12345

    def below(self, limit: int) -> int:
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self._state >> 33) % limit

    def chance(self, of: int) -> bool:
        return self.below(of) == 0


class Time:
    """Whoever has waited long enough goes on; of those who are due in the same second the dice choose."""

    def __init__(self, dice: Dice) -> None:
        self.now = 0
        self.dice = dice
        self._numbers = count()
        self._queue: list[tuple[int, int, int, Actor]] = []

    def at(self, shift: int = 0) -> datetime:
        return START + timedelta(seconds=self.now + shift)

    def start(self, actor: Actor, after: int = 0) -> None:
        heapq.heappush(self._queue, (self.now + after, self.dice.below(1000), next(self._numbers), actor))

    def run(self, until: int) -> None:
        while self._queue and self._queue[0][0] <= until:
            self.now, _, _, actor = heapq.heappop(self._queue)
            wait = next(actor, None)
            if wait is not None:
                self.start(actor, wait)
        self.now = until


class Kind(StrEnum):
    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"  # waits for its trigger outside the book
    OCO = "oco"  # the same, and is shown also when it has been cancelled there


WAITS = {Kind.STOP, Kind.OCO}


@dataclass(slots=True)
class Placed:
    """One order there, with all that could ever be seen of it, and since when."""

    client_oid: str
    order_id: str
    account: int
    kind: Kind
    size: int
    filled: int = 0
    is_active: bool = True
    is_waiting: bool = False
    book: list[tuple[int, Order]] = field(default_factory=list)
    outside: list[tuple[int, Order | None]] = field(default_factory=list)
    trades: list[tuple[int, Fill]] = field(default_factory=list)

    @property
    def is_gone(self) -> bool:
        """A stop order that ended before its trigger: the exchange does not show that there ever was one."""
        return self.kind is Kind.STOP and not self.is_active and not self.book

    def shown(self, *, is_outside: bool = False) -> Order:
        return Order(
            order_id=self.order_id,
            client_oid=self.client_oid,
            symbol="BTC-USDT",
            side=Side.BUY,
            type=OrderType.LIMIT,
            price=ZERO,
            size=NUMBERS[self.size],
            funds=ZERO,
            filled_size=ZERO if is_outside else NUMBERS[self.filled],
            filled_funds=ZERO,
            fee=ZERO,
            fee_currency="USDT",
            is_active=self.is_active,
            is_cancelled=not self.is_active and self.filled < self.size,
            created_at=START,
            is_waiting=self.is_waiting,
            is_outside=is_outside,
        )


class Exchange:
    def __init__(self, time: Time, dice: Dice, longest_lag: int = LONGEST_LAG) -> None:
        self._time = time
        self._dice = dice
        self._longest_lag = longest_lag
        self.is_well = False  # then all answers come, and are those of now
        self.is_still = False  # then nothing happens there any more
        self.placed: dict[str, list[Placed]] = {}

    # what it is asked to do

    def take(self, client_oid: str, account: int, kind: Kind, size: int) -> Placed:
        """As often as it is asked to: an id that it has seen before does not stop it."""
        same = self.placed.setdefault(client_oid, [])
        order = Placed(client_oid, f"o-{client_oid}-{len(same)}", account, kind, size, is_waiting=kind in WAITS)
        same.append(order)
        self._note(order)
        self._time.start(self._life(order), self._dice.below(20))
        return order

    def cancel(self, client_oid: str) -> bool:
        """Whether it ended while it waited outside the book: of that nothing else is ever seen."""
        ended_outside = False
        for order in self.placed.get(client_oid, []):
            if order.is_active:
                ended_outside = order.is_waiting
                self._end(order)
        return ended_outside

    # what it says

    def answers(self) -> bool:
        return self.is_well or not self._dice.chance(8)

    def in_book(self, client_oid: str) -> Order | None:
        since = self._since()
        return next((seen for order in self._of(client_oid) if (seen := _last(order.book, since))), None)

    def outside(self, client_oid: str) -> Order | None:
        since = self._since()
        return next((seen for order in self._of(client_oid) if (seen := _last(order.outside, since))), None)

    def fills(self, order_id: str) -> list[Fill]:
        since = self._since()
        (order,) = (order for order in self._of(order_id.split("-")[1]) if order.order_id == order_id)
        return [fill for at, fill in order.trades if at <= since]

    # how it goes on

    def _life(self, order: Placed) -> Actor:
        """It fills in parts, or rests, or is cancelled there; if it waits, it is triggered first."""
        if order.is_waiting:
            yield from self._wait(order)
        while order.is_active and not self.is_still:
            self._fill(order, order.size if order.kind is Kind.MARKET else 1 + self._dice.below(order.size))
            if order.is_active and self._dice.chance(4):
                return
            if order.is_active and self._dice.chance(6):
                self._end(order)
            yield 1 + self._dice.below(20)

    def _wait(self, order: Placed) -> Actor:
        while order.is_waiting and order.is_active and not self._dice.chance(3):
            yield 1 + self._dice.below(20)
        if order.is_waiting and order.is_active and not self.is_still:
            order.is_waiting = False
            order.outside.append((self._time.now, order.shown(is_outside=True)))
            self._note(order)

    def _fill(self, order: Placed, size: int) -> None:
        size = min(size, order.size - order.filled)
        order.filled += size
        order.is_active = order.filled < order.size
        one, number = NUMBERS[1], str(len(order.trades))
        fill = Fill(
            number, order.order_id, "BTC-USDT", Side.BUY, one, NUMBERS[size], one, ZERO, "USDT", is_maker=True, at=START
        )
        order.trades.append((self._time.now, fill))
        self._note(order)

    def _end(self, order: Placed) -> None:
        order.is_active = False
        if order.is_waiting:
            order.is_waiting = False
            shown = order.shown(is_outside=True) if order.kind is Kind.OCO else None
            order.outside.append((self._time.now, shown))
        else:
            self._note(order)

    def _note(self, order: Placed) -> None:
        if order.is_waiting:
            order.outside.append((self._time.now, order.shown(is_outside=True)))
        else:
            order.book.append((self._time.now, order.shown()))

    def _of(self, client_oid: str) -> list[Placed]:
        return self.placed.get(client_oid, [])

    def _since(self) -> int:
        """How old what is said may be: often as new or as old as it can."""
        if self.is_well:
            return self._time.now
        lag = (0, self._longest_lag, self._dice.below(self._longest_lag + 1))[self._dice.below(3)]
        return self._time.now - lag


Seen = list[tuple[int, Order]] | list[tuple[int, Order | None]]


def _last(seen: Seen, since: int) -> Order | None:
    for at, order in reversed(seen):
        if at <= since:
            return order
    return None
