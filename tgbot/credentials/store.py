"""The installation and the sealed keys. A key's text is only ever in `data`, sealed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, String, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from tgbot.core.people import Mode
from tgbot.credentials.envelope import Sealed
from tgbot.db.engine import ReadSession, WriteSession
from tgbot.db.types import Base, UtcTime


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
    """A linked account: at KuCoin or on paper. Of each mode a person has at most one active."""

    __tablename__ = "keys"
    __table_args__ = (Index("ix_keys_person_id_mode_state", "person_id", "mode", "state"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    short: Mapped[str] = mapped_column(String(10))
    person_id: Mapped[int] = mapped_column(BigInteger)
    mode: Mapped[str] = mapped_column(String(5))
    state: Mapped[str] = mapped_column(String(10))
    label: Mapped[str] = mapped_column(String(40))
    version: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary)
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    master_version: Mapped[int]
    last_four: Mapped[str] = mapped_column(String(4))
    permissions: Mapped[str] = mapped_column(String(200))
    ip_count: Mapped[int]
    uid: Mapped[str] = mapped_column(String(20))
    is_master: Mapped[bool]
    made_at: Mapped[datetime] = mapped_column(UtcTime)
    linked_at: Mapped[datetime] = mapped_column(UtcTime)
    checked_at: Mapped[datetime] = mapped_column(UtcTime)


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
    return list(await session.scalars(delete(KeyRow).returning(KeyRow.person_id)))


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


async def of_person(session: ReadSession, person_id: int) -> list[LinkedKey]:
    rows = await session.scalars(select(KeyRow).where(KeyRow.person_id == person_id).order_by(KeyRow.linked_at))
    return [_linked(row) for row in rows]


async def activate(session: WriteSession, key: LinkedKey) -> None:
    await _deactivate(session, key.person_id, key.mode)
    await session.execute(update(KeyRow).where(KeyRow.id == key.id).values(state=KeyState.ACTIVE))


async def rename(session: WriteSession, key: LinkedKey, label: str) -> None:
    await session.execute(update(KeyRow).where(KeyRow.id == key.id).values(label=label))


async def remove(session: WriteSession, key: LinkedKey) -> None:
    await session.execute(delete(KeyRow).where(KeyRow.id == key.id))


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
        "version": key.version,
        "data": key.sealed.data,
        "wrapped_key": key.sealed.wrapped_key,
        "master_version": key.sealed.master_version,
        "last_four": key.last_four,
        "permissions": ",".join(sorted(key.permissions)),
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
