"""Telegram's limits on messages, kept before Telegram has to enforce them. Pure: the caller brings the time.

Every limit is a GCRA: a moment before which the bucket counts as full, pushed on by one interval for each message.
The figures are the published ones with a little room (30/s overall; 1/s in a chat with small bursts; 20/min in a
group). Edits count like messages.
"""

from dataclasses import dataclass

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Rate:
    """One message per `every` seconds, `burst` of them at once after a rest."""

    every: float
    burst: int


@dataclass(frozen=True, slots=True)
class Limits:
    overall: Rate = Rate(1 / 28, 2)
    chat: Rate = Rate(1.0, 3)
    # In any minute at most 20: five at once, and as many more as the minute then lets through.
    group: Rate = Rate(MINUTE / 15, 5)


class Limiter:
    """Times are seconds of one monotonic clock."""

    def __init__(self, limits: Limits = Limits()) -> None:
        self._limits = limits
        self._overall = _Bucket(limits.overall)
        self._chats: dict[int, list[_Bucket]] = {}
        self._chat_holds: dict[int, float] = {}
        self._hold = 0.0

    def room(self, now: float) -> int:
        """How many messages may go out at this moment, over all chats."""
        return 0 if now < self._hold else self._overall.room(now)

    def waiting_chats(self, now: float) -> set[int]:
        """Chats to which nothing may be sent yet."""
        self._forget(now)
        full = {chat_id for chat_id, buckets in self._chats.items() if any(not bucket.room(now) for bucket in buckets)}
        return full | self._chat_holds.keys()

    def next_change(self, now: float) -> float | None:
        """Seconds until more may be sent than at this moment; `None` if nothing is held back."""
        moments = [self._hold, self._overall.free_at, *self._chat_holds.values()]
        moments += [bucket.free_at for buckets in self._chats.values() for bucket in buckets]
        return min((moment - now for moment in moments if moment > now), default=None)

    def take(self, chat_id: int, now: float) -> None:
        """One message goes to `chat_id` now; the caller has seen that it may."""
        self._overall.take(now)
        for bucket in self._buckets(chat_id):
            bucket.take(now)

    def is_busy(self, chat_id: int, now: float) -> bool:
        """Whether we have sent so much to this chat lately that a complaint may be about it alone."""
        return any(bucket.full_until > now + bucket.rate.every for bucket in self._buckets(chat_id))

    def hold_chat(self, chat_id: int, until: float) -> None:
        """The latest of all holds counts."""
        self._chat_holds[chat_id] = max(until, self._chat_holds.get(chat_id, 0.0))

    def hold_all(self, until: float) -> None:
        self._hold = max(until, self._hold)

    def _buckets(self, chat_id: int) -> list["_Bucket"]:
        if chat_id not in self._chats:
            # Groups have negative ids.
            rates = [self._limits.chat] if chat_id > 0 else [self._limits.chat, self._limits.group]
            self._chats[chat_id] = [_Bucket(rate) for rate in rates]
        return self._chats[chat_id]

    def _forget(self, now: float) -> None:
        """Chats at rest cost no memory."""
        self._chats = {
            chat_id: buckets
            for chat_id, buckets in self._chats.items()
            if any(bucket.full_until > now for bucket in buckets)
        }
        self._chat_holds = {chat_id: until for chat_id, until in self._chat_holds.items() if until > now}


class _Bucket:
    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self.full_until = 0.0

    @property
    def free_at(self) -> float:
        """When one more message is allowed."""
        return self.full_until - (self.rate.burst - 1) * self.rate.every

    def room(self, now: float) -> int:
        if now < self.free_at:
            return 0
        used = max(0.0, self.full_until - now) / self.rate.every
        return int(self.rate.burst - used + 1e-9)

    def take(self, now: float) -> None:
        self.full_until = max(self.full_until, now) + self.rate.every
