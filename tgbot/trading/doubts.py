"""Orders that only a person can look up: until then nothing is sent in their pair with their key."""

from collections.abc import Sequence

from sqlalchemy import select

from tgbot.core.errors import Refused
from tgbot.core.reply import Button, T
from tgbot.db.engine import ReadSession
from tgbot.trading import store
from tgbot.trading.rules.settlement import State
from tgbot.trading.store import Intent, IntentRow


async def require_none(session: ReadSession, key_id: str, symbol: str) -> None:
    """Raises `Refused` while what became of an order in this pair is unknown for good: the next one might be the same
    once more."""
    found = await session.scalars(
        select(IntentRow.id).where(IntentRow.key_id == key_id, IntentRow.state == State.INDETERMINATE)
    )
    for doubt in await store.with_ids(session, found.all()):
        if doubt.spec.symbol == symbol:
            raise Refused(T.of("trading.pair_in_doubt", pair=symbol, id=doubt.short), looked_up_button(doubt))


def looked_up_button(intent: Intent) -> Sequence[Sequence[Button]]:
    return [[Button(T("trading.have_looked"), f"order_checked:{intent.short}")]]
