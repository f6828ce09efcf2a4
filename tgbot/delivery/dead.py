"""Messages that were given up, for the operator: what was not delivered, why, and once more on demand."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update

from tgbot.db.engine import ReadSession, WriteSession
from tgbot.delivery.store import OUTBOX, GoneChatRow, State

_DEAD = OUTBOX.c.state == State.DEAD


@dataclass(frozen=True, slots=True)
class Dead:
    """What it said is not shown: it is its reader's business."""

    id: int
    chat_id: int
    created_at: datetime
    reason: str


async def undelivered(session: ReadSession, most: int) -> tuple[int, list[Dead]]:
    """How many there are, and so many of the newest, the newest first."""
    count = await session.scalar(select(func.count()).select_from(OUTBOX).where(_DEAD)) or 0
    columns = (OUTBOX.c.id, OUTBOX.c.chat_id, OUTBOX.c.created_at, OUTBOX.c.reason)
    rows = await session.execute(select(*columns).where(_DEAD).order_by(OUTBOX.c.id.desc()).limit(most))
    return count, [Dead(*row) for row in rows]


async def resend(session: WriteSession, row_id: int, now: datetime) -> bool:
    """Owes it once more, as a message of its own, for what it would have edited may say something newer by now; marked
    as something that may come twice. Whether it was given up, in a chat that is there."""
    gone = select(GoneChatRow.chat_id).where(GoneChatRow.chat_id == OUTBOX.c.chat_id).exists()
    again = {"state": State.NEW, "reason": "", "tries": 0, "is_repeat": True, "not_before": now, "expires_at": None}
    again |= {"card": None, "message_id": None, "reply_to_card": None}
    owed = update(OUTBOX).where(OUTBOX.c.id == row_id, _DEAD, ~gone).values(again).returning(OUTBOX.c.id)
    return await session.scalar(owed) is not None
