"""Prices that wander about by themselves, the same way for the same seed."""

from collections.abc import Collection, Mapping
from decimal import Decimal

from tgbot.core.clock import Clock
from tgbot.core.market import SymbolRule, Tick
from tgbot.core.money import ceil_to, floor_to
from tgbot.paper.noise import chance, seed_of
from tgbot.paper.prices import OnTick
from tgbot.paper.rules import walk_pairs

_TURN_SECONDS = 0.1
_TURNS_PER_TICK = 3
_MILLION = 1_000_000

# A pair swings about its slowly drifting middle, in millionths of it: each tick moves up to ±_STEP and is drawn back
# by a 60th of the way. That is about ±0.3 % within a minute: an alert nearby is soon seen to fire, and yet few
# tickets find that the price has moved too far before they are confirmed.
_STEP = 1_000
_PULL = 60
_DRIFT = 40


class Walk:
    def __init__(self, clock: Clock, seed: int = 1) -> None:
        self._clock = clock
        self._steps = [_Step(rule, price, seed) for rule, price in walk_pairs()]
        self._rules = {step.rule.symbol: step.rule for step in self._steps}
        self._on_tick: OnTick | None = None

    @property
    def rules(self) -> Mapping[str, SymbolRule]:
        return self._rules

    def listen(self, on_tick: OnTick) -> None:
        self._on_tick = on_tick
        for step in self._steps:
            on_tick(step.tick(self._clock))

    def follow(self, symbols: Collection[str]) -> None:
        """Nothing: every pair moves all the time."""

    def demand(self) -> None:
        """Nothing: it moves anyway."""

    async def refresh(self, symbol: str) -> bool:
        return symbol in self._rules

    async def run(self) -> None:
        """A third of the pairs move at each turn, so that ticks come spread out as they do at an exchange."""
        turn = 0
        while True:
            await self._clock.sleep(_TURN_SECONDS)
            for step in self._steps[turn % _TURNS_PER_TICK :: _TURNS_PER_TICK]:
                step.advance()
                if self._on_tick:
                    self._on_tick(step.tick(self._clock))
            turn += 1


class _Step:
    """Where one pair stands."""

    def __init__(self, rule: SymbolRule, start: Decimal, seed: int) -> None:
        self.rule = rule
        self._start = start
        self._seed = chance(seed, seed_of(rule.symbol))
        self._count = 0
        self._swing = 0
        self._drift = 0

    def advance(self) -> None:
        self._count += 1
        self._swing += self._even(1, _STEP) - self._swing // _PULL
        self._drift += self._even(2, _DRIFT)

    def tick(self, clock: Clock) -> Tick:
        increment = self.rule.price_increment
        middle = self._start * (_MILLION + self._drift) / _MILLION
        price = max(increment, floor_to(middle * (_MILLION + self._swing) / _MILLION, increment))
        gap = ceil_to(price * (10 + chance(self._seed, 3, self._count) % 40) / _MILLION, increment)
        last_was_buy = chance(self._seed, 4, self._count) % 2
        bid = max(increment, price - gap if last_was_buy else price)
        return Tick(self.rule.symbol, price, bid, bid + gap, 1_000_000 + self._count, clock.now())

    def _even(self, kind: int, reach: int) -> int:
        return chance(self._seed, kind, self._count) % (2 * reach + 1) - reach
