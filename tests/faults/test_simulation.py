"""Thousands of crowded minutes on an exchange in memory. Two or three people, each with an account, order at the
market, at a limit, at a stop, with exits; they tap twice, cancel, and amend. A POST is lost or late, a reply never
comes, lookups and fills lag or fail, processes stand still and die, and sometimes two run side by side. The decisions
are those of the bot (`crowd_bot.py`); who acts next is for the dice. A seed repeats any run, and a failure names it."""

import os
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.faults.crowd_bot import Disk, Process, Row
from tests.faults.crowd_exchange import LONGEST_LAG, Actor, Dice, Exchange, Kind, Placed, Time
from tgbot.core.orders import Fill, Order
from tgbot.trading.rules.settlement import DONE, PENDING, UNSETTLED, Misses, State, state_of

SEEDS = 40_000 if "FAULTS_LONG" in os.environ else 2_000
WELL_AT, STILL_AT, END = 90, 140, 240
NEVER_LANDED = {State.NOT_SENT, State.REJECTED, State.NOT_PLACED}


class Crowd:
    """One run, from the first order until the truth about all of them must be known."""

    def __init__(
        self, seed: int, process: type[Process] = Process, disk: type[Disk] = Disk, lag: int = LONGEST_LAG
    ) -> None:
        self.dice = Dice(seed)
        self.time = Time(self.dice)
        self.exchange = Exchange(self.time, self.dice, lag)
        self.disk = disk(self.time)
        self._process = process
        self._lives = [self._begin() for _ in range(1 + self.dice.chance(3))]

    def run(self) -> None:
        for account in range(2 + self.dice.below(2)):
            self.time.start(self._person(account))
        self.time.start(self._death())
        self.time.run(WELL_AT)
        self.exchange.is_well = True
        self.time.run(STILL_AT)
        self.exchange.is_still = True
        self.time.run(END)

    def _begin(self) -> Process:
        process = self._process(self.time, self.dice, self.exchange, self.disk)
        process.begin()
        return process

    def _person(self, account: int) -> Actor:
        mine: list[Row] = []
        for _ in range(2 + self.dice.below(3)):
            yield self.dice.below(12)
            mine.append(self._order(account))
            yield self.dice.below(12)
            if self.dice.chance(2):
                row = mine[self.dice.below(len(mine))]
                process = self._any_life()
                process.start(process.cancel(row) if self.dice.chance(2) else process.amend(row))

    def _order(self, account: int) -> Row:
        kind = (Kind.MARKET, Kind.LIMIT, Kind.LIMIT, Kind.STOP)[self.dice.below(4)]
        row = self.disk.ticket(account, kind, 1 + self.dice.below(9), has_exit=self.dice.chance(3))
        for _ in range(1 + self.dice.chance(3)):
            process = self._any_life()
            process.start(process.tap(row))
        return row

    def _death(self) -> Actor:
        """Of any of the processes; the next begins after a while."""
        while self.time.now < WELL_AT:
            yield 5 + self.dice.below(40)
            number = self.dice.below(len(self._lives))
            self._lives[number].is_alive = False
            yield self.dice.below(10)
            self._lives[number] = self._begin()

    def _any_life(self) -> Process:
        return self._lives[self.dice.below(len(self._lives))]


# --- What must be so in the end --------------------------------------------------------------------------------------


def breaches(crowd: Crowd) -> Iterator[str]:
    known = {row.client_oid: row for row in crowd.disk.rows}
    yield from (f"nobody knows {oid}" for oid in crowd.exchange.placed if oid not in known)
    for row in crowd.disk.rows:
        placed = crowd.exchange.placed.get(row.client_oid, [])
        yield from (f"{row.client_oid}: {found}" for found in _of_one(row, placed))
    yield from _of_exits(crowd)
    yield from _of_successors(crowd)


def _of_one(row: Row, placed: list[Placed]) -> Iterator[str]:
    if row.rights > 1 or len(placed) > 1:
        yield f"sent {row.rights} times, and is {len(placed)} orders"
    first_done = next((at for at, state in enumerate(row.told) if state in DONE), len(row.told))
    if not PENDING.isdisjoint(row.told[first_done:]):
        yield f"was called {row.told}"
    if not placed:
        if row.rights and row.state not in NEVER_LANDED:
            yield f"is called {row.state}, and is not there"
    elif not (placed[0].is_gone and row.state is State.NOT_PLACED):
        yield from _of_truth(row, placed[0])


def _of_truth(row: Row, truth: Placed) -> Iterator[str]:
    if not NEVER_LANDED.isdisjoint(row.told):
        yield f"was called {row.told}, and is there"
    if row.state is not (state := state_of(truth.shown())):
        yield f"is {state}, and is called {row.state}"
    kept = sum(fill.size for fill in row.fills.values())
    if not truth.filled == row.filled == kept:
        yield f"{truth.filled} of it filled, {row.filled} are told, and {kept} are in its fills"


