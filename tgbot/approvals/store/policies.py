"""Every version of every policy, and changes that the group still has to consent to. Nothing here is ever rewritten."""

from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import BigInteger, ForeignKey, Select, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from tgbot.approvals.rules.policy import Policy
from tgbot.db.engine import ReadSession, WriteSession
from tgbot.db.types import Base, UtcTime


class PolicyRow(Base):
    """In force is the newest version that has begun."""

    __tablename__ = "desk_policies"

    desk_id: Mapped[str] = mapped_column(ForeignKey("desks.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rules: Mapped[str] = mapped_column(Text)
    made_by: Mapped[int] = mapped_column(BigInteger)
    effective_at: Mapped[datetime] = mapped_column(UtcTime)


class PolicyChangeRow(Base):
    """A looser policy that was proposed on top of version `base`."""

    __tablename__ = "policy_changes"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    desk_id: Mapped[str] = mapped_column(ForeignKey("desks.id"))
    short: Mapped[str] = mapped_column(String(10))
    base: Mapped[int]
    rules: Mapped[str] = mapped_column(Text)
    made_by: Mapped[int] = mapped_column(BigInteger)


@dataclass(frozen=True, slots=True)
class Version:
    number: int
    policy: Policy
    effective_at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    id: str
    desk_id: str
    short: str
    base: int
    policy: Policy
    made_by: int


async def add(session: WriteSession, desk_id: str, version: Version, made_by: int) -> None:
    session.add(
        PolicyRow(
            desk_id=desk_id,
            version=version.number,
            rules=written(version.policy),
            made_by=made_by,
            effective_at=version.effective_at,
        )
    )
    await session.flush()


async def in_force(session: ReadSession, desk_id: str, now: datetime) -> Version:
    """A desk has its first version from the beginning."""
    rows = await session.scalars(_newest(desk_id).where(PolicyRow.effective_at <= now).limit(1))
    return _version(rows.one())


async def find(session: ReadSession, desk_id: str, number: int) -> Version:
    """One that there is."""
    rows = await session.scalars(_newest(desk_id).where(PolicyRow.version == number))
    return _version(rows.one())


async def latest(session: ReadSession, desk_id: str) -> Version:
    """Also one that has not begun yet."""
    return _version((await session.scalars(_newest(desk_id).limit(1))).one())


async def add_change(session: WriteSession, change: Change) -> None:
    session.add(
        PolicyChangeRow(
            id=change.id,
            desk_id=change.desk_id,
            short=change.short,
            base=change.base,
            rules=written(change.policy),
            made_by=change.made_by,
        )
    )
    await session.flush()


async def find_change(session: ReadSession, change_id: str) -> Change | None:
    row = await session.get(PolicyChangeRow, change_id)
    return Change(row.id, row.desk_id, row.short, row.base, read(row.rules), row.made_by) if row else None


def written(policy: Policy) -> str:
    """Canonical: equal policies give equal texts."""
    return msgspec.json.encode(policy).decode()


def read(rules: str) -> Policy:
    return msgspec.json.decode(rules, type=Policy)


def _newest(desk_id: str) -> Select[PolicyRow]:
    return select(PolicyRow).where(PolicyRow.desk_id == desk_id).order_by(PolicyRow.version.desc())


def _version(row: PolicyRow) -> Version:
    return Version(row.version, read(row.rules), row.effective_at)
