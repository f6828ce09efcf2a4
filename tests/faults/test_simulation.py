"""Thousands of orders on an exchange in memory, each with another fate: a POST that is lost or late, a reply that never
comes, lookups that lag, restarts, fills in parts, a cancel. The decisions are those of the bot (`rules/settlement.py`);
a seed repeats any run, and a failure names it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest

from tests.clock import START
from tgbot.core.orders import Order, OrderType, Side
from tgbot.trading.rules.settlement import (
    DONE,
    GIVEN_UP,
    PENDING,
    UNSETTLED,
    Misses,
    State,
    is_progress,
    settle_missing,
    state_of,
)

SEEDS = 5000
WINDOW = 3  # seconds in which the exchange takes the bytes
LONGEST_LAG = 10
MOST_SKEW = 2
SIZE = 8
END = 240

Settle = Callable[[Misses, datetime], State]


class Dice:
    def __init__(self, seed: int) -> None:
        self._state = seed * 2654435761 + 12345

    def below(self, limit: int) -> int:
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self._state >> 33) % limit

    def chance(self, of: int) -> bool:
        return self.below(of) == 0


@dataclass(frozen=True)
class Exchange:
    """The one order that may come to be: what it looked like since which second."""

    history: tuple[tuple[int, Order], ...]

    def seen(self, at: int) -> Order | None:
        return next((order for since, order in reversed(self.history) if since <= at), None)


@dataclass
class Bot:
    """What is on disk."""

    state: State = State.SENT
    filled: Decimal = Decimal(0)
    misses: Misses = field(default_factory=Misses)


def order(filled: int, *, is_active: bool) -> Order:
    return Order(
        order_id="o1",
        client_oid="tb1",
        symbol="BTC-USDT",
        side=Side.BUY,
        type=OrderType.LIMIT,
        price=Decimal(100),
        size=Decimal(SIZE),
        funds=Decimal(0),
        filled_size=Decimal(filled),
        filled_funds=Decimal(filled * 100),
        fee=Decimal(0),
        fee_currency="USDT",
        is_active=is_active,
        is_cancelled=not is_active and filled < SIZE,
        created_at=START,
    )


def life(dice: Dice) -> Exchange:
    """A POST that is lost, comes too late, or lands and then fills, is cancelled, or rests."""
    arrives = dice.below(WINDOW + 1) if not dice.chance(3) else WINDOW + 1 + dice.below(60)
    if dice.chance(4) or arrives > WINDOW:
        return Exchange(())
    now, filled, history = arrives, 0, [(arrives, order(0, is_active=True))]
    while filled < SIZE and not dice.chance(4):
        now += dice.below(20)
        filled = min(SIZE, filled + 1 + dice.below(SIZE))
        history.append((now, order(filled, is_active=filled < SIZE)))
    if filled < SIZE and dice.chance(2):
        history.append((now + dice.below(20), order(filled, is_active=False)))
    return Exchange(tuple(history))


def simulate(seed: int, settle: Settle = settle_missing, longest_lag: int = LONGEST_LAG) -> None:
    """Raises `AssertionError` for what must never be."""
    dice = Dice(seed)
    exchange, bot = life(dice), Bot()
    skew = dice.below(2 * MOST_SKEW + 1) - MOST_SKEW
    if exchange.history and dice.chance(3):
        bot.state = State.OPEN  # the reply has come
    now = 0
    while now < END:
        now += 1 + dice.below(4)
        if dice.chance(10):  # a restart: what was SENT is said to be unknown
            bot.state = State.UNKNOWN if bot.state is State.SENT else bot.state
            now += dice.below(30)
        if not dice.chance(8):  # else the exchange cannot be asked
            look(bot, exchange.seen(now - dice.below(longest_lag + 1)), now + skew, settle)
        assert not (exchange.history and bot.state is State.NOT_PLACED), "it was denied and is there"
    look(bot, exchange.seen(END), END, settle)
    look(bot, exchange.seen(END), END + 30, settle)
    truth = exchange.seen(END)
    assert bot.state is (state_of(truth) if truth else State.NOT_PLACED)
    assert bot.filled == (truth.filled_size if truth else 0)


def look(bot: Bot, seen: Order | None, now: int, settle: Settle) -> None:
    """As the reconciler does."""
    before = replace(bot)
    if seen is None:
        if bot.state in UNSETTLED:
            bot.misses = bot.misses.another(START + timedelta(seconds=now))
            bot.state = settle(bot.misses, START + timedelta(seconds=WINDOW))
    else:
        bot.misses = Misses()
        if is_progress(bot.state, bot.filled, seen):
            bot.state, bot.filled = state_of(seen), seen.filled_size
    assert bot.filled >= before.filled
    assert not (before.state in DONE and bot.state in PENDING | GIVEN_UP), "what is done was opened again"


def test_no_fate_of_an_order_is_told_wrong() -> None:
    for seed in range(SEEDS):
        try:
            simulate(seed)
        except AssertionError as error:
            pytest.fail(f"seed {seed}: {error}")


def hasty(misses: Misses, deadline: datetime) -> State:
    return State.NOT_PLACED if misses.count >= 2 else State.UNKNOWN


def too_soon(misses: Misses, deadline: datetime) -> State:
    return State.NOT_PLACED if misses.last_at and misses.last_at > deadline else State.UNKNOWN


@pytest.mark.parametrize(
    ("settle", "lag"), [(hasty, LONGEST_LAG), (too_soon, LONGEST_LAG), (settle_missing, 3 * LONGEST_LAG)]
)
def test_a_bot_of_less_patience_or_an_exchange_of_more_lag_is_caught(settle: Settle, lag: int) -> None:
    for seed in count():
        assert seed < SEEDS, "nothing was noticed"
        try:
            simulate(seed, settle, lag)
        except AssertionError:
            return
