"""Which rows go next, and what becomes of them. A claim is committed before a byte of its message is sent."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Update, and_, bindparam, func, literal, or_, select, update
from sqlalchemy.orm import aliased

from tgbot.core.notices import URGENT_KINDS, Kind
from tgbot.core.reply import say
from tgbot.db.engine import WriteSession
from tgbot.db.types import UtcTime
from tgbot.delivery.codec import encode
from tgbot.delivery.outbox import Priority
from tgbot.delivery.store import EXPIRED, OUTBOX, CardRow, GoneChatRow, OutboxRow, State


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
    kind: str | None
    is_kept: bool
    created_at: datetime
    part: int
    is_gone: bool
    has_company: bool

    @property
    def is_urgent(self) -> bool:
        return self.priority <= Priority.ANSWER

    @property
    def kind_chosen(self) -> Kind | None:
        """By whose level it comes."""
        if self.kind is None:
            return None
        return Kind.ALERT if self.kind == EXPIRED else Kind(self.kind)

    @property
    def may_have_company(self) -> bool:
        """Whether other rows of its sort may leave in one message with it."""
        is_of_its_own = self.message_id is None and self.card is None and self.picture is None
        return is_of_its_own and not self.is_plain and (self.is_kept or self.kind in SOCIABLE)

    @property
    def sort(self) -> tuple[object, ...]:
        """Of one chat and topic; what was kept is one sort, whatever its kind. What has been sent in part goes on in
        the same company."""
        return self.chat_id, self.thread_id, self.part, self.is_kept, None if self.is_kept else self.kind


MOST_TOGETHER = 20
SOCIABLE = (Kind.ALERT, Kind.WATCH, EXPIRED)
PATIENT_KINDS = (*(kind for kind in Kind if kind not in URGENT_KINDS), EXPIRED)

URGENT, PATIENT = OutboxRow.priority <= Priority.ANSWER, OutboxRow.priority > Priority.ANSWER

_card, _answered, _other = aliased(CardRow), aliased(CardRow), aliased(OutboxRow)


def _has_one_before_it() -> ColumnElement[bool]:
    """One message at a time per chat, in order; what is urgent passes only what is not."""
    other_is_urgent = _other.priority <= Priority.ANSWER
    goes_first = or_(
        and_(other_is_urgent, PATIENT),
        and_(other_is_urgent == URGENT, _other.id < OutboxRow.id),
    )
    is_in_the_way = or_(_other.state == State.CLAIMED, goes_first)
    # The states by themselves, or SQLite looks through all that this chat was ever sent.
    is_near = and_(_other.chat_id == OutboxRow.chat_id, _other.state.in_([State.CLAIMED, State.NEW]))
    return select(literal(1)).where(is_near, is_in_the_way).exists()


def _has_company() -> ColumnElement[bool]:
    waits = and_(_other.state == State.NEW, _other.id > OutboxRow.id, _other.kind.in_(PATIENT_KINDS))
    return select(literal(1)).where(_other.chat_id == OutboxRow.chat_id, waits).exists()


# Statements are made once: making one costs more than the database takes to carry it out.
_NOW = bindparam("now", type_=UtcTime)
_IN_TIME = or_(OutboxRow.expires_at.is_(None), OutboxRow.expires_at > _NOW)
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
        OutboxRow.kind,
        OutboxRow.is_kept,
        OutboxRow.created_at,
        OutboxRow.part,
        GoneChatRow.chat_id.is_not(None).label("is_gone"),
        _has_company().label("has_company"),
    )
    .outerjoin(_card, and_(_card.chat_id == OutboxRow.chat_id, _card.card == OutboxRow.card))
    .outerjoin(GoneChatRow, GoneChatRow.chat_id == OutboxRow.chat_id)
    .outerjoin(_answered, and_(_answered.chat_id == OutboxRow.chat_id, _answered.card == OutboxRow.reply_to_card))
)
_INTERRUPTED = _CLAIMS.where(OutboxRow.state == State.CLAIMED).order_by(OutboxRow.id)
_DUE = (
    _CLAIMS.where(OutboxRow.state == State.NEW, OutboxRow.not_before <= _NOW, _IN_TIME, ~_has_one_before_it())
    .where(
        or_(
            and_(URGENT, OutboxRow.chat_id.not_in(bindparam("full", expanding=True))),
            and_(PATIENT, OutboxRow.chat_id.not_in(bindparam("left_out", expanding=True))),
        )
    )
    .where(OutboxRow.priority >= bindparam("least_priority"))
    .order_by(OutboxRow.priority, OutboxRow.id)
    .limit(bindparam("room"))
    .with_for_update(of=OutboxRow, skip_locked=True)
)
_PLACE = func.row_number().over(
    partition_by=(OutboxRow.chat_id, OutboxRow.thread_id, OutboxRow.kind), order_by=OutboxRow.id
)
_NEAREST = (
    select(OutboxRow.id, _PLACE.label("place"))
    .where(OutboxRow.chat_id.in_(bindparam("chats", expanding=True)), OutboxRow.state == State.NEW)
    .where(OutboxRow.kind.in_(PATIENT_KINDS), _IN_TIME)
    .subquery()
)
_COMPANY = _CLAIMS.where(OutboxRow.id.in_(select(_NEAREST.c.id).where(_NEAREST.c.place < MOST_TOGETHER))).order_by(
    OutboxRow.id
)
_NEXT_DUE = select(func.min(OutboxRow.not_before)).where(
    OutboxRow.state.in_([State.NEW, State.KEPT]), OutboxRow.not_before > _NOW
)


@dataclass(frozen=True, slots=True)
class Room:
    """So many messages may go, so many of them although they are not urgent. Nothing goes to chats that are `full`;
    what is not urgent does not go to those that are `left_out` either."""

    messages: int
    patient: int
    full: Collection[int]
    left_out: Collection[int]


async def claim(session: WriteSession, room: Room, now: datetime, *, is_turn_of_rest: bool = False) -> list[Claim]:
    """Rows that are due, one per chat and each the first of its chat, the most urgent first; at the turn of the rest
    none that is urgent."""
    most = room.patient if is_turn_of_rest else room.messages
    if most <= 0:
        return []
    values = {
        "now": now,
        "full": list(room.full),
        "left_out": list(room.left_out),
        "least_priority": Priority.ALERT if is_turn_of_rest else Priority.FILL,
        "room": most,
    }
    found = [Claim(*tuple(row)) for row in await session.execute(_DUE, values)]
    claims = [row for place, row in enumerate(found) if row.is_urgent or place < room.patient]
    await _mark_claimed(session, claims)
    return claims


async def claim_company(
    session: WriteSession, heads: Sequence[Claim], is_wanted: Callable[[Claim], bool], now: datetime
) -> dict[int, list[Claim]]:
    """By id of the head: the rows of its sort that leave in one message with it, also those that are not due yet. Those
    that are not wanted stay, until each is the first of its chat."""
    sociable = [head for head in heads if head.has_company and head.may_have_company]
    if not sociable:
        return {}
    chats = sorted({head.chat_id for head in sociable})
    found = [Claim(*tuple(row)) for row in await session.execute(_COMPANY, {"chats": chats, "now": now})]
    joining = [row for row in found if row.may_have_company and is_wanted(row)]
    company = {head.id: [row for row in joining if row.sort == head.sort][: MOST_TOGETHER - 1] for head in sociable}
    await _mark_claimed(session, [row for rows in company.values() for row in rows])
    return company


async def tend(session: WriteSession, now: datetime) -> None:
    """What was kept is owed again when its time has come. What has not left in time is not sent any more; of alerts,
    which somebody waits for, one line says how many."""
    await session.execute(
        update(OUTBOX).where(OUTBOX.c.state == State.KEPT, OUTBOX.c.not_before <= now).values(state=State.NEW)
    )
    is_late = (OUTBOX.c.state == State.NEW) & (OUTBOX.c.expires_at <= now)
    place = OUTBOX.c.chat_id, OUTBOX.c.thread_id, OUTBOX.c.kind
    late = list(await session.execute(select(*place, func.count()).where(is_late).group_by(*place)))
    if not late:
        return
    await session.execute(update(OUTBOX).where(is_late).values(state=State.STALE, picture=None))
    told = [_too_late(chat_id, thread_id, kind, count, now) for chat_id, thread_id, kind, count in late if kind]
    if told:
        connection = await session.connection()
        await connection.execute(OUTBOX.insert(), told)


async def keep_chat(session: WriteSession, head: Claim, until: datetime) -> None:
    """Its reader wants nothing before `until` but what is urgent."""
    await session.execute(
        _of_chat(head)
        .where(OUTBOX.c.kind.in_(PATIENT_KINDS))
        .values(state=State.KEPT, is_kept=True, not_before=until, expires_at=None)
    )


async def leave_out(session: WriteSession, head: Claim, now: datetime) -> None:
    """Its reader wants no notices of this kind."""
    left_out = {"state": State.STALE, "picture": None, "reason": "switched off", "expires_at": now}
    await session.execute(_of_chat(head).where(OUTBOX.c.kind == head.kind).values(left_out))


async def next_due(session: WriteSession, now: datetime) -> datetime | None:
    """When the next row is due of those that wait for their time."""
    due: datetime | None = await session.scalar(_NEXT_DUE, {"now": now})
    return due


def _of_chat(head: Claim) -> Update:
    is_owed = or_(OUTBOX.c.state == State.NEW, OUTBOX.c.id == head.id)
    is_near = and_(OUTBOX.c.chat_id == head.chat_id, OUTBOX.c.state.in_([State.CLAIMED, State.NEW]))
    return update(OUTBOX).where(is_near, is_owed)


def _too_late(chat_id: int, thread_id: int | None, kind: str, count: int, now: datetime) -> dict[str, object]:
    return {
        "chat_id": chat_id,
        "thread_id": thread_id,
        "priority": Priority.ALERT,
        "payload": encode(say(f"delivery.expired_{kind}", count=count)),
        "kind": EXPIRED,
        "created_at": now,
        "not_before": now,
    }


async def _mark_claimed(session: WriteSession, claims: Sequence[Claim]) -> None:
    if claims:
        claimed = OUTBOX.c.id.in_([row.id for row in claims])
        await session.execute(update(OUTBOX).where(claimed).values(state=State.CLAIMED))


async def left_claimed(session: WriteSession) -> list[Claim]:
    """What a process that is no more had claimed and not marked: each may or may not have been sent."""
    return [Claim(*tuple(row)) for row in await session.execute(_INTERRUPTED)]
