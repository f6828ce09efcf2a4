"""Owning up to whom we have left alone: Telegram forgets what was tapped while nobody asked for it."""

from datetime import datetime, timedelta

import structlog
from sqlalchemy import or_, select

from tgbot.core.clock import Clock
from tgbot.core.reply import Reply, T
from tgbot.db.engine import Database
from tgbot.delivery.outbox import Notice, Outbox, Priority
from tgbot.delivery.store import OUTBOX, State

log = structlog.get_logger()

# The Bot API server drops presses that nobody has fetched for so long (`Client.cpp`).
TAPS_LAST = timedelta(seconds=150)
IN_TOUCH = timedelta(days=1)
WORTH_TELLING_FOR = timedelta(hours=1)
LOOK_EVERY = 30.0  # seconds


class Attendance:
    """Until when we were there for Telegram, in this life or in the one before: whether we were killed, suspended or
    cut off comes to the same. `since` is `None` if there was no life before."""

    def __init__(self, database: Database, outbox: Outbox, clock: Clock, since: datetime | None) -> None:
        self._database = database
        self._outbox = outbox
        self._clock = clock
        self._last = clock.now() if since is None else since

    async def here(self) -> None:
        """Telegram has answered us, or can reach us. If we were away for longer than taps last, every chat that was
        written to in the day before is owed one line about it, without a sound. Such a line keeps nobody in touch."""
        last, now = self._last, self._clock.now()
        if now - last > TAPS_LAST:
            await self._own_up(last, now)
        self._last = now

    def until(self) -> datetime:
        """Who was in touch then has been owed that line, or has no need of one."""
        return self._last

    async def stay(self) -> None:
        """For ever, where Telegram comes to us and we need not ask: then we are away while nothing runs."""
        while True:
            await self.here()
            await self._clock.sleep(LOOK_EVERY)

    async def _own_up(self, since: datetime, until: datetime) -> None:
        """Called again for the same `since`, it owes no more."""
        reply = Reply((T.of("delivery.away", since=since, until=until),), is_silent=True)
        is_other = or_(OUTBOX.c.dedup_key.is_(None), ~OUTBOX.c.dedup_key.startswith("away:"))
        in_touch = (OUTBOX.c.state == State.SENT) & (OUTBOX.c.sent_at > since - IN_TOUCH) & is_other
        async with self._database.write() as session:
            chats = list(await session.scalars(select(OUTBOX.c.chat_id).where(in_touch).distinct()))
            notices = [
                Notice(
                    chat_id,
                    reply,
                    Priority.DIGEST,
                    dedup_key=f"away:{chat_id}:{since.isoformat()}",
                    expires_at=until + WORTH_TELLING_FOR,
                )
                for chat_id in chats
                if chat_id not in self._outbox.gone
            ]
            await self._outbox.put_all(session, notices)
        log.info("was_away", since=since, chats=len(notices))
        self._outbox.wake()
