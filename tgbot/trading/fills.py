"""Trades of our orders, each once."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from tgbot.core.money import ZERO
from tgbot.core.orders import Fill, Side
from tgbot.db.engine import ReadSession, WriteSession
from tgbot.db.statements import insert_into
from tgbot.db.types import Base, Money, RowId, UtcTime
from tgbot.trading import store
from tgbot.trading.rules.settlement import DONE, State
from tgbot.trading.store import Intent, IntentRow


class FillRow(Base):
    """Each trade of an order once, whatever the sequence and repetition in which it is heard of. Two orders of one
    account may have met each other: then both have this trade."""

    __tablename__ = "fills"
    __table_args__ = (UniqueConstraint("key_id", "symbol", "trade_id", "order_id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    intent_id: Mapped[str] = mapped_column(ForeignKey("intents.id"), index=True)
    key_id: Mapped[str] = mapped_column(String(32))
    symbol: Mapped[str] = mapped_column(String(40))
    trade_id: Mapped[str] = mapped_column(String(40))
    order_id: Mapped[str] = mapped_column(String(40))
    side: Mapped[str] = mapped_column(String(4))
    price: Mapped[Decimal] = mapped_column(Money)
    size: Mapped[Decimal] = mapped_column(Money)
    funds: Mapped[Decimal] = mapped_column(Money)
    fee: Mapped[Decimal] = mapped_column(Money)
    fee_currency: Mapped[str] = mapped_column(String(20))
    is_maker: Mapped[bool]
    at: Mapped[datetime] = mapped_column(UtcTime)


async def add_fills(session: WriteSession, intent: Intent, fills: Sequence[Fill]) -> None:
    if not fills:
        return
    rows = [{**asdict(fill), "intent_id": intent.id, "key_id": intent.key_id} for fill in fills]
    await session.execute(insert_into(session, FillRow).values(rows).on_conflict_do_nothing())


async def fills_of(session: ReadSession, key_id: str) -> list[Fill]:
    """All of one account, the oldest first; column by column, for there may be many."""
    names = [field.name for field in fields(Fill)]
    columns = [getattr(FillRow, name) for name in names]
    rows = await session.execute(select(*columns).where(FillRow.key_id == key_id).order_by(FillRow.at, FillRow.id))
    return [Fill(**row | {"side": Side(row["side"])}) for row in map(dict, rows.mappings())]


async def incomplete_since(session: ReadSession, moment: datetime) -> list[Intent]:
    """Orders that have filled, and last changed after that moment, of which other fills are kept than they have."""
    found = await session.execute(
        select(IntentRow.id, IntentRow.filled_size, FillRow.size)
        .outerjoin(FillRow, FillRow.intent_id == IntentRow.id)
        .where(IntentRow.state.in_(DONE | {State.PARTIAL}), IntentRow.changed_at > moment)
        .where(IntentRow.filled_size != ZERO)
    )
    filled: dict[str, Decimal] = {}
    kept: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for intent_id, filled_size, size in found:
        filled[intent_id] = filled_size
        kept[intent_id] += size or ZERO
    return await store.with_ids(session, [name for name, size in filled.items() if kept[name] != size])


async def latest_fills(session: ReadSession, key_id: str, symbol: str, most: int) -> list[Fill]:
    """Of one account in one pair, the newest first."""
    columns = [getattr(FillRow, field.name) for field in fields(Fill)]
    where = (FillRow.key_id == key_id, FillRow.symbol == symbol)
    rows = await session.execute(select(*columns).where(*where).order_by(FillRow.at.desc()).limit(most))
    return [Fill(**row | {"side": Side(row["side"])}) for row in map(dict, rows.mappings())]
