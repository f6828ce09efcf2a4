"""The installation and the sealed keys. A key's text is only ever in `data`, sealed."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, Select, String, case, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from tgbot.core.keys import KeyInfo
from tgbot.core.people import Mode
from tgbot.credentials.envelope import Sealed
from tgbot.credentials.rules import Suspension, Trouble
from tgbot.db.engine import ReadSession, WriteSession
from tgbot.db.types import Base, UtcTime

LONGEST_LABEL = 40
LONGEST_RIGHTS = 200
LONGEST_DETAIL = 300


class KeyState(StrEnum):
    ACTIVE = "active"
    IDLE = "idle"


class InstallationRow(Base):
    """One row: whose database this is, and how to know its master key."""

    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("singleton = 1", name="one_row"),)

    singleton: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(String(32))
    master_version: Mapped[int]
    check_value: Mapped[bytes] = mapped_column(LargeBinary(32))


class KeyRow(Base):
    """A linked account: at KuCoin or on paper. Of each mode a person has at most one active.

    `remark` is KuCoin's name for the key, where we know it; the label follows it until the person gives it another.
    With a `trouble` the key is suspended, in use or not: no new order goes out with it.
    """

    __tablename__ = "keys"
    __table_args__ = (Index("ix_keys_person_id_mode_state", "person_id", "mode", "state"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    short: Mapped[str] = mapped_column(String(10))
    person_id: Mapped[int] = mapped_column(BigInteger)
    mode: Mapped[str] = mapped_column(String(5))
    state: Mapped[str] = mapped_column(String(10))
    label: Mapped[str] = mapped_column(String(LONGEST_LABEL))
    remark: Mapped[str | None] = mapped_column(String(LONGEST_LABEL))
    trouble: Mapped[str | None] = mapped_column(String(20))
    trouble_detail: Mapped[str | None] = mapped_column(String(LONGEST_DETAIL))
    version: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary)
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    master_version: Mapped[int]
    last_four: Mapped[str] = mapped_column(String(4))
    permissions: Mapped[str] = mapped_column(String(LONGEST_RIGHTS))
    ip_count: Mapped[int]
    uid: Mapped[str] = mapped_column(String(20))
    is_master: Mapped[bool]
    made_at: Mapped[datetime] = mapped_column(UtcTime)
    linked_at: Mapped[datetime] = mapped_column(UtcTime)
    checked_at: Mapped[datetime] = mapped_column(UtcTime)


class FormerKeyRow(Base):
    """A key that was disconnected. Its secrets are gone; whose it was and of which account is kept, so that its orders
    find the account's next key."""

    __tablename__ = "former_keys"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    person_id: Mapped[int] = mapped_column(BigInteger, index=True)
    mode: Mapped[str] = mapped_column(String(5))
    uid: Mapped[str] = mapped_column(String(20))


@dataclass(frozen=True, slots=True)
class Installation:
    id: str
    master_version: int
    check_value: bytes


@dataclass(frozen=True, slots=True)
class LinkedKey:
    """What may be shown of a key, and its sealed text."""

    id: str
    short: str
    person_id: int
    mode: Mode
    is_active: bool
    label: str
    remark: str | None
    suspension: Suspension | None
    version: int
    sealed: Sealed
    last_four: str
    permissions: frozenset[str]
    ip_count: int
    uid: str
    is_master: bool
    made_at: datetime
    linked_at: datetime
    checked_at: datetime


async def installation(session: ReadSession) -> Installation | None:
    row = await session.get(InstallationRow, 1)
    return Installation(row.id, row.master_version, row.check_value) if row else None


async def add_installation(session: WriteSession, made: Installation) -> None:
    session.add(
        InstallationRow(singleton=1, id=made.id, master_version=made.master_version, check_value=made.check_value)
    )
    await session.flush()


async def drop_all(session: WriteSession) -> list[int]:
    """Installation and keys; the owner of every key that was dropped."""
    await session.execute(delete(InstallationRow))
    dropped = await every(session)
    for key in dropped:
        await remove(session, key)
    return [key.person_id for key in dropped]


async def add(session: WriteSession, key: LinkedKey) -> None:
    """The new key becomes the active one of its person and mode."""
    await _deactivate(session, key.person_id, key.mode)
    session.add(KeyRow(**_values(key)))
    await session.flush()


async def replace_key(session: WriteSession, key: LinkedKey) -> None:
    """The record of the same id, sealed anew; it becomes the active one of its person and mode."""
    await _deactivate(session, key.person_id, key.mode)
    await session.execute(update(KeyRow).where(KeyRow.id == key.id).values(**_values(key)))


async def active(session: ReadSession, person_id: int, mode: Mode) -> LinkedKey | None:
    row = await session.scalar(
        select(KeyRow).where(KeyRow.person_id == person_id, KeyRow.mode == mode, KeyRow.state == KeyState.ACTIVE)
    )
    return _linked(row) if row else None


async def by_id(session: ReadSession, key_id: str) -> LinkedKey | None:
    row = await session.get(KeyRow, key_id)
    return _linked(row) if row else None


async def sound(session: ReadSession, key_ids: Collection[str]) -> set[str]:
    """Those among them that are not suspended."""
    return set(await session.scalars(select(KeyRow.id).where(KeyRow.id.in_(key_ids), KeyRow.trouble.is_(None))))


async def of_person(session: ReadSession, person_id: int) -> list[LinkedKey]:
    rows = await session.scalars(select(KeyRow).where(KeyRow.person_id == person_id).order_by(KeyRow.linked_at))
    return [_linked(row) for row in rows]


