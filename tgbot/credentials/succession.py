"""Which key follows which on one account of KuCoin: what was sent with a key that is gone goes on with the next."""

from collections.abc import Awaitable, Callable

from sqlalchemy import select, union_all

from tgbot.credentials.store import FormerKeyRow, KeyRow, LinkedKey
from tgbot.db.engine import ReadSession, WriteSession

# Gets the id of the key that is gone, and that of its successor.
HandOver = Callable[[WriteSession, str, str], Awaitable[None]]
# Gets the id of a key that is gone.
Forget = Callable[[WriteSession, str], Awaitable[None]]


async def predecessors(session: ReadSession, key: LinkedKey) -> list[str]:
    """Keys of the same person and account that cannot be used any more: disconnected, or suspended."""
    former = select(FormerKeyRow.id).where(
        FormerKeyRow.person_id == key.person_id, FormerKeyRow.mode == key.mode, FormerKeyRow.uid == key.uid
    )
    suspended = select(KeyRow.id).where(
        KeyRow.person_id == key.person_id, KeyRow.mode == key.mode, KeyRow.uid == key.uid, KeyRow.trouble.is_not(None)
    )
    return [found for found in await session.scalars(union_all(former, suspended)) if found != key.id]


async def are_of_one_account(session: ReadSession, one: str, other: str) -> bool:
    """Whether both keys are of the same person and account, usable or not."""
    first = await _account_of(session, one)
    return first is not None and first == await _account_of(session, other)


async def successor(session: ReadSession, key: LinkedKey) -> str | None:
    """The newest usable key of the same person and account, this one aside."""
    return await session.scalar(
        select(KeyRow.id)
        .where(KeyRow.person_id == key.person_id, KeyRow.mode == key.mode, KeyRow.uid == key.uid)
        .where(KeyRow.id != key.id, KeyRow.trouble.is_(None))
        .order_by(KeyRow.linked_at.desc())
        .limit(1)
    )


async def _account_of(session: ReadSession, key_id: str) -> tuple[int, str, str] | None:
    """Whose it is, of which mode, and KuCoin's number of it."""
    row: KeyRow | FormerKeyRow | None = await session.get(KeyRow, key_id)
    if row is None:
        row = await session.get(FormerKeyRow, key_id)
    return (row.person_id, row.mode, row.uid) if row is not None else None
