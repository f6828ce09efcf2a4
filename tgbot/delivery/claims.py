"""Which rows go next, and what becomes of them. A claim is committed before a byte of its message is sent."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, literal, or_, select, update
from sqlalchemy.orm import aliased

from tgbot.db.engine import WriteSession
from tgbot.delivery.outbox import Priority
from tgbot.delivery.store import OUTBOX, CardRow, OutboxRow, State


@dataclass(frozen=True, slots=True)
class Claim:
    """A row as it was when it was claimed. `message_id` is the message to edit, `reply_to` the one to answer."""

    id: int
    chat_id: int
    thread_id: int | None
    priority: int
    payload: str
    picture: bytes | None
    card: str | None
    message_id: int | None
    reply_to: int | None
    is_plain: bool
    is_repeat: bool
    tries: int


URGENT, PATIENT = OutboxRow.priority <= Priority.ANSWER, OutboxRow.priority > Priority.ANSWER

_card, _answered = aliased(CardRow), aliased(CardRow)
_CLAIMS = (
    select(
        OutboxRow.id,
        OutboxRow.chat_id,
        OutboxRow.thread_id,
        OutboxRow.priority,
        OutboxRow.payload,
        OutboxRow.picture,
        OutboxRow.card,
        func.coalesce(OutboxRow.message_id, _card.message_id).label("message_id"),
        _answered.message_id.label("reply_to"),
        OutboxRow.is_plain,
        OutboxRow.is_repeat,
        OutboxRow.tries,
    )
    .outerjoin(_card, and_(_card.chat_id == OutboxRow.chat_id, _card.card == OutboxRow.card))
    .outerjoin(_answered, and_(_answered.chat_id == OutboxRow.chat_id, _answered.card == OutboxRow.reply_to_card))
)


async def claim(session: WriteSession, room: int, which: ColumnElement[bool], left_out: Collection[int]) -> list[Claim]:
    """At most `room` rows of those (`URGENT` or `PATIENT`), one per chat and each the first of its chat, the most
    urgent first; none of the chats that are left out."""
    if room <= 0:
        return []
    due = (
        _CLAIMS.where(which, OutboxRow.state == State.NEW, OutboxRow.chat_id.not_in(left_out), ~_has_one_before_it())
        .order_by(OutboxRow.priority, OutboxRow.id)
        .limit(room)
        .with_for_update(of=OutboxRow, skip_locked=True)
    )
    claims = [Claim(*tuple(row)) for row in await session.execute(due)]
    if claims:
        claimed = OUTBOX.c.id.in_([row.id for row in claims])
        await session.execute(update(OUTBOX).where(claimed).values(state=State.CLAIMED))
    return claims


async def drop_stale(session: WriteSession, now: datetime) -> None:
    """What has not left in time is not sent any more."""
    await session.execute(
        update(OutboxRow)
        .where(OutboxRow.state == State.NEW, OutboxRow.expires_at <= now)
        .values(state=State.STALE, picture=None)
    )


async def left_claimed(session: WriteSession) -> list[Claim]:
    """What a process that is no more had claimed and not marked: each may or may not have been sent."""
    rows = await session.execute(_CLAIMS.where(OutboxRow.state == State.CLAIMED).order_by(OutboxRow.id))
    return [Claim(*tuple(row)) for row in rows]


def _has_one_before_it() -> ColumnElement[bool]:
    """One message at a time per chat, in order; what is urgent passes only what is not."""
    other = aliased(OutboxRow)
    other_is_urgent, is_urgent = other.priority <= Priority.ANSWER, OutboxRow.priority <= Priority.ANSWER
    goes_first = or_(
        and_(other_is_urgent, ~is_urgent),
        and_(other_is_urgent == is_urgent, other.id < OutboxRow.id),
    )
    return (
        select(literal(1))
        .where(
            other.chat_id == OutboxRow.chat_id,
            or_(other.state == State.CLAIMED, and_(other.state == State.NEW, goes_first)),
        )
        .exists()
    )