async def activate(session: WriteSession, key: LinkedKey) -> None:
    await _deactivate(session, key.person_id, key.mode)
    await session.execute(update(KeyRow).where(KeyRow.id == key.id).values(state=KeyState.ACTIVE))


async def rename(session: WriteSession, key: LinkedKey, label: str) -> None:
    await session.execute(update(KeyRow).where(KeyRow.id == key.id).values(label=label))


async def lock(session: WriteSession, key_id: str) -> LinkedKey | None:
    """As `by_id`; until the session ends nobody changes the row."""
    row = await session.scalar(select(KeyRow).where(KeyRow.id == key_id).with_for_update())
    return _linked(row) if row else None


async def every(session: ReadSession) -> list[LinkedKey]:
    return [_linked(row) for row in await session.scalars(select(KeyRow).order_by(KeyRow.id))]


async def linked_until(session: ReadSession, moment: datetime, without: Select[str]) -> list[LinkedKey]:
    """Keys of all people that were linked by then, on paper too, without those whose ids are selected."""
    found = select(KeyRow).where(KeyRow.linked_at <= moment, KeyRow.id.not_in(without))
    return [_linked(row) for row in await session.scalars(found.order_by(KeyRow.id))]


async def live_ids(session: ReadSession) -> list[str]:
    """Keys of KuCoin, those that were asked about longest ago first."""
    return list(await session.scalars(select(KeyRow.id).where(KeyRow.mode == Mode.LIVE).order_by(KeyRow.checked_at)))


async def note_checked(session: WriteSession, key: LinkedKey, now: datetime) -> bool:
    """Whether it is still the key that was asked about: not disconnected, and not linked anew."""
    same = update(KeyRow).where(KeyRow.id == key.id, KeyRow.version == key.version)
    noted = await session.execute(same.values(checked_at=now).returning(KeyRow.id))
    return noted.first() is not None


async def note_facts(session: WriteSession, key: LinkedKey, info: KeyInfo) -> None:
    """What KuCoin says of it now."""
    remark = printable(info.remark, LONGEST_LABEL)
    await session.execute(
        update(KeyRow)
        .where(KeyRow.id == key.id)
        .values(
            permissions=written(info.permissions),
            ip_count=len(info.ip_whitelist or ()),
            is_master=info.is_master,
            remark=remark,
            label=case((KeyRow.label == KeyRow.remark, remark), else_=KeyRow.label),
        )
    )


async def suspend(session: WriteSession, key: LinkedKey, suspension: Suspension) -> bool:
    """Whether this is news: it was not suspended, or for another trouble."""
    news = update(KeyRow).where(KeyRow.id == key.id, KeyRow.trouble.is_distinct_from(suspension.trouble))
    detail = printable(suspension.detail, LONGEST_DETAIL)
    done = await session.execute(news.values(trouble=suspension.trouble, trouble_detail=detail).returning(KeyRow.id))
    return done.first() is not None


async def lift(session: WriteSession, key: LinkedKey) -> bool:
    """Whether it was suspended until now."""
    suspended = update(KeyRow).where(KeyRow.id == key.id, KeyRow.trouble.is_not(None))
    done = await session.execute(suspended.values(trouble=None, trouble_detail=None).returning(KeyRow.id))
    return done.first() is not None


async def remove(session: WriteSession, key: LinkedKey) -> None:
    await session.execute(delete(KeyRow).where(KeyRow.id == key.id))
    session.add(FormerKeyRow(id=key.id, person_id=key.person_id, mode=key.mode, uid=key.uid))
    await session.flush()


def printable(text: str, longest: int) -> str:
    """KuCoin's words as both databases take them."""
    return text.replace("\0", "")[:longest]


def written(permissions: frozenset[str]) -> str:
    return printable(",".join(sorted(permissions)), LONGEST_RIGHTS)


async def _deactivate(session: WriteSession, person_id: int, mode: Mode) -> None:
    await session.execute(
        update(KeyRow).where(KeyRow.person_id == person_id, KeyRow.mode == mode).values(state=KeyState.IDLE)
    )


def _values(key: LinkedKey) -> dict[str, Any]:
    """The columns of an active key."""
    return {
        "id": key.id,
        "short": key.short,
        "person_id": key.person_id,
        "mode": key.mode,
        "state": KeyState.ACTIVE,
        "label": key.label,
        "remark": key.remark,
        "trouble": key.suspension.trouble if key.suspension else None,
        "trouble_detail": key.suspension.detail if key.suspension else None,
        "version": key.version,
        "data": key.sealed.data,
        "wrapped_key": key.sealed.wrapped_key,
        "master_version": key.sealed.master_version,
        "last_four": key.last_four,
        "permissions": written(key.permissions),
        "ip_count": key.ip_count,
        "uid": key.uid,
        "is_master": key.is_master,
        "made_at": key.made_at,
        "linked_at": key.linked_at,
        "checked_at": key.checked_at,
    }


def _linked(row: KeyRow) -> LinkedKey:
    return LinkedKey(
        id=row.id,
        short=row.short,
        person_id=row.person_id,
        mode=Mode(row.mode),
        is_active=row.state == KeyState.ACTIVE,
        label=row.label,
        remark=row.remark,
        suspension=Suspension(Trouble(row.trouble), row.trouble_detail or "") if row.trouble else None,
        version=row.version,
        sealed=Sealed(row.data, row.wrapped_key, row.master_version),
        last_four=row.last_four,
        permissions=frozenset(row.permissions.split(",")) if row.permissions else frozenset(),
        ip_count=row.ip_count,
        uid=row.uid,
        is_master=row.is_master,
        made_at=row.made_at,
        linked_at=row.linked_at,
        checked_at=row.checked_at,
    )
