"""Forgetting what was told a while ago: its words are its reader's business, and the table would grow by them for ever.

What is owed, kept back, claimed or dead is never touched, however old it is.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from tgbot.db.engine import WriteSession
from tgbot.delivery.store import OUTBOX, State

KEPT_FOR = timedelta(days=14)
AT_ONCE = 100  # rows of a state in one step: all who want to write wait for it
# Since when a row has been in a state that it never leaves.
_ENDED_AT = {State.SENT: OUTBOX.c.sent_at, State.STALE: OUTBOX.c.expires_at}


async def forget(session: WriteSession, now: datetime) -> bool:
    """One step, the oldest first; whether there may be more. A row with a `dedup_key` stays with that key, without its
    words; the others go."""
    has_more = False
    for state, ended_at in _ENDED_AT.items():
        ended = select(OUTBOX.c.id, OUTBOX.c.dedup_key.is_not(None)).where(
            OUTBOX.c.state == state, ended_at < now - KEPT_FOR
        )
        rows = (await session.execute(ended.order_by(ended_at).limit(AT_ONCE))).all()
        has_more |= len(rows) == AT_ONCE
        if emptied := [row_id for row_id, has_key in rows if has_key]:
            await session.execute(
                update(OUTBOX).where(OUTBOX.c.id.in_(emptied)).values(state=State.PAST, payload="", reason="")
            )
        if gone := [row_id for row_id, has_key in rows if not has_key]:
            await session.execute(delete(OUTBOX).where(OUTBOX.c.id.in_(gone)))
    return has_more
