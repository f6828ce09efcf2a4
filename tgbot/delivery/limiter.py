"""Telegram's limits on messages, kept before Telegram has to enforce them. Pure: the caller brings the time.

The figures are the published ones with a little room for what happens on the way: 30 a second overall, one a second in
a chat with small bursts, 20 a minute in a group. Edits count like messages. What is not urgent leaves a few of each
unused, so that what is urgent need not wait for it.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

# A moment reached is never taken for one that is still to come.
ROUNDING = 1e-9
EVERYWHERE = 0  # in place of a chat id: Telegram has no chat 0


@dataclass(frozen=True, slots=True)
class Window:
    """At most `most` messages within any `seconds`, `reserved` of them for what is urgent."""

    most: int
    seconds: float
    reserved: int = 0


@dataclass(frozen=True, slots=True)
class Pace:
    """`a_second` messages, evenly; whoever comes late may catch up by `ahead`, and by one more with what is urgent."""

    a_second: float
    ahead: int


@dataclass(frozen=True, slots=True)
class Limits:
    """After each 429 about all we send the pace falls to `slower` of what it was, and rises again by so much a second
    in every second."""

    pace: Pace = Pace(28.0, 2)
    overall: Window = Window(30, 1.04, 1)
    chat: Window = Window(5, 5.2, 1)
    group: Window = Window(20, 61.0, 5)
    slower: float = 0.75
    slowest: float = 5.0
    rise: float = 0.1


class Limiter:
    """Times are seconds of one monotonic clock."""

    def __init__(self, limits: Limits = Limits()) -> None:
        self._limits = limits
        self._steady = _Steady(limits)
        self._sent: dict[int, _Sent] = {EVERYWHERE: _Sent(limits.overall)}
        self._holds: dict[int, float] = {}

    @property
    def memory(self) -> float:
        """For so many seconds it matters that a message was sent."""
        return max(window.seconds for window in (self._limits.overall, self._limits.chat, self._limits.group))

    def room(self, now: float, *, is_urgent: bool) -> int:
        """How many messages may go out at this moment, over all chats."""
        if now < self._holds.get(EVERYWHERE, 0.0):
            return 0
        return min(self._steady.room(now, is_urgent=is_urgent), self._sent[EVERYWHERE].room(now, is_urgent=is_urgent))

    def waiting_chats(self, now: float, *, is_urgent: bool) -> set[int]:
        """Chats to which nothing may be sent yet."""
        self._forget(now)
        full = {chat_id for chat_id, sent in self._chats() if sent.is_full(now, is_urgent=is_urgent)}
        return (full | self._holds.keys()) - {EVERYWHERE}

    def recent_chats(self, now: float) -> set[int]:
        """Those that have been written to in the last seconds: the others go first."""
        return {chat_id for chat_id, sent in self._chats() if sent.was_used(now - self._limits.chat.seconds)}

    def next_change(self, now: float) -> float | None:
        """Seconds until more may be sent than at this moment; `None` if nothing is held back."""
        moments = [*self._holds.values(), *self._steady.moments()]
        moments += [moment for sent in self._sent.values() for moment in sent.moments()]
        return min((moment - now for moment in moments if moment > now), default=None)

    def take(self, chat_id: int, now: float) -> None:
        """One message goes to `chat_id` now; the caller has seen that it may."""
        self._steady.take(now)
        self.recall(chat_id, now)

    def recall(self, chat_id: int, then: float) -> None:
        """One message went to `chat_id` then, in this life or in the one before; the oldest is recalled first."""
        self._sent[EVERYWHERE].take(then)
        if chat_id not in self._sent:
            # Groups have negative ids.
            self._sent[chat_id] = _Sent(
                *([self._limits.chat] if chat_id > 0 else [self._limits.chat, self._limits.group])
            )
        self._sent[chat_id].take(then)

    def is_busy(self, chat_id: int, now: float) -> bool:
        """Whether we have sent so much to this chat lately that a complaint may be about it alone."""
        return chat_id in self._sent and self._sent[chat_id].is_busy(now)

    def hold(self, chat_id: int, until: float) -> None:
        """Nothing goes to this chat, or to `EVERYWHERE`, before; the latest of all holds counts."""
        self._holds[chat_id] = max(until, self._holds.get(chat_id, 0.0))

    def slow_down(self, now: float) -> None:
        """Telegram complains about all we send. Complaints about what left before we knew are the same one."""
        if now >= self._holds.get(EVERYWHERE, 0.0):
            self._steady.slow_down(now)

    def _chats(self) -> Iterable[tuple[int, "_Sent"]]:
        return ((chat_id, sent) for chat_id, sent in self._sent.items() if chat_id != EVERYWHERE)

    def _forget(self, now: float) -> None:
        """Chats at rest cost no memory."""
        self._sent = {
            chat_id: sent for chat_id, sent in self._sent.items() if chat_id == EVERYWHERE or sent.counts(now)
        }
        self._holds = {chat_id: until for chat_id, until in self._holds.items() if until > now}


@dataclass(slots=True)
class _Steady:
    """A moment up to which the pace has been used, pushed on by one interval for each message."""

    limits: Limits
    used_until: float = 0.0
    slowed_to: float = field(init=False)
    slowed_at: float = 0.0

    def __post_init__(self) -> None:
        self.slowed_to = self.limits.pace.a_second

    def a_second(self, now: float) -> float:
        return min(self.limits.pace.a_second, self.slowed_to + (now - self.slowed_at) * self.limits.rise)

    def room(self, now: float, *, is_urgent: bool) -> int:
        ahead = self.limits.pace.ahead + is_urgent
        return max(0, int(ahead - max(0.0, self.used_until - now) * self.a_second(now) + ROUNDING))

    def moments(self) -> tuple[float, float]:
        """When one more that is urgent, and one more that is not, is allowed."""
        every, ahead = 1 / self.a_second(self.used_until), self.limits.pace.ahead
        return self.used_until - ahead * every, self.used_until - (ahead - 1) * every

    def take(self, now: float) -> None:
        self.used_until = max(self.used_until, now) + 1 / self.a_second(now)

    def slow_down(self, now: float) -> None:
        slower = self.a_second(now) * self.limits.slower
        self.slowed_to, self.slowed_at = max(slower, self.limits.slowest), now


class _Sent:
    """When messages left, as far back as any of the windows reaches."""

    def __init__(self, *windows: Window) -> None:
        self._windows = windows
        self._times: deque[float] = deque(maxlen=max(window.most for window in windows))

    def room(self, now: float, *, is_urgent: bool) -> int:
        return min(_left(window, is_urgent=is_urgent) - self._used(window, now) for window in self._windows)

    def is_full(self, now: float, *, is_urgent: bool) -> bool:
        for window in self._windows:
            most = _left(window, is_urgent=is_urgent)
            if len(self._times) >= most and self._times[-most] > now - window.seconds + ROUNDING:
                return True
        return False

    def moments(self) -> Iterable[float]:
        """When one more that is urgent, and one more that is not, is allowed."""
        for window in self._windows:
            for is_urgent in (True, False):
                most = _left(window, is_urgent=is_urgent)
                if len(self._times) >= most:
                    yield self._times[-most] + window.seconds

    def take(self, now: float) -> None:
        self._times.append(now)

    def was_used(self, since: float) -> bool:
        return bool(self._times) and self._times[-1] > since

    def counts(self, now: float) -> bool:
        """Whether what was sent still matters."""
        return self.was_used(now - max(window.seconds for window in self._windows))

    def is_busy(self, now: float) -> bool:
        """More than a third of a window is used."""
        return any(3 * self._used(window, now) > window.most for window in self._windows)

    def _used(self, window: Window, now: float) -> int:
        used = 0
        for time in reversed(self._times):
            if time <= now - window.seconds + ROUNDING:
                break
            used += 1
        return used


def _left(window: Window, *, is_urgent: bool) -> int:
    return window.most if is_urgent else window.most - window.reserved