def _of_exits(crowd: Crowd) -> Iterator[str]:
    for entry in crowd.disk.rows:
        landed = sum(one.size for one in entry.exits if one.client_oid in crowd.exchange.placed)
        if landed > entry.filled:
            yield f"{entry.client_oid} brought {entry.filled}, and its exits sell {landed}"
        if entry.has_exit and entry.uncovered > 0 and not entry.is_served:
            yield f"{entry.client_oid} brought {entry.filled}, and {entry.uncovered} of it has no exit"


def _of_successors(crowd: Crowd) -> Iterator[str]:
    """What was amended and the rest that was sent anew never buy more than was wanted."""
    rests = Counter[str]()
    for row in crowd.disk.rows:
        if row.replaces is not None and row.client_oid in crowd.exchange.placed:
            rests[row.replaces.client_oid] += row.size
    for old in crowd.disk.rows:
        filled = sum(one.filled for one in crowd.exchange.placed.get(old.client_oid, []))
        if rests[old.client_oid] and filled + rests[old.client_oid] > old.size:
            yield f"{old.client_oid} and what replaces it buy more than {old.size}"


def outcome(seed: int, **how: Any) -> list[str]:
    crowd = Crowd(seed, **how)
    crowd.run()
    return list(breaches(crowd))


@pytest.mark.parametrize("first", range(0, SEEDS, 500))
def test_no_fate_of_an_order_is_told_wrong(first: int) -> None:
    for seed in range(first, first + 500):
        assert outcome(seed) == [], f"seed {seed}"


# --- It can fail -----------------------------------------------------------------------------------------------------


class UnlockedTickets(Disk):
    """Whoever taps may send, whoever else has tapped."""

    def consume(self, row: Row) -> bool:
        row.rights += 1
        self._sign(row)
        return True


class UnlockedExits(Disk):
    """Whoever sees that an exit is owed may send it."""

    def exit_of(self, entry: Row, revision: int, size: int, kind: Kind) -> Row:
        row = self.ticket(entry.account, kind, size, entry=entry)
        entry.exits.append(row)
        self.consume(row)
        return row


class UnlockedProgress(Disk):
    """The last word counts, not the newest."""

    def progress(self, row: Row, before: tuple[State, Decimal], order: Order, fills: list[Fill]) -> bool:
        return super().progress(row, (row.state, row.filled), order, fills)


class Confused(Process):
    """Takes what it hears of an account's newest order for the answer about another one."""

    def find(self, row: Row, state: State) -> Order | None:
        of_account = [one for one in self._disk.rows if one.account == row.account and one.state is not State.TICKET]
        return super().find(of_account[-1] if state in UNSETTLED else row, state)


class Forgetful(Process):
    """Once an order of an account has come to its end, it asks for none there that is in doubt."""

    forgotten: frozenset[str] = frozenset()

    def look(self, row: Row, *, was_ended: bool = False) -> Actor:
        yield from super().look(row, was_ended=was_ended)
        if row.state not in PENDING:
            others = (one for one in self._disk.rows if one.account == row.account and one.state in UNSETTLED)
            self.forgotten |= {one.client_oid for one in others}

    def _is_due(self, row: Row) -> bool:
        return row.client_oid not in self.forgotten and super()._is_due(row)


class Hasty(Process):
    """Two misses are enough."""

    def verdict(self, state: State, misses: Misses, deadline: datetime, seen_at: datetime) -> State | None:
        if state in UNSETTLED and misses.count >= 2:
            return State.NOT_PLACED
        return super().verdict(state, misses, deadline, seen_at)


class TooSoon(Process):
    """Its deadline is over, and the exchange knows nothing of it: so what?"""

    def verdict(self, state: State, misses: Misses, deadline: datetime, seen_at: datetime) -> State | None:
        if state in UNSETTLED and misses.last_at and misses.last_at > deadline:
            return State.NOT_PLACED
        return super().verdict(state, misses, deadline, seen_at)


class Impatient(Process):
    """Places the rest of an order anew before the end of the old one is known."""

    def may_replace(self, row: Row) -> bool:
        return row.state in PENDING and not row.is_replaced


BAD: dict[str, dict[str, Any]] = {
    "two taps, two orders": {"disk": UnlockedTickets},
    "two looks, two exits": {"disk": UnlockedExits},
    "an old answer undoes a new one": {"disk": UnlockedProgress},
    "another order's answer": {"process": Confused},
    "an unknown forgotten while another order settles": {"process": Forgetful},
    "two misses": {"process": Hasty},
    "the deadline alone": {"process": TooSoon},
    "amended before it ended": {"process": Impatient},
    "an exchange of more lag": {"lag": 3 * LONGEST_LAG},
}


@pytest.mark.parametrize("how", BAD.values(), ids=BAD)
def test_a_bot_of_less_care_or_an_exchange_of_more_lag_is_caught(how: dict[str, Any]) -> None:
    assert any(outcome(seed, **how) for seed in range(SEEDS)), "nothing was noticed"
