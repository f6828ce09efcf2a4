"""The last known balances of every account that was asked for them or listened to."""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal

from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from tgbot.credentials.store import KeyRow
from tgbot.db.engine import ReadSession, WriteSession
from tgbot.db.statements import insert_into
from tgbot.db.types import Base, Money, UtcTime
from tgbot.portfolio.rules.known import Known, KnownBalance


class BalanceRow(Base):
    """Of one currency in the trading account, at that moment of KuCoin's time."""

    __tablename__ = "last_balances"

    key_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    currency: Mapped[str] = mapped_column(String(20), primary_key=True)
    available: Mapped[Decimal] = mapped_column(Money)
    hold: Mapped[Decimal] = mapped_column(Money)
    at: Mapped[datetime] = mapped_column(UtcTime)


class BalanceListRow(Base):
    """When KuCoin has last listed all balances of an account."""

    __tablename__ = "balance_lists"

    key_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcTime)


async def of_account(session: ReadSession, key_id: str) -> Known:
    rows = await session.execute(
        select(BalanceRow.currency, BalanceRow.available, BalanceRow.hold, BalanceRow.at).where(
            BalanceRow.key_id == key_id
        )
    )
    balances = {row.currency: KnownBalance(row.available, row.hold, row.at) for row in rows}
    listed_at = await session.scalar(select(BalanceListRow.at).where(BalanceListRow.key_id == key_id))
    return Known(listed_at, balances)


async def replace(session: WriteSession, key_id: str, before: Known, now: Known) -> None:
    """Writes down what has changed."""
    changed = [
        {"key_id": key_id, "currency": currency, "available": one.available, "hold": one.hold, "at": one.at}
        for currency, one in now.balances.items()
        if before.balances.get(currency) != one
    ]
    if changed:
        insert = insert_into(session, BalanceRow).values(changed)
        new = {name: insert.excluded[name] for name in ("available", "hold", "at")}
        await session.execute(insert.on_conflict_do_update(index_elements=["key_id", "currency"], set_=new))
    if gone := before.balances.keys() - now.balances.keys():
        await session.execute(
            delete(BalanceRow).where(BalanceRow.key_id == key_id, BalanceRow.currency.in_(sorted(gone)))
        )
    if now.listed_at is not None and now.listed_at != before.listed_at:
        noted = insert_into(session, BalanceListRow).values(key_id=key_id, at=now.listed_at)
        await session.execute(noted.on_conflict_do_update(index_elements=["key_id"], set_={"at": now.listed_at}))


async def still_linked(session: ReadSession, key_ids: Collection[str]) -> set[str]:
    return set(await session.scalars(select(KeyRow.id).where(KeyRow.id.in_(key_ids))))


async def forget(session: WriteSession, key_id: str) -> None:
    """The key is gone, and so is what was known with it."""
    for table in (BalanceRow, BalanceListRow):
        await session.execute(delete(table).where(table.key_id == key_id))


async def forget_all_gone(session: WriteSession) -> None:
    """Those of keys that went where nobody told us."""
    for table in (BalanceRow, BalanceListRow):
        await session.execute(delete(table).where(table.key_id.not_in(select(KeyRow.id))))
