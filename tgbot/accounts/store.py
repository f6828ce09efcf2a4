"""People and invitations."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, String, update
from sqlalchemy.orm import Mapped, mapped_column

from tgbot.core.people import Mode, Person
from tgbot.db.engine import ReadSession, WriteSession
from tgbot.db.types import Base, Money, UtcTime


class PersonRow(Base):
    """`is_reachable` turns false when Telegram says that the person has blocked us."""

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(140))
    language: Mapped[str] = mapped_column(String(12))
    time_zone: Mapped[str] = mapped_column(String(64))
    display_currency: Mapped[str] = mapped_column(String(10))
    quote: Mapped[str] = mapped_column(String(10))
    mode: Mapped[str | None] = mapped_column(String(5))
    is_reachable: Mapped[bool]
    step_back: Mapped[Decimal] = mapped_column(Money, server_default="0.0005")
    most_drift: Mapped[Decimal] = mapped_column(Money, server_default="0.5")
    typed_above: Mapped[Decimal] = mapped_column(Money, server_default="1000")
    created_at: Mapped[datetime] = mapped_column(UtcTime)


class InvitationRow(Base):
    """A one-time link. Only the digest of its token is kept: the table does not let anybody in."""

    __tablename__ = "invitations"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    expires_at: Mapped[datetime] = mapped_column(UtcTime)
    used_by: Mapped[int | None] = mapped_column(BigInteger)


async def find(session: ReadSession, person_id: int) -> Person | None:
    row = await session.get(PersonRow, person_id)
    return _person(row) if row else None


async def add(session: WriteSession, person: Person, now: datetime) -> None:
    session.add(
        PersonRow(
            id=person.id,
            name=person.name,
            language=person.language,
            time_zone=person.time_zone,
            display_currency=person.display_currency,
            quote=person.quote,
            mode=person.mode,
            is_reachable=True,
            step_back=person.step_back,
            most_drift=person.most_drift,
            typed_above=person.typed_above,
            created_at=now,
        )
    )
    await session.flush()


async def change(session: WriteSession, person_id: int, **values: Any) -> None:  # noqa: ANN401 - columns have many types
    await session.execute(update(PersonRow).where(PersonRow.id == person_id).values(**values))


async def add_invitation(session: WriteSession, digest: str, now: datetime, until: datetime) -> None:
    session.add(InvitationRow(digest=digest, created_at=now, expires_at=until, used_by=None))
    await session.flush()


async def use_invitation(session: WriteSession, digest: str, person_id: int, now: datetime) -> bool:
    """Whether it was there, in time, and unused until now."""
    used = await session.execute(
        update(InvitationRow)
        .where(InvitationRow.digest == digest, InvitationRow.used_by.is_(None), InvitationRow.expires_at > now)
        .values(used_by=person_id)
        .returning(InvitationRow.digest)
    )
    return used.first() is not None


def _person(row: PersonRow) -> Person:
    return Person(
        id=row.id,
        name=row.name,
        language=row.language,
        time_zone=row.time_zone,
        display_currency=row.display_currency,
        quote=row.quote,
        mode=Mode(row.mode) if row.mode else None,
        is_operator=False,
        step_back=row.step_back,
        most_drift=row.most_drift,
        typed_above=row.typed_above,
    )
