"""The tables of delivery, and the writes that several of its modules need."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import cast

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from tgbot.db.engine import WriteSession
from tgbot.db.statements import insert_into
from tgbot.db.types import Base, RowId, UtcTime

EXPIRED = "expired"  # in place of a kind: the row says how many others came too late


class State(StrEnum):
    """NEW → CLAIMED (committed before a byte is sent) → SENT. A row claimed by a process that died is ambiguous. KEPT
    is what waits for the end of quiet hours. STALE came too late, at `expires_at`. PAST was told or stale so long ago
    that only its key is left."""

    NEW = "new"
    KEPT = "kept"
    CLAIMED = "claimed"
    SENT = "sent"
    DEAD = "dead"
    STALE = "stale"
    PAST = "past"


OWED = (State.NEW, State.KEPT, State.CLAIMED)


class OutboxRow(Base):
    """One message owed, not before `not_before`. With `message_id`, or with a `card` that has a message already, that
    message is edited.

    `picture` is a PNG, kept only for as long as the message is owed: the table would grow by it.
    `is_plain`: Telegram refused its markup once. `is_repeat`: it may have arrived already. `tries` counts sends whose
    outcome stayed unknown. `part`: so many parts of a long text have been sent. `is_kept`: quiet hours have kept it
    back.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index(None, "state", "priority", "id"),
        Index(None, "state", "expires_at"),
        Index(None, "state", "not_before"),
        Index(None, "state", "sent_at"),
        Index(None, "chat_id", "state", "id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    chat_id: Mapped[int] = mapped_column(BigInteger)
    thread_id: Mapped[int | None] = mapped_column(BigInteger)
    priority: Mapped[int] = mapped_column(Integer)
    payload: Mapped[str] = mapped_column(Text)
    picture: Mapped[bytes | None] = mapped_column(LargeBinary)
    card: Mapped[str | None] = mapped_column(String(80))
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    reply_to_card: Mapped[str | None] = mapped_column(String(80))
    dedup_key: Mapped[str | None] = mapped_column(String(120), unique=True)
    state: Mapped[str] = mapped_column(String(10), default=State.NEW)
    reason: Mapped[str] = mapped_column(String(200), default="")
    is_plain: Mapped[bool] = mapped_column(default=False)
    is_repeat: Mapped[bool] = mapped_column(default=False)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    kind: Mapped[str | None] = mapped_column(String(10))
    part: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    is_kept: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    not_before: Mapped[datetime] = mapped_column(UtcTime, server_default="0")
    expires_at: Mapped[datetime | None] = mapped_column(UtcTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcTime)
    sent_message_id: Mapped[int | None] = mapped_column(BigInteger)


# For statements on many rows: the mapper looks at each row of them, and there may be a hundred thousand.
OUTBOX = cast("Table", OutboxRow.__table__)


class CardRow(Base):
    """A message that is edited in place for as long as it lives."""

    __tablename__ = "cards"
    __table_args__ = (UniqueConstraint("chat_id", "card"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    chat_id: Mapped[int] = mapped_column(BigInteger)
    card: Mapped[str] = mapped_column(String(80))
    message_id: Mapped[int] = mapped_column(BigInteger)


class HoldRow(Base):
    """Telegram told us to wait, in one chat or `EVERYWHERE`."""

    __tablename__ = "delivery_holds"

    chat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    until: Mapped[datetime] = mapped_column(UtcTime)


class GoneChatRow(Base):
    """Telegram says that nobody reads us there."""

    __tablename__ = "gone_chats"

    chat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    reason: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(UtcTime)


async def adopt_cards(session: WriteSession, cards: Sequence[tuple[int, str, int]]) -> None:
    """From now on each `(chat_id, card, message_id)` says which message that card is."""
    if not cards:
        return
    insert = insert_into(session, CardRow)
    insert = insert.on_conflict_do_update(
        index_elements=["chat_id", "card"], set_={"message_id": insert.excluded.message_id}
    )
    await session.execute(
        insert, [{"chat_id": chat_id, "card": card, "message_id": message_id} for chat_id, card, message_id in cards]
    )
