"""What each account was worth, day by day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Date, String, select
from sqlalchemy.orm import Mapped, mapped_column

from tgbot.db.engine import ReadSession, WriteSession
from tgbot.db.statements import insert_into
from tgbot.db.types import Base, Money


class DayRow(Base):
    """Days are those of UTC, `worth` is USDT."""

    __tablename__ = "account_days"

    key_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    worth: Mapped[Decimal] = mapped_column(Money)


@dataclass(frozen=True, slots=True)
class Day:
    key_id: str
    day: date
    worth: Decimal


async def add(session: WriteSession, day: Day) -> None:
    """The first of a day counts."""
    values = {"key_id": day.key_id, "day": day.day, "worth": day.worth}
    await session.execute(insert_into(session, DayRow).values(values).on_conflict_do_nothing())


async def noted(session: ReadSession, day: date) -> set[str]:
    """The accounts of which that day is known."""
    return set(await session.scalars(select(DayRow.key_id).where(DayRow.day == day)))


async def days_of(session: ReadSession, key_id: str) -> Sequence[Day]:
    """The oldest first."""
    rows = await session.scalars(select(DayRow).where(DayRow.key_id == key_id).order_by(DayRow.day))
    return [Day(row.key_id, row.day, row.worth) for row in rows]
