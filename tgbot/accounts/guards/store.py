"""Limits and freezes."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Index, String, Text, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from tgbot.accounts.guards.rules import Limit, Setting
from tgbot.accounts.store import PersonRow
from tgbot.db.engine import ReadSession, WriteSession
from tgbot.db.statements import insert_into
from tgbot.db.types import Base, RowId, UtcTime

EVERYBODY = 0  # in place of an id


class By(StrEnum):
    """Who has frozen it, and so who may thaw it."""

    SELF = "self"
    OPERATOR = "operator"


class LimitRow(Base):
    """Never changed: a new choice is a new row, and one that has not begun may be taken back."""

    __tablename__ = "limits"
    __table_args__ = (Index(None, "person_id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    person_id: Mapped[int] = mapped_column(BigInteger)
    limit: Mapped[str] = mapped_column(String(10))
    value: Mapped[str] = mapped_column(Text)
    effective_at: Mapped[datetime] = mapped_column(UtcTime)


class FreezeRow(Base):
    """No order leaves for this person, this chat, or anybody (`EVERYBODY`), for as long as the row is there."""

    __tablename__ = "freezes"
    __table_args__ = (UniqueConstraint("subject_id", "by"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    subject_id: Mapped[int] = mapped_column(BigInteger)
    by: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime] = mapped_column(UtcTime)


async def settings(session: ReadSession, person_id: int) -> list[Setting]:
    """In the order in which they were made."""
    rows = await session.scalars(select(LimitRow).where(LimitRow.person_id == person_id).order_by(LimitRow.id))
    return [Setting(Limit(row.limit), row.value, row.effective_at) for row in rows]


async def set_limit(session: WriteSession, person_id: int, setting: Setting, now: datetime) -> None:
    """In place of a choice of the same limit that has not begun yet."""
    waiting = LimitRow.person_id == person_id, LimitRow.limit == setting.limit, LimitRow.effective_at > now
    await session.execute(delete(LimitRow).where(*waiting))
    session.add(
        LimitRow(person_id=person_id, limit=setting.limit, value=setting.value, effective_at=setting.effective_at)
    )
    await session.flush()


async def freeze(session: WriteSession, subject_id: int, by: By, now: datetime) -> None:
    insert = insert_into(session, FreezeRow).values(subject_id=subject_id, by=by, at=now)
    await session.execute(insert.on_conflict_do_nothing())


async def thaw(session: WriteSession, subject_id: int, by: By) -> bool:
    """Whether it was frozen by this one."""
    thawed = await session.execute(
        delete(FreezeRow).where(FreezeRow.subject_id == subject_id, FreezeRow.by == by).returning(FreezeRow.id)
    )
    return thawed.first() is not None


async def frozen_by(session: ReadSession, *subject_ids: int) -> set[tuple[int, By]]:
    rows = await session.execute(
        select(FreezeRow.subject_id, FreezeRow.by).where(FreezeRow.subject_id.in_([*subject_ids, EVERYBODY]))
    )
    return {(row.subject_id, By(row.by)) for row in rows}


async def move(session: WriteSession, old_id: int, new_id: int) -> None:
    """Whatever is frozen under the one id is frozen under the other."""
    for subject_id, by in await frozen_by(session, old_id):
        if subject_id == old_id:
            await freeze(session, new_id, by, await _frozen_at(session, old_id, by))


async def _frozen_at(session: ReadSession, subject_id: int, by: By) -> datetime:
    frozen = select(FreezeRow.at).where(FreezeRow.subject_id == subject_id, FreezeRow.by == by)
    return (await session.execute(frozen)).scalar_one()


async def stand_in_line(session: WriteSession, person_id: int) -> None:
    """One order of a person is judged at a time, also where several writers work side by side."""
    await session.execute(select(PersonRow.id).where(PersonRow.id == person_id).with_for_update())
