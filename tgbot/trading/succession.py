"""Orders whose key was replaced by another one of the same account: they go on with that."""

from collections.abc import Callable
from functools import partial

from sqlalchemy import exists, select, update
from sqlalchemy.orm import aliased

from tgbot.db.engine import WriteSession
from tgbot.trading import watched
from tgbot.trading.fills import FillRow
from tgbot.trading.rules.settlement import State
from tgbot.trading.store import IntentRow

# What has not been sent names its key in what was confirmed or voted on.
NOT_YET_SENT = (State.TICKET, State.PROPOSED)


async def hand_over(look_at: Callable[[str], None], session: WriteSession, gone: str, next_key: str) -> None:
    """All that was sent with the key `gone` belongs to `next_key`: what is open can be looked up and cancelled, exits
    are placed, doubts go on freezing their pair, and the history is in one piece. What was left to the person, maybe
    because nobody here could see it any more, is looked at once more."""
    doubtful = select(IntentRow.id).where(IntentRow.key_id == gone, IntentRow.state == State.INDETERMINATE)
    for intent_id in await session.scalars(doubtful):
        session.after_commit(partial(look_at, intent_id))
    await session.execute(
        update(IntentRow).where(IntentRow.key_id == gone, IntentRow.state.not_in(NOT_YET_SENT)).values(key_id=next_key)
    )
    await watched.hand_over(session, gone, next_key)
    same = aliased(FillRow)
    is_there = exists().where(
        same.key_id == next_key,
        same.symbol == FillRow.symbol,
        same.trade_id == FillRow.trade_id,
        same.order_id == FillRow.order_id,
    )
    await session.execute(
        update(FillRow)
        .where(FillRow.key_id == gone, ~is_there)
        .values(key_id=next_key)
        .execution_options(synchronize_session=False)
    )
