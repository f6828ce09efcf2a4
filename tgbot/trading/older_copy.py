"""What is asked of a database that may be an older copy."""

from datetime import datetime

from sqlalchemy import select, update

from tgbot.db.engine import ReadSession, WriteSession
from tgbot.trading.rules.settlement import State
from tgbot.trading.store import AttemptRow, IntentRow
from tgbot.trading.terms import read_spec


async def void_tickets(session: WriteSession, now: datetime) -> int:
    """How many there were, proposals too: none of them can be confirmed or granted any more."""
    void = (
        update(IntentRow)
        .where(IntentRow.state.in_({State.TICKET, State.PROPOSED}))
        .values(state=State.VOID, changed_at=now)
    )
    return len((await session.execute(void.returning(IntentRow.id))).all())


async def last_client_oid(session: ReadSession) -> str:
    """Of the order that was sent last, of anybody's; empty if there is none."""
    return await session.scalar(select(AttemptRow.client_oid).order_by(AttemptRow.signed_at.desc()).limit(1)) or ""


async def symbols_of(session: ReadSession, key_id: str) -> set[str]:
    """The pairs of all orders that were ever wanted with this key."""
    specs = await session.scalars(select(IntentRow.spec).where(IntentRow.key_id == key_id).distinct())
    return {read_spec(spec).symbol for spec in specs}
