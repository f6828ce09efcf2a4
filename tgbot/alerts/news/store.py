"""Who wants to be told of what is listed and delisted."""

from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, String, UniqueConstraint, delete, func, select, true, update
from sqlalchemy.orm import Mapped, mapped_column

from tgbot.alerts.store import LISTED, AlertRow
from tgbot.core.market import Topic
from tgbot.db.engine import ReadSession, WriteSession
from tgbot.db.statements import insert_into
from tgbot.db.types import Base, RowId, UtcTime


class NewsRow(Base):
    """`symbol` is empty for listings, and for delistings of whatever the person has."""

    __tablename__ = "news_alerts"
    __table_args__ = (UniqueConstraint("chat_id", "topic", "symbol"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    chat_id: Mapped[int] = mapped_column(BigInteger)
    thread_id: Mapped[int | None] = mapped_column(BigInteger)
    person_id: Mapped[int] = mapped_column(BigInteger)
    topic: Mapped[str] = mapped_column(String(10))
    symbol: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UtcTime)


@dataclass(frozen=True, slots=True)
class Wish:
    id: int  # 0 before it is stored
    chat_id: int
    thread_id: int | None
    person_id: int
    topic: Topic
    symbol: str
    created_at: datetime


async def add(session: WriteSession, wish: Wish) -> None:
    """What is wished for already stays as it is."""
    values = {name: getattr(wish, name) for name in _VALUES}
    await session.execute(insert_into(session, NewsRow).values(**values).on_conflict_do_nothing())


async def drop(session: WriteSession, chat_id: int, topic: Topic, symbol: str) -> None:
    same = (NewsRow.chat_id == chat_id, NewsRow.topic == topic, NewsRow.symbol == symbol)
    await session.execute(delete(NewsRow).where(*same))


async def move_chat(session: WriteSession, chat_id: int, new_chat_id: int) -> None:
    """A group became a supergroup, where the same may be wished for already."""
    known = await _wishes(session, NewsRow.chat_id == new_chat_id)
    for wish in known:
        await drop(session, chat_id, wish.topic, wish.symbol)
    await session.execute(update(NewsRow).where(NewsRow.chat_id == chat_id).values(chat_id=new_chat_id))


async def count_of(session: ReadSession, chat_id: int) -> int:
    return await session.scalar(select(func.count()).where(NewsRow.chat_id == chat_id)) or 0


async def of_chat(session: ReadSession, chat_id: int) -> list[Wish]:
    return await _wishes(session, NewsRow.chat_id == chat_id)


async def every(session: ReadSession) -> list[Wish]:
    return await _wishes(session, true())


async def coins_with_alerts(session: ReadSession, chat_id: int) -> frozenset[str]:
    rows = select(AlertRow.symbol).where(AlertRow.chat_id == chat_id, AlertRow.state.in_(LISTED)).distinct()
    return frozenset(symbol.partition("-")[0] for symbol in await session.scalars(rows))


async def _wishes(session: ReadSession, which: ColumnElement[bool]) -> list[Wish]:
    rows = await session.scalars(select(NewsRow).where(which).order_by(NewsRow.id))
    return [
        Wish(row.id, row.chat_id, row.thread_id, row.person_id, Topic(row.topic), row.symbol, row.created_at)
        for row in rows
    ]


_VALUES = tuple(field.name for field in fields(Wish) if field.name != "id")
