"""Telegram's orders to wait, kept over a restart: whoever goes on sending is made to wait longer."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, select

from tgbot.db.engine import WriteSession
from tgbot.db.statements import insert_into
from tgbot.delivery.store import HoldRow


async def keep_holds(session: WriteSession, holds: Mapping[int, datetime]) -> None:
    """By chat id, or `EVERYWHERE`; the latest of all counts."""
    for chat_id, until in holds.items():
        insert = insert_into(session, HoldRow).values(chat_id=chat_id, until=until)
        await session.execute(
            insert.on_conflict_do_update(
                index_elements=["chat_id"],
                set_={"until": insert.excluded.until},
                where=HoldRow.until < insert.excluded.until,
            )
        )


async def load_holds(session: WriteSession, now: datetime) -> dict[int, datetime]:
    """Those still in force; the others are dropped."""
    await session.execute(delete(HoldRow).where(HoldRow.until <= now))
    return {row.chat_id: row.until for row in await session.scalars(select(HoldRow))}
