"""The bot of `test_simulation.py`: its database, and processes that go through the steps of the real one. What they
decide, the rules of the real one decide (`rules/settlement.py`, `rules/exits.py`); wherever that waits for a disk, a
network or a turn, these wait, too, and somebody else goes on."""

from collections.abc import Collection, Generator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from tests.clock import START
from tests.faults.crowd_exchange import WAITS, WINDOW, ZERO, Actor, Dice, Exchange, Kind, Time
from tgbot.core.errors import Reason
from tgbot.core.orders import Fill, Order
from tgbot.trading.rules.exits import Refusal, Sent, goes_alone, may_try, uncovered
from tgbot.trading.rules.settlement import (
    DONE,
    GIVEN_UP,
    PENDING,
    UNSETTLED,
    WORKING,
    Misses,
    State,
    agree,
    at_its_end,
    filled_by,
    is_progress,
    state_of,
    turns_up,
    verdict,
)

MOST_SKEW = 2
FILLS_LAG = 20
# Coarser than those of the real one, for what happens in between is the same.
WORKING_EVERY, ENDED_EVERY, ENDED_FOR = 12, 20, 60


@dataclass(slots=True)
class Row:
    """An order on disk. `rights` counts how often the right to send it was used up; `told` is all it ever was."""

    client_oid: str
    account: int
    kind: Kind
    size: int
    has_exit: bool = False
    entry: "Row | None" = None
    replaces: "Row | None" = None
    state: State = State.TICKET
    filled: Decimal = ZERO
    told: list[State] = field(default_factory=list)
    rights: int = 0
    signed_at: int = 0
    changed_at: int = 0
    seen_at: datetime = START
    misses: Misses = field(default_factory=Misses)
    fills: dict[str, Fill] = field(default_factory=dict)
    kept: Decimal = ZERO  # what these come to
    exits: "list[Row]" = field(default_factory=list)
    revision: int = 0
    is_served: bool = False  # no exit is owed any more
    is_replaced: bool = False

    @property
    def sent(self) -> Sent:
        at = START + timedelta(seconds=self.changed_at)
        return Sent(Decimal(self.size), self.state, at, self.kind is Kind.OCO, Refusal("", "", self.reason))

    @property
    def reason(self) -> Reason:
        """Of a refusal: every other one passes."""
        return Reason.SUSPENDED if int(self.client_oid) % 2 else Reason.CLOSED

    @property
    def uncovered(self) -> Decimal:
        return uncovered(self.filled, [one.sent for one in self.exits])


class Disk:
    """Each of its methods is one transaction."""

    def __init__(self, time: Time) -> None:
        self._time = time
        self.rows: list[Row] = []

    def ticket(self, account: int, kind: Kind, size: int, **more: object) -> Row:
        row = Row(str(len(self.rows)), account, kind, size, **more)  # type: ignore[arg-type]  # the fields of Row
        self.rows.append(row)
        return row

    def consume(self, row: Row) -> bool:
        """Uses up the right to send, once."""
        if row.state is not State.TICKET:
            return False
        row.rights += 1
        self._sign(row)
        return True

    def exit_of(self, entry: Row, revision: int, size: int, kind: Kind) -> Row | None:
        """Uses up the right to sell so much, of those who have seen the same."""
        if entry.is_served or entry.revision != revision or entry.uncovered < size:
            return None
        entry.revision += 1
        row = self.ticket(entry.account, kind, size, entry=entry)
        entry.exits.append(row)
        row.rights += 1
        self._sign(row)
        return row

    def move(self, row: Row, origin: Collection[State], state: State) -> bool:
        if row.state not in origin:
            return False
        self._become(row, state)
        return True

    def progress(self, row: Row, before: tuple[State, Decimal], order: Order, fills: list[Fill]) -> bool:
        """Unless somebody has moved it on since it was read."""
        if (row.state, row.filled) != before:
            return False
        self._become(row, state_of(order))
        row.filled = order.filled_size
        self.keep(row, fills)
        if before[0] in DONE:
            row.is_served = False
        return True

    def keep(self, row: Row, fills: list[Fill]) -> None:
        row.fills.update({fill.trade_id: fill for fill in fills})
        row.kept = filled_by(list(row.fills.values()))

    def _sign(self, row: Row) -> None:
        row.signed_at, row.seen_at = self._time.now, self._time.at()
        self._become(row, State.SENT)

    def _become(self, row: Row, state: State) -> None:
        row.state, row.changed_at = state, self._time.now
        row.told.append(state)


