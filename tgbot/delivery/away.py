"""Owning up to whom we have left alone: Telegram forgets what was tapped while nobody asked for it."""

from datetime import datetime, timedelta

import structlog
from sqlalchemy import or_, select

from tgbot.core.reply import Reply, T
from tgbot.db.engine import Database
from tgbot.delivery.outbox import Notice, Outbox, Priority
from tgbot.delivery.store import OUTBOX, State

log = structlog.get_logger()

# The Bot API server drops presses that nobody has fetched for so long (`Client.cpp`).
TAPS_LAST = timedelta(seconds=150)
IN_TOUCH = timedelta(days=1)
WORTH_TELLING_FOR = timedelta(hours=1)


async def own_up(database: Database, outbox: Outbox, since: datetime, now: datetime) -> None:
    """Owes every chat that was written to in the day before `since` one line without a sound, if we were away for
    longer than taps last. Such a line keeps nobody in touch. Called again for the same `since`, it owes no more."""
    if now - since <= TAPS_LAST:
        return
    reply = Reply((T.of("delivery.away", since=since, until=now),), is_silent=True)
    is_other = or_(OUTBOX.c.dedup_key.is_(None), ~OUTBOX.c.dedup_key.startswith("away:"))
    in_touch = (OUTBOX.c.state == State.SENT) & (OUTBOX.c.sent_at > since - IN_TOUCH) & is_other
    async with database.write() as session:
        chats = list(await session.scalars(select(OUTBOX.c.chat_id).where(in_touch).distinct()))
        notices = [
            Notice(
                chat_id,
                reply,
                Priority.DIGEST,
                dedup_key=f"away:{chat_id}:{since.isoformat()}",
                expires_at=now + WORTH_TELLING_FOR,
            )
            for chat_id in chats
            if chat_id not in outbox.gone
        ]
        await outbox.put_all(session, notices)
    log.info("was_away", since=since, chats=len(notices))
    outbox.wake()
