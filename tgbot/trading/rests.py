"""What was made of the rest of an order that was edited."""

from datetime import datetime

from sqlalchemy import select, update

from tgbot.core.errors import LostRace
from tgbot.db.engine import ReadSession, WriteSession
from tgbot.trading import store
from tgbot.trading.rules.settlement import State
from tgbot.trading.store import Intent, IntentRow


async def of_order(session: ReadSession, ended: Intent) -> list[Intent]:
    """All of them, the oldest first."""
    found = await session.scalars(select(IntentRow.id).where(IntentRow.rest_of == ended.id))
    return sorted(await store.with_ids(session, found.all()), key=lambda intent: (intent.created_at, intent.id))


async def overtake(session: WriteSession, ended: Intent, now: datetime) -> list[Intent]:
    """The tickets among them that nobody has confirmed: from now on nobody can."""
    moved = await session.scalars(
        update(IntentRow)
        .where(IntentRow.rest_of == ended.id, IntentRow.state == State.TICKET)
        .values(state=State.OVERTAKEN, changed_at=now)
        .returning(IntentRow.id)
    )
    return await store.with_ids(session, moved.all())


async def hold(session: WriteSession, ended: str, as_known: Intent | None) -> None:
    """For whoever makes a ticket for the rest of this order: who finds that less remains of it has to move the order
    first, so until the session ends nobody does, and nobody misses the new ticket. Raises `LostRace` if the order is
    not `as_known` any more."""
    await session.execute(select(IntentRow.id).where(IntentRow.id == ended).with_for_update())
    if as_known is not None and await store.by_id(session, ended) != as_known:
        raise LostRace(f"the order {ended} has moved on")
