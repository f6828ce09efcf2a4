"""Intents, attempts and fills. Every change of state is a conditional update: the database decides each race."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, ColumnElement, ForeignKey, Index, String, Text, UniqueConstraint, select, update
from sqlalchemy.orm import Mapped, mapped_column

from tgbot.core.errors import LONGEST_CODE, LONGEST_MESSAGE, legible
from tgbot.core.ids import Ids
from tgbot.core.money import ZERO
from tgbot.core.orders import Order, OrderSpec, Wait
from tgbot.core.people import Mode
from tgbot.db.engine import ReadSession, WriteSession
from tgbot.db.types import Base, Money, UtcTime
from tgbot.trading.rules.exits import Exits
from tgbot.trading.rules.settlement import PENDING, Misses, State
from tgbot.trading.terms import encode_exits, encode_spec, encode_wait, read_exits, read_spec, read_wait


class IntentRow(Base):
    """What a person wants, or what a standing rule of theirs does for them: then `entry_id` is the order whose exit
    this is, and `update_id`, which no update can have, is negative. `rest_of` is the order of which this is what had
    remained. `spec` is the order as it would be sent, `wait` what it waits for outside the book, `exits` what sells
    again what it buys, `digest` the SHA-256 of all of it; none ever changes.

    Of an order that a group decides on, the person is the one whose account trades, and the chat is the group."""

    __tablename__ = "intents"
    __table_args__ = (
        UniqueConstraint("person_id", "short"),
        Index("ix_intents_state_key_id", "state", "key_id"),
        Index("ix_intents_key_id_created_at", "key_id", "created_at"),
        Index("ix_intents_chat_id_created_at", "chat_id", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    short: Mapped[str] = mapped_column(String(10))
    update_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    person_id: Mapped[int] = mapped_column(BigInteger)
    chat_id: Mapped[int] = mapped_column(BigInteger)
    thread_id: Mapped[int | None] = mapped_column(BigInteger)
    key_id: Mapped[str] = mapped_column(String(32))
    mode: Mapped[str] = mapped_column(String(5))
    request: Mapped[str] = mapped_column(Text)
    spec: Mapped[str] = mapped_column(Text)
    wait: Mapped[str | None] = mapped_column(Text)
    exits: Mapped[str | None] = mapped_column(Text)
    entry_id: Mapped[str | None] = mapped_column(String(32), index=True)
    entry_short: Mapped[str | None] = mapped_column(String(10))
    rest_of: Mapped[str | None] = mapped_column(String(32), index=True)
    digest: Mapped[str] = mapped_column(String(64))
    reference: Mapped[Decimal] = mapped_column(Money)
    value: Mapped[Decimal | None] = mapped_column(Money)
    is_locked: Mapped[bool]
    state: Mapped[str] = mapped_column(String(14))
    order_id: Mapped[str] = mapped_column(String(40))
    filled_size: Mapped[Decimal] = mapped_column(Money)
    filled_funds: Mapped[Decimal] = mapped_column(Money)
    fee: Mapped[Decimal] = mapped_column(Money)
    fee_currency: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    expires_at: Mapped[datetime] = mapped_column(UtcTime)
    changed_at: Mapped[datetime] = mapped_column(UtcTime)


class AttemptRow(Base):
    """The one POST of an intent: committed before its first byte leaves. Times are exchange time."""

    __tablename__ = "attempts"

    client_oid: Mapped[str] = mapped_column(String(40), primary_key=True)
    intent_id: Mapped[str] = mapped_column(ForeignKey("intents.id"), unique=True)
    signed_at: Mapped[datetime] = mapped_column(UtcTime)
    deadline: Mapped[datetime] = mapped_column(UtcTime)
    body_digest: Mapped[str] = mapped_column(String(64))
    code: Mapped[str] = mapped_column(String(LONGEST_CODE))
    message: Mapped[str] = mapped_column(String(LONGEST_MESSAGE))
    misses: Mapped[int]
    first_miss_at: Mapped[datetime | None] = mapped_column(UtcTime)
    last_miss_at: Mapped[datetime | None] = mapped_column(UtcTime)
    seen_at: Mapped[datetime | None] = mapped_column(UtcTime)


@dataclass(frozen=True, slots=True)
class Intent:
    id: str
    short: str
    update_id: int
    person_id: int
    chat_id: int
    key_id: str
    mode: Mode
    request: str
    spec: OrderSpec
    digest: str
    reference: Decimal
    value: Decimal | None
    is_locked: bool
    state: State
    order_id: str
    filled_size: Decimal
    filled_funds: Decimal
    fee: Decimal
    fee_currency: str
    created_at: datetime
    expires_at: datetime
    changed_at: datetime
    wait: Wait | None = None
    exits: Exits | None = None
    entry_id: str | None = None
    entry_short: str | None = None
    thread_id: int | None = None
    rest_of: str | None = None

    @property
    def is_of_a_group(self) -> bool:
        return self.chat_id != self.person_id

    @property
    def spent(self) -> Decimal:
        """Of its value, in USDT: all of it, or what has filled of a cancelled one."""
        spec, value = self.spec, self.value or ZERO
        wanted, filled = (spec.size, self.filled_size) if spec.size else (spec.funds, self.filled_funds)
        return value * filled / wanted if wanted and self.state is State.CANCELLED else value


COUNTED = PENDING | {State.FILLED, State.CANCELLED, State.INDETERMINATE, State.CHECKED}
SHORT_TRIES = 20
_FIELDS = tuple(field.name for field in fields(Intent))


@dataclass(frozen=True, slots=True)
class Attempt:
    client_oid: str
    intent_id: str
    signed_at: datetime
    deadline: datetime
    body_digest: str
    misses: Misses
    seen_at: datetime


async def add(session: WriteSession, intent: Intent) -> None:
    values = {name: getattr(intent, name) for name in _FIELDS}
    encoded = {"spec": encode_spec(intent.spec), "wait": encode_wait(intent.wait), "exits": encode_exits(intent.exits)}
    session.add(IntentRow(**values | encoded))
    await session.flush()


async def find(session: ReadSession, person_id: int, short: str) -> Intent | None:
    row = await session.scalar(select(IntentRow).where(IntentRow.person_id == person_id, IntentRow.short == short))
    return _intent(row) if row else None


async def free_short(session: ReadSession, ids: Ids, person_id: int) -> str:
    """A short id that this person has not met yet."""
    for _ in range(SHORT_TRIES):
        short = ids.short()
        if await find(session, person_id, short) is None:
            return short
    return ids.short(8)


async def by_update(session: ReadSession, update_id: int) -> Intent | None:
    """The intent that this update has made already, if it is handled a second time after a crash."""
    row = await session.scalar(select(IntentRow).where(IntentRow.update_id == update_id))
    return _intent(row) if row else None


async def move(session: WriteSession, intent: Intent, origin: Collection[State], state: State, now: datetime) -> bool:
    """Whether it was still in one of the states `origin`, and so is now in `state`."""
    moved = await session.execute(
        update(IntentRow)
        .where(IntentRow.id == intent.id, IntentRow.state.in_(origin))
        .values(state=state, changed_at=now)
        .returning(IntentRow.id)
    )
    return moved.first() is not None


async def unlock(session: WriteSession, intent: Intent, expires_at: datetime) -> bool:
    """Whether it was still a locked ticket, and so can now be confirmed until `expires_at`."""
    unlocked = await session.execute(
        update(IntentRow)
        .where(IntentRow.id == intent.id, IntentRow.state == State.TICKET, IntentRow.is_locked)
        .values(is_locked=False, expires_at=expires_at)
        .returning(IntentRow.id)
    )
    return unlocked.first() is not None


async def consume(
    session: WriteSession, intent: Intent, attempt: Attempt, now: datetime, origin: State = State.TICKET
) -> bool:
    """Uses up the right to send: whether this caller, and nobody else ever, may send `attempt`. `origin` says who gave
    the right: the person by a tap on a ticket, or a group that has decided on what was proposed."""
    moved = await session.execute(
        update(IntentRow)
        .where(
            IntentRow.id == intent.id,
            IntentRow.state == origin,
            IntentRow.digest == intent.digest,
            IntentRow.is_locked.is_(False),
            IntentRow.created_at <= now,
            IntentRow.expires_at > now,
        )
        .values(state=State.SENT, changed_at=now)
        .returning(IntentRow.id)
    )
    if moved.first() is None:
        return False
    await add_attempt(session, attempt)
    return True


async def add_attempt(session: WriteSession, attempt: Attempt) -> None:
    session.add(
        AttemptRow(
            client_oid=attempt.client_oid,
            intent_id=attempt.intent_id,
            signed_at=attempt.signed_at,
            deadline=attempt.deadline,
            body_digest=attempt.body_digest,
            code="",
            message="",
            misses=0,
            first_miss_at=None,
            last_miss_at=None,
            seen_at=None,
        )
    )
    await session.flush()


async def note_answer(session: WriteSession, intent: Intent, code: str, message: str) -> None:
    words = {"code": legible(code, LONGEST_CODE), "message": legible(message, LONGEST_MESSAGE)}
    await session.execute(update(AttemptRow).where(AttemptRow.intent_id == intent.id).values(words))


async def note_value(session: WriteSession, intent: Intent) -> None:
    """What it is worth when it is sent, which may be days after it was proposed."""
    await session.execute(update(IntentRow).where(IntentRow.id == intent.id).values(value=intent.value))


async def note_order(session: WriteSession, intent: Intent, order_id: str) -> None:
    await session.execute(update(IntentRow).where(IntentRow.id == intent.id).values(order_id=order_id))


async def note_misses(session: WriteSession, intent: Intent, misses: Misses) -> None:
    await session.execute(
        update(AttemptRow)
        .where(AttemptRow.intent_id == intent.id)
        .values(misses=misses.count, first_miss_at=misses.first_at, last_miss_at=misses.last_at)
    )


async def note_seen(session: WriteSession, intent: Intent, seen_at: datetime) -> None:
    await session.execute(update(AttemptRow).where(AttemptRow.intent_id == intent.id).values(seen_at=seen_at))


async def progress(session: WriteSession, intent: Intent, order: Order, state: State, now: datetime) -> Intent | None:
    """Takes over what the exchange says; `None` if somebody did so since `intent` was read."""
    moved = await session.scalar(
        update(IntentRow)
        .where(IntentRow.id == intent.id, IntentRow.state == intent.state)
        .where(IntentRow.filled_size == intent.filled_size)
        .values(
            state=state,
            order_id=order.order_id,
            filled_size=order.filled_size,
            filled_funds=order.filled_funds,
            fee=order.fee,
            fee_currency=order.fee_currency,
            changed_at=now,
        )
        .returning(IntentRow)
    )
    return _intent(moved) if moved else None


async def spent(session: ReadSession, person_id: int, mode: Mode, since: datetime) -> Decimal:
    """What the orders sent since then are worth, in USDT as their tickets said; of a cancelled one what has filled."""
    return await _spent(session, since, IntentRow.person_id == person_id, IntentRow.mode == mode)


async def spent_in(session: ReadSession, chat_id: int, since: datetime) -> Decimal:
    """As `spent`, of what a group has decided."""
    return await _spent(session, since, IntentRow.chat_id == chat_id)


async def move_chat(session: WriteSession, old_chat_id: int, new_chat_id: int) -> None:
    """A group became a supergroup: what it has decided goes on there."""
    await session.execute(update(IntentRow).where(IntentRow.chat_id == old_chat_id).values(chat_id=new_chat_id))


async def _spent(session: ReadSession, since: datetime, *whose: ColumnElement[bool]) -> Decimal:
    rows = await session.scalars(
        select(IntentRow)
        .join(AttemptRow, AttemptRow.intent_id == IntentRow.id)
        .where(IntentRow.state.in_(COUNTED), AttemptRow.signed_at > since, *whose)
    )
    return sum((_intent(row).spent for row in rows), ZERO)


async def last_sent(session: ReadSession, key_id: str) -> datetime | None:
    """When an order last left with this key."""
    return await session.scalar(
        select(AttemptRow.signed_at)
        .join(IntentRow, IntentRow.id == AttemptRow.intent_id)
        .where(IntentRow.key_id == key_id, IntentRow.state != State.NOT_SENT)
        .order_by(IntentRow.created_at.desc())
        .limit(1)
    )


async def attempt_of(session: ReadSession, intent: Intent) -> Attempt | None:
    row = await session.scalar(select(AttemptRow).where(AttemptRow.intent_id == intent.id))
    if row is None:
        return None
    misses = Misses(row.misses, row.first_miss_at, row.last_miss_at)
    seen_at = row.seen_at or row.signed_at
    return Attempt(row.client_oid, row.intent_id, row.signed_at, row.deadline, row.body_digest, misses, seen_at)


async def by_id(session: ReadSession, intent_id: str) -> Intent | None:
    row = await session.get(IntentRow, intent_id)
    return _intent(row) if row else None


async def hold(session: WriteSession, intent_id: str) -> Intent | None:
    """As it is now. Until the session ends nobody else moves it, or hands it over to another key."""
    held = select(IntentRow).where(IntentRow.id == intent_id).with_for_update()
    row = await session.scalar(held.execution_options(populate_existing=True))
    return _intent(row) if row else None


async def with_ids(session: ReadSession, intent_ids: Collection[str]) -> list[Intent]:
    if not intent_ids:
        return []
    rows = await session.scalars(select(IntentRow).where(IntentRow.id.in_(intent_ids)))
    return [_intent(row) for row in rows]


async def exits_of(session: ReadSession, entry_id: str) -> list[Intent]:
    """The exits that were sent for this entry, the oldest first."""
    rows = await session.scalars(
        select(IntentRow).where(IntentRow.entry_id == entry_id).order_by(IntentRow.created_at, IntentRow.id)
    )
    return [_intent(row) for row in rows]


async def pending(session: ReadSession, states: Collection[State] = PENDING) -> list[Intent]:
    rows = await session.scalars(select(IntentRow).where(IntentRow.state.in_(states)).order_by(IntentRow.created_at))
    return [_intent(row) for row in rows]


async def pending_with(session: ReadSession, key_id: str, states: Collection[State]) -> list[str]:
    """The ids of what is in one of these states on one account."""
    found = select(IntentRow.id).where(IntentRow.state.in_(states), IntentRow.key_id == key_id)
    return list(await session.scalars(found.order_by(IntentRow.created_at)))


async def changed_since(session: ReadSession, state: State, moment: datetime) -> list[Intent]:
    """What has lately come into this state."""
    rows = await session.scalars(select(IntentRow).where(IntentRow.state == state, IntentRow.changed_at > moment))
    return [_intent(row) for row in rows]


async def pending_of(session: ReadSession, person_id: int, key_id: str) -> list[Intent]:
    rows = await session.scalars(
        select(IntentRow)
        .where(IntentRow.person_id == person_id, IntentRow.key_id == key_id, IntentRow.state.in_(PENDING))
        .order_by(IntentRow.created_at)
    )
    return [_intent(row) for row in rows]


async def by_client_oids(session: ReadSession, client_oids: Collection[str]) -> dict[str, Intent]:
    """Those of our intents that were sent under these ids."""
    found = await session.execute(
        select(AttemptRow.client_oid, IntentRow)
        .join(IntentRow, IntentRow.id == AttemptRow.intent_id)
        .where(AttemptRow.client_oid.in_(client_oids))
    )
    return {client_oid: _intent(row) for client_oid, row in found}


async def intent_of(session: ReadSession, client_oid: str) -> str | None:
    return await session.scalar(select(AttemptRow.intent_id).where(AttemptRow.client_oid == client_oid))


def _intent(row: IntentRow) -> Intent:
    values = {name: getattr(row, name) for name in _FIELDS}
    decoded = {"spec": read_spec(row.spec), "wait": read_wait(row.wait), "exits": read_exits(row.exits)}
    return Intent(**values | decoded | {"mode": Mode(row.mode), "state": State(row.state)})
