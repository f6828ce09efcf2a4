"""Desks, the links by which accounts are lent to them, and since when we know their administrators."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from tgbot.core.desks import Lent
from tgbot.core.people import Mode
from tgbot.db.engine import ReadSession, WriteSession
from tgbot.db.statements import insert_into
from tgbot.db.types import Base, RowId, UtcTime

LONGEST_NAME = 140
NOWHERE = 0  # the id of no group


class DeskRow(Base):
    """Of a group at most one. Without `key_id` nobody lends it an account."""

    __tablename__ = "desks"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    chat_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    thread_id: Mapped[int | None] = mapped_column(BigInteger)
    title: Mapped[str] = mapped_column(String(LONGEST_NAME))
    owner_id: Mapped[int] = mapped_column(BigInteger)
    owner: Mapped[str] = mapped_column(String(LONGEST_NAME))
    treasurer_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    treasurer: Mapped[str] = mapped_column(String(LONGEST_NAME))
    key_id: Mapped[str | None] = mapped_column(String(32))
    mode: Mapped[str | None] = mapped_column(String(5))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    head_told_at: Mapped[datetime] = mapped_column(UtcTime)


class LoanLinkRow(Base):
    """One offer to lend an account: for one desk, by one person, once. Only the digest of its token is kept."""

    __tablename__ = "desk_links"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    desk_id: Mapped[str] = mapped_column(ForeignKey("desks.id"))
    person_id: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[datetime] = mapped_column(UtcTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcTime)


class AdminRow(Base):
    """Somebody whom Telegram has called an administrator each time since then that we asked."""

    __tablename__ = "desk_admins"

    desk_id: Mapped[str] = mapped_column(ForeignKey("desks.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    since: Mapped[datetime] = mapped_column(UtcTime)


@dataclass(frozen=True, slots=True)
class Desk:
    id: str
    chat_id: int
    thread_id: int | None
    title: str
    owner_id: int
    owner: str
    treasurer_id: int | None
    treasurer: str
    key_id: str | None
    mode: Mode | None
    created_at: datetime

    @property
    def lent(self) -> Lent | None:
        """Its account, where somebody lends it one."""
        if self.key_id is None or self.treasurer_id is None:
            return None
        return Lent(self.chat_id, self.thread_id, self.treasurer_id, self.key_id)


@dataclass(frozen=True, slots=True)
class LoanLink:
    id: int
    desk_id: str
    person_id: int
    expires_at: datetime
    is_used: bool


async def add(session: WriteSession, desk: Desk) -> bool:
    """Whether the group had none yet."""
    insert = insert_into(session, DeskRow).values(
        id=desk.id,
        chat_id=desk.chat_id,
        thread_id=desk.thread_id,
        title=desk.title[:LONGEST_NAME],
        owner_id=desk.owner_id,
        owner=desk.owner[:LONGEST_NAME],
        treasurer_id=None,
        treasurer="",
        key_id=None,
        mode=None,
        created_at=desk.created_at,
        head_told_at=desk.created_at,
    )
    added = await session.execute(insert.on_conflict_do_nothing(index_elements=["chat_id"]).returning(DeskRow.id))
    return added.first() is not None


async def of_chat(session: ReadSession, chat_id: int) -> Desk | None:
    row = await session.scalar(select(DeskRow).where(DeskRow.chat_id == chat_id))
    return _desk(row) if row else None


async def find(session: ReadSession, desk_id: str) -> Desk | None:
    row = await session.get(DeskRow, desk_id)
    return _desk(row) if row else None


async def lock(session: WriteSession, desk_id: str) -> Desk:
    """As it is now; until the session ends nobody else decides anything at this desk."""
    row = await session.scalar(
        select(DeskRow).where(DeskRow.id == desk_id).with_for_update().execution_options(populate_existing=True)
    )
    if row is None:
        raise LookupError(desk_id)
    return _desk(row)


async def all_ids(session: ReadSession) -> list[str]:
    return list(await session.scalars(select(DeskRow.id).order_by(DeskRow.created_at)))


async def lent_keys(session: ReadSession) -> set[str]:
    """The accounts that are lent to a desk."""
    return {key_id for key_id in await session.scalars(select(DeskRow.key_id)) if key_id is not None}


async def lent_by(session: ReadSession, person_id: int) -> list[Desk]:
    rows = await session.scalars(select(DeskRow).where(DeskRow.treasurer_id == person_id).order_by(DeskRow.created_at))
    return [_desk(row) for row in rows]


async def keepers_of(session: ReadSession, chat_ids: Collection[int]) -> dict[int, int]:
    """By group, where it has a desk, the person who keeps its rules."""
    if not chat_ids:
        return {}
    rows = await session.execute(select(DeskRow.chat_id, DeskRow.owner_id).where(DeskRow.chat_id.in_(chat_ids)))
    return {row.chat_id: row.owner_id for row in rows}


async def set_account(session: WriteSession, desk_id: str, person_id: int, name: str, key_id: str, mode: Mode) -> None:
    values = {"treasurer_id": person_id, "treasurer": name[:LONGEST_NAME], "key_id": key_id, "mode": mode}
    await session.execute(update(DeskRow).where(DeskRow.id == desk_id).values(**values))


async def clear_account(session: WriteSession, desk_id: str) -> None:
    values = {"treasurer_id": None, "treasurer": "", "key_id": None, "mode": None}
    await session.execute(update(DeskRow).where(DeskRow.id == desk_id).values(**values))


async def move(session: WriteSession, old_chat_id: int, new_chat_id: int) -> str | None:
    """The desk that has moved with its group, if it had one. A desk that somebody has set up in the new group before we
    heard of the move gives way to it: nobody reaches it any more but its treasurer."""
    newer = await of_chat(session, new_chat_id)
    if newer is not None:
        older = await of_chat(session, old_chat_id)
        if older is None or older.created_at > newer.created_at:
            return None
        for desk_id, chat_id in ((newer.id, NOWHERE), (older.id, new_chat_id), (newer.id, old_chat_id)):
            await session.execute(update(DeskRow).where(DeskRow.id == desk_id).values(chat_id=chat_id))
        return older.id
    moved = update(DeskRow).where(DeskRow.chat_id == old_chat_id).values(chat_id=new_chat_id).returning(DeskRow.id)
    return (await session.execute(moved)).scalar_one_or_none()


async def claim_head(session: WriteSession, before: datetime, now: datetime) -> list[Desk]:
    """Those whose owner was last told how far the record goes at or before then; they count as told from now on."""
    due = update(DeskRow).where(DeskRow.head_told_at <= before).values(head_told_at=now).returning(DeskRow)
    return [_desk(row) for row in await session.scalars(due)]


async def add_link(session: WriteSession, digest: str, desk_id: str, person_id: int, until: datetime) -> None:
    session.add(LoanLinkRow(digest=digest, desk_id=desk_id, person_id=person_id, expires_at=until, used_at=None))
    await session.flush()


async def link_of(session: ReadSession, digest: str) -> LoanLink | None:
    row = await session.scalar(select(LoanLinkRow).where(LoanLinkRow.digest == digest))
    return _link(row) if row else None


async def link_by_id(session: ReadSession, link_id: int) -> LoanLink | None:
    row = await session.get(LoanLinkRow, link_id)
    return _link(row) if row else None


async def use_link(session: WriteSession, link_id: int, person_id: int, now: datetime) -> bool:
    """Whether it was this person's, in time, and unused until now."""
    mine = LoanLinkRow.id == link_id, LoanLinkRow.person_id == person_id
    unused = LoanLinkRow.used_at.is_(None), LoanLinkRow.expires_at > now
    used = update(LoanLinkRow).where(*mine, *unused).values(used_at=now).returning(LoanLinkRow.id)
    return (await session.execute(used)).first() is not None


