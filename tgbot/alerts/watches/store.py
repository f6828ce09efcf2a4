"""Who watches what, and which message of the chat is its card."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import BigInteger, String, UniqueConstraint, delete, false, select, update
from sqlalchemy.orm import Mapped, mapped_column

from tgbot.alerts.rules.watching import Watch
from tgbot.db.engine import ReadSession, WriteSession
from tgbot.db.statements import insert_into
from tgbot.db.types import Base, Money, RowId, UtcTime


class WatchRow(Base):
    """As `rules.watching.Watch`. `is_lost`: nobody reads the chat."""

    __tablename__ = "watches"
    __table_args__ = (UniqueConstraint("chat_id", "symbol"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    chat_id: Mapped[int] = mapped_column(BigInteger)
    thread_id: Mapped[int | None] = mapped_column(BigInteger)
    symbol: Mapped[str] = mapped_column(String(40))
    move: Mapped[Decimal | None] = mapped_column(Money)
    reference: Mapped[Decimal] = mapped_column(Money)
    is_lost: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(UtcTime)


class WatchCardRow(Base):
    """`card` is the name under which delivery knows the message; it changes when the card is shown anew, in the topic
    `thread_id`."""

    __tablename__ = "watch_cards"

    chat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    card: Mapped[str] = mapped_column(String(80))
    thread_id: Mapped[int | None] = mapped_column(BigInteger)


class Card(NamedTuple):
    name: str
    thread_id: int | None


_WATCHES = select(
    WatchRow.id, WatchRow.chat_id, WatchRow.symbol, WatchRow.move, WatchRow.reference, WatchRow.thread_id
).order_by(WatchRow.id)


async def all_watches(session: ReadSession) -> list[Watch]:
    """But those of chats that nobody reads."""
    return [Watch(**row) for row in (await session.execute(_WATCHES.where(~WatchRow.is_lost))).mappings()]


async def of_chat(session: ReadSession, chat_id: int) -> list[Watch]:
    """In the order in which they were set."""
    rows = await session.execute(_WATCHES.where(WatchRow.chat_id == chat_id))
    return [Watch(**row) for row in rows.mappings()]


async def add(session: WriteSession, watch: Watch, now: datetime) -> Watch:
    """As it is stored, with its id."""
    values = {"move": watch.move, "reference": watch.reference, "thread_id": watch.thread_id, "created_at": now}
    row = WatchRow(chat_id=watch.chat_id, symbol=watch.symbol, **values)
    session.add(row)
    await session.flush()
    return replace(watch, id=row.id)


async def change(session: WriteSession, watch: Watch) -> None:
    """Its move, reference and topic are these from now on."""
    values = {"move": watch.move, "reference": watch.reference, "thread_id": watch.thread_id}
    await session.execute(update(WatchRow).where(WatchRow.id == watch.id).values(**values))


async def advance(session: WriteSession, watch: Watch, price: Decimal) -> bool:
    """The price is the new reference; whether the row was still as `watch` says."""
    same = (WatchRow.id == watch.id, WatchRow.move == watch.move, WatchRow.reference == watch.reference)
    moved = update(WatchRow).where(*same).values(reference=price).returning(WatchRow.id)
    return await session.scalar(moved) is not None


async def drop(session: WriteSession, chat_id: int, symbols: Collection[str]) -> None:
    await session.execute(delete(WatchRow).where(WatchRow.chat_id == chat_id, WatchRow.symbol.in_(symbols)))


async def lose_chat(session: WriteSession, chat_id: int) -> None:
    """Nobody reads it until `regain_chat`."""
    await session.execute(update(WatchRow).where(WatchRow.chat_id == chat_id).values(is_lost=True))


async def regain_chat(session: WriteSession, chat_id: int) -> list[Watch]:
    """What was lost."""
    lost = (WatchRow.chat_id == chat_id) & WatchRow.is_lost
    regained = [Watch(**row) for row in (await session.execute(_WATCHES.where(lost))).mappings()]
    await session.execute(update(WatchRow).where(lost).values(is_lost=False))
    return regained


async def move_chat(session: WriteSession, chat_id: int, new_chat_id: int) -> list[Watch]:
    """What the old chat watched, as the new one does now; without the card, whose message stays behind."""
    await session.execute(delete(WatchCardRow).where(WatchCardRow.chat_id == chat_id))
    known = select(WatchRow.symbol).where(WatchRow.chat_id == new_chat_id)
    await session.execute(delete(WatchRow).where(WatchRow.chat_id == chat_id, WatchRow.symbol.in_(known)))
    old = [row.id for row in await session.execute(_WATCHES.where(WatchRow.chat_id == chat_id))]
    await session.execute(update(WatchRow).where(WatchRow.id.in_(old)).values(chat_id=new_chat_id))
    return [Watch(**row) for row in (await session.execute(_WATCHES.where(WatchRow.id.in_(old)))).mappings()]


async def cards(session: ReadSession, chat_ids: Collection[int]) -> dict[int, Card]:
    """Chats without one are missing."""
    rows = await session.execute(
        select(WatchCardRow.chat_id, WatchCardRow.card, WatchCardRow.thread_id).where(
            WatchCardRow.chat_id.in_(chat_ids)
        )
    )
    return {row.chat_id: Card(row.card, row.thread_id) for row in rows}


async def set_card(session: WriteSession, chat_id: int, card: Card) -> None:
    values = {"card": card.name, "thread_id": card.thread_id}
    insert = insert_into(session, WatchCardRow).values(chat_id=chat_id, **values)
    await session.execute(insert.on_conflict_do_update(index_elements=["chat_id"], set_=values))
