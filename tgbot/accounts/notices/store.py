"""What people have chosen, and who reads a chat."""

from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import BigInteger, String, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from tgbot.accounts.notices.rules import read_hours, written
from tgbot.accounts.store import PersonRow
from tgbot.core.notices import Kind, Level, Quiet, Recipient
from tgbot.db.engine import ReadSession, WriteSession
from tgbot.db.statements import insert_into
from tgbot.db.types import Base, RowId

QUIET = "quiet"


class NoticeChoiceRow(Base):
    """`name` is a kind of notice and `value` its level, or `quiet` and the hours. What is not here is as at first."""

    __tablename__ = "notice_choices"
    __table_args__ = (UniqueConstraint("person_id", "name"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    person_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(10))
    value: Mapped[str] = mapped_column(String(20))


@dataclass(slots=True)
class Choices:
    levels: dict[Kind, Level] = field(default_factory=dict)
    quiet: Quiet | None = None

    def note(self, name: str | None, value: str) -> None:
        if name == QUIET:
            self.quiet = read_hours(value)
        elif name is not None:
            self.levels[Kind(name)] = Level(value)


async def choices(session: ReadSession, person_id: int) -> Choices:
    found = Choices()
    rows = select(NoticeChoiceRow.name, NoticeChoiceRow.value).where(NoticeChoiceRow.person_id == person_id)
    for name, value in await session.execute(rows):
        found.note(name, value)
    return found


async def recipients(session: ReadSession, person_ids: Collection[int]) -> dict[int, Recipient]:
    """Those that are known."""
    columns = select(
        PersonRow.id, PersonRow.language, PersonRow.time_zone, NoticeChoiceRow.name, NoticeChoiceRow.value
    ).outerjoin(NoticeChoiceRow, NoticeChoiceRow.person_id == PersonRow.id)
    readers: dict[int, tuple[str, str, Choices]] = {}
    for row in await session.execute(columns.where(PersonRow.id.in_(person_ids))):
        _, _, chosen = readers.setdefault(row.id, (row.language, row.time_zone, Choices()))
        chosen.note(row.name, row.value)
    return {
        person_id: Recipient(language, time_zone, chosen.levels, chosen.quiet)
        for person_id, (language, time_zone, chosen) in readers.items()
    }


async def choose_level(session: WriteSession, person_id: int, kind: Kind, level: Level) -> None:
    await _choose(session, person_id, kind, level)


async def choose_quiet(session: WriteSession, person_id: int, quiet: Quiet | None) -> None:
    if quiet is None:
        row = NoticeChoiceRow.person_id == person_id, NoticeChoiceRow.name == QUIET
        await session.execute(delete(NoticeChoiceRow).where(*row))
    else:
        await _choose(session, person_id, QUIET, written(quiet))


async def _choose(session: WriteSession, person_id: int, name: str, value: str) -> None:
    insert = insert_into(session, NoticeChoiceRow).values(person_id=person_id, name=name, value=value)
    await session.execute(
        insert.on_conflict_do_update(index_elements=["person_id", "name"], set_={"value": insert.excluded.value})
    )
