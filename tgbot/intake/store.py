"""The durable inbox and the questions we have put to people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Index, String, Text, delete, func, select, update
from sqlalchemy.orm import Mapped, aliased, mapped_column

from tgbot.db.engine import ReadSession, WriteSession
from tgbot.db.statements import insert_into
from tgbot.db.types import Base, RowId, UtcTime


class InboxState(StrEnum):
    NEW = "new"
    DONE = "done"
    DEAD = "dead"


# Telegram delivers an update again for a day at most. What was given up an operator may want to look at.
KEPT_FOR = {InboxState.DONE: timedelta(days=2), InboxState.DEAD: timedelta(days=14)}
PRUNED_AT_ONCE = 100  # rows of a state in one step: all who want to write wait for it


class InboxRow(Base):
    """One update, free of secrets. `tries` counts how often a later process began on what an earlier one left over."""

    __tablename__ = "inbox"
    __table_args__ = (Index(None, "state", "received_at"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    update_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    payload: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(8))
    tries: Mapped[int]
    received_at: Mapped[datetime] = mapped_column(UtcTime)


class DialogueRow(Base):
    """The question a person is expected to answer next in the private chat, whose id is theirs; at most one. Under the
    id of a group it is nobody's: there only buttons answer."""

    __tablename__ = "dialogues"

    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(UtcTime)


@dataclass(frozen=True, slots=True)
class Stored:
    id: int
    payload: str
    tries: int
    is_left_over: bool = False


async def keep(session: WriteSession, rows: Sequence[dict[str, Any]]) -> list[Stored]:
    """Insert updates; those that were there already are left out of the result."""
    statement = insert_into(session, InboxRow).on_conflict_do_nothing(index_elements=["update_id"])
    returning = statement.returning(InboxRow.id, InboxRow.payload, InboxRow.tries)
    kept = [Stored(*row) for values in rows for row in await session.execute(returning, values)]
    return sorted(kept, key=lambda stored: stored.id)


async def give_up(session: WriteSession, most_tries: int) -> list[Stored]:
    """What has been begun too often is not begun again: it may be what ends the process."""
    rows = await session.execute(
        update(InboxRow)
        .where(InboxRow.state == InboxState.NEW, InboxRow.tries >= most_tries)
        .values(state=InboxState.DEAD)
        .returning(InboxRow.id, InboxRow.payload, InboxRow.tries)
    )
    return [Stored(*row) for row in rows]


async def left_over(session: ReadSession) -> list[Stored]:
    """What an earlier process did not finish, oldest first."""
    rows = await session.execute(
        select(InboxRow.id, InboxRow.payload, InboxRow.tries)
        .where(InboxRow.state == InboxState.NEW)
        .order_by(InboxRow.id)
    )
    return [Stored(*row, is_left_over=True) for row in rows]


async def begin_again(session: WriteSession, row_id: int) -> None:
    await session.execute(update(InboxRow).where(InboxRow.id == row_id).values(tries=InboxRow.tries + 1))


async def read_payload(session: ReadSession, row_id: int) -> str | None:
    return await session.scalar(select(InboxRow.payload).where(InboxRow.id == row_id))


async def finish(session: WriteSession, row_id: int) -> None:
    await session.execute(update(InboxRow).where(InboxRow.id == row_id).values(state=InboxState.DONE))


async def prune(session: WriteSession, now: datetime) -> bool:
    """One step of forgetting what people wrote a while ago, the oldest first; whether there may be more. The newest row
    stays: SQLite would give its number again, which a button may name."""
    newest = select(func.max(aliased(InboxRow).id)).scalar_subquery()
    has_more = False
    for state, span in KEPT_FOR.items():
        old = select(InboxRow.id).where(InboxRow.state == state, InboxRow.received_at < now - span)
        old = old.where(InboxRow.id < newest).order_by(InboxRow.received_at).limit(PRUNED_AT_ONCE)
        ids = (await session.scalars(old)).all()
        has_more |= len(ids) == PRUNED_AT_ONCE
        await session.execute(delete(InboxRow).where(InboxRow.id.in_(ids)))
    return has_more


class Dialogues:
    """Opening a dialogue ends the one before it."""

    async def open(self, session: WriteSession, user_id: int, kind: str, state: str, until: datetime) -> None:
        await self.close(session, user_id)
        session.add(DialogueRow(user_id=user_id, kind=kind, state=state, expires_at=until))
        await session.flush()

    async def close(self, session: WriteSession, user_id: int, kind: str | None = None) -> None:
        """With `kind`, only a dialogue of that kind."""
        statement = delete(DialogueRow).where(DialogueRow.user_id == user_id)
        await session.execute(statement.where(DialogueRow.kind == kind) if kind else statement)

    async def current(self, session: ReadSession, user_id: int, now: datetime) -> tuple[str, str] | None:
        """Kind and state of the open question."""
        row = await session.get(DialogueRow, user_id)
        return (row.kind, row.state) if row and row.expires_at > now else None

    async def users_in(self, session: ReadSession, kind: str) -> list[int]:
        return list(await session.scalars(select(DialogueRow.user_id).where(DialogueRow.kind == kind)))
