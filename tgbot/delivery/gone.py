"""Chats in which Telegram says that nobody reads us: blocked, kicked, deactivated."""

from datetime import datetime

from sqlalchemy import delete, select, update

from tgbot.db.engine import ReadSession, WriteSession
from tgbot.db.statements import insert_into
from tgbot.delivery.store import OUTBOX, OWED, GoneChatRow, State


async def leave_chat(session: WriteSession, chat_id: int, reason: str, now: datetime) -> None:
    """Nothing is sent there any more before somebody there writes to us; what was owed is dead."""
    insert = insert_into(session, GoneChatRow).values(chat_id=chat_id, reason=reason[:200], at=now)
    await session.execute(insert.on_conflict_do_nothing(index_elements=["chat_id"]))
    await bury(session, chat_id, reason)


async def gone_chats(session: ReadSession) -> set[int]:
    return set(await session.scalars(select(GoneChatRow.chat_id)))


async def come_back(session: WriteSession, chat_id: int) -> bool:
    """Somebody there has written to us; whether the chat was gone until then."""
    gone = delete(GoneChatRow).where(GoneChatRow.chat_id == chat_id).returning(GoneChatRow.chat_id)
    return await session.scalar(gone) is not None


async def bury(session: WriteSession, chat_id: int, reason: str) -> None:
    """What is owed to this chat is dead."""
    owed = (OUTBOX.c.chat_id == chat_id) & OUTBOX.c.state.in_(OWED)
    await session.execute(update(OUTBOX).where(owed).values(state=State.DEAD, reason=reason[:200], picture=None))
