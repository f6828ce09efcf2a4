"""What an earlier process has sent lately: Telegram counts it, whoever sent it."""

from datetime import datetime, timedelta

from sqlalchemy import select

from tgbot.db.engine import ReadSession
from tgbot.delivery.limiter import Limiter
from tgbot.delivery.store import OUTBOX, State


async def recall_sent(session: ReadSession, limiter: Limiter, now: datetime, moment: float) -> None:
    """`moment` is `now` by the limiter's clock. Rows that left in one message count once. Edits of a live card have
    left no row and are not counted."""
    is_recent = OUTBOX.c.sent_at.between(now - timedelta(seconds=limiter.memory), now)
    message = OUTBOX.c.chat_id, OUTBOX.c.sent_at, OUTBOX.c.sent_message_id
    sent = select(*message).where(OUTBOX.c.state == State.SENT, is_recent).distinct().order_by(OUTBOX.c.sent_at)
    for chat_id, sent_at, _ in await session.execute(sent):
        limiter.recall(chat_id, moment - (now - sent_at).total_seconds())
