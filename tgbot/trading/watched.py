"""Orders made elsewhere whose fills are told, because their person has been shown them or told of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import ColumnElement, String, delete, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from tgbot.core.money import ZERO
from tgbot.core.orders import Order
from tgbot.db.engine import ReadSession, WriteSession
from tgbot.db.statements import insert_into
from tgbot.db.types import Base, Money
from tgbot.trading.elsewhere import Elsewhere, kind_of

MOST_OF_ONE_ACCOUNT = 30  # as many as a list shows
LONGEST_ID = 40


class WatchedOrderRow(Base):
    """Until it has ended. `filled_size` is what is known to have filled, `is_told` whether a message tells of that."""

    __tablename__ = "watched_orders"

    key_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    order_id: Mapped[str] = mapped_column(String(LONGEST_ID), primary_key=True)
    kind: Mapped[str] = mapped_column(String(5))
    symbol: Mapped[str] = mapped_column(String(40))
    client_oid: Mapped[str] = mapped_column(String(LONGEST_ID))
    filled_size: Mapped[Decimal] = mapped_column(Money)
    is_told: Mapped[bool]


@dataclass(frozen=True, slots=True)
class Watched:
    """`kind` and `order_id` say where to look for it: as `elsewhere.look_up` takes them."""

    key_id: str
    order_id: str
    kind: str
    symbol: str
    client_oid: str
    filled_size: Decimal
    is_told: bool


async def add(session: WriteSession, key_id: str, orders: Sequence[Elsewhere]) -> None:
    """Those that are not watched yet, as far as there is room."""
    known = {one.order_id for one in await of_account(session, key_id)}
    new = [order for order in orders if order.order_id not in known and len(order.order_id) <= LONGEST_ID]
    rows = [
        {
            "key_id": key_id,
            "order_id": order.order_id,
            "kind": kind_of(order),
            "symbol": order.symbol,
            "client_oid": order.client_oid if len(order.client_oid) <= LONGEST_ID else "",
            "filled_size": order.filled_size if isinstance(order, Order) else ZERO,
            "is_told": False,
        }
        for order in new[: max(MOST_OF_ONE_ACCOUNT - len(known), 0)]
    ]
    if rows:
        await session.execute(insert_into(session, WatchedOrderRow).values(rows).on_conflict_do_nothing())


async def accounts(session: ReadSession) -> set[str]:
    """Those that have one."""
    return set(await session.scalars(select(WatchedOrderRow.key_id).distinct()))


async def of_account(session: ReadSession, key_id: str) -> list[Watched]:
    rows = await session.scalars(select(WatchedOrderRow).where(WatchedOrderRow.key_id == key_id))
    return [_watched(row) for row in rows]


async def named(session: ReadSession, key_id: str, order_id: str, client_oid: str) -> list[Watched]:
    """Those of this account that go by one of these. What a stop order or an OCO has become has its clientOid."""
    same: ColumnElement[bool] = WatchedOrderRow.order_id == order_id
    if client_oid:
        same = or_(same, WatchedOrderRow.client_oid == client_oid)
    rows = await session.scalars(select(WatchedOrderRow).where(WatchedOrderRow.key_id == key_id, same))
    return [_watched(row) for row in rows]


async def find(session: ReadSession, key_id: str, order_id: str) -> Watched | None:
    row = await session.get(WatchedOrderRow, (key_id, order_id))
    return _watched(row) if row else None


async def advance(session: WriteSession, one: Watched, order: Order) -> bool:
    """It has filled so far, or has come into the book; whether nobody has noted anything of it since it was read. What
    has come into the book may be watched there already: then that goes on alone, and nothing is noted."""
    is_told = one.is_told or order.filled_size > one.filled_size
    if order.order_id == one.order_id:
        moved = await session.execute(
            update(WatchedOrderRow)
            .where(*_as_read(one))
            .values(filled_size=order.filled_size, is_told=is_told)
            .returning(WatchedOrderRow.order_id)
        )
        return moved.first() is not None
    if not await end(session, one):
        return False
    in_book = {
        "key_id": one.key_id,
        "order_id": order.order_id,
        "kind": kind_of(order),
        "symbol": one.symbol,
        "client_oid": one.client_oid,
        "filled_size": order.filled_size,
        "is_told": is_told,
    }
    added = insert_into(session, WatchedOrderRow).values(in_book).on_conflict_do_nothing()
    return (await session.execute(added.returning(WatchedOrderRow.order_id))).first() is not None


async def end(session: WriteSession, one: Watched) -> bool:
    """It is over; whether nobody has noted anything of it since it was read."""
    gone = await session.execute(delete(WatchedOrderRow).where(*_as_read(one)).returning(WatchedOrderRow.order_id))
    return gone.first() is not None


async def hand_over(session: WriteSession, gone: str, next_key: str) -> None:
    """They are watched with the next key of the same account."""
    there = select(WatchedOrderRow.order_id).where(WatchedOrderRow.key_id == next_key)
    await session.execute(
        update(WatchedOrderRow)
        .where(WatchedOrderRow.key_id == gone, WatchedOrderRow.order_id.not_in(there))
        .values(key_id=next_key)
        .execution_options(synchronize_session=False)
    )


async def leave(session: WriteSession, key_id: str, client_oids: Collection[str]) -> None:
    """They are known as our own now."""
    ours = WatchedOrderRow.client_oid.in_(client_oids)
    await session.execute(delete(WatchedOrderRow).where(WatchedOrderRow.key_id == key_id, ours))


async def forget(session: WriteSession, key_id: str) -> None:
    """The key is gone."""
    await session.execute(delete(WatchedOrderRow).where(WatchedOrderRow.key_id == key_id))


def _as_read(one: Watched) -> tuple[ColumnElement[bool], ...]:
    return (
        WatchedOrderRow.key_id == one.key_id,
        WatchedOrderRow.order_id == one.order_id,
        WatchedOrderRow.filled_size == one.filled_size,
    )


def _watched(row: WatchedOrderRow) -> Watched:
    return Watched(
        row.key_id,
        row.order_id,
        row.kind,
        row.symbol,
        row.client_oid,
        row.filled_size,
        row.is_told,
    )
