"""KuCoin's request budgets: so much weight per pool within 30 seconds of the first request."""

from dataclasses import dataclass
from enum import Enum

from tgbot.core.clock import Clock

WINDOW_SECONDS = 30.0
_MOST_WINDOWS = 10_000


class Pool(Enum):
    """The value is the weight that fits into one window at VIP 0."""

    PUBLIC = "public", 2000
    SPOT = "spot", 4000
    MANAGEMENT = "management", 2000

    @property
    def limit(self) -> int:
        return self.value[1]


@dataclass(slots=True)
class _Window:
    began: float
    spent: int = 0


class Budget:
    """Windows by pool and owner: a key for the private pools, an address for the public one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: dict[tuple[Pool, str], _Window] = {}

    def spend(self, pool: Pool, owner: str, weight: int) -> bool:
        """Whether it still fitted."""
        window = self._window(pool, owner)
        if window.spent + weight > pool.limit:
            return False
        window.spent += weight
        return True

    def headers(self, pool: Pool, owner: str) -> dict[str, str]:
        window = self._window(pool, owner)
        left = window.began + WINDOW_SECONDS - self._clock.monotonic()
        return {
            "gw-ratelimit-limit": str(pool.limit),
            "gw-ratelimit-remaining": str(pool.limit - window.spent),
            "gw-ratelimit-reset": str(max(0, int(left * 1000))),
        }

    def _window(self, pool: Pool, owner: str) -> _Window:
        now = self._clock.monotonic()
        window = self._windows.get((pool, owner))
        if window and now < window.began + WINDOW_SECONDS:
            return window
        if len(self._windows) >= _MOST_WINDOWS:
            self._forget(now)
        window = self._windows[pool, owner] = _Window(now)
        return window

    def _forget(self, now: float) -> None:
        self._windows = {name: kept for name, kept in self._windows.items() if now < kept.began + WINDOW_SECONDS}
