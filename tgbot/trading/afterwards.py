"""What is looked at once more after its end was told: the first answer that says so may lag behind a fill, and the list
of fills behind both. Memory only; at the start it is derived from the rows."""

from datetime import timedelta

from tgbot.core.clock import Clock
from tgbot.db.engine import ReadSession
from tgbot.trading import fills, store
from tgbot.trading.rules.settlement import State
from tgbot.trading.store import Intent

WATCHED_FOR = timedelta(minutes=10)  # an order that was said to be cancelled, or not to be placed
SOUGHT_FOR = timedelta(days=7)  # fills that are missing; KuCoin shows those of a week
FIRST_AFTER = timedelta(seconds=2)
APART_AT_MOST = timedelta(hours=1)


class Afterwards:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since: dict[str, float] = {}
        self._lacking: set[str] = set()

    async def begin(self, session: ReadSession) -> None:
        """Goes on where an earlier process has stopped."""
        now = self._clock.now()
        for intent in await store.changed_since(session, State.CANCELLED, now - WATCHED_FOR):
            self._watch(intent, now - intent.changed_at, lacks_fills=False)
        for intent in await fills.incomplete_since(session, now - SOUGHT_FOR):
            self._watch(intent, now - intent.changed_at, lacks_fills=True)

    def note(self, intent: Intent, *, lacks_fills: bool) -> None:
        """`intent` as it has just become."""
        if lacks_fills or intent.state is State.CANCELLED:
            self._watch(intent, timedelta(0), lacks_fills=lacks_fills)
        else:
            self._forget(intent.id)

    def note_complete(self, intent: Intent) -> None:
        """All its fills are kept now."""
        self._lacking.discard(intent.id)

    def lacks_fills(self, intent: Intent) -> bool:
        return intent.id in self._lacking

    def is_due(self, intent_id: str, looked: float | None) -> bool:
        """Whether it is time for another look, the last of which was at `looked`: each at twice the age of the one
        before, and an hour apart at most."""
        if intent_id not in self._since:
            return False
        since, now = self._since[intent_id], self._clock.monotonic()
        apart = max(FIRST_AFTER.total_seconds(), min((now - since) / 2, APART_AT_MOST.total_seconds()))
        return looked is None or now - looked >= apart

    def watched(self) -> set[str]:
        """The ids of all that is still to be looked at."""
        for intent_id in [name for name in self._since if self._is_over(name)]:
            self._forget(intent_id)
        return set(self._since)

    def _watch(self, intent: Intent, age: timedelta, *, lacks_fills: bool) -> None:
        self._since[intent.id] = self._clock.monotonic() - max(age.total_seconds(), 0.0)
        if lacks_fills:
            self._lacking.add(intent.id)
        else:
            self._lacking.discard(intent.id)

    def _forget(self, intent_id: str) -> None:
        self._since.pop(intent_id, None)
        self._lacking.discard(intent_id)

    def _is_over(self, intent_id: str) -> bool:
        limit = SOUGHT_FOR if intent_id in self._lacking else WATCHED_FOR
        return self._clock.monotonic() - self._since[intent_id] > limit.total_seconds()
