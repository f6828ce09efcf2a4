"""KuCoin's clock, as well as it can be known from here."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from tgbot.core.clock import Clock

KNOWN_FOR = timedelta(minutes=10)
# By so much the wall clock may go otherwise than the monotonic one before a sample is no longer believed.
APART = timedelta(seconds=2)


class ServerClock:
    """Runs on the monotonic clock from the best sample taken, so a wall clock that is wrong or jumps does no harm.

    The monotonic clock stands still while the machine sleeps, and the wall clock does not. Nobody can tell that from a
    wall clock that was set, and need not: after either, what was known is asked for anew."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._anchor: datetime | None = None
        self._anchored = 0.0
        self._round_trip = 0.0
        self._begun_at = self._begin()

    def now(self) -> datetime:
        """Exchange time; our own until a sample has been taken. Whoever decides by it sees first that it `is_known`."""
        if self._anchor is None:
            return self._clock.now()
        return self._anchor + timedelta(seconds=self._clock.monotonic() - self._anchored)

    @property
    def is_known(self) -> bool:
        if self._anchor is None or self._is_apart(self._begun_at):
            return False
        return self._clock.monotonic() - self._anchored < KNOWN_FOR.total_seconds()

    def forget(self) -> None:
        """The next sample counts, however slow it was."""
        self._anchor = None

    async def measure(self, ask: Callable[[], Awaitable[datetime]]) -> None:
        """Takes one sample; none if the machine slept meanwhile, for then nobody knows how old the answer is."""
        begun_at, asked = self._begin(), self._clock.monotonic()
        server_time = await ask()
        if not self._is_apart(begun_at):
            self.learn(server_time, asked, self._clock.monotonic())

    def learn(self, server_time: datetime, asked: float, answered: float) -> None:
        """`asked` and `answered` are monotonic; the sample with the shortest round trip is the truest."""
        round_trip = answered - asked
        if self.is_known and round_trip > self._round_trip:
            return
        self._anchor = server_time + timedelta(seconds=round_trip / 2)
        self._anchored = answered
        self._round_trip = round_trip
        self._begun_at = self._begin()

    def _begin(self) -> datetime:
        """When the monotonic clock began, by the wall clock."""
        return self._clock.now() - timedelta(seconds=self._clock.monotonic())

    def _is_apart(self, begun_at: datetime) -> bool:
        return abs(self._begin() - begun_at) > APART


class ExchangeClock:
    """Implements `core.clock.Clock` by KuCoin's time, for whoever reckons with what KuCoin has stamped."""

    def __init__(self, server_clock: ServerClock, clock: Clock) -> None:
        self._server_clock = server_clock
        self._clock = clock

    def now(self) -> datetime:
        return self._server_clock.now()

    def monotonic(self) -> float:
        return self._clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)
