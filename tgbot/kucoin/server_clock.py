"""KuCoin's clock, as well as it can be known from here."""

from datetime import datetime, timedelta

from tgbot.core.clock import Clock

KNOWN_FOR = timedelta(minutes=10)


class ServerClock:
    """Runs on the monotonic clock from the best sample taken, so a wall clock that is wrong or jumps does no harm."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._anchor: datetime | None = None
        self._anchored = 0.0
        self._round_trip = 0.0

    def now(self) -> datetime:
        """Exchange time; our own until a sample has been taken."""
        if self._anchor is None:
            return self._clock.now()
        return self._anchor + timedelta(seconds=self._clock.monotonic() - self._anchored)

    @property
    def is_known(self) -> bool:
        age = self._clock.monotonic() - self._anchored
        return self._anchor is not None and age < KNOWN_FOR.total_seconds()

    def forget(self) -> None:
        """The next sample counts, however slow it was."""
        self._anchor = None

    def learn(self, server_time: datetime, asked: float, answered: float) -> None:
        """`asked` and `answered` are monotonic; the sample with the shortest round trip is the truest."""
        round_trip = answered - asked
        if self.is_known and round_trip > self._round_trip:
            return
        self._anchor = server_time + timedelta(seconds=round_trip / 2)
        self._anchored = answered
        self._round_trip = round_trip


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
