"""What has to be found out before the next order may leave. Every right to send passes here, whoever gave it."""

from collections.abc import Sequence

from sqlalchemy import select

from tgbot.core.errors import Refused
from tgbot.core.reply import Button, T
from tgbot.db.engine import ReadSession
from tgbot.trading import older_copy, store
from tgbot.trading.rules.settlement import State
from tgbot.trading.store import Intent, IntentRow


async def require_none(session: ReadSession, key_id: str, symbol: str) -> None:
    """Raises `Refused` while what became of an order is unknown, so that the next one might be the same once more: of
    any order on this account after an older copy was put back, of one in this pair that only a person can look up."""
    await require_searched(session, key_id)
    found = await session.scalars(
        select(IntentRow.id).where(IntentRow.key_id == key_id, IntentRow.state == State.INDETERMINATE)
    )
    for doubt in await store.with_ids(session, found.all()):
        if doubt.spec.symbol == symbol:
            raise Refused(T.of("trading.pair_in_doubt", pair=symbol, id=doubt.short), looked_up_button(doubt))


async def require_searched(session: ReadSession, key_id: str) -> None:
    """Raises `Refused` from the moment in which an older copy is noticed until this account has been searched for
    orders that the copy lacks. The words are for a group, too."""
    if await older_copy.awaits_search(session, key_id):
        raise Refused(T("trading.being_searched"))


def looked_up_button(intent: Intent) -> Sequence[Sequence[Button]]:
    return [[Button(T("trading.have_looked"), f"order_checked:{intent.short}")]]
