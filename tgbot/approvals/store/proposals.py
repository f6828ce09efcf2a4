"""Proposals and votes."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, ForeignKey, Index, String, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from tgbot.approvals.rules.votes import Choice, Kind, State, Vote
from tgbot.core.ids import Ids
from tgbot.db.engine import ReadSession, WriteSession
from tgbot.db.statements import insert_into
from tgbot.db.types import Base, Money, UtcTime

LONGEST_NAME = 140
SHORT_TRIES = 20


class ProposalRow(Base):
    """Something that a group decides on. Its id is that of its subject, `digest` pins what the subject was when it was
    shown; neither ever changes, nor does anything else but the state, the reminder and the price last shown."""

    __tablename__ = "proposals"
    __table_args__ = (
        Index("ix_proposals_desk_id_short", "desk_id", "short"),
        Index("ix_proposals_state_expires_at", "state", "expires_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    desk_id: Mapped[str] = mapped_column(ForeignKey("desks.id"))
    short: Mapped[str] = mapped_column(String(10))
    kind: Mapped[str] = mapped_column(String(6))
    digest: Mapped[str] = mapped_column(String(64))
    pair: Mapped[str] = mapped_column(String(40))
    value: Mapped[Decimal | None] = mapped_column(Money)
    reference: Mapped[Decimal] = mapped_column(Money)
    policy_version: Mapped[int]
    proposer_id: Mapped[int] = mapped_column(BigInteger)
    proposer: Mapped[str] = mapped_column(String(LONGEST_NAME))
    state: Mapped[str] = mapped_column(String(9))
    is_reminded: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    expires_at: Mapped[datetime] = mapped_column(UtcTime)


class VoteRow(Base):
    """The say of one person on one proposal: the last one counts."""

    __tablename__ = "votes"

    proposal_id: Mapped[str] = mapped_column(ForeignKey("proposals.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    choice: Mapped[str] = mapped_column(String(7))
    is_void: Mapped[bool]
    at: Mapped[datetime] = mapped_column(UtcTime)


@dataclass(frozen=True, slots=True)
class Proposal:
    id: str
    desk_id: str
    short: str
    kind: Kind
    digest: str
    pair: str
    value: Decimal | None
    reference: Decimal
    policy_version: int
    proposer_id: int
    proposer: str
    state: State
    is_reminded: bool
    created_at: datetime
    expires_at: datetime

    def is_open_at(self, now: datetime) -> bool:
        """A clock that was put back may not lengthen its life: one from the future has run out too."""
        return self.state is State.OPEN and self.created_at <= now < self.expires_at


_FIELDS = tuple(field.name for field in fields(Proposal))


async def add(session: WriteSession, proposal: Proposal) -> bool:
    """Whether it was not there yet."""
    values = {name: getattr(proposal, name) for name in _FIELDS}
    insert = insert_into(session, ProposalRow).values(**values | {"proposer": proposal.proposer[:LONGEST_NAME]})
    added = await session.execute(insert.on_conflict_do_nothing(index_elements=["id"]).returning(ProposalRow.id))
    return added.first() is not None


async def find(session: ReadSession, proposal_id: str) -> Proposal | None:
    """As the database has it at this moment, whatever this session has read before."""
    row = await session.get(ProposalRow, proposal_id, populate_existing=True)
    return _proposal(row) if row else None


async def named(session: ReadSession, desk_id: str, start: str) -> list[Proposal]:
    """Those of this desk whose short id begins so, the newest first."""
    rows = await session.scalars(
        select(ProposalRow)
        .where(ProposalRow.desk_id == desk_id, ProposalRow.short.startswith(start, autoescape=True))
        .order_by(ProposalRow.created_at.desc())
        .limit(20)
    )
    return [_proposal(row) for row in rows]


async def free_short(session: ReadSession, ids: Ids, desk_id: str) -> str:
    """A short id that this desk has not met yet."""
    for _ in range(SHORT_TRIES):
        short = ids.short()
        if not await named(session, desk_id, short):
            return short
    return ids.short(8)


async def open_at(session: ReadSession, desk_id: str) -> list[Proposal]:
    """The oldest first."""
    rows = await session.scalars(
        select(ProposalRow)
        .where(ProposalRow.desk_id == desk_id, ProposalRow.state == State.OPEN)
        .order_by(ProposalRow.created_at)
    )
    return [_proposal(row) for row in rows]


async def count_open(session: ReadSession, desk_id: str) -> int:
    counting = select(func.count()).where(ProposalRow.desk_id == desk_id, ProposalRow.state == State.OPEN)
    return (await session.scalar(counting)) or 0


async def all_open(session: ReadSession) -> list[Proposal]:
    """Of all desks, the next to run out first."""
    rows = await session.scalars(
        select(ProposalRow).where(ProposalRow.state == State.OPEN).order_by(ProposalRow.expires_at)
    )
    return [_proposal(row) for row in rows]


async def close(session: WriteSession, proposal_id: str, state: State) -> bool:
    """Whether it was still open, and so has come to this end."""
    closed = await session.execute(
        update(ProposalRow)
        .where(ProposalRow.id == proposal_id, ProposalRow.state == State.OPEN)
        .values(state=state)
        .returning(ProposalRow.id)
    )
    return closed.first() is not None


async def note_reminded(session: WriteSession, proposal_id: str) -> bool:
    """Whether nobody was reminded of it before."""
    noted = await session.execute(
        update(ProposalRow)
        .where(ProposalRow.id == proposal_id, ProposalRow.state == State.OPEN, ProposalRow.is_reminded.is_(False))
        .values(is_reminded=True)
        .returning(ProposalRow.id)
    )
    return noted.first() is not None


async def put_vote(session: WriteSession, proposal_id: str, vote: Vote, now: datetime) -> None:
    """In place of what this person has said before."""
    said = {"name": vote.name[:LONGEST_NAME], "choice": vote.choice, "is_void": vote.is_void, "at": now}
    insert = insert_into(session, VoteRow).values(proposal_id=proposal_id, person_id=vote.person_id, **said)
    await session.execute(insert.on_conflict_do_update(index_elements=["proposal_id", "person_id"], set_=said))


async def void_votes(session: WriteSession, proposal_id: str, person_ids: Collection[int]) -> None:
    theirs = VoteRow.proposal_id == proposal_id, VoteRow.person_id.in_(person_ids)
    await session.execute(update(VoteRow).where(*theirs).values(is_void=True))


async def votes_on(session: ReadSession, proposal_id: str) -> list[Vote]:
    """The oldest first."""
    rows = await session.execute(
        select(VoteRow.person_id, VoteRow.name, VoteRow.choice, VoteRow.is_void)
        .where(VoteRow.proposal_id == proposal_id)
        .order_by(VoteRow.at, VoteRow.person_id)
    )
    return [Vote(row.person_id, row.name, Choice(row.choice), row.is_void) for row in rows]


def _proposal(row: ProposalRow) -> Proposal:
    values = {name: getattr(row, name) for name in _FIELDS}
    return Proposal(**values | {"kind": Kind(row.kind), "state": State(row.state)})
