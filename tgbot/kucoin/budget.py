"""Request quotas: KuCoin counts weights per pool in windows of 30 s, and bans who does not stop in time."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import structlog

from tgbot.core.clock import Clock
from tgbot.kucoin.operations import Operation, Pool

log = structlog.get_logger()

WINDOW = 30.0
HOST_PAUSE = 30.0
LONGEST_RESET = 300.0  # a reset that was misread may not silence us for good
QUOTAS = {Pool.PUBLIC: 2000, Pool.SPOT: 4000, Pool.MANAGEMENT: 2000}  # VIP 0, until an answer says otherwise


class Patience(Enum):
    """Who waits for a read, and so which part of each quota it leaves to those who can wait less."""

    NONE = 0  # a person, or an order
    SOME = 1 / 8  # a person who is not there, but will look at how late it came
    MUCH = 1 / 4  # nobody


@dataclass(slots=True)
class _Window:
    limit: int
    remaining: int
    ends: float


class Budget:
    """Of one host. An owner is an API key, or empty for the public pool, which counts by address."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: dict[tuple[Pool, str], _Window] = {}
        self._host_opens = 0.0

    def wait_for(self, operation: Operation, owner: str, patience: Patience = Patience.NONE) -> float:
        """Seconds until this call may be made; 0 means now."""
        now = self._clock.monotonic()
        window = self._window(operation.pool, owner)
        kept_free = window.limit * patience.value
        opens = window.ends if window.remaining - kept_free < operation.weight else now
        return max(opens, self._host_opens, now) - now

    def spend(self, operation: Operation, owner: str) -> None:
        self._window(operation.pool, owner).remaining -= operation.weight

    def learn(self, operation: Operation, owner: str, headers: Mapping[str, str]) -> None:
        """Takes over what KuCoin says in `gw-ratelimit-limit`, `-remaining` and `-reset` (milliseconds)."""
        window = self._window(operation.pool, owner)
        limit, remaining, reset = (_number(headers, name) for name in ("limit", "remaining", "reset"))
        if limit is not None and limit > 0:
            window.limit = limit
        if remaining is not None:
            window.remaining = remaining
        if reset is not None:
            window.ends = self._clock.monotonic() + min(reset / 1000, LONGEST_RESET)

    def throttled(self, operation: Operation, owner: str, headers: Mapping[str, str]) -> None:
        """After a 429. With quota left KuCoin was merely overloaded and the pool stays open; otherwise nothing goes out
        before the reset, or before the end of our own window where the answer names none."""
        self.learn(operation, owner, headers)
        if (_number(headers, "remaining") or 0) >= operation.weight:
            return
        window = self._window(operation.pool, owner)
        window.remaining = 0
        log.warning("pool_closed", pool=operation.pool.value, seconds=window.ends - self._clock.monotonic())

    def close_host(self) -> None:
        """The network in front of KuCoin has blocked this address: everything stops for a while."""
        self._host_opens = self._clock.monotonic() + HOST_PAUSE
        log.warning("host_closed", seconds=HOST_PAUSE)

    def _window(self, pool: Pool, owner: str) -> _Window:
        now = self._clock.monotonic()
        window = self._windows.get((pool, owner))
        if window is None:
            window = self._windows[pool, owner] = _Window(QUOTAS[pool], QUOTAS[pool], now + WINDOW)
        elif now >= window.ends:
            window.remaining, window.ends = window.limit, now + WINDOW
        return window


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(f"gw-ratelimit-{name}", "")
    return int(text) if text.isascii() and text.isdigit() else None