async def note_admins(session: WriteSession, desk_id: str, person_ids: Collection[int], since: datetime) -> None:
    """Who is known already stays known since then."""
    if not person_ids:
        return
    rows = [{"desk_id": desk_id, "person_id": person_id, "since": since} for person_id in person_ids]
    await session.execute(insert_into(session, AdminRow).values(rows).on_conflict_do_nothing())


async def forget_admins(session: WriteSession, desk_id: str, person_ids: Collection[int]) -> None:
    await session.execute(delete(AdminRow).where(AdminRow.desk_id == desk_id, AdminRow.person_id.in_(person_ids)))


async def admins_since(session: ReadSession, desk_id: str) -> dict[int, datetime]:
    rows: Sequence[AdminRow] = list(await session.scalars(select(AdminRow).where(AdminRow.desk_id == desk_id)))
    return {row.person_id: row.since for row in rows}


def _desk(row: DeskRow) -> Desk:
    return Desk(
        id=row.id,
        chat_id=row.chat_id,
        thread_id=row.thread_id,
        title=row.title,
        owner_id=row.owner_id,
        owner=row.owner,
        treasurer_id=row.treasurer_id,
        treasurer=row.treasurer,
        key_id=row.key_id,
        mode=Mode(row.mode) if row.mode else None,
        created_at=row.created_at,
    )


def _link(row: LoanLinkRow) -> LoanLink:
    return LoanLink(row.id, row.desk_id, row.person_id, row.expires_at, row.used_at is not None)
