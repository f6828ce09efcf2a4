"""What is kept of an older copy that took the place of the database: when that was noticed, and which accounts have
been searched since for orders that the copy lacks."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CheckConstraint, String, select, update
from sqlalchemy.orm import Mapped, mapped_column

from tgbot.credentials import store as keys
from tgbot.credentials.store import LinkedKey
from tgbot.db.engine import ReadSession, WriteSession
from tgbot.db.statements import insert_into
from tgbot.db.types import Base, UtcTime
from tgbot.trading.kinds import LISTED_FOR
from tgbot.trading.rules.settlement import State
from tgbot.trading.store import IntentRow
from tgbot.trading.terms import read_spec


class RestorationRow(Base):
    """One row once there was an older copy: when the last one was noticed, and the order by which it was."""

    __tablename__ = "restorations"
    __table_args__ = (CheckConstraint("singleton = 1", name="one_row"),)

    singleton: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcTime)
    lacked: Mapped[str] = mapped_column(String(64))


class SearchedRow(Base):
    """This account has been searched since the copy that was noticed at `restored_at`. That it has to be needs no row:
    an account is not searched until one says so, whoever links it and whenever."""

    __tablename__ = "searched_accounts"

    key_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    restored_at: Mapped[datetime] = mapped_column(UtcTime)


@dataclass(frozen=True, slots=True)
class Restored:
    """`lacked` is the clientOid of an order that was sent and that the copy does not know."""

    at: datetime
    lacked: str

    @property
    def concerns_until(self) -> datetime:
        """A key that was linked after the copy was made is linked again after it was put back; so every key counts that
        comes while KuCoin still lists orders from before then."""
        return self.at + LISTED_FOR


async def last_restored(session: ReadSession) -> Restored | None:
    row = await session.get(RestorationRow, 1)
    return Restored(row.at, row.lacked) if row else None


async def note_restored(session: WriteSession, restored: Restored) -> None:
    """From now on no account counts as searched."""
    values = {"at": restored.at, "lacked": restored.lacked}
    insert = insert_into(session, RestorationRow).values(singleton=1, **values)
    await session.execute(insert.on_conflict_do_update(index_elements=["singleton"], set_=values))


async def awaits_search(session: ReadSession, key_id: str) -> bool:
    """Whether there may be orders of ours on this account that are not known here."""
    restored = await last_restored(session)
    if restored is None:
        return False
    key = await keys.by_id(session, key_id)
    if key is None or key.linked_at > restored.concerns_until:
        return False
    searched_at = await session.scalar(select(SearchedRow.restored_at).where(SearchedRow.key_id == key_id))
    return searched_at != restored.at


async def unsearched(session: ReadSession, restored: Restored) -> list[LinkedKey]:
    """Every account that awaits its search."""
    searched = select(SearchedRow.key_id).where(SearchedRow.restored_at == restored.at)
    return await keys.linked_until(session, restored.concerns_until, searched)


async def note_searched(session: WriteSession, key_id: str, restored: Restored) -> None:
    """In the transaction that takes over what was found."""
    values = {"restored_at": restored.at}
    insert = insert_into(session, SearchedRow).values(key_id=key_id, **values)
    await session.execute(insert.on_conflict_do_update(index_elements=["key_id"], set_=values))


async def void_tickets(session: WriteSession, now: datetime) -> int:
    """How many there were, proposals too: none of them can be confirmed or granted any more."""
    void = (
        update(IntentRow)
        .where(IntentRow.state.in_({State.TICKET, State.PROPOSED}))
        .values(state=State.VOID, changed_at=now)
    )
    return len((await session.execute(void.returning(IntentRow.id))).all())


async def symbols_of(session: ReadSession, person_id: int) -> set[str]:
    """The pairs of all orders that this person ever wanted, with whichever key."""
    specs = await session.scalars(select(IntentRow.spec).where(IntentRow.person_id == person_id).distinct())
    return {read_spec(spec).symbol for spec in specs}
