"""Who owns a job that only one process may do, e.g. polling Telegram with one token."""

from datetime import datetime, timedelta

from sqlalchemy import String, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from tgbot.core.clock import Clock
from tgbot.core.errors import LostRace
from tgbot.db.engine import Database, ReadSession
from tgbot.db.statements import insert_into
from tgbot.db.types import Base, UtcTime

NOBODY = ""  # holds what was given back, even where the clock has gone back since


class LeaseRow(Base):
    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    holder: Mapped[str] = mapped_column(String(200))
    expires_at: Mapped[datetime] = mapped_column(UtcTime)


async def find_holder(session: ReadSession, now: datetime) -> str | None:
    """Who holds any lease on this database: some process that is at work."""
    held = (LeaseRow.expires_at > now) & (LeaseRow.holder != NOBODY)
    return await session.scalar(select(LeaseRow.holder).where(held).limit(1))


class Lease:
    """A lease on `name` for `holder`, a text that tells people which process that is."""

    def __init__(self, database: Database, clock: Clock, name: str, holder: str, length: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._name = name
        self._holder = holder
        self._length = length
        self._ends_at: datetime | None = None

    async def take(self) -> None:
        """Take or renew it. Raises `LostRace`, naming the holder, while somebody else has it."""
        now = self._clock.now()
        async with self._database.write() as session:
            await session.execute(
                insert_into(session, LeaseRow)
                .values(name=self._name, holder=self._holder, expires_at=now + self._length)
                .on_conflict_do_nothing()
            )
            await session.execute(
                update(LeaseRow)
                .where(LeaseRow.name == self._name)
                .where(or_(LeaseRow.holder.in_([self._holder, NOBODY]), LeaseRow.expires_at <= now))
                .values(holder=self._holder, expires_at=now + self._length)
            )
            holder = await session.scalar(select(LeaseRow.holder).where(LeaseRow.name == self._name))
        if holder != self._holder:
            raise LostRace(f"{self._name} is held by {holder}")
        self._ends_at = now + self._length

    async def keep(self) -> None:
        """Renew it for ever; ends with `LostRace` when somebody else has taken it."""
        while True:
            await self._clock.sleep(self._length.total_seconds() / 3)
            await self.take()

    async def require(self) -> None:
        """Before what only its holder may do: a process that stood still may have lost it. Raises `LostRace`."""
        if self._ends_at is None or self._clock.now() >= self._ends_at:
            await self.take()

    async def release(self) -> None:
        mine = (LeaseRow.name == self._name) & (LeaseRow.holder == self._holder)
        async with self._database.write() as session:
            await session.execute(update(LeaseRow).where(mine).values(holder=NOBODY, expires_at=self._clock.now()))

    async def free_since(self) -> datetime | None:
        """Since when nobody has held it; `None` if somebody does, or if nobody ever has."""
        async with self._database.read() as session:
            ended = await session.scalar(select(LeaseRow.expires_at).where(LeaseRow.name == self._name))
        return ended if ended is not None and ended <= self._clock.now() else None
