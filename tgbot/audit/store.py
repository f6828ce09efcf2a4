"""The chains and their heads. Nothing here changes or deletes a row that was written."""

import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, String, Text, select, type_coerce, update
from sqlalchemy.orm import Mapped, mapped_column

from tgbot.audit.rules import FIRST, Event, Head, Record, seal
from tgbot.db.engine import ReadSession, WriteSession
from tgbot.db.statements import insert_into
from tgbot.db.types import EPOCH, Base, UtcTime

A_BATCH = 500
LONGEST_NAME = 140


class AuditRow(Base):
    """One event, sealed together with the seal of the row before it in its chain."""

    __tablename__ = "audit"

    chain: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcTime)
    act: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[int] = mapped_column(BigInteger)
    actor: Mapped[str] = mapped_column(String(LONGEST_NAME))
    subject: Mapped[str] = mapped_column(String(10))
    digest: Mapped[str] = mapped_column(String(64))
    detail: Mapped[str] = mapped_column(Text)
    previous: Mapped[str] = mapped_column(String(64))
    seal: Mapped[str] = mapped_column(String(64))


# The moment as the bare number that it is kept as.
_COLUMNS = (
    AuditRow.chain,
    AuditRow.number,
    type_coerce(AuditRow.at, BigInteger).label("at"),
    AuditRow.act,
    AuditRow.actor_id,
    AuditRow.actor,
    AuditRow.subject,
    AuditRow.digest,
    AuditRow.detail,
    AuditRow.previous,
    AuditRow.seal,
)


class AuditHeadRow(Base):
    """How far a chain has come. Whoever appends holds this row, so that no two are the next."""

    __tablename__ = "audit_heads"

    chain: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)
    seal: Mapped[str] = mapped_column(String(64))


async def append(session: WriteSession, chain: str, event: Event, now: datetime) -> Record:
    """Part of the transaction of the fact that it tells of: neither is there without the other."""
    opened = insert_into(session, AuditHeadRow).values(chain=chain, number=0, seal=FIRST)
    await session.execute(opened.on_conflict_do_nothing())
    held = await session.execute(
        select(AuditHeadRow.number, AuditHeadRow.seal).where(AuditHeadRow.chain == chain).with_for_update()
    )
    before, previous = held.one()
    event = _storable(event)
    number = before + 1
    record = Record(chain, number, now, event, previous, seal(chain, number, now, event, previous))
    session.add(
        AuditRow(
            chain=chain,
            number=number,
            at=now,
            act=event.act,
            actor_id=event.actor_id,
            actor=event.actor,
            subject=event.subject,
            digest=event.digest,
            detail=json.dumps(dict(event.detail), sort_keys=True),
            previous=previous,
            seal=record.seal,
        )
    )
    await session.flush()
    await session.execute(
        update(AuditHeadRow).where(AuditHeadRow.chain == chain).values(number=number, seal=record.seal)
    )
    return record


async def latest(session: ReadSession, chain: str, most: int) -> list[Record]:
    """The newest first."""
    newest = select(*_COLUMNS).where(AuditRow.chain == chain).order_by(AuditRow.number.desc()).limit(most)
    return [_record(row) for row in await session.execute(newest)]


async def whole(session: ReadSession, chain: str) -> AsyncIterator[Record]:
    """From the first row on, a batch at a time."""
    number = -(2**63)  # also what somebody has put before the first
    while batch := await _after(session, chain, number):
        for record in batch:
            yield record
        number = batch[-1].number


async def head(session: ReadSession, chain: str) -> Head | None:
    row = await session.get(AuditHeadRow, chain)
    return Head(chain, row.number, row.seal) if row else None


async def chains(session: ReadSession) -> list[str]:
    """Every chain of which there is a row or a head."""
    named = await session.scalars(select(AuditRow.chain).union(select(AuditHeadRow.chain)))
    return sorted(named)


async def _after(session: ReadSession, chain: str, number: int) -> Sequence[Record]:
    later = select(*_COLUMNS).where(AuditRow.chain == chain, AuditRow.number > number)
    return [_record(row) for row in await session.execute(later.order_by(AuditRow.number).limit(A_BATCH))]


def _storable(event: Event) -> Event:
    """As both databases take it: PostgreSQL knows no NUL, and a name may be longer than its column."""
    detail = {name: _text(value) for name, value in event.detail.items()}
    actor = _text(event.actor)[:LONGEST_NAME]
    return Event(event.act, event.actor_id, actor, event.subject, event.digest, detail)


def _text(value: str) -> str:
    return value.encode("utf-8", "replace").decode().replace("\0", "")


def _record(row: Any) -> Record:  # noqa: ANN401 - a row of `_COLUMNS`, of more types than a row can name
    """Whatever stands there by now: a row that somebody has spoilt is to be found, not to be stumbled over."""
    event = Event(row.act, row.actor_id, row.actor, row.subject, row.digest, _detail(row.detail))
    return Record(row.chain, row.number, _moment(row.at), event, row.previous, row.seal)


def _moment(stored: object) -> datetime:
    latest = datetime.max.replace(tzinfo=UTC)
    if not isinstance(stored, int):
        return latest
    try:
        return EPOCH + timedelta(microseconds=stored)
    except OverflowError:
        return latest


def _detail(stored: str) -> dict[str, str]:
    """What is no object of texts is none that we have sealed."""
    try:
        detail = json.loads(stored)
    except ValueError:
        return {"": stored}
    is_ours = isinstance(detail, dict) and all(isinstance(value, str) for value in detail.values())
    return detail if is_ours else {"": stored}