class Process:
    """One life; another may run beside it, on the same database. Whoever belongs to it ends with it, wherever it is."""

    def __init__(self, time: Time, dice: Dice, exchange: Exchange, disk: Disk) -> None:
        self._time = time
        self._dice = dice
        self._exchange = exchange
        self._disk = disk
        self._skew = (-MOST_SKEW, 0, MOST_SKEW)[dice.below(3)]
        self._looked: dict[str, int] = {}
        self._looking: set[str] = set()
        self._incomplete: dict[str, int] = {}
        self.is_alive = True

    def start(self, actor: Actor) -> None:
        self._time.start(self._while_alive(actor))

    def begin(self) -> None:
        """What an earlier life has sent, and did not live to tell of, is unknown."""
        for row in self._disk.rows:
            self._disk.move(row, {State.SENT}, State.UNKNOWN)
        self.start(self._rounds())
        self.start(self._exits())

    def _while_alive(self, actor: Actor) -> Actor:
        for wait in actor:
            yield wait
            if not self.is_alive:
                return

    # sending

    def tap(self, row: Row) -> Actor:
        yield self._dice.below(3)
        if self._disk.consume(row):
            yield from self._send(row)

    def _send(self, row: Row) -> Actor:
        """One POST, unless the machine stood still for too long before it, or the network is not there."""
        yield self._dice.below(3) if self._exchange.is_well or self._dice.below(12) else 20
        if self._time.now > row.signed_at + WINDOW or self._is_spoilt(12):
            self._disk.move(row, UNSETTLED, State.NOT_SENT)
            return
        answers: list[State] = []
        arrives = 60 if self._is_spoilt(6) else self._dice.below(row.signed_at + WINDOW - self._time.now + 1)
        if not self._is_spoilt(8):  # else it is lost
            self._time.start(self._arrive(row, arrives, answers))
        yield arrives + self._dice.below(15 if self._dice.chance(4) else 2)
        if not answers or self._is_spoilt(3):  # then the reply is lost
            self._disk.move(row, UNSETTLED, State.UNKNOWN)
        else:
            is_taken = answers[0] is not State.REJECTED
            self._disk.move(row, UNSETTLED | GIVEN_UP if is_taken else UNSETTLED, answers[0])

    def _is_spoilt(self, one_in: int) -> bool:
        return not self._exchange.is_well and self._dice.chance(one_in)

    def _arrive(self, row: Row, after: int, answers: list[State]) -> Actor:
        """At the exchange, whatever becomes of whoever sent it."""
        yield after
        if self._time.now > row.signed_at + WINDOW:
            return
        if self._is_spoilt(12):
            answers.append(State.REJECTED)
            return
        self._exchange.take(row.client_oid, row.account, row.kind, row.size)
        answers.append(State.WAITING if row.kind in WAITS else State.OPEN)

    # looking

    def _rounds(self) -> Actor:
        while True:
            yield 2 + self._dice.below(3)
            for row in self._disk.rows:
                if row.client_oid not in self._looking and self._is_due(row):
                    self.start(self.look(row))

    def _is_due(self, row: Row) -> bool:
        if row.state in UNSETTLED or row.client_oid in self._incomplete:
            return True
        if row.state in DONE or row.state is State.NOT_PLACED:
            is_watched = row.state is not State.FILLED and self._time.now - row.changed_at < ENDED_FOR
            every = ENDED_EVERY if is_watched or row.kept < row.filled else 0
        else:
            every = WORKING_EVERY if row.state in PENDING else 0
        return every > 0 and self._time.now - self._looked.get(row.client_oid, -every) >= every

    def look(self, row: Row, *, was_ended: bool = False) -> Actor:
        """One look at an order; `was_ended`: the exchange has just said that it ended outside the book."""
        self._looked[row.client_oid] = self._time.now
        self._looking.add(row.client_oid)
        before = (row.state, row.filled)
        yield self._dice.below(2)
        if self._exchange.answers():
            order = self.find(row, before[0])
            if order is not None:
                row.misses = Misses()
            elif was_ended:
                self.settle(row, {before[0]}, State.CANCELLED)
            else:
                order = yield from self._missed(row, before[0])
            if order is not None:
                yield from self._found(row, before, order)
        self._looking.discard(row.client_oid)

    def find(self, row: Row, state: State) -> Order | None:
        waiting = self._exchange.outside(row.client_oid) if row.kind in WAITS and state not in WORKING else None
        if waiting is not None and waiting.is_waiting:
            return waiting
        return self._exchange.in_book(row.client_oid) or waiting

    def listed(self, row: Row) -> Order | None:
        order = self._exchange.in_book(row.client_oid)
        if order is None and row.kind in WAITS:
            waiting = self._exchange.outside(row.client_oid)
            return waiting if waiting is not None and waiting.is_waiting else None
        return order

    def _missed(self, row: Row, state: State) -> Generator[int, None, Order | None]:
        if state not in PENDING:
            return None
        misses = row.misses.another(self._time.at(self._skew))
        deadline = START + timedelta(seconds=row.signed_at + WINDOW)
        ended = self.verdict(state, misses, deadline, row.seen_at)
        if ended is not None:
            yield self._dice.below(2)
            if (found := self.listed(row)) is not None:
                return found
        row.misses = misses
        if ended is not None:
            self.settle(row, UNSETTLED if state in UNSETTLED else {state}, ended)
        return None

    def verdict(self, state: State, misses: Misses, deadline: datetime, seen_at: datetime) -> State | None:
        return verdict(state, misses, deadline, seen_at)

    def settle(self, row: Row, origin: Collection[State], state: State) -> None:
        self._disk.move(row, origin, state)

    def _found(self, row: Row, before: tuple[State, Decimal], order: Order) -> Actor:
        state, filled = before
        is_back = turns_up(state, filled, timedelta(seconds=self._time.now - row.changed_at), order)
        is_back = is_back and (listed := self.listed(row)) is not None and listed.is_active
        lacks = row.kept < filled
        if order.is_active and not lacks and not is_back and not is_progress(state, filled, order):
            return
        yield self._dice.below(2)
        fills = [] if order.is_outside else self._exchange.fills(order.order_id)
        if self._is_torn(row, order, fills):
            return
        seen = at_its_end(order, fills)
        if is_back or is_progress(state, filled, seen):
            self._disk.progress(row, before, seen, fills)
        elif lacks:
            self._disk.keep(row, fills)

    def _is_torn(self, row: Row, order: Order, fills: list[Fill]) -> bool:
        if agree(order, fills):
            self._incomplete.pop(row.client_oid, None)
            return False
        return self._time.now - self._incomplete.setdefault(row.client_oid, self._time.now) < FILLS_LAG

    # ending

    def cancel(self, row: Row) -> Actor:
        """Asks for the end, and looks what came of it, a few times."""
        yield self._dice.below(3)
        was_ended = not self._is_spoilt(6) and self._exchange.cancel(row.client_oid) and not self._is_spoilt(6)
        for _ in range(5):
            if row.state not in PENDING:
                return
            yield from self.look(row, was_ended=was_ended)
            yield 1

    def amend(self, row: Row) -> Actor:
        """The rest of it anew, once its end is known."""
        yield from self.cancel(row)
        rest = row.size - int(row.filled)
        if self.may_replace(row) and rest > 0:
            row.is_replaced = True
            yield from self.tap(self._disk.ticket(row.account, row.kind, rest, replaces=row))

    def may_replace(self, row: Row) -> bool:
        return row.state is State.CANCELLED and not row.is_replaced

    # exits

    def _exits(self) -> Actor:
        while True:
            yield 3 + self._dice.below(4)
            for entry in self._disk.rows:
                if entry.has_exit and entry.filled > 0 and not entry.is_served:
                    self.start(self._serve(entry))

    def _serve(self, entry: Row) -> Actor:
        is_done, revision, size = entry.state not in PENDING, entry.revision, int(entry.uncovered)
        sent = [one.sent for one in entry.exits]
        if size == 0:
            entry.is_served = is_done and not any(one.state in UNSETTLED for one in entry.exits)
            return
        if not may_try(sent, self._time.at()) or not (is_done or self._time.now - entry.changed_at >= 5):
            return
        yield self._dice.below(3)
        row = self._disk.exit_of(entry, revision, size, Kind.STOP if goes_alone(sent) else Kind.OCO)
        if row is not None:
            yield from self._send(row)
