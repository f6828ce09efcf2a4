"""Telegram's flood limits, as far as they are documented."""

from collections import defaultdict, deque
from math import ceil

from tgbot.core.clock import Clock
from tgbot.playground.chats import Chat
from tgbot.playground.errors import too_many

_BURST, _BURST_SECONDS = 5, 5
_PER_GROUP, _GROUP_SECONDS = 20, 60
_OVERALL, _OVERALL_SECONDS = 30, 1
_EVERYWHERE = 0


class Limits:
    """Messages and edits: one a second in a chat with bursts of five, 20 a minute in a group, 30 a second in all."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sent: defaultdict[int, deque[float]] = defaultdict(lambda: deque(maxlen=_OVERALL))
        self.are_enforced = False

    def spend(self, chat: Chat) -> None:
        """Raises `ApiError` 429 with the seconds to wait when this message is one too many."""
        if not self.are_enforced:
            return
        now = self._clock.monotonic()
        here, everywhere = self._sent[chat.id], self._sent[_EVERYWHERE]
        wait = max(
            _wait(here, _BURST, _BURST_SECONDS, now),
            0 if chat.is_private else _wait(here, _PER_GROUP, _GROUP_SECONDS, now),
            _wait(everywhere, _OVERALL, _OVERALL_SECONDS, now),
        )
        if wait > 0:
            raise too_many(ceil(wait))
        here.append(now)
        everywhere.append(now)


def _wait(sent: deque[float], most: int, seconds: float, now: float) -> float:
    """Seconds until fewer than `most` of them lie within the last `seconds`."""
    return sent[-most] + seconds - now if len(sent) >= most else 0
